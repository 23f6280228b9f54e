package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
	"ehlo/tui/internal/smtpline"
)

// choices are the candidates for what is being typed, of which one stands in the
// field. They are shown as long as the field is what that one has made of it.
type choices struct {
	of    *face.Field
	list  []smtpline.Candidate
	at    int
	typed face.Field // before
	made  string
}

// typing are the keys of the SMTP line and of the palette, which complete in one
// way.
func typing() []binding {
	const here = inLine | inPalette
	listed := func(m *screen) bool { return m.listed() != nil }
	unlisted := func(m *screen) bool { return m.listed() == nil }
	return []binding{
		{id: "send", keys: []string{"enter"}, show: "Enter", in: inLine, hint: "send", help: "send the line as it stands, with CRLF", do: (*screen).enter},
		{id: "run", keys: []string{"enter"}, show: "Enter", in: inPalette, hint: "do it", help: "carry out the command", do: (*screen).runCommand},
		{id: "closelist", keys: []string{"esc"}, show: "esc", in: here, hint: "as typed", enabled: listed, help: "while candidates are shown: back to what was typed", do: (*screen).closeList},
		{id: "browse", keys: []string{"esc"}, show: "esc", in: inLine, hint: "browse", enabled: unlisted, help: "leave the line; what was typed stays", do: (*screen).browse},
		{id: "complete", keys: []string{"tab"}, in: here, hint: "complete", help: "complete the verb, the address, the parameter; the command, its host, file or value; again: the next candidate", do: complete(1)},
		{id: "completeback", keys: []string{"shift+tab"}, in: here, help: "the candidate before", do: complete(-1)},
		{id: "take", keys: []string{"right", "ctrl+f"}, show: "right", in: here, hint: "take it", enabled: listed, help: "while candidates are shown: stay with this one; tab then goes on behind it", do: (*screen).takeChoice},
		{id: "paletteback", keys: []string{"esc"}, show: "esc", in: inPalette, hint: "leave it", enabled: unlisted, help: "one level back", do: (*screen).back},
		{id: "helpline", keys: []string{"f1"}, show: "F1", in: inLine, hint: "help", help: "all keys", do: (*screen).help},
	}
}

// listed are the candidates that are shown, or nil.
func (m *screen) listed() *choices {
	if c := m.choices; c != nil && (m.mode == modeLine || m.mode == modePalette) && c.of == m.field() && c.made == c.of.String() {
		return c
	}
	return nil
}

// complete goes on to the next candidate (1), or the one before (-1), or finds
// them.
func complete(way int) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		switch c := m.listed(); {
		case c != nil:
			c.step(way)
			return nil
		case m.mode == modePalette:
			return m.completeCommand(way)
		}
		m.completeLine(way)
		return nil
	}
}

// offer puts the first candidate into the field, or with -1 the last. One that is
// alone is taken; none says that there is none.
func (m *screen) offer(list []smtpline.Candidate, way int, none string) {
	if len(list) == 0 {
		m.hint = none
		return
	}
	c := &choices{of: m.field(), list: list, at: -1, typed: *m.field()}
	if way < 0 {
		c.at = 0
	}
	c.step(way)
	if m.choices = c; len(list) == 1 {
		m.choices = nil
	}
}

// step puts another candidate into the field.
func (c *choices) step(way int) {
	n := len(c.list)
	c.at = ((c.at+way)%n + n) % n
	before, behind := c.typed.Around()
	head := before[:c.list[c.at].From] + c.list[c.at].Text
	c.of.Set(head + behind)
	c.of.At = len(face.Characters(head))
	c.made = c.of.String()
}

// closeList puts back what was typed.
func (m *screen) closeList() tea.Cmd {
	*m.choices.of, m.choices = m.choices.typed, nil
	return nil
}

func (m *screen) takeChoice() tea.Cmd {
	m.choices = nil
	return nil
}

// row shows the candidates in w cells: those around the one that is chosen.
func (c *choices) row(st *face.Styles, w int) string {
	g := st.Glyphs
	head := fmt.Sprintf("%d/%d", c.at+1, len(c.list))
	room := w - face.Cells(head) - 1
	// Pages of candidates, so that they stand still while the choice moves.
	from, used := 0, 0
	for i := 0; i <= c.at; i++ {
		n := face.Cells(g.Words(c.list[i].Name)) + 2
		if used+n > room && i > 0 {
			from, used = i, 0
		}
		used += n
	}
	row := st.Bold.Render(head) + " "
	used = face.Cells(head) + 1
	for i := from; i < len(c.list) && used < w; i++ {
		name := " " + g.Words(c.list[i].Name) + " "
		if i == c.at {
			name = "[" + g.Words(c.list[i].Name) + "]"
		}
		name = g.Cut(name, w-used)
		used += face.Cells(name)
		if i == c.at {
			name = st.Reverse.Render(name)
		}
		row += name
	}
	return g.Fit(row, w)
}
