package tui

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// write types on the terminal.
func (x *onTerminal) write(keys string) {
	x.t.Helper()
	if _, err := io.WriteString(x.master, keys); err != nil {
		x.t.Fatal(err)
	}
}

// keptDraft is the draft that was kept in dir, of which the last words say where
// it is.
func keptDraft(t *testing.T, dir, words string) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "drafts", "*.draft"))
	if len(files) != 1 || !strings.Contains(words, "the draft is in "+files[0]) {
		t.Fatalf("drafts: %q; it said %q", files, words)
	}
	return readFile(t, files[0])
}

// compose opens the draft and writes a recipient.
func (x *onTerminal) compose() {
	x.t.Helper()
	x.sees("READY")
	x.write(esc)
	x.sees("mail")
	x.write("c")
	x.sees("to whom")
	x.write("b@example.com")
	x.sees("b@example.com")
}

// TestTheDraftIsKeptAtEveryEnd: a signal, a defect, a terminal that goes away.
// What is in the field counts too.
func TestTheDraftIsKeptAtEveryEnd(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT} {
		dir := t.TempDir()
		x := spawn(t, "run", dir)
		x.compose()
		_ = x.cmd.Process.Signal(s)
		if got := keptDraft(t, dir, x.ends()); !strings.Contains(got, "RCPT TO: b@example.com\n") {
			t.Errorf("%v: %s", s, got)
		}
	}
	for _, mode := range []string{"panic in the engine", "panic in the screen"} {
		dir := t.TempDir()
		x := spawn(t, mode, dir)
		x.compose()
		x.write(esc)
		x.sees("edit")
		x.write(esc)
		x.sees("mail")
		x.write("i")
		x.sees("Enter")
		x.write("NOOP\r")
		if got := keptDraft(t, dir, x.ends()); !strings.Contains(got, "RCPT TO: b@example.com\n") {
			t.Errorf("%s: %s", mode, got)
		}
	}
}

// TestAnEditorAndSignals: ctrl+c in an editor is the editor's; what it wrote
// stays, as it is not taken. When ehlo has to end, the editor ends too, what was
// saved in it is in the draft, and nowhere else.
func TestAnEditorAndSignals(t *testing.T) {
	temp := editorScript(t, `echo saved in the editor >"$2"; echo the editor runs; exec sleep 60`)
	dir := t.TempDir()
	x := spawn(t, "run", dir)
	x.compose()
	x.write(esc)
	x.sees("edit")
	x.write(ctrlE)
	x.sees("the editor runs")
	x.write(ctrlC) // the terminal sends it to both
	x.sees("the draft is as it was")
	x.write(ctrlE)
	for strings.Count(x.output(), "the editor runs") < 2 {
		<-x.drawn
	}
	_ = x.cmd.Process.Signal(syscall.SIGTERM)
	x.sees("signal: terminated error")
	if got := keptDraft(t, dir, x.ends()); !strings.Contains(got, "RCPT TO: b@example.com\n") || !strings.HasSuffix(got, "\n\nsaved in the editor") {
		t.Errorf("%s", got)
	}
	if left, _ := os.ReadDir(temp); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
