package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStaysWithADraftThatCannotBeKept: y leaves when the draft is in its file,
// and not before.
func TestStaysWithADraftThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	x := start(t, newFakeServer(t), 80, 24, func(o *Options) { o.Dir = dir })
	x.sees("READY")
	drafts := filepath.Join(dir, "drafts")
	if err := os.WriteFile(drafts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", drafts) // there is no other place either
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.sees("to whom")
	x.typed("b@example.com" + esc)
	x.sees("c mail")
	x.typed("q")
	x.sees("y keeps it")
	x.typed("y")
	x.sees("not left, the draft could not be kept", "b@example.com")
	if err := os.Remove(drafts); err != nil {
		t.Fatal(err)
	}
	x.typed("q")
	x.sees("y keeps it")
	x.typed("y")
	r := x.end()
	files, _ := filepath.Glob(filepath.Join(drafts, "*.draft"))
	if len(files) != 1 || !strings.Contains(strings.Join(r.Summary, "\n"), files[0]) || !strings.Contains(readFile(t, files[0]), "b@example.com") {
		t.Errorf("%q, %q", files, r.Summary)
	}
}
