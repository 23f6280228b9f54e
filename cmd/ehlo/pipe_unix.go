//go:build !windows

package main

import (
	"os/signal"
	"syscall"
)

// ignorePipe makes a closed pipe an error of the write. The signal is caught,
// not ignored: what ehlo starts must not inherit that.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }
