package tui

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/smtpline"
)

// lining are the keys of the SMTP line.
func lining() []binding {
	listed := func(m *screen) bool { return m.listed() != nil }
	return []binding{
		{id: "send", keys: []string{"enter"}, show: "Enter", in: inLine, hint: "send", help: "send the line as it stands, with CRLF", do: (*screen).enter},
		{id: "closelist", keys: []string{"esc"}, show: "esc", in: inLine, hint: "as typed", enabled: listed, help: "while candidates are shown: back to what was typed", do: (*screen).closeList},
		{id: "browse", keys: []string{"esc"}, show: "esc", in: inLine, hint: "browse", enabled: func(m *screen) bool { return !listed(m) }, help: "leave the line; what was typed stays", do: (*screen).browse},
		{id: "completeline", keys: []string{"tab"}, in: inLine, hint: "complete", help: "complete the verb, the address, the parameter; again: the next candidate", do: func(m *screen) tea.Cmd { return m.completeLine(1) }},
		{id: "completelineback", keys: []string{"shift+tab"}, in: inLine, help: "the candidate before", do: func(m *screen) tea.Cmd { return m.completeLine(-1) }},
		{id: "take", keys: []string{"right", "ctrl+f"}, show: "right", in: inLine, hint: "take it", enabled: listed, help: "while candidates are shown: stay with this one; tab then goes on behind it", do: (*screen).takeChoice},
		{id: "helpline", keys: []string{"f1"}, show: "F1", in: inLine, hint: "help", help: "all keys", do: (*screen).help},
	}
}

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
	for _, l := range slices.Backward(m.history.lines) {
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

// choices are the candidates that are shown. They are there as long as the line
// is what the chosen one has made of it.
type choices struct {
	list  []smtpline.Candidate
	at    int
	typed field // before
	made  string
}

// listed are the candidates that are shown, or nil.
func (m *screen) listed() *choices {
	if c := m.choices; c != nil && m.mode == modeLine && c.made == m.line.String() {
		return c
	}
	return nil
}

// completeLine completes the line at the cursor, or goes on to the next candidate.
func (m *screen) completeLine(way int) tea.Cmd {
	c := m.listed()
	switch {
	case c != nil:
		c.at = (c.at + way + len(c.list)) % len(c.list)
		m.fill(c)
		return nil
	case m.now.InText:
		m.hint = "message text is not completed"
		return nil
	case m.now.Asked:
		m.hint = "a secret is not completed"
		return nil
	}
	s := m.situation()
	m.used(&s)
	before, behind := m.line.around()
	list := s.Complete(before, behind)
	if len(list) == 0 {
		m.hint = "nothing that is known goes on from here"
		return nil
	}
	c = &choices{list: list, typed: m.line}
	if way < 0 {
		c.at = len(list) - 1
	}
	m.fill(c)
	m.choices = c
	if len(list) == 1 {
		m.choices = nil
	}
	return nil
}

// fill makes the line of a candidate.
func (m *screen) fill(c *choices) {
	before, behind := c.typed.around()
	x := c.list[c.at]
	head := before[:x.From] + x.Text
	m.line.set(head + behind)
	m.line.at = utf8.RuneCountInString(head)
	c.made = m.line.String()
}

// closeList puts back what was typed.
func (m *screen) closeList() tea.Cmd {
	m.line, m.choices = m.choices.typed, nil
	return nil
}

func (m *screen) takeChoice() tea.Cmd {
	m.choices = nil
	return nil
}

// around is the text before the cursor and behind it.
func (f *field) around() (before, behind string) {
	return textOf(f.text[:f.at]), textOf(f.text[f.at:])
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
	if m.mode != modeLine || m.leaving || len(m.line.text) == 0 || m.secretLine() || !m.now.Doing.Still() {
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
	g := m.st.glyphs
	text := m.line.String()
	hidden := len(m.line.text)
	switch {
	case m.now.InText:
	case m.now.Asked, m.now.Over > 0 && wire.BeginsResponse([]byte(text)):
		hidden = 0
	default:
		hidden = utf8.RuneCountInString(text[:smtpline.SecretFrom(text)])
	}
	row, used := m.line.draw(&m.st, w, focus, hidden)
	const least = len(" (…)") + 6
	if room := w - used; focus && room >= least && m.line.at == len(m.line.text) && !m.secretLine() {
		s := m.situation()
		if ghost := s.Ghost(text); ghost != "" {
			row += m.st.dim.Render(" (" + g.cut(g.words(ghost), room-len(" ()")) + ")")
		}
	}
	return g.fit(row, w)
}

// lineRow is the row about the line: the candidates, or else a warning; "" where
// there is neither.
func (m *screen) lineRow(w int) string {
	if c := m.listed(); c != nil {
		return m.choiceRow(c, w)
	}
	if text := m.warning(); text != "" {
		return m.st.warn.Render(m.st.glyphs.fit(m.st.glyphs.words(text), w))
	}
	return ""
}

// choiceRow shows the candidates in w cells: those around the one that is
// chosen.
func (m *screen) choiceRow(c *choices, w int) string {
	g := m.st.glyphs
	head := fmt.Sprintf("%d/%d", c.at+1, len(c.list))
	room := w - cells(head) - 1
	// Pages of candidates, so that they stand still while the choice moves.
	from, used := 0, 0
	for i := 0; i <= c.at; i++ {
		n := cells(g.words(c.list[i].Name)) + 2
		if used+n > room && i > 0 {
			from, used = i, 0
		}
		used += n
	}
	row := m.st.bold.Render(head) + " "
	used = cells(head) + 1
	for i := from; i < len(c.list) && used < w; i++ {
		name := " " + g.words(c.list[i].Name) + " "
		if i == c.at {
			name = "[" + g.words(c.list[i].Name) + "]"
		}
		name = g.cut(name, w-used)
		used += cells(name)
		if i == c.at {
			name = m.st.reverse.Render(name)
		}
		row += name
	}
	return g.fit(row, w)
}

// kept is the end of writing the history.
type kept struct{ err error }

func (m *screen) keepHistory() tea.Cmd {
	h, dir := m.history, m.o.Dir
	return func() tea.Msg { return kept{h.keep(dir)} }
}

// keptHistory tells once that it cannot be kept.
func (m *screen) keptHistory(k kept) {
	if k.err != nil && !m.unkept {
		m.unkept = true
		m.hint = "what is typed cannot be kept for the next time: " + k.err.Error()
	}
}
