package tui

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// shell is as much of a shell as it takes to suspend a job: it leads the session,
// runs the screen in a process group of its own in the foreground, takes the
// terminal when that stops, and goes on with it at a line of input.
func shell() {
	modes := func(request uintptr, t *syscall.Termios) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, 0, request, uintptr(unsafe.Pointer(t)))
	}
	foreground := func(group int32) {
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TIOCSPGRP, uintptr(unsafe.Pointer(&group)))
	}
	var before, now, jobs syscall.Termios
	modes(syscall.TCGETS, &before)
	_ = os.Setenv("EHLO_TUI_HELPER", "run")
	attr := &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2},
		Sys: &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0},
	}
	pid, err := syscall.ForkExec(os.Args[0], os.Args[:1], attr)
	if err != nil {
		fmt.Println("the shell:", err)
		return
	}
	signal.Ignore(syscall.SIGTTOU) // not before: the job would inherit it
	in := bufio.NewReader(os.Stdin)
	for {
		var s syscall.WaitStatus
		if _, err := syscall.Wait4(pid, &s, syscall.WUNTRACED, nil); err != nil || !s.Stopped() {
			fmt.Println("the shell: done", err)
			return
		}
		modes(syscall.TCGETS, &jobs)
		modes(syscall.TCSETS, &before)
		foreground(int32(os.Getpid()))
		fmt.Printf("[stopped by %v, whole: %v]\n", s.StopSignal(), jobs == before)
		_, _ = in.ReadString('\n')
		modes(syscall.TCGETS, &now)
		foreground(int32(pid))
		fmt.Println("[goes on]")
		_ = syscall.Kill(-pid, syscall.SIGCONT)
	}
}

var jobsPid = regexp.MustCompile(`pid:([0-9]+)`)

// TestSuspended: by the key, by a signal from elsewhere, and by one that nobody
// hears, the shell gets a whole terminal, and ehlo has it again afterwards.
func TestSuspended(t *testing.T) {
	for _, row := range []struct {
		how   string
		by    func(x *onTerminal, pid int)
		mouse bool
		whole bool // the terminal when ehlo is stopped
	}{
		{"ctrl+z", func(x *onTerminal, _ int) { _, _ = io.WriteString(x.master, "\x1a") }, true, true},
		{"stop signal", func(_ *onTerminal, pid int) { _ = syscall.Kill(pid, syscall.SIGTSTP) }, false, true},
		{"SIGSTOP", func(_ *onTerminal, pid int) { _ = syscall.Kill(pid, syscall.SIGSTOP) }, false, false},
	} {
		x := spawn(t, "shell", t.TempDir())
		x.sees("READY")
		pid, _ := strconv.Atoi(jobsPid.FindStringSubmatch(x.output())[1])
		if row.mouse {
			_, _ = io.WriteString(x.master, "\x1b")
			x.sees("BROWSE")
			_, _ = io.WriteString(x.master, "Mi")
			x.sees("\x1b[?1002h")
		}
		_, _ = io.WriteString(x.master, "VRFY half")
		x.sees("half")
		var raw, again syscall.Termios
		ioctl(t, x.slave.Fd(), syscall.TCGETS, unsafe.Pointer(&raw))
		for range 2 {
			from := len(x.output())
			row.by(x, pid)
			stopped := "[stopped by "
			x.seesFrom(from, stopped)
			out := x.output()
			if row.whole && !strings.Contains(out, "whole: true") {
				t.Errorf("%s: %q", row.how, out[strings.LastIndex(out, stopped):])
			}
			if at := strings.LastIndex(out, stopped); row.whole && strings.LastIndex(out[:at], "\x1b[?1049h") > strings.LastIndex(out[:at], "\x1b[?1049l") {
				t.Errorf("%s: the alternate screen was not left", row.how)
			}
			before := len(out)
			_, _ = io.WriteString(x.master, "fg\n")
			x.seesFrom(before, "\x1b[?1049h")
			x.seesFrom(before, "VRFY half")
			x.seesFrom(before, "\x1b[?2004h")
			if row.mouse {
				x.seesFrom(before, "\x1b[?1002h")
			}
			ioctl(t, x.slave.Fd(), syscall.TCGETS, unsafe.Pointer(&again))
			if again != raw {
				t.Errorf("%s: the modes were %+v and are %+v", row.how, raw, again)
			}
		}
		_, _ = io.WriteString(x.master, " typed\r")
		x.sees("VRFY half typed")
		x.sees("500 5.5.1")
		_ = syscall.Kill(pid, syscall.SIGTERM)
		x.sees("the shell: done")
		x.ends()
	}
}

// TestSuspendedInThePager: the terminal is the pager's, and so is ctrl+z; ehlo
// stops with it, and touches nothing.
func TestSuspendedInThePager(t *testing.T) {
	x := spawn(t, "shell", t.TempDir(), "PAGER=tail -f")
	x.sees("READY")
	pid, _ := strconv.Atoi(jobsPid.FindStringSubmatch(x.output())[1])
	_, _ = io.WriteString(x.master, "\x1b")
	x.sees("BROWSE")
	_, _ = io.WriteString(x.master, "o")
	x.sees("\x1b[?1049l")
	before := len(x.output())
	x.seesFrom(before-1, "S: 220")
	_, _ = io.WriteString(x.master, "\x1a")
	x.sees("[stopped by stopped (signal), whole: true]")
	_, _ = io.WriteString(x.master, "fg\n")
	x.sees("[goes on]")
	before = len(x.output())
	_, _ = io.WriteString(x.master, "\x03") // ends the pager, not ehlo
	x.seesFrom(before, "\x1b[?1049h")
	_ = syscall.Kill(pid, syscall.SIGTERM)
	x.sees("the shell: done")
	x.ends()
}

// TestNoShellToSuspendTo: where nobody could go on with it, ehlo stays.
func TestNoShellToSuspendTo(t *testing.T) {
	x := spawn(t, "run", t.TempDir())
	x.sees("READY")
	_, _ = io.WriteString(x.master, "VRFY a\x1a")
	x.sees("there is no shell here")
	_, _ = io.WriteString(x.master, "bc")
	x.sees("VRFY abc")
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	x.ends()
}
