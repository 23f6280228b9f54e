package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/play"
)

// TestMain lets the test binary be the program under test, in a process and on
// a terminal of its own.
func TestMain(m *testing.M) {
	if mode := os.Getenv("EHLO_TUI_HELPER"); mode != "" {
		helper(mode)
		return
	}
	os.Exit(m.Run())
}

// helper runs the screen, with the defect that the mode names.
func helper(mode string) {
	switch mode {
	case "init":
		return
	case "shell":
		shell()
		return
	}
	var boom atomic.Bool
	o := Options{
		Plan: flow.Plan{
			Target: session.Target{Text: "example.com"},
			Only:   &session.Candidate{Host: "mx1.example.com", Network: "tcp", Address: "192.0.2.1:25", TLS: session.TLSNever},
		},
		Dir:     os.Getenv("EHLO_TUI_DIR"),
		NoColor: os.Getenv("NO_COLOR") != "",
		Now: func() time.Time {
			if boom.Swap(false) {
				if mode == "the screen is stuck" {
					fmt.Print("waits for ever")
					select {}
				}
				panic("a defect in the screen")
			}
			return time.Now()
		},
	}
	s := newFakeServer(nil)
	s.set("NOOP", "") // it is awaited forever
	o.Session = session.Options{Dial: s.dial, Now: time.Now, Sink: func(e event.Event) {
		switch sent, ok := e.(event.Sent); {
		case !ok || string(sent.Line) != "NOOP":
		case mode == "panic in the engine":
			panic("a defect in the engine")
		case mode == "panic in the screen", mode == "the screen is stuck":
			boom.Store(true)
		}
	}}
	o.Load = func(string, []string) (*play.Options, error) { return nil, errors.New("there are no scripts here") }
	fmt.Printf("pid:%d\r\n", os.Getpid())
	defects(mode, &o)
	if mode == "flood" {
		go func() {
			p, block := <-s.conns, strings.Repeat("250 2.0.0 flood\n", 99)+"250 2.0.0 flood"
			for {
				p.say(block)
			}
		}()
	}
	if mode == "busy" || mode == "script" {
		busy(mode, s, &o)
	}
	r, err := Run(context.Background(), o)
	for _, l := range r.Summary {
		fmt.Println(l)
	}
	fmt.Println("signal:", r.Signal, "error:", err)
}

// onTerminal is a process on a pseudo terminal.
type onTerminal struct {
	t             *testing.T
	master, slave *os.File
	cmd           *exec.Cmd
	before        syscall.Termios
	mu            sync.Mutex
	raw           bytes.Buffer
	drawn         chan struct{}
	exited        chan error
}

func ioctl(t *testing.T, fd uintptr, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg)); errno != 0 {
		t.Fatalf("ioctl %x: %v", request, errno)
	}
}

