package tui

import (
	"context"
	"encoding/base64"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ehlo/session/play"
	lang "ehlo/session/script"
)

// busy has the helper be where there is something to lose: a server that offers a
// login and stops reading in the middle of a large message, a sender and a
// recipient for one, or a script.
func busy(mode string, s *fakeServer, o *Options) {
	s.set("EHLO", "250-mx1.example.com\n250-SIZE 14680064\n250-AUTH PLAIN\n250 PIPELINING")
	o.From, o.Plan.Target.Recipient = "me@example.net", "you@example.com"
	dial := o.Session.Dial
	o.Session.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		return &stalling{Conn: c, left: 1 << 20, closed: make(chan struct{})}, err
	}
	if mode == "script" {
		script, err := lang.Parse("held.smtp", strings.NewReader("S: 220\nC: EHLO x.example\nS: 250\nC: NOOP\nS: 250\n"))
		if err != nil {
			panic(err)
		}
		o.Script = &play.Options{Script: script}
	}
}

// stalling takes so many octets, and then none until it is closed.
type stalling struct {
	net.Conn
	left   int
	once   sync.Once
	closed chan struct{}
}

func (c *stalling) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		<-c.closed
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func (c *stalling) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// standing is a state of the screen, with something to lose.
type standing struct {
	name  string
	mode  string
	steps [][2]string // keys, and what is seen then
	kept  []string    // what is found in the files afterwards
	lent  bool        // another program has the terminal, and ctrl+c
}

const secret = "swordfish"

func standings(t *testing.T) []standing {
	big := bigLetter(t, 3<<20)
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\necho from the editor >>\"$1\"\necho the editor has it\nexec sleep 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EDITOR", editor)
	t.Setenv("VISUAL", "")
	t.Setenv("PAGER", "tail -f")
	ready := [2]string{"", "READY"}
	browse := [2]string{"\x1b", "BROWSE"}
	return []standing{
		{name: "idle", steps: [][2]string{ready, {"VRFY half", "half"}}, kept: []string{"typed and not sent: VRFY half"}},
		{name: "waiting for a reply", steps: [][2]string{ready, {"NOOP\r", "waiting for"}}, kept: []string{"C: NOOP"}},
		{name: "a script held", mode: "script", steps: [][2]string{{"", "S: 220"}, {".", "2/5"}, {".", "mEHLO x.example"}}, kept: []string{"C: EHLO x.example"}}, // behind the tag, which has a colour
		{name: "a draft", steps: [][2]string{ready, browse, {"c", "MESSAGE"}, {"\x1b", "BROWSE"}, {"c", "MESSAGE"}, {"\x1b[200~ and pasted\x1b[201~", "pasted"}}, kept: []string{"and pasted"}},
		{name: "a large message", steps: [][2]string{ready, browse, {":send " + big + "\r", "SEND?"}, {"y", "octets go to"}}, kept: []string{"C: DATA", big}},
		{name: "a password", steps: [][2]string{ready, browse, {":auth plain someone\r", "PASSWORD"}, {secret, "*********"}}},
		{name: "a login by hand", steps: [][2]string{ready, {"AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00me\x00"+secret)), "AUTH PLAIN *****"}}, kept: []string{"typed and not sent: AUTH PLAIN ********"}},
		{name: "the editor", lent: true, steps: [][2]string{ready, browse, {"c", "MESSAGE"}, {"\x1b", "BROWSE"}, {"\x05", "the editor has it"}}, kept: []string{"from the editor"}},
		{name: "the pager", lent: true, steps: [][2]string{ready, browse, {"o", "\x1b[?1049l"}}},
	}
}

