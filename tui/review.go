package tui

import (
	"errors"
	"io"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
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
	d, revision, helo := m.drafted(), c.revision, m.o.Session.Helo
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
	c.again = c.had.has(c.core(), r.letter.To)
	c.count.of(r.letter)
	c.count.revision, c.count.files, c.count.err = r.revision, r.files, nil
	return nil
}

// entry is what the review says of one thing.
type entry struct {
	mark        byte
	label, text string
}

// reviewView draws what is about to be sent, and where, however many get it.
func (m *screen) reviewView(w, h int) []string {
	c, l := m.composer, &m.composer.made
	before, behind := m.reviewEnvelope(), m.reviewMessage()
	offers := m.extensions()
	list := window{n: len(before) + len(l.To) + len(behind), h: h, draw: func(i int) []string {
		var e entry
		switch to := i - len(before); {
		case to < 0:
			e = before[i]
		case to < len(l.To):
			_, text, _ := strings.Cut(string(flow.RcptLine(offers, *l, l.To[to])), ":")
			e = entry{' ', "RCPT TO", text}
		default:
			e = behind[to-len(l.To)]
		}
		return m.labelled(' ', e.mark, e.label, e.text, w, map[byte]face.Style{'!': m.st.Bad, '~': m.st.Warn}[e.mark])
	}}
	var rows []string
	c.reviewTop, rows = list.show(min(max(c.reviewTop, 0), list.n-1), -1)
	if below := list.n - list.last(c.reviewTop, h); below > 0 && h > 0 {
		below = list.n - list.last(c.reviewTop, h-1) // that many are not seen
		rows[h-1] = m.st.Dim.Render(m.st.Glyphs.Fit("  "+m.st.Glyphs.More+" "+count(below, "more row"), w))
	}
	for len(rows) < h {
		rows = append(rows, strings.Repeat(" ", w))
	}
	return rows
}

// extensions are the extensions of the open session.
func (m *screen) extensions() wire.Offers {
	if v := m.view.Now(); v != nil && m.now.Connected {
		return v.Offers
	}
	return nil
}

// fewRecipients are counted at a glance.
const fewRecipients = 5

// reviewEnvelope is where it goes, and MAIL as it will be sent.
func (m *screen) reviewEnvelope() []entry {
	l := m.composer.made
	words, over := m.sizeWords(l.Message.Size.Octets)
	list := []entry{{' ', "size", words}}
	if over > 0 {
		list[0].mark = '!'
	}
	if n := l.Message.Size.Longest; n > longestLine {
		list = append(list, entry{'~', "note", "its longest line has " + wire.Octet(uint64(n)) + ", and 998 are allowed (RFC 5322 2.1.1)"})
	}
	mail := "<" + l.From.String() + ">"
	switch {
	case !m.now.Connected:
		return append(list, entry{'!', "through", "no session is open: y leads to :reconnect"}, entry{' ', "MAIL FROM", mail})
	case m.lay.shape == shapeSmall:
		list = append(list, entry{' ', "through", m.shortHost()})
	default:
		list = append(list, entry{' ', "through", m.hostWords(true)})
	}
	offers, short := m.extensions(), l
	if n := m.composer.count.mail; n != nil {
		short = *n // says the same of MAIL, and has no long list
	}
	short.Force = true // that it is too large stands above
	line, remarks, refused := flow.MailLine(offers, short)
	if refused != nil {
		list = append(list, entry{'!', "not now", refused.Message})
	} else {
		_, mail, _ = strings.Cut(string(line), ":")
	}
	list = append(list, entry{' ', "MAIL FROM", mail})
	if l.DSN.Notify != "" && !offers.Has("DSN") {
		remarks = append(remarks, "DSN is not offered: NOTIFY is left out")
	}
	if l.Chunking && !offers.Has("CHUNKING") {
		remarks = append(remarks, "CHUNKING is not offered: DATA takes the place of BDAT")
	}
	for _, r := range remarks {
		list = append(list, entry{'~', "note", r})
	}
	if n := m.composer.again; n > 0 {
		list = append(list, entry{'~', "twice", count(n, "recipient") + " of " + wire.Thousands(uint64(len(l.To))) + " had this message accepted before: o sends it to the others only"})
	}
	if n := len(l.To); n > fewRecipients {
		list = append(list, entry{' ', "to", count(n, "recipient")})
	}
	return list
}

// reviewMessage is what the message is made of.
func (m *screen) reviewMessage() (list []entry) {
	c, l := m.composer, &m.composer.made
	add := func(label, text string) { list = append(list, entry{' ', label, text}) }
	if l.Chunking && m.extensions().Has("CHUNKING") {
		add("BDAT", "in place of DATA")
	}
	if l.NoPipelining {
		add("Pipelining", "no: one command at a time")
	}
	if c.file != "" {
		add("message", c.file)
		return list
	}
	subject := c.one[partSubject]
	if subject == "" {
		subject = c.usual
	}
	add("Subject", subject)
	for _, p := range []part{partAuthor, partHeads, partCopies} {
		if c.one[p] != "" {
			add(partNames[p], beginning(c.one[p], m.lay.w))
		}
	}
	for _, h := range c.headers {
		add("header", h)
	}
	for i, path := range c.attached {
		size := ""
		if i < len(c.count.files) {
			size = ", " + wire.Octet(uint64(c.count.files[i].octets))
		}
		add("attached", path+size)
	}
	body := "empty"
	if len(c.body) > 0 {
		body = count(len(c.body), "line")
	}
	if c.options[0] > 0 {
		body += ", " + c.option(partTemplate) + ": " + templates[c.options[0]].help
	}
	add("body", body)
	if s := c.one[partPad]; s != "" {
		add("padded to", s)
	}
	return list
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
	d, helo := m.drafted(), m.o.Session.Helo
	made := m.composer.made.Message
	if m.mode != modeReview {
		made = nil
	}
	m.hint = "writing " + path
	draft := m.composer.text()
	return func() tea.Msg {
		if made == nil {
			l, err := d.letter(helo)
			if err != nil {
				return saved{path: path, err: plain(err)}
			}
			made = l.Message
		}
		return saved{path: path, draft: draft, err: keep.WriteNew(path, file == "", func(w io.Writer) error { return writeMade(w, made) })}
	}, nil
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
