package tui

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/tui/internal/keep"
)

// TestWhatCannotBeAttached: nothing that is no regular file is opened, and each
// says what it is.
func TestWhatCannotBeAttached(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	for path, want := range map[string]string{fifo: "no regular file", dir: "a directory", "/dev/zero": "no regular file", filepath.Join(dir, "none"): "no such file"} {
		done := make(chan draftSize, 1)
		d := draft{attached: []string{path}}
		go func() { done <- d.measure(1, "client.test", nil) }()
		select {
		case n := <-done:
			if n.err == nil || !strings.Contains(n.err.Error(), want) || !strings.HasPrefix(n.err.Error(), path) {
				t.Errorf("%s: %v", path, n.err)
			}
		case <-time.After(patience):
			t.Fatalf("%s is waited for", path)
		}
	}
}

// TestNothingIsLeftBehind where a file cannot be written.
func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	path, err := keep.Create(filepath.Join(dir, "a", "b"), "x-*.txt", "text")
	if err != nil || readFile(t, path) != "text" {
		t.Fatalf("%s, %v", path, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := keep.Write(filepath.Join(dir, "taken"), "text"); err == nil {
		t.Error("a file took the place of a directory")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("left behind: %q", left)
	}
}

// ofItsOwn runs a test in a process of its own, and says whether this is that one:
// what it does to the process is not for the other tests, nor for the log that go
// test has it write.
func ofItsOwn(t *testing.T) bool {
	t.Helper()
	const name = "EHLO_TEST_OF_ITS_OWN"
	if os.Getenv(name) == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), name+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// fullDisk makes files of more octets fail for the time of a test.
func fullDisk(t *testing.T, octets uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Skip("no limits here: ", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: octets, Max: was.Max}); err != nil {
		t.Skip("no limits here: ", err)
	}
	t.Cleanup(func() { _ = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) })
}

// TestAFullDisk leaves nothing half done behind: no half file, no letter beside a
// script that is not there, no half line in the history.
func TestAFullDisk(t *testing.T) {
	if !ofItsOwn(t) {
		return
	}
	dir := t.TempDir()
	h := keep.LoadHistory(dir)
	h.Add("NOOP")
	if err := h.Keep(dir); err != nil {
		t.Fatal(err)
	}
	fullDisk(t, 100)
	long := strings.Repeat("x", 200)
	for what, write := range map[string]func() error{
		"a file": func() error {
			return keep.WriteNew(filepath.Join(dir, "new"), false, func(w io.Writer) error {
				_, err := io.WriteString(w, long)
				return err
			})
		},
		"what is copied": func() error { return keep.Write(filepath.Join(dir, "copied.txt"), long) },
		"a draft": func() error {
			_, err := keep.Create(dir, "x-*.draft", long)
			return err
		},
		"a script": func() error {
			path := filepath.Join(dir, "x.smtp")
			l := letters{script: path}
			return script{}.write(path, false, format{write: func(_ script, w io.Writer, _ func(event.Message) (string, error)) error {
				if _, err := l.add(strings.NewReader("a: b\r\n"), letter{octets: 6}); err != nil {
					t.Error(err)
				}
				_, err := io.WriteString(w, long)
				return err
			}}, &l)
		},
		"the history": func() error {
			h.Add("VRFY " + long)
			return h.Keep(dir)
		},
	} {
		if err := write(); err == nil {
			t.Errorf("%s was written", what)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
	if got := readFile(t, filepath.Join(dir, "history")); got != "NOOP\n" {
		t.Errorf("the history is %q", got)
	}
}