func spawn(t *testing.T, mode, dir string, env ...string) *onTerminal {
	t.Helper()
	fd, err := syscall.Open("/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	x := &onTerminal{t: t, master: os.NewFile(uintptr(fd), "ptmx"), drawn: make(chan struct{}, 1), exited: make(chan error, 1)}
	var unlock, number int32
	ioctl(t, uintptr(fd), syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(t, uintptr(fd), syscall.TIOCGPTN, unsafe.Pointer(&number))
	x.slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	size := [4]uint16{24, 80, 0, 0}
	ioctl(t, x.slave.Fd(), syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	ioctl(t, x.slave.Fd(), syscall.TCGETS, unsafe.Pointer(&x.before))

	x.cmd = exec.Command(os.Args[0])
	x.cmd.Env = append(os.Environ(), "EHLO_TUI_HELPER="+mode, "EHLO_TUI_DIR="+dir, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=")
	x.cmd.Env = append(x.cmd.Env, env...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = x.slave, x.slave, x.slave
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := x.master.Read(buf)
			x.mu.Lock()
			x.raw.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.drawn <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	go func() { x.exited <- x.cmd.Wait() }()
	t.Cleanup(func() {
		_ = x.cmd.Process.Kill()
		_ = x.slave.Close()
		_ = x.master.Close()
	})
	return x
}

func (x *onTerminal) output() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

func (x *onTerminal) sees(text string) {
	x.t.Helper()
	x.seesFrom(0, text)
}

// seesFrom waits for a text behind so many octets of output.
func (x *onTerminal) seesFrom(n int, text string) {
	x.t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(x.output()[n:], text) {
		select {
		case <-x.drawn:
		case <-deadline:
			x.t.Fatalf("never came: %q in %q", text, x.output())
		}
	}
}

// ends waits for the process, and checks that the terminal is as it was.
func (x *onTerminal) ends() string {
	x.t.Helper()
	select {
	case <-x.exited:
	case <-time.After(patience):
		x.t.Fatal("the process does not end: " + x.output())
	}
	x.sees("signal:")
	var after syscall.Termios
	ioctl(x.t, x.slave.Fd(), syscall.TCGETS, unsafe.Pointer(&after))
	if after != x.before {
		x.t.Errorf("the terminal's modes were %+v and are %+v", x.before, after)
	}
	out := x.output()
	for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?2004h": "\x1b[?2004l"} {
		if strings.LastIndex(out, on) > strings.LastIndex(out, off) {
			x.t.Errorf("%q was not undone", on)
		}
	}
	return out[strings.LastIndex(out, "\x1b[?1049l")+len("\x1b[?1049l"):]
}

// defects lets what the screen is given panic, in the goroutine that the mode
// names.
func defects(mode string, o *Options) {
	where, is := strings.CutPrefix(mode, "panic in ")
	if !is {
		return
	}
	boom := func() { panic("a defect in " + where) }
	switch where {
	case "a command":
		o.Load = func(string, []string) (*play.Options, error) { boom(); return nil, nil }
	case "another program":
		o.Away = func(bool) { boom() }
	case "a server":
		o.Serve = func(string) (string, func(), error) { return "127.0.0.1:1", boom, nil }
	case "a record":
		o.Record = func(string) (event.Sink, func() error, error) {
			return func(event.Event) { boom() }, func() error { return nil }, nil
		}
	case "a probing":
		o.Plan.Target, _ = session.ParseTarget("[192.0.2.1]:25")
		first := o.Session.Dial
		o.Session.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			o := first
			first = func(context.Context, string, string) (net.Conn, error) { boom(); return nil, nil }
			return o(ctx, network, address)
		}
	}
}

func TestTheTerminalIsRestoredAtAPanic(t *testing.T) {
	for where, keys := range map[string]string{
		"the engine":      "NOOP\r",
		"the screen":      "NOOP\r",
		"a command":       ":run x\r",
		"another program": "o",
		"a server":        ":serve x\r",
		"a record":        ":record x\r",
		"a probing":       ":probe all\r",
	} {
		dir := t.TempDir()
		x := spawn(t, "panic in "+where, dir, "PAGER=cat")
		x.sees("READY")
		if keys != "NOOP\r" {
			_, _ = io.WriteString(x.master, "\x1b")
			x.sees("BROWSE")
		}
		_, _ = io.WriteString(x.master, keys)
		if out := x.ends(); !strings.Contains(out, "error: a defect in ehlo: a defect in "+where+"; see "+dir) {
			t.Errorf("%s: %q", where, out)
		}
		checkCrashFile(t, dir, "S: 220 mx1.example.com", "a defect in "+where, "goroutine", "pty_linux_test.go")
	}
}

// TestTheScreenIsStuck: a signal ends it all the same, with all that was said.
func TestTheScreenIsStuck(t *testing.T) {
	dir := t.TempDir()
	x := spawn(t, "the screen is stuck", dir)
	x.sees("READY")
	_, _ = io.WriteString(x.master, "NOOP\r")
	x.sees("waits for ever")
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	if out := x.ends(); !strings.Contains(out, "the transcript is in "+dir) {
		t.Errorf("%q", out)
	}
	checkCrashFile(t, dir, "S: 220 mx1.example.com", "C: NOOP")
}

// TestASecondSignal: the kernel tells of a terminal that goes away, and so does
// the shell; the session is saved before either counts.
func TestASecondSignal(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGINT} {
		dir := t.TempDir()
		x := spawn(t, "run", dir)
		x.sees("READY")
		_ = x.cmd.Process.Signal(s)
		over := make(chan struct{})
		go func() {
			defer close(over)
			for x.cmd.Process.Signal(s) == nil {
				time.Sleep(time.Millisecond)
			}
		}()
		if out := x.ends(); !strings.Contains(out, "the transcript is in "+dir) {
			t.Errorf("%v: %q", s, out)
		}
		<-over
		checkCrashFile(t, dir, "S: 220 mx1.example.com")
	}
}

func checkCrashFile(t *testing.T, dir string, texts ...string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "crashes", "*"))
	if len(files) != 1 {
		t.Fatalf("crash files: %q", files)
	}
	content := readFile(t, files[0])
	for _, text := range texts {
		if !strings.Contains(content, text) {
			t.Errorf("the crash file has no %q:\n%s", text, content)
		}
	}
}

// TestNothingIsAskedOfTheTerminal: the import of Bubble Tea asks a terminal for
// its background, and waits for seconds where none answers.
func TestNothingIsAskedOfTheTerminal(t *testing.T) {
	x := spawn(t, "init", "")
	select {
	case <-x.exited:
	case <-time.After(patience):
		t.Fatal("the process does not end")
	}
	_, _ = io.WriteString(x.slave, "end")
	x.sees("end")
	if out := x.output(); out != "end" {
		t.Errorf("the terminal was asked: %q", out)
	}
}

func TestNoColorKeepsBoldAndReverse(t *testing.T) {
	x := spawn(t, "run", "", "NO_COLOR=1")
	x.sees("READY")
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	x.ends()
	out := x.output()
	if !strings.Contains(out, "\x1b[1m") || !strings.Contains(out, "\x1b[7m") {
		t.Error("neither bold nor reverse")
	}
	for _, seq := range escapes([]byte(out)) {
		if strings.HasSuffix(seq, "m") && strings.Contains(seq, "3") || strings.Contains(seq, "9") && strings.HasSuffix(seq, "m") {
			t.Errorf("a colour: %q", seq)
		}
	}
}

// TestResizedUnderAFlood: a window that is dragged about for seconds, a hundred
// sizes in each, while the server does not stop talking and a person types: no
// key is lost.
func TestResizedUnderAFlood(t *testing.T) {
	x := spawn(t, "flood", t.TempDir())
	x.sees("250 2.0.0 flood")
	resize := func(w, h int) {
		size := [4]uint16{uint16(h), uint16(w), 0, 0}
		ioctl(t, x.slave.Fd(), syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	}
	typed := ""
	for i := range 250 { // never 98 or 99 rows
		resize(tinyWidth+i*13%200, tinyHeight+i*7%60) // below that, keys are not for the line
		if i%6 == 0 {
			key := string(rune('a' + len(typed)%26))
			_, _ = io.WriteString(x.master, key)
			typed += key
		}
		time.Sleep(10 * time.Millisecond)
	}
	resize(120, 98)
	x.sees("\x1b[98;H")
	x.sees(typed) // before the sizes at which keys are not for the line
	for _, size := range [][2]int{{1, 1}, {0, 0}, {3, 40}, {200, 2}, {120, 99}} {
		resize(size[0], size[1])
		time.Sleep(10 * time.Millisecond)
	}
	x.sees("\x1b[99;H") // the last row of the last size
	x.sees(typed)
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	if out := x.ends(); !strings.Contains(out, "signal: terminated error: <nil>") {
		t.Errorf("%q", out)
	}
}
