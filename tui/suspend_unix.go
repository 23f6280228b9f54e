//go:build darwin || freebsd || linux || netbsd

package tui

import (
	"os"
	"os/signal"
	"syscall"

	tea "github.com/charmbracelet/bubbletea"
)

// canSuspend says that there is something like suspending.
const canSuspend = true

// job is ehlo as a job of a shell.
type job struct{ heard chan os.Signal }

// jobControl listens for what a shell tells its jobs, until done.
func (g *guard) jobControl(j job, send func(tea.Msg)) (done func()) {
	j.listen()
	over := make(chan struct{})
	g.run(func() {
		for {
			select {
			case s := <-j.heard:
				switch away := g.away.Load(); {
				case s == syscall.SIGTSTP && away:
					_ = j.stop(os.Getpid()) // the terminal is the other program's, which stops too
				case s == syscall.SIGTSTP:
					send(suspend{})
				case !away:
					send(goOn{})
				}
			case <-over:
				return
			}
		}
	})
	return func() {
		signal.Stop(j.heard)
		close(over)
	}
}

func newJob() job { return job{make(chan os.Signal, 2)} }

func (j job) listen() { signal.Notify(j.heard, syscall.SIGTSTP, syscall.SIGCONT) }

// suspend stops all processes of the job, as a shell would, and waits until it
// goes on.
func (j job) suspend() error { return j.stop(0) }

// stop stops a process, or with 0 those of the job. It is SIGSTOP: Go does not
// give a signal its default back that somebody has listened for.
func (j job) stop(pid int) error {
	if !underShell() {
		return errNoShell
	}
	signal.Stop(j.heard)
	defer j.listen()
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(goesOn)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	<-goesOn
	return nil
}

// underShell says that somebody could go on with the job: that it is not the
// leader's of the session, nor left by it. (An orphaned process group, POSIX
// 3.246, which SIGTSTP would not stop.)
func underShell() bool {
	session, err := sessionOf(0)
	if err != nil || session == syscall.Getpgrp() {
		return false
	}
	parents, err := sessionOf(os.Getppid())
	return err == nil && parents == session
}

func sessionOf(pid int) (int, error) {
	session, _, errno := syscall.Syscall(syscall.SYS_GETSID, uintptr(pid), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(session), nil
}
