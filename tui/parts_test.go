package tui

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
)

func stripped(s string) string { return ansi.Strip(s) }

func TestField(t *testing.T) {
	st := face.New(false, true)
	f := &face.Field{}
	f.Set("MAIL FROM:<a@b>")
	f.Erase(f.WordBefore(), f.At)
	f.Insert([]rune("RCPT grün 世界")...)
	if f.String() != "MAIL RCPT grün 世界" {
		t.Error(f.String())
	}
	for w := range 30 {
		for at := range len(f.Text) + 1 {
			f.Move(at)
			row := f.View(&st, w, true, false)
			if ansi.StringWidth(row) != w {
				t.Fatalf("%d cells instead of %d: %q", ansi.StringWidth(row), w, row)
			}
			if w > 1 && !strings.Contains(row, "\x1b[7m") {
				t.Fatalf("no cursor in %d cells at %d: %q", w, at, row)
			}
		}
	}
	// What was scrolled out of sight comes back with room for it.
	f.Set("RCPT TO:<a@b>")
	_ = f.View(&st, 8, true, false)
	f.Erase(9, len(f.Text))
	if row := stripped(f.View(&st, 20, true, false)); !strings.HasPrefix(row, "RCPT TO:<") {
		t.Errorf("%q", row)
	}
	f.Set("secret")
	if row := stripped(f.View(&st, 10, true, true)); row != "******    " {
		t.Errorf("%q", row)
	}
	f.Set("a\tb\x1b[2J\u202e")
	if row := stripped(f.View(&st, 40, true, false)); !strings.HasPrefix(row, "a^Ib^[[2J<U+202E>") {
		t.Errorf("%q", row)
	}
}

func TestHistoryKeepsNoSecrets(t *testing.T) {
	dir := t.TempDir()
	h := keep.LoadHistory(dir)
	for _, s := range []string{"EHLO x", "EHLO x", "", "  ", "auth plain AGEAYg==", "AUTH LOGIN", "a\x1b[2J"} {
		h.Add(s)
	}
	if s, _ := h.Back("draft"); s != "a\x1b[2J" {
		t.Errorf("%q", s)
	}
	if s, _ := h.Forth(); s != "draft" {
		t.Errorf("the draft became %q", s)
	}
	if err := h.Keep(filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	if got, want := readFile(t, filepath.Join(dir, "new", "history")), "EHLO x\nauth plain\nAUTH LOGIN\na\\x1b[2J\n"; got != want {
		t.Errorf("%q", got)
	}
	again := keep.LoadHistory(filepath.Join(dir, "new"))
	if s, _ := again.Back(""); s != "a\x1b[2J" {
		t.Errorf("%q came back", s)
	}
	for range 3 * keep.HistoryMost {
		again.Add("NOOP")
		again.Add("RSET")
	}
	_ = again.Keep(filepath.Join(dir, "new"))
	if n := len(keep.LoadHistory(filepath.Join(dir, "new")).Lines); n != keep.HistoryMost || len(again.Lines) != keep.HistoryMost {
		t.Errorf("%d lines are kept", n)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "new")); len(left) != 1 {
		t.Errorf("something is left behind: %v", left)
	}
}

// TestEveryKeyIsOneAction: in each context a key has one meaning, unless what
// is enabled decides; and each row says what it does.
func TestEveryKeyIsOneAction(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range contexts {
		seen := map[string]string{}
		for _, b := range bindings() {
			if b.in&c.in == 0 {
				continue
			}
			if b.help == "" || b.do == nil {
				t.Errorf("%s does nothing, or does not say what", b.id)
			}
			for _, k := range b.keys {
				if other := seen[k]; other != "" && b.enabled == nil && !slices.Contains([]string{"quitline", "stop", "take"}, other) {
					t.Errorf("%s: %s is %s and %s", c.title, k, other, b.id)
				}
				seen[k] = b.id
			}
		}
	}
	for _, b := range bindings() {
		if ids[b.id] {
			t.Errorf("two rows are %s", b.id)
		}
		ids[b.id] = true
	}
	table := KeyTable()
	for _, b := range bindings() {
		if !strings.Contains(table, "| `"+b.name()+"` |") {
			t.Errorf("the table of the README has no %s", b.name())
		}
	}
}

