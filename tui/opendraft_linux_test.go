package tui

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestADraftBeforeIsKept: another draft takes the place of one that is in no
// file only when it is in one, and it is said in which.
func TestADraftBeforeIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.draft")
	if err := os.WriteFile(file, []byte("\ufeffMAIL FROM: a@example.net\r\nRCPT TO: other@example.org\r\nSubject: hi\r\n\r\none\r\ntwo\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], nil)
		x.sees("READY")
		drafts := filepath.Join(x.dir, "drafts")
		x.typed(esc + "c")
		x.sees("RCPT TO")
		x.typed("first@example.org" + esc + ":compose " + file + enter)
		x.sees("other@example.org", "the draft before is in")
		kept, _ := filepath.Glob(filepath.Join(drafts, "*.draft"))
		if len(kept) != 1 || !strings.Contains(readFile(t, kept[0]), "first@example.org") {
			t.Fatalf("kept: %q", kept)
		}
		// It is in its file: to leave it needs no other. What was changed does.
		x.typed(":compose new" + enter)
		x.seesNo("other@example.org")
		x.typed("third@example.org" + esc + ":compose " + kept[0] + enter)
		x.sees("first@example.org", "the draft before is in")
		if kept, _ = filepath.Glob(filepath.Join(drafts, "*.draft")); len(kept) != 2 {
			t.Fatalf("kept: %q", kept)
		}
		x.typed("qy")
		r := x.end()
		if kept, _ = filepath.Glob(filepath.Join(drafts, "*.draft")); len(kept) != 2 {
			t.Errorf("left with %q", kept)
		}
		for _, k := range kept {
			if !strings.Contains(strings.Join(r.Summary, "\n"), k) {
				t.Errorf("%s is not named: %q", k, r.Summary)
			}
		}
	}
	if _, err := parseDraft("Subject: x\r\n\r\nbody\r\n"); err != nil {
		t.Error(err)
	}
}

// TestADraftThatCannotBeKeptStays in its place.
func TestADraftThatCannotBeKeptStays(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	if err := os.WriteFile(filepath.Join(x.dir, "drafts"), nil, 0o600); err != nil { // no directory
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(x.dir, "none", "such"))
	if err := os.WriteFile(filepath.Join(x.dir, "none"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x.typed(esc + "cfirst@example.org" + esc + ":compose new" + enter)
	x.sees("not opened, the present draft could not be kept", "first@example.org", ":compose new")
	x.typed(esc)
	x.sees("first@example.org", "BROWSE")
}

// TestADraftComesLate: it takes neither the mode nor what was typed from a person
// who went on.
func TestADraftComesLate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.draft")
	if err := os.WriteFile(file, []byte("RCPT TO: other@example.org\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		keys []string // after Enter
		to   string   // the draft's recipient then
		mode mode
		said string
	}{
		{nil, "other@example.org", modeBrowse, "the draft before"},
		{[]string{"x"}, "other@example.org", modePalette, "the draft before"},
		{[]string{"esc", "1", "i", "N"}, "other@example.org", modeLine, "the draft before"},
		{[]string{"esc", "m", "i", "y"}, "first@example.orgy", modeField, "gone on with"},
		{[]string{"esc", "m", "i", "y", "esc"}, "first@example.orgy", modeBrowse, "gone on with"},
		{[]string{"esc", "m", "i"}, "first@example.org", modeField, "gone on with"},
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.m.o.Dir = t.TempDir()
		p.does("esc", "c")
		p.typed("first@example.org").does("esc", ":")
		p.typed("compose " + file)
		late := p.m.press("enter", 0)
		p.press(row.keys...)
		p.m.Update(late())
		if got := p.m.composer.one[partTo]; got != row.to || p.m.mode != row.mode || !strings.Contains(p.m.hint, row.said) {
			t.Errorf("%q: to %s, mode %d, %q", row.keys, got, p.m.mode, p.m.hint)
		}
		if row.mode == modePalette && p.m.palette.String() != "compose "+file+"x" {
			t.Errorf("the palette has %q", p.m.palette.String())
		}
	}
}

// TestWhatIsNoDraft is said, and not read without end.
func TestWhatIsNoDraft(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 2<<30); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	mail := filepath.Join(dir, "mail.eml")
	if err := os.WriteFile(mail, []byte("Received: from x by y with a very long line that goes on and on\r\n\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		fifo: "no regular file", "/dev/zero": "no regular file", dir: "a directory", dir + "/none": "no such file",
		large: "is larger than", mail: ":send FILE sends a complete message",
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.press("esc", ":").typed("compose " + path)
		read := p.m.press("enter", 0)
		done := make(chan struct{})
		go func() { defer close(done); p.m.Update(read()) }()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatalf("%s is read without end", path)
		}
		if !strings.Contains(p.m.hint, want) || p.m.palette.String() != "compose "+path || p.m.mode != modePalette {
			t.Errorf("%s: %q, the palette has %q", path, p.m.hint, p.m.palette.String())
		}
	}
}

// TestAMessageThatWasWrittenIsKept: q asks for its draft no more, until it is
// changed.
func TestAMessageThatWasWrittenIsKept(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	x.typed(esc + "cfirst@example.org" + esc + "q")
	x.sees("The draft is not sent")
	x.typed("n:write " + filepath.Join(x.dir, "x.eml") + enter)
	x.sees("saved: ")
	x.typed("q")
	x.sees("The session is open")
	x.typed("ni2" + esc + "q")
	x.sees("The draft is not sent")
	x.typed("n")
}
