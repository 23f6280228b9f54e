//go:build unix

package tui

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// TestWhatIsNoFileIsNotAttached: it is refused at once, with the reason, and is
// not on the list, whatever key leaves the field.
func TestWhatIsNoFileIsNotAttached(t *testing.T) {
	rows := []struct{ path, why string }{{t.TempDir(), "a directory"}, {os.DevNull, "no regular file"}}
	for _, more := range []struct{ path, why string }{{"/dev/zero", "no regular file"}, {"/proc/version", "a file whose size is not known"}} {
		if _, err := os.Stat(more.path); err == nil {
			rows = append(rows, more)
		}
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range append(rows, struct{ path, why string }{fifo, "no regular file"}) {
		for _, leaves := range [][]string{{"enter"}, {"enter", "esc"}, {"esc"}, {"tab", "shift+tab"}, {"shift+tab"}} {
			p := newPlay(80, 24)
			sceneDone(p)
			p.does("esc", "c", "a", "@", "b", "enter", "enter")
			p.m.composer.f.Set(row.path)
			done := make(chan struct{})
			go func() { defer close(done); p.does(leaves...) }()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatalf("%s: %q waits", row.path, leaves)
			}
			c := p.m.composer
			if leaves[0] != "tab" && (len(c.attached) > 0 || !strings.Contains(p.m.hint, "not attached: "+row.why)) {
				t.Errorf("%s after %q: %q, %q", row.path, leaves, c.attached, p.m.hint)
			}
		}
		d := draft{attached: []string{row.path}}
		d.one[partFrom], d.one[partTo] = "a@b.example", "c@d.example"
		if _, err := d.letter(""); err == nil || !strings.Contains(err.Error(), row.path) || !strings.Contains(err.Error(), row.why) {
			t.Errorf("%s: the message is made: %v", row.path, err)
		}
		if d.file = row.path; row.path != "/proc/version" {
			if _, err := d.letter(""); err == nil || !strings.Contains(err.Error(), "no regular file") {
				t.Errorf("%s as the message: %v", row.path, err)
			}
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if a := examine(empty); a.err != nil {
		t.Errorf("an empty file: %v", a.err)
	}
}

// TestTheReviewIsOfTheFilesAsTheyAre: also where one was changed since it was
// attached.
func TestTheReviewIsOfTheFilesAsTheyAre(t *testing.T) {
	path := attachmentOf(t, 160)
	p := newPlay(80, 24)
	sceneDone(p)
	p.does("esc", "c", "a", "@", "b", "enter", "enter")
	p.m.composer.f.Set(path)
	p.does("enter", "esc")
	if err := os.WriteFile(path, make([]byte, 3210), 0o600); err != nil {
		t.Fatal(err)
	}
	p.does("ctrl+s")
	size := wire.Thousands(uint64(p.m.composer.made.Message.Size.Octets))
	for _, where := range []string{"the review", "the draft"} {
		if got := stripped(p.m.View()); !strings.Contains(got, "3,210 octets") || !strings.Contains(got, size) {
			t.Errorf("%s of %s octets\n%s", where, size, got)
		}
		p.does("n")
	}
}

// TestAFileThatWasDroppedIsAttached: terminals quote its path for a shell; a
// file that has such a name is meant itself.
func TestAFileThatWasDroppedIsAttached(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a b.pdf", "it's.pdf", "a\\ c.pdf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct{ typed, want string }{
		{dir + "/a\\ b.pdf", dir + "/a b.pdf"},
		{"'" + dir + "/a b.pdf'", dir + "/a b.pdf"},
		{`"` + dir + `/it's.pdf" `, dir + "/it's.pdf"},
		{dir + "/it\\'s.pdf", dir + "/it's.pdf"},
		{dir + "/a\\ c.pdf", dir + "/a\\ c.pdf"},
	} {
		p := newPlay(80, 24)
		p.does("esc", "c", "esc")
		p.m.composer.at = item{part: partAttach}
		p.does("enter")
		p.m.key(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(row.typed)})
		p.does("enter")
		if c := p.m.composer; len(c.attached) != 1 || c.attached[0] != row.want {
			t.Errorf("%s: %q, %s", row.typed, c.attached, p.m.hint)
		}
	}
}

// withAttachment is a draft with a file of 1 MiB, in a session with a server.
func withAttachment(t *testing.T) (server *smtptest.Mail, x *terminal, path string) {
	t.Helper()
	server, to := toMail(t, 14680064)
	path = attachmentOf(t, 1<<20)
	x = start(t, newFakeServer(t), 80, 24, to)
	x.sees("READY")
	x.typed(esc + "c")
	x.typed("user@example.com" + enter + enter + path + enter)
	x.sees("1,048,576 octets")
	return server, x, path
}

// TestAFileThatIsChangedBehindTheReview: nothing goes out, the session stays
// open, and the draft can be sent when the file is right.
func TestAFileThatIsChangedBehindTheReview(t *testing.T) {
	server, x, path := withAttachment(t)
	for _, row := range []struct {
		change func() error
		words  string
	}{
		{func() error { return os.Truncate(path, 2<<20) }, "was changed after it was measured"},
		{func() error { return os.Remove(path) }, "no such file"},
	} {
		x.typed(ctrlS)
		x.sees("y send")
		if err := row.change(); err != nil {
			t.Fatal(err)
		}
		x.typed("y")
		x.sees("delivery", "none", "READY", row.words)
		if screen := x.screen(); strings.Contains(screen, "closed the connection") {
			t.Errorf("the session has gone:\n%s", screen)
		}
	}
	x.typed(ctrlS)
	x.sees("not yet: ", "no such file")
	if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.typed(ctrlS)
	x.sees("y send", "attached   ")
	x.typed("y")
	x.sees("accepted")
	if n := len(server.Messages()); n != 1 {
		t.Errorf("the server has %d messages", n)
	}
	x.typed("qy")
	x.end()
}

// TestTheSizeOfAFileThatGrows is shown while nothing is typed.
func TestTheSizeOfAFileThatGrows(t *testing.T) {
	_, x, path := withAttachment(t)
	for octets, words := range map[int64]string{2 << 20: "2,097,152 octets", 40 << 20: "too large by"} {
		if err := os.Truncate(path, octets); err != nil {
			t.Fatal(err)
		}
		x.sees(words)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	x.sees("no such file")
	if err := os.WriteFile(path, []byte("back"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.sees("4 octets")
}
