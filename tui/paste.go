package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/smtpline"
)

const (
	// A paste may have so many octets and lines: what is larger comes from files.
	pasteMost  = 256 << 10
	pasteLines = 5000
)

// queue are the lines of a paste that wait for being sent.
type queue struct {
	lines []string
	at    int             // which of them is in the field; -1: none
	draft face.Field      // what was in the field before
	all   int             // how many there were
	going *engine.Pasting // the engine sends them; nil: it does not
	gone  int             // lines of that which were sent
}

// pasting are the keys of a paste of several lines.
func pasting() []binding {
	command := func(m *screen) bool { return !m.now.InText }
	return []binding{
		{id: "paste", keys: []string{"ctrl+y"}, in: inLine, hint: "the paste", enabled: func(m *screen) bool { return len(m.queue.lines) > 0 && m.queue.going == nil }, help: "the lines of a paste that wait: choose again what becomes of them", do: (*screen).openPaste},
		{id: "onebyone", keys: []string{"o"}, in: inPaste, hint: "one by one", enabled: command, help: "send each when the one before has its reply; a refusal or ctrl+c stops that", do: sendPaste(false)},
		{id: "block", keys: []string{"b"}, in: inPaste, hint: "as a block", help: "send the commands that may stand together in one go (PIPELINING); message text up to its dot", do: sendPaste(true)},
		{id: "walk", keys: []string{"e"}, in: inPaste, hint: "edit", help: "write each into the SMTP line, to be changed: Enter sends it and brings the next, up and down lead to the others", do: (*screen).walkPaste},
		{id: "drop", keys: []string{"n"}, in: inPaste, hint: "drop", help: "send nothing, and keep nothing", do: (*screen).dropPaste},
		{id: "pasteback", keys: []string{"esc", "ctrl+c"}, show: "esc", in: inPaste, hint: "later", help: "back to the line; ctrl+y leads here again", do: (*screen).leavePaste},
	}
}

// paste puts pasted text into the field that has the focus. Of several lines
// nothing is sent before the person has said how.
func (m *screen) paste(text []rune) {
	m.hint, m.armed = "", false
	if m.where()&(inText|inPaste) == 0 {
		m.hint = "a paste goes into the SMTP line: i leads there"
		return
	}
	s := strings.ReplaceAll(face.TextOf(text), "\r\n", "\n")
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(s, "\r", "\n"), "\n"), "\n")
	if m.where() == inBody {
		m.composer.insertLines(lines)
		return
	}
	if m.where() == inField {
		m.pasteIntoField(lines)
		return
	}
	waiting := 0
	for _, l := range m.queue.lines {
		waiting += len(l)
	}
	switch q := &m.queue; {
	case m.mode != modeLine && m.mode != modePaste:
		m.field().Insert(face.Characters(lines[0])...)
		if len(lines) > 1 {
			m.hint = "the paste has " + count(len(lines), "line") + ": only the first was taken"
		}
	case len(lines) == 1 && m.mode == modeLine:
		if m.line.Insert(face.Characters(lines[0])...); len(m.line.Text) == face.FieldMost {
			m.hint = "the line has as much as it takes: the end of the paste may be missing"
		}
	case len(s)+waiting > pasteMost || len(lines)+len(q.lines) > pasteLines:
		m.hint = fmt.Sprintf("the paste has %s and %s, more than the line takes (%d lines, %d KiB): nothing was taken; a script plays with :run FILE",
			count(len(lines), "line"), wire.Octet(uint64(len(s))), pasteLines, pasteMost>>10)
	default:
		if len(q.lines) == 0 {
			*q = queue{at: -1}
		}
		more := q.going != nil && m.engine.More(q.going, lines)
		if !more {
			m.settlePaste(m.engine.Status().Pasted) // it has ended since the last frame
		}
		q.lines = append(q.lines, lines...)
		if q.all += len(lines); !more {
			m.openPaste()
		}
	}
}

// openPaste asks what is to become of the lines, and shows them.
func (m *screen) openPaste() tea.Cmd {
	m.queue.keep(&m.line)
	m.page("Paste", m.pasteText(), nil)
	m.mode = modePaste
	return nil
}

func (m *screen) leavePaste() tea.Cmd {
	m.mode, m.pager = modeLine, nil
	if m.queue.at < 0 {
		m.hint = "nothing was sent; " + count(len(m.queue.lines), "line") + " of the paste left: ctrl+y leads there, down brings the first"
	}
	return nil
}

func (m *screen) dropPaste() tea.Cmd {
	m.mode, m.pager = modeLine, nil
	m.hint = count(len(m.queue.lines), "line") + " of the paste dropped"
	m.queue.release(&m.line)
	m.queue = queue{at: -1}
	return nil
}

// walkPaste writes the first of the lines into the field.
func (m *screen) walkPaste() tea.Cmd {
	m.mode, m.pager = modeLine, nil
	if m.queue.at < 0 {
		m.queue.walk(&m.line, 1)
	}
	return nil
}

