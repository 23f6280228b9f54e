package tui

import (
	"errors"
	"io"

	tea "github.com/charmbracelet/bubbletea"
)

// A shell stops its jobs and goes on with them. ctrl+z is a key in raw mode;
// SIGTSTP comes from elsewhere, and finds the terminal left in order all the
// same. SIGCONT without it follows a SIGSTOP, which nobody hears: the shell has
// changed the terminal's modes since, so they are set anew.

// errNoShell is why ehlo was not suspended, as in xterm -e ehlo and ssh -t host
// ehlo: there Bubble Tea's own suspending would wait for ever.
var errNoShell = errors.New("not suspended: there is no shell here that could go on with ehlo")

// suspend is that ehlo is to be suspended, goOn that it was stopped and goes on.
type (
	suspend struct{}
	goOn    struct{}
)

// back is that ehlo has the terminal again; what is to be said of it is err.
type back struct{ err error }

// suspension is, for Bubble Tea, another program that has the terminal.
type suspension struct{ stop func() error }

func (s suspension) Run() error        { return s.stop() }
func (suspension) SetStdin(io.Reader)  {}
func (suspension) SetStdout(io.Writer) {}
func (suspension) SetStderr(io.Writer) {}

// suspend stops ehlo, with the terminal as it was, until the shell goes on with
// it.
func (m *screen) suspend() tea.Cmd {
	return m.lendTo(suspension{m.o.stop}, func(err error) tea.Msg { return back{err} })
}

// retake sets the terminal's modes anew, and paints the screen. They are first
// what they were before ehlo: what Bubble Tea finds it takes for that.
func (m *screen) retake() tea.Cmd {
	return m.lendTo(suspension{func() error { return nil }}, func(err error) tea.Msg { return back{err} })
}

// lendTo gives the terminal to another program until it ends, guarded: Bubble
// Tea runs it in its loop. The mouse, which it forgets, is asked for again.
func (m *screen) lendTo(c tea.ExecCommand, ended func(error) tea.Msg) tea.Cmd {
	try := m.o.try
	if try == nil {
		try = func(do func()) { do() }
	}
	mouse, whole := m.mouse, m.o.whole
	m.o.pastes.leave()
	return func() tea.Msg {
		return tea.Exec(watched{c, try, whole}, func(err error) (msg tea.Msg) {
			try(func() { msg = ended(err) })
			if mouse {
				again := msg
				return tea.BatchMsg{tea.EnableMouseCellMotion, func() tea.Msg { return again }}
			}
			return msg
		})()
	}
}

// watched is such a program with its guard.
type watched struct {
	tea.ExecCommand
	try   func(func())
	whole func() // sets the modes of before ehlo: a program that was killed leaves its own
}

func (w watched) Run() (err error) {
	w.try(func() { err = w.ExecCommand.Run() })
	if w.whole != nil {
		w.whole() // Bubble Tea takes what it finds for what was before
	}
	return err
}
