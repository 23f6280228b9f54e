//go:build unix

package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestCtrlCInAnEditor: the terminal sends it to all its programs, and it is
// meant for the editor. Another signal ends ehlo there too.
func TestCtrlCInAnEditor(t *testing.T) {
	heard := make(chan os.Signal, 2)
	signal.Notify(heard, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(heard)
	send := func(s syscall.Signal) {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		<-heard
	}
	var away atomic.Bool
	ctx, stop := withSignals(t.Context(), &away)
	defer stop()
	away.Store(true)
	send(syscall.SIGINT)
	select {
	case <-ctx.Done():
		t.Error("ctrl+c in an editor ended ehlo")
	case <-time.After(50 * time.Millisecond):
	}
	send(syscall.SIGTERM)
	<-ctx.Done()
	if got := context.Cause(ctx); got.Error() != "ended by terminated" {
		t.Error(got)
	}

	away.Store(false)
	ctx, stop = withSignals(t.Context(), &away)
	defer stop()
	send(syscall.SIGINT)
	<-ctx.Done()
}
