package tui

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/keep"
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
		file, err := keep.Create(os.TempDir(), "ehlo-*.txt", text)
		if err != nil {
			return paged{err}
		}
		return paging{file}
	}
}

// pageFile shows a file, which is removed then.
func (m *screen) pageFile(p paging) tea.Cmd {
	words := strings.Fields(os.Getenv("PAGER"))
	if len(words) == 0 {
		words = []string{"less"}
	}
	return m.lendTo(m.lend(append(words, p.file)), func(err error) tea.Msg {
		_ = os.Remove(p.file)
		return paged{err}
	})
}

const (
	// lastWords is how long a program may take to end when ehlo has to.
	lastWords = time.Second

	// echo is how long a signal may take to be heard.
	echo = 100 * time.Millisecond
)

// lent is another program that has the terminal until it ends. Bubble Tea runs
// it, and waits for it: so it ends when ehlo has to. The ctrl+c that is typed
// meanwhile, which a terminal sends to all its programs, is meant for it.
type lent struct {
	ctx            context.Context // its end is ehlo's
	words          []string
	stdin          io.Reader // nil: nothing
	stdout, stderr io.Writer
	away           func(bool)
}

// lend prepares a program, given by its words. Where it is, is looked for when it
// is run.
func (m *screen) lend(words []string) *lent {
	return &lent{ctx: m.ending, words: words, away: m.away}
}

func (l *lent) SetStdin(r io.Reader) {
	// Another reader would be drained in the background, beyond the program's end.
	switch f := r.(type) {
	case terminalInput:
		l.stdin = f.File
	case *os.File:
		l.stdin = f
	}
}

func (l *lent) SetStdout(w io.Writer) { l.stdout = w }

func (l *lent) SetStderr(w io.Writer) { l.stderr = w }

func (l *lent) Run() error {
	cmd := exec.CommandContext(l.ctx, l.words[0], l.words[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = lastWords
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.stdin, l.stdout, l.stderr
	l.away(true)
	defer l.away(false)
	err := cmd.Run()
	if err != nil {
		time.Sleep(echo) // a ctrl+c that ended it is still on its way to ehlo
	}
	return err
}
