//go:build !windows

package tui

import (
	"os"
	"syscall"
)

// ending are the signals that end the screen.
var ending = []os.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT}
