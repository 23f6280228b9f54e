package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// recall is the search of the history, as a shell has it.
type recall struct {
	text  face.Field
	found int    // which line of the history; -1: none
	of    string // the text that it was found for
}

// recalling are its keys.
func recalling() []binding {
	return []binding{
		{id: "recall", keys: []string{"ctrl+r"}, in: inLine, hint: "search", help: "search the lines that were typed", do: (*screen).startRecall},
		{id: "recalldone", keys: []string{"enter"}, show: "Enter", in: inRecall, hint: "take it", help: "write the line that was found; the next Enter sends it", do: (*screen).recallDone},
		{id: "recallolder", keys: []string{"ctrl+r", "up", "ctrl+p"}, show: "ctrl+r", in: inRecall, hint: "older", help: "the line before that has the text too", do: func(m *screen) tea.Cmd { return m.recallOn(-1) }},
		{id: "recallnewer", keys: []string{"down", "ctrl+n", "ctrl+s"}, show: "down", in: inRecall, hint: "newer", help: "the one after", do: func(m *screen) tea.Cmd { return m.recallOn(1) }},
		{id: "recallback", keys: []string{"esc", "ctrl+g", "ctrl+c"}, show: "esc", in: inRecall, hint: "leave it", help: "back to the line as it was", do: (*screen).recallBack},
	}
}

func (m *screen) startRecall() tea.Cmd {
	if m.secretLine() {
		m.hint = "a secret is not kept, and not searched for"
		return nil
	}
	m.mode, m.recall = modeRecall, recall{found: len(m.history.Lines) - 1}
	return nil
}

// recalled is the line that was found for the text as it stands.
func (m *screen) recalled() (line string, ok bool) {
	r, lines := &m.recall, m.history.Lines
	if text := r.text.String(); text != r.of {
		r.of, r.found = text, m.lookBack(len(lines)-1, -1, "")
	}
	if r.found < 0 || r.found >= len(lines) {
		return "", false
	}
	return lines[r.found], true
}

// lookBack is the first line from a place on, towards the older or the newer
// ones, that has the text and is another than the one that is shown.
func (m *screen) lookBack(from, way int, but string) int {
	lines, f := m.history.Lines, newFind(m.recall.text.String())
	for i := from; i >= 0 && i < len(lines); i += way {
		if lines[i] != but && (f.text == "" || f.in(lines[i]) >= 0) {
			return i
		}
	}
	return -1
}

func (m *screen) recallOn(way int) tea.Cmd {
	line, ok := m.recalled()
	if !ok {
		return nil
	}
	at := m.lookBack(m.recall.found+way, way, line)
	if at < 0 {
		m.hint = map[bool]string{true: "no newer line has it", false: "no older line has it"}[way > 0]
		return nil
	}
	m.recall.found = at
	return nil
}

// recallDone puts the line into the field; what was there comes back with down,
// behind the last line of the history.
func (m *screen) recallDone() tea.Cmd {
	line, ok := m.recalled()
	if !ok {
		m.hint = "no line that was typed has this: esc leaves the search"
		return nil
	}
	if m.history.At == len(m.history.Lines) {
		m.history.Draft = m.line.String()
	}
	m.history.At = m.recall.found
	m.line.Set(line)
	m.mode = modeLine
	return nil
}

func (m *screen) recallBack() tea.Cmd {
	m.mode = modeLine
	return nil
}

// recallRow is the row for typing while the history is searched:
// (search)'text': the line that was found.
func (m *screen) recallRow(w int) string {
	g := m.st.Glyphs
	line, ok := m.recalled()
	label := "(search)'"
	if !ok {
		label = "(no such line)'"
	}
	text, used := m.recall.text.Draw(&m.st, max(w/3, 2), true, len(m.recall.text.Text))
	row := m.st.Bold.Render(label) + text + m.st.Bold.Render("': ")
	used += face.Cells(label) + len("': ")
	return g.Fit(row+newFind(m.recall.text.String()).render(g.Cut(g.Words(line), w-used), m.st.Server), w)
}