// TestEveryEndInEveryState: the terminal that is closed, and the signals of each
// kind. The terminal is whole, the session saved with a line that says where,
// and neither a secret, a file for a while nor a process is left.
func TestEveryEndInEveryState(t *testing.T) {
	states := standings(t)
	for _, end := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGINT} {
		for _, s := range states {
			if end == syscall.SIGINT && s.lent {
				continue // it is for the other program
			}
			name := s.name + ", " + end.String()
			if end == 0 {
				name = s.name + ", terminal closed"
			}
			t.Run(name, func(t *testing.T) {
				dir, tmp := t.TempDir(), t.TempDir()
				mode := s.mode
				if mode == "" {
					mode = "busy"
				}
				x := spawn(t, mode, dir, "TMPDIR="+tmp)
				for _, step := range s.steps {
					from := len(x.output())
					_, _ = io.WriteString(x.master, step[0])
					if step[0] == "" {
						from = 0
					}
					x.seesFrom(from, step[1])
				}
				if end == 0 {
					_ = x.slave.Close()
					_ = x.master.Close()
					select {
					case <-x.exited:
					case <-time.After(patience):
						t.Fatal("the process lives on without a terminal")
					}
				} else {
					_ = x.cmd.Process.Signal(end)
					out := x.ends()
					if s.lent {
						out = out[strings.LastIndex(out, "\x1b[?25h")+1:]
					}
					for _, text := range []string{"the transcript is in " + dir, "signal: " + end.String()} {
						if !strings.Contains(out, text) {
							t.Errorf("no %q in %q", text, out)
						}
					}
				}
				x.leaves(dir, tmp, append(s.kept, "S: 220 mx1.example.com"))
			})
		}
	}
}

// leaves looks at what a process has left.
func (x *onTerminal) leaves(dir, tmp string, kept []string) {
	x.t.Helper()
	checkCrashFile(x.t, dir)
	var all strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all.WriteString(readFile(x.t, path))
		}
		return err
	})
	for _, text := range kept {
		if !strings.Contains(all.String(), text) {
			x.t.Errorf("no file has %q:\n%s", text, all.String())
		}
	}
	for _, text := range []string{secret, base64.StdEncoding.EncodeToString([]byte("\x00me\x00" + secret))} {
		if strings.Contains(all.String(), text) {
			x.t.Errorf("a file has the secret:\n%s", all.String())
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		x.t.Errorf("left for a while: %v %v", left, err)
	}
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environs {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), "EHLO_TUI_DIR="+dir+"\x00") {
			x.t.Errorf("a process is left: %s", filepath.Dir(path))
		}
	}
}

// TestEverySignal: each that a process can hear ends the screen as it should, or
// does nothing to it. There is nothing that Go could do about SIGKILL and
// SIGSTOP, nor about those of a fault that somebody else sends (SIGSEGV and its
// like): these end it with a trace.
func TestEverySignal(t *testing.T) {
	faults := []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGILL, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGSEGV, syscall.SIGSTKFLT}
	stops := []syscall.Signal{syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT}
	alive := spawn(t, "run", t.TempDir())
	alive.sees("READY")
	for s := syscall.Signal(1); s < 65; s++ {
		switch {
		case slices.Contains(faults, s), slices.Contains(stops, s), s >= 32 && s <= 34: // the last are the C library's, which Go leaves alone
		case slices.Contains(ending, os.Signal(s)):
			dir := t.TempDir()
			x := spawn(t, "run", dir)
			x.sees("READY")
			_ = x.cmd.Process.Signal(s)
			if out := x.ends(); !strings.Contains(out, "signal: "+s.String()+" error: <nil>") || !strings.Contains(out, "the transcript is in "+dir) {
				t.Errorf("%v: %q", s, out)
			}
			checkCrashFile(t, dir, "S: 220 mx1.example.com", "ended by a signal: "+s.String())
		default:
			_ = alive.cmd.Process.Signal(s)
			text := "VRFY after " + s.String()
			_, _ = io.WriteString(alive.master, "\x15"+text)
			alive.sees(text)
		}
	}
	_ = alive.cmd.Process.Signal(syscall.SIGTERM)
	alive.ends()
}