// keep takes the text of the field back into its line of the paste.
func (q *queue) keep(f *face.Field) {
	if q.at >= 0 {
		q.lines[q.at] = f.String()
	}
}

// release gives the field back what was in it before the lines of a paste.
func (q *queue) release(f *face.Field) {
	if q.at >= 0 {
		*f, q.at = q.draft, -1
	}
}

// walk goes to the line before or behind the one in the field; before the first
// one is what was in the field.
func (q *queue) walk(f *face.Field, way int) (moved bool) {
	to := q.at + way
	if q.going != nil || to < -1 || to >= len(q.lines) {
		return false
	}
	if q.keep(f); q.at < 0 {
		q.draft = *f
	}
	if to < 0 {
		q.release(f)
		return true
	}
	q.at = to
	f.Set(q.lines[to])
	return true
}

// sent takes the line out that was in the field, and brings the next.
func (q *queue) sent(f *face.Field) {
	if q.at < 0 {
		return
	}
	q.lines = append(q.lines[:q.at], q.lines[q.at+1:]...)
	if q.at < len(q.lines) {
		f.Set(q.lines[q.at])
		return
	}
	q.release(f)
}

// label stands before the field where lines of a paste are sent: "PASTE 2/5: ".
func (q *queue) label() string {
	switch {
	case q.going != nil:
		return fmt.Sprintf("PASTE %d/%d: ", q.all-len(q.lines), q.all)
	case q.at >= 0:
		return fmt.Sprintf("PASTE %d/%d: ", q.all-len(q.lines)+q.at+1, q.all)
	}
	return ""
}

// sendPaste lets the lines be sent.
func sendPaste(block bool) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		q := &m.queue
		m.mode, m.pager = modeLine, nil
		q.release(&m.line)
		going, err := m.engine.Paste(slices.Clone(q.lines), block)
		if err != nil {
			m.hint = m.pasteStopped(err.Error())
			return nil
		}
		q.going, q.gone = going, 0
		m.transcript.resume()
		return nil
	}
}

// settlePaste takes how far the engine is with a paste.
func (m *screen) settlePaste(now engine.Pasted) {
	q := &m.queue
	if q.going == nil || now.Of != q.going {
		return
	}
	q.lines, q.gone = q.lines[now.Sent-q.gone:], now.Sent
	if !now.Ended {
		return
	}
	for _, l := range q.going.Commands {
		m.history.Add(l)
		m.unsaved = true
	}
	q.going = nil
	switch {
	case len(q.lines) == 0:
		*q = queue{at: -1}
		m.hint = "all of the paste was sent"
	case now.Refused != nil:
		m.hint = m.pasteStopped(replyHead(*now.Refused))
	default:
		m.hint = m.pasteStopped(now.Why)
	}
}

func (m *screen) pasteStopped(why string) string {
	return "the paste stopped: " + why + "; " + count(len(m.queue.lines), "line") + " left: ctrl+y leads there, down brings the next"
}

// pasteText shows the lines of a paste, with what is wrong with each if those
// before it are accepted.
func (m *screen) pasteText() []string {
	q, s := &m.queue, m.situation()
	text := []string{count(len(q.lines), "line") + ", not sent yet:"}
	if !s.Text && s.Live && !s.Offers.Has(string(wire.KeywordPipelining)) && smtpline.GroupOf(q.lines) > 1 {
		text = append(text, "~ PIPELINING is not offered: several commands in one go break RFC 2920")
	}
	text = append(text, "")
	shown := smtpline.Shown(q.lines, m.secretLine())
	blind := m.secretLine() // what comes is unknown
	for i, l := range q.lines {
		text = append(text, fmt.Sprintf("%4d  %s", q.all-len(q.lines)+i+1, shown[i]))
		if w := s.Warn(l); w != "" && !blind && !strings.HasSuffix(shown[i], event.Mask) {
			text = append(text, "   ~  "+w)
		}
		ends := s.Text && l == "." && i < len(q.lines)-1
		if blind = s.Follow(l) || blind; ends && !blind {
			text = append(text, "      (the message ends here; commands follow)")
		}
	}
	return text
}

// pastePrompt asks what is to become of a paste.
func (m *screen) pastePrompt(w int) string {
	text := ": o one by one, b as a block, e edit each, n drop, esc later"
	short := ": o one by one, b block, e edit, n drop"
	if m.now.InText {
		text = ": b all as message text, e edit each, n drop, esc later"
		short = ": b all as text, e edit, n drop"
	}
	n := count(len(m.queue.lines), "line")
	switch {
	case face.Cells(n+text) <= w:
	case face.Cells(n+short) <= w:
		text = short
	default:
		n, text = "", short[len(": "):]
	}
	return m.st.Reverse.Render(m.st.Glyphs.Fit(n+text, w))
}
