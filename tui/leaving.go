package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// quit leaves at once where nothing would be lost, else it asks.
func (m *screen) quit() tea.Cmd {
	if m.leaving || !m.now.Connected && m.now.Doing == engine.Idle && len(m.line.Text) == 0 && len(m.queue.lines) == 0 && !m.composer.unsent() && !m.unsavedTalk() {
		return m.leave()
	}
	m.back2, m.mode = m.mode, modeQuestion
	return nil
}

// leave ends the session politely and then the program. A second time it does
// not wait for the server.
func (m *screen) leave() tea.Cmd {
	if m.leaving {
		return tea.Quit
	}
	m.leaving = true
	m.mode = modeBrowse
	m.engine.Leave()
	done := m.engine.Done
	return func() tea.Msg {
		select {
		case <-done:
		case <-time.After(engine.Farewell + lastWait): // it waits for a disk, perhaps
		}
		return gone{}
	}
}

// busy says that ctrl+c stops something.
func (m *screen) busy() bool {
	return m.now.Doing != engine.Idle || m.queue.going != nil || m.probed.running()
}

// interrupt stops what runs. Where nothing runs, it leaves the second time.
func (m *screen) interrupt() tea.Cmd {
	switch {
	case m.leaving || m.armed:
		return m.leave()
	case m.queue.going != nil:
		m.engine.Interrupt()
		return nil
	case m.canSkip() && m.engine.Pass():
		m.skipped = m.o.Now()
		m.hint = m.shortHost() + " is skipped; ctrl+c again, at once, stops"
		return nil
	case m.probed.running() && (m.mode == modeMatrix || m.pane == exchangersAt) && m.prober.Interrupt():
		return nil
	case m.engine.Interrupt(), m.prober.Interrupt():
		return nil
	}
	m.armed = true
	m.hint = "nothing runs: ctrl+c again leaves ehlo"
	if m.lay.shape == shapeTiny {
		m.hint = "again: quit"
	}
	return nil
}

// tinyQuit leaves the second time, where the screen is too small to ask; once,
// it stops nothing.
func (m *screen) tinyQuit() tea.Cmd {
	if m.leaving || m.armed {
		return m.leave()
	}
	m.armed, m.hint = true, "q again leaves"
	if face.Cells(m.hint) > m.lay.w {
		m.hint = "q: leave"
	}
	return nil
}
