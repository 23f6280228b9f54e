//go:build !windows

package tui

import (
	"os"
	"syscall"
)

// ending are the signals that end the screen. Those that Go would answer with
// its stacks, in the middle of the screen, are among them.
var ending = []os.Signal{
	syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGABRT,
	syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM,
}

// quitKey is the signal of ctrl+\, which is typed as ctrl+c is.
const quitKey = syscall.SIGQUIT
