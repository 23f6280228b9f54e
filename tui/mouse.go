package tui

import tea "github.com/charmbracelet/bubbletea"

// wheelRows is how far the wheel scrolls.
const wheelRows = 3

// toggleMouse asks the terminal for its mouse, or gives it back: while it is
// asked for, the terminal's own selection does not work.
func (m *screen) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.hint = "the mouse scrolls and selects now; M gives it back to the terminal"
		return tea.EnableMouseCellMotion
	}
	m.hint = "the mouse is the terminal's own again"
	return tea.DisableMouse
}

// clicked takes what the mouse did: the wheel scrolls, a click selects a line
// of the transcript.
func (m *screen) clicked(e tea.MouseEvent) {
	if e.Action != tea.MouseActionPress || m.lay.shape == shapeTiny {
		return
	}
	way := map[tea.MouseButton]int{tea.MouseButtonWheelUp: -1, tea.MouseButtonWheelDown: 1}[e.Button]
	switch {
	case m.mode == modePager && way != 0:
		m.pager.scroll(way*wheelRows, m.lay.body)
	case m.mode == modeLine && way != 0 && m.pane == 0:
		m.transcript.scroll(way * wheelRows)
	case (m.mode == modeMatrix || m.mode == modeTime) && way != 0:
		_ = by(way, false)(m)
	case m.mode != modeLine && m.mode != modeBrowse:
	case way != 0 && m.pane == 0:
		m.transcript.scroll(way * wheelRows)
	case way != 0:
		_ = by(way, false)(m)
	case e.Button == tea.MouseButtonLeft && e.X < m.lay.main && (m.pane == 0 || m.lay.side > 0 && m.pane != messageAt):
		if id, ok := m.transcript.at(e.Y - m.lay.header - m.lay.tabs); ok {
			m.mode, m.pane = modeBrowse, 0
			m.transcript.choose(id)
		}
	}
}

// toggleFollow follows what comes, or stays where the window is.
func (m *screen) toggleFollow() tea.Cmd {
	if m.transcript.follow {
		m.transcript.pause()
	} else {
		m.transcript.resume()
	}
	return nil
}

// toggleAlone gives the transcript the whole width, or the facts their side.
func (m *screen) toggleAlone() tea.Cmd {
	m.alone = !m.alone
	m.resize(m.lay.w, m.lay.h)
	return nil
}
