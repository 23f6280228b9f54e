package tui

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/wire"
)

// reviewed is a message made of the draft, to be looked at before it is sent.
type reviewed struct {
	revision int
	letter   flow.Letter
	files    []attachment // as they were when it was made
	err      error
}

// askReview makes the message and asks whether to send it. Nothing is sent
// without that.
func (m *screen) askReview() tea.Cmd {
	c := m.composer
	if m.mode == modeField {
		c.take()
	}
	m.mode, m.pane = modeBrowse, messageAt
	if c.result.of != nil && !c.result.ended {
		m.hint = "the message is still being sent (ctrl+c stops it)"
		return nil
	}
	if !c.addressed() {
		c.at = item{part: partTo}
		m.hint = "whom to? RCPT TO needs an address"
		return m.editItem()
	}
	d, revision, helo := c.clone(), c.revision, m.o.Session.Helo
	return func() tea.Msg {
		var files []attachment
		for _, path := range d.attached {
			files = append(files, examine(path))
		}
		l, err := d.letter(helo)
		return reviewed{revision, l, files, plain(err)}
	}
}

// addressed says that somebody is to get the message.
func (c *composer) addressed() bool {
	for _, p := range []part{partTo, partCopies, partBlind} {
		if strings.Trim(c.one[p], " ,") != "" && (c.file == "" || p == partTo) {
			return true
		}
	}
	return false
}

// asked opens the review.
func (m *screen) asked(r reviewed) tea.Cmd {
	c := m.composer
	switch {
	case r.revision != c.revision || m.mode != modeBrowse || m.pane != messageAt:
		return nil // the person went on meanwhile
	case r.err != nil:
		m.hint = "not yet: " + r.err.Error()
		return m.recount()
	}
	c.made, c.reviewTop, m.mode = r.letter, 0, modeReview
	// The pane must not say anything else, where a file was changed since.
	c.count.revision, c.count.octets, c.count.files, c.count.err = r.revision, r.letter.Message.Size.Octets, r.files, nil
	return nil
}

// reviewView draws what is about to be sent, and where.
func (m *screen) reviewView(w, h int) []string {
	c, l := m.composer, &m.composer.made
	var rows []string
	add := func(mark byte, label, text string) {
		rows = append(rows, m.labelled(' ', mark, label, text, w, map[byte]style{'!': m.st.bad}[mark])...)
	}
	words, over := m.sizeWords(l.Message.Size.Octets)
	mark := byte(' ')
	if over > 0 {
		mark = '!'
	}
	add(mark, "size", words)
	switch {
	case !m.now.Connected:
		add('!', "through", "no session is open: y leads to :reconnect")
	case m.lay.shape == shapeSmall:
		add(' ', "through", m.shortHost())
	default:
		add(' ', "through", m.hostWords(true))
	}
	add(' ', "MAIL FROM", "<"+l.From.String()+">")
	for _, to := range l.To {
		add(' ', "RCPT TO", "<"+to.String()+">")
	}
	if c.file != "" {
		add(' ', "message", c.file)
	} else {
		subject := c.one[partSubject]
		if subject == "" {
			subject = c.usual
		}
		add(' ', "Subject", subject)
		for _, p := range []part{partAuthor, partHeads, partCopies} {
			if c.one[p] != "" {
				add(' ', partNames[p], c.one[p])
			}
		}
		for _, h := range c.headers {
			add(' ', "header", h)
		}
		for i, path := range c.attached {
			size := ""
			if i < len(c.count.files) {
				size = ", " + wire.Octet(uint64(c.count.files[i].octets))
			}
			add(' ', "attached", path+size)
		}
		body := "empty"
		if len(c.body) > 0 {
			body = count(len(c.body), "line")
		}
		add(' ', "body", body)
	}
	if l.SMTPUTF8 != flow.UTF8Auto {
		add(' ', "SMTPUTF8", string(l.SMTPUTF8))
	}
	if l.DSN.Notify != "" {
		add(' ', "DSN", "NOTIFY="+l.DSN.Notify)
	}
	if l.Chunking {
		add(' ', "BDAT", "in place of DATA")
	}
	c.reviewTop = max(min(c.reviewTop, len(rows)-h), 0)
	rows = rows[c.reviewTop:]
	if below := len(rows) - h; below > 0 {
		rows = append(rows[:h-1:h-1], m.st.dim.Render(m.st.glyphs.fit("  "+m.st.glyphs.more+" "+count(below+1, "more row"), w)))
	}
	for len(rows) < h {
		rows = append(rows, strings.Repeat(" ", w))
	}
	return rows
}

