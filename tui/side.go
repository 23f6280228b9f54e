package tui

import "ehlo/tui/internal/engine"

// sideRow is a row of the facts at the right; a title joins the line between.
type sideRow struct {
	text  string
	title bool
}

// side draws the facts at the right. Their first title stands in the tabs' row.
func (m *screen) side() []sideRow {
	w := m.lay.side
	var rows []sideRow
	if m.played != nil {
		focus := m.scriptFocus()
		for _, r := range m.played.View(&m.st, w, m.scriptHeight(), focus, m.now.Script) {
			rows = append(rows, sideRow{r, false})
		}
	}
	for i, h := range m.sideHeights() {
		if i > 0 || m.played != nil {
			rows = append(rows, sideRow{m.paneTitle(i+1, w), true})
		}
		focus := m.mode == modeBrowse && m.pane == i+1
		for _, r := range m.facts[i].View(&m.st, w, h, focus) {
			rows = append(rows, sideRow{r, false})
		}
	}
	return append(rows, m.sideTime()...)
}

// scriptFocus says that the script has the cursor.
func (m *screen) scriptFocus() bool { return m.mode == modeBrowse && m.pane == scriptAt }

// scriptHeight is how many rows the script has: at the side what it needs, up
// to half of them, or to what the facts leave. One that has ended gives its room
// back: its title says how it ended, and 7 shows it.
func (m *screen) scriptHeight() int {
	if m.lay.side == 0 {
		return max(m.lay.body-len(m.notices()), 1)
	}
	if m.now.Script.Phase == engine.PhaseEnded && !m.scriptFocus() {
		return 0
	}
	left := m.lay.body - (panes - 1) - len(m.sideTime())
	for _, p := range m.facts {
		p.refresh(m.builder(m.lay.side))
		left -= len(p.facts)
	}
	return min(max(len(m.played.x.Rows), 1), max(m.lay.body/2, left))
}

// sideHeights shares the body's rows among the four panes of facts, below the
// script: to each what it needs, and where that is too much, less to the
// tallest, and to the one with the focus last.
func (m *screen) sideHeights() [panes - 1]int {
	var heights [panes - 1]int
	left := m.lay.body - (panes - 2) - len(m.sideTime())
	if m.played != nil {
		left -= m.scriptHeight() + 1
	}
	for i, p := range m.facts {
		p.refresh(m.builder(m.lay.side))
		heights[i] = len(p.facts)
		left -= heights[i]
	}
	for left < 0 {
		tallest, focus := -1, m.focused()
		for i := range heights {
			if i != focus && heights[i] > 1 && (tallest < 0 || heights[i] > heights[tallest]) {
				tallest = i
			}
		}
		if tallest < 0 {
			tallest = max(focus, 0)
		}
		// At once down to the next tallest, so that a list of 100,000 is cut in
		// a few steps.
		second := 1
		for i := range heights {
			if i != tallest && i != focus {
				second = max(second, heights[i])
			}
		}
		less := min(max(heights[tallest]-second, 1), -left)
		heights[tallest] -= less
		left += less
	}
	heights[panes-2] += left
	return heights
}

// focused is which of the panes of facts has the cursor; -1: none.
func (m *screen) focused() int {
	if m.mode == modeBrowse && m.pane > 0 && m.pane < panes {
		return m.pane - 1
	}
	return -1
}

// factsHeight is how many rows a pane of facts has.
func (m *screen) factsHeight(i int) int {
	if m.lay.side > 0 {
		return m.sideHeights()[i]
	}
	m.facts[i].refresh(m.builder(m.lay.main))
	return max(m.lay.body-len(m.notices()), 1)
}
