package tui

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
	path, err := createPrivate(filepath.Join(dir, "a", "b"), "x-*.txt", "text")
	if err != nil || readFile(t, path) != "text" {
		t.Fatalf("%s, %v", path, err)
	}
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writePrivate(filepath.Join(dir, "taken"), "text"); err == nil {
		t.Error("a file took the place of a directory")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("left behind: %q", left)
	}
}