// reviewQuestion is what it asks.
func (m *screen) reviewQuestion() string {
	if m.tooLarge() {
		return "It is too large for this server"
	}
	return "Send it? (y sends, nothing else does)"
}

// tooLarge says that the message under review is larger than the server takes.
func (m *screen) tooLarge() bool {
	_, over := m.sizeWords(m.composer.made.Message.Size.Octets)
	return over > 0
}

// shownMost is how much of a message is shown.
const shownMost = 64 << 10

// octets are the first of a message as it goes out.
type octets struct {
	made []byte
	more int64 // so many octets of the message follow
	err  error
}

// showOctets shows the message as it will go out.
func (m *screen) showOctets() tea.Cmd {
	message, chunks := m.composer.made.Message, m.composer.made.Chunking
	return func() tea.Msg {
		made, more, err := beginningOf(message, chunks)
		return octets{made, more, plain(err)}
	}
}

// beginningOf is the beginning of a message on the wire: with transparency and
// the final dot after DATA, and without in chunks. It ends with a line, where
// there is more.
func beginningOf(message *message.Message, chunks bool) (made []byte, more int64, err error) {
	r, err := message.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	source, err := io.ReadAll(io.LimitReader(r, shownMost))
	if err != nil {
		return nil, 0, err
	}
	enc := wire.Encoder{Chunks: chunks}
	made = enc.Append(nil, source)
	if n := message.Size.Source() - int64(len(source)); n > 0 {
		return made, n, nil
	}
	return enc.End(made), 0, nil
}

// octetsShown opens the pager over them.
func (m *screen) octetsShown(o octets) {
	if m.mode != modeReview {
		return
	}
	if o.err != nil {
		m.hint = "it cannot be shown: " + o.err.Error()
		return
	}
	lines := strings.Split(strings.TrimSuffix(string(o.made), "\r\n"), "\r\n")
	if o.more > 0 {
		lines = append(lines, "", wire.Thousands(uint64(o.more))+" octets more")
	}
	m.page("The message as it is sent", append(lines, ""), o.made)
}

// writeLetter writes the message under review to a new file.
func (m *screen) writeLetter(file string) (tea.Cmd, error) {
	path := atHome(file)
	if path == "" {
		if m.o.Dir == "" {
			return nil, errors.New("write FILE: there is no directory for messages")
		}
		path = filepath.Join(m.o.Dir, "messages", fileName(m.shortHost(), m.o.Now(), ".eml"))
	}
	d, helo := m.composer.clone(), m.o.Session.Helo
	made := m.composer.made.Message
	if m.mode != modeReview {
		made = nil
	}
	m.hint = "writing " + path
	return func() tea.Msg {
		if made == nil {
			l, err := d.letter(helo)
			if err != nil {
				return saved{path: path, err: plain(err)}
			}
			made = l.Message
		}
		if file == "" {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return saved{path: path, err: err}
			}
		}
		return saved{path: path, err: writeEML(path, made)}
	}, nil
}

// writeEML writes a message as it is sent to a new file.
func writeEML(path string, made *message.Message) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = errors.Join(writeMade(f, made), f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// writeMade writes a message as it is sent, but without transparency.
func writeMade(w io.Writer, made *message.Message) error {
	r, err := made.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return letter{octets: made.Size.Octets}.copy(w, r)
}
