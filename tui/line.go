package tui

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/smtpline"
)

// situation is what is known now of what a typed line meets.
func (m *screen) situation() smtpline.Situation {
	s := smtpline.Situation{Text: m.now.InText, Chunk: m.now.Chunk > 0}
	c := m.view.Now()
	if c == nil {
		return s
	}
	s.Offers, s.Protocol, s.Network = c.Offers, c.Protocol, c.Network
	s.Size = c.Offers.Size()
	s.Secure, s.LoggedIn, s.Open = c.TLS != nil, c.LoggedIn, c.Transaction
	s.Live = m.now.Connected && m.now.Doing.Still()
	if s.Live && m.now.Owes {
		s.Due = "a reply"
		if c.Waiting != nil {
			s.Due = c.Waiting.For
		}
	}
	return s
}

// mostUsed is how many addresses of each kind are offered.
const mostUsed = 50

// used adds the addresses and names that were used before, the last first.
func (m *screen) used(s *smtpline.Situation) {
	use(&s.Names, m.o.Session.Helo)
	use(&s.Names, m.helo)
	if c := m.view.Now(); c != nil {
		if c.Transaction.Open() {
			use(&s.Senders, wire.PathOf(c.Transaction.Mail))
		}
		for _, r := range slices.Backward(c.Recipients) {
			if use(&s.Recipients, r.Address); len(s.Recipients) == mostUsed {
				break
			}
		}
	}
	for _, l := range slices.Backward(m.history.Lines) {
		switch line := []byte(l); wire.Verb(line) {
		case "MAIL":
			use(&s.Senders, wire.PathOf(line))
		case "RCPT":
			use(&s.Recipients, wire.PathOf(line))
		case "EHLO", "HELO", "LHLO":
			use(&s.Names, wire.Argument(line))
		}
	}
	target := m.o.Plan.Target
	use(&s.Recipients, target.Recipient)
	if strings.Contains(target.Host, ".") && !strings.Contains(target.Host, ":") {
		use(&s.Recipients, "postmaster@"+target.Host)
	}
}

// use adds one that is not among them, up to the most.
func use(list *[]string, x string) {
	if x != "" && len(*list) < mostUsed && !slices.Contains(*list, x) {
		*list = append(*list, x)
	}
}

// completeLine completes the line at the cursor.
func (m *screen) completeLine(way int) {
	switch {
	case m.now.InText:
		m.hint = "message text is not completed"
		return
	case m.now.Asked:
		m.hint = "a secret is not completed"
		return
	}
	s := m.situation()
	m.used(&s)
	m.offer(s.Complete(m.line.Around()), way, "nothing that is known goes on from here")
}

// heard learns from what is told what the line needs to know.
func (m *screen) heard(e event.Event) {
	if r, ok := e.(event.Reply); ok && r.Reply.Positive() {
		switch r.Verb {
		case "EHLO", "HELO", "LHLO":
			m.helo = wire.Argument(r.Command)
		}
	}
}

// secretLine says that what is typed answers a 334.
func (m *screen) secretLine() bool { return m.now.Asked && !m.now.InText }

// warning says what is wrong with the line as it stands, or "". What is awaited
// has its place while something is.
func (m *screen) warning() string {
	if m.mode != modeLine || m.leaving || len(m.line.Text) == 0 || m.secretLine() || !m.now.Doing.Still() {
		return ""
	}
	s := m.situation()
	if w := s.Warn(m.line.String()); w != "" {
		return "~ " + w
	}
	return ""
}

// typedLine draws the line in w cells, with the ghost behind it: it stands in
// brackets, so that it is told apart where nothing is faint.
func (m *screen) typedLine(w int, focus bool) string {
	g := m.st.Glyphs
	text := m.line.String()
	hidden := len(m.line.Text)
	switch {
	case m.now.InText:
	case m.now.Asked, m.now.Over > 0 && wire.BeginsResponse([]byte(text)):
		hidden = 0
	default:
		hidden = utf8.RuneCountInString(text[:smtpline.SecretFrom(text)])
	}
	row, used := m.line.Draw(&m.st, w, focus, hidden)
	const least = len(" (…)") + 6
	if room := w - used; focus && room >= least && m.line.At == len(m.line.Text) && !m.secretLine() {
		s := m.situation()
		if ghost := s.Ghost(text); ghost != "" {
			row += m.st.Dim.Render(" (" + g.Cut(g.Words(ghost), room-len(" ()")) + ")")
		}
	}
	return g.Fit(row, w)
}

// lineRow is the row about what is typed: the candidates, or else a warning; "" where
// there is neither.
func (m *screen) lineRow(w int) string {
	if c := m.listed(); c != nil {
		return c.row(&m.st, w)
	}
	if text := m.warning(); text != "" && w > 0 {
		text = m.st.Glyphs.Fit(m.st.Glyphs.Words(text), w)
		return m.st.Led(m.st.Warn, text[:1], text[1:])
	}
	return ""
}

// kept is the end of writing the history.
type kept struct{ err error }

func (m *screen) keepHistory() tea.Cmd {
	h, dir := m.history, m.o.Dir
	return func() tea.Msg { return kept{h.Keep(dir)} }
}

// keptHistory tells once that it cannot be kept.
func (m *screen) keptHistory(k kept) {
	if k.err != nil && !m.unkept {
		m.unkept = true
		m.hint = "what is typed cannot be kept for the next time: " + k.err.Error()
	}
}
