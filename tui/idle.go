package tui

import (
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// While somebody composes, nothing is said in the session. A server waits for
// the next command for five minutes at least (RFC 5321 4.5.3.2.7), and Postfix
// and Exim no longer than that: then it closes the connection.
const (
	serverWaits = 5 * time.Minute
	idleSoon    = time.Minute
	idleLate    = serverWaits - time.Minute
)

// idleEvery is how often the time that a session is idle is drawn anew.
const idleEvery = time.Second

type idleTick struct{}

// idles says that the session is idle in front of a person who composes.
func (m *screen) idles() bool {
	return (m.pane == messageAt || m.mode == modeReview) && m.now.Connected && m.now.Doing.Still() && !m.now.InText && !m.live()
}

// idleWords are how long the session has been idle; empty where it is not shown.
func (m *screen) idleWords() string {
	if !m.idles() || m.view.Last.IsZero() {
		return ""
	}
	d := max(m.o.Now().Sub(m.view.Last), 0)
	words := fmt.Sprintf("idle %d s of %.0f s", int(d.Seconds()), serverWaits.Seconds())
	if m.lay.shape == shapeSmall {
		if d < idleSoon {
			return "" // there is little room
		}
		words = fmt.Sprintf("idle %d/%.0f s", int(d.Seconds()), serverWaits.Seconds())
	}
	if d >= idleLate {
		return m.st.Warn.Render(words)
	}
	return words
}

// idle draws the time anew, while it is shown.
func (m *screen) idle() tea.Cmd {
	if m.composer.idling || !m.idles() {
		return nil
	}
	m.composer.idling = true
	return tea.Tick(idleEvery, func(time.Time) tea.Msg { return idleTick{} })
}

// filesChanged says that a file that is attached is not what it was when it was
// counted.
type filesChanged struct{ revision int }

// lookAgain looks at the files, which may grow or go while one composes.
func (m *screen) lookAgain() tea.Cmd {
	c := m.composer
	if !c.begun || c.counting || c.count.revision != c.revision || len(c.count.files) == 0 || len(c.count.files) != len(c.attached) {
		return nil
	}
	paths, before, revision := slices.Clone(c.attached), c.count.files, c.revision
	return func() tea.Msg {
		for i, path := range paths {
			now := examine(path)
			if now.octets != before[i].octets || (now.err == nil) != (before[i].err == nil) {
				return filesChanged{revision}
			}
		}
		return nil
	}
}

// countAgain counts what has changed outside.
func (m *screen) countAgain(f filesChanged) tea.Cmd {
	if f.revision == m.composer.revision {
		m.composer.changed()
	}
	return m.recount()
}
