//go:build !(darwin || freebsd || linux || netbsd)

package tui

import tea "github.com/charmbracelet/bubbletea"

// canSuspend says that there is something like suspending.
const canSuspend = false

// job is ehlo as a job of a shell, of which there are none here.
type job struct{}

func newJob() job { return job{} }

func (g *guard) jobControl(job, func(tea.Msg)) (done func()) { return func() {} }

func (job) suspend() error { return errNoShell }