// TestEveryKeyInEveryScene: no key panics anywhere, at any size.
func TestEveryKeyInEveryScene(t *testing.T) {
	var keys []string
	for _, b := range bindings() {
		for _, k := range b.keys {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	keys = append(keys, "x", "世", "unknown")
	for name, scene := range scenes {
		for _, size := range [][2]int{{120, 36}, {40, 12}, {1, 1}} {
			for _, first := range []string{"esc", "i", ":", "?", "enter", "2", "3", "q", "k", "pgup"} {
				p := newPlay(size[0], size[1])
				scene(p)
				for _, k := range append([]string{"esc", first}, keys...) {
					p.press(k)
					if view := p.m.View(); size[1] > 0 && strings.Count(view, "\n") != size[1]-1 {
						t.Fatalf("%s: after %s and %s at %v:\n%s", name, first, k, size, view)
					}
				}
			}
		}
	}
}

func TestNoEventMovesAnything(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.press("esc", "k", "k")
	p.press("i", "N", "O", "left")
	sel, top, mode, pane, at := p.m.transcript.sel, p.m.transcript.top, p.m.mode, p.m.pane, p.m.line.At
	for range 5 {
		p.tell(engine.Status{Doing: engine.Asking, Connected: true}, event.All()...)
		p.m.View()
		if p.m.transcript.sel != sel || p.m.transcript.top != top || p.m.mode != mode || p.m.pane != pane || p.m.line.At != at || p.m.line.String() != "NO" {
			t.Fatal("an event moved something")
		}
	}
}

func TestVisibleInBothCharacterSets(t *testing.T) {
	utf8, ascii := face.New(true, true).Glyphs, face.New(true, false).Glyphs
	for octets, want := range map[string][2]string{
		"grün":         {"grün", "gr<U+00FC>n"},
		"\x1b[2J":      {"^[[2J", "^[[2J"},
		"e\u0301":      {"e<U+0301>", "e<U+0301>"},
		"\u263a\ufe0f": {"\u263a<U+FE0F>", "<U+263A><U+FE0F>"},
		"\xff":         {`\xff`, `\xff`},
		"\u202e":       {"<U+202E>", "<U+202E>"},
		`\xff`:         {`\x5cxff`, `\x5cxff`},
		`a\b`:          {`a\b`, `a\b`},
	} {
		if got := [2]string{utf8.Octets([]byte(octets)), ascii.Octets([]byte(octets))}; got != want {
			t.Errorf("%q is shown as %q", octets, got)
		}
	}
}

func TestFileNamesFromHosts(t *testing.T) {
	for host, want := range map[string]string{
		"MX1.example.com": "mx1.example.com-", "../../etc/passwd": "_.._etc_passwd-", "": "session-", "[::1]:25": "___1__25-", strings.Repeat("a", 300): strings.Repeat("a", 100) + "-",
	} {
		if got := fileName(host, zero, ".smtp"); got != want+"20251124-160211.000.smtp" {
			t.Errorf("%s: %s", host, got)
		}
	}
}

// TestOneWayToShowWhatIsInvisible: the transcript, what went wrong, and the
// explanation of a line have the same words for it, and none of them takes a
// backslash that was typed for an octet.
func TestOneWayToShowWhatIsInvisible(t *testing.T) {
	const hostile, want = "\u202e\x1b[2J\x9b\\x9b", `<U+202E>^[[2J\x9b\x5cx9b`
	p := newPlay(120, 36)
	sceneDone(p)
	p.tell(engine.Status{Connected: true}, asked("VRFY", "VRFY "+hostile, "550 5.1.1 "+hostile)...)
	p.sees(t, "C: VRFY "+want, "S: 550 5.1.1 "+want, "sent     VRFY "+want)
	p.press("esc", "enter")
	p.sees(t, "550 5.1.1 "+want, "command    VRFY <U+202E>^[[2J")
	p.seesNo(t, `\xe2`)
	r, _, _ := wire.ParseReply([]byte("550 " + hostile + "\r\n"))
	if got := face.New(true, true).Glyphs.Words("mx1 refuses: " + r.String()); got != "mx1 refuses: 550 "+want {
		t.Error(got)
	}
}

// TestNoSentenceIsPale: on white, where the terminal has its first colours,
// yellow, green and cyan are hard to read. A mark and a word may have them, a
// line of the transcript, a warning and a row of a table not.
func TestNoSentenceIsPale(t *testing.T) {
	painted := regexp.MustCompile(`\x1b\[[0-9;]*3[236]m([^\x1b]*)`)
	for name, scene := range scenes {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
			for row := range strings.SplitSeq(inColour(scene, true, size[0], size[1]), "\n") {
				for _, text := range painted.FindAllStringSubmatch(row, -1) {
					if words := strings.Fields(text[1]); len(words) > 4 {
						t.Errorf("%s at %v: %q", name, size, text[1])
					}
				}
			}
		}
	}
}
