package tui

import (
	"os"
	"os/exec"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// paging is that the file for the pager is written.
type paging struct{ file string }

// paged is the end of the pager.
type paged struct{ err error }

// openPager shows the lines in the person's own pager. They are escaped, so
// that nothing in them is a command to it or to the terminal.
func (m *screen) openPager() tea.Cmd {
	if m.log.empty() {
		m.hint = "there is nothing to show yet"
		return nil
	}
	text, _ := m.plain(m.log.first, m.log.end()-1)
	return func() tea.Msg {
		file, err := os.CreateTemp("", "ehlo-*.txt") // 0600
		if err != nil {
			return paged{err}
		}
		_, err = file.WriteString(text)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			_ = os.Remove(file.Name())
			return paged{err}
		}
		return paging{file.Name()}
	}
}

// pageFile shows a file, which is removed then.
func (m *screen) pageFile(p paging) tea.Cmd {
	words := strings.Fields(os.Getenv("PAGER"))
	if len(words) == 0 {
		words = []string{"less"}
	}
	return m.outside(exec.Command(words[0], append(words[1:], p.file)...), func(err error) tea.Msg {
		_ = os.Remove(p.file)
		return paged{err}
	})
}

// outside gives the terminal to another program until that ends.
func (m *screen) outside(c *exec.Cmd, done func(error) tea.Msg) tea.Cmd {
	if m.o.tty != nil {
		c.Stdout = m.o.tty // Bubble Tea would give it a pipe, since the output is shared
	}
	return tea.ExecProcess(c, done)
}
