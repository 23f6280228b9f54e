package tui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// shownIDs walks through the lines that are shown, forwards and back.
func shownIDs(t *testing.T, l *log) []int64 {
	t.Helper()
	var there, back []int64
	if l.empty() {
		return nil
	}
	for id := l.clamp(l.first); id < l.end(); id = l.next(id) {
		there = append(there, id)
	}
	for id := l.clamp(l.end() - 1); id >= 0; id = l.prev(id) {
		back = append(back, id)
	}
	slices.Reverse(back)
	if !slices.Equal(there, back) {
		t.Fatalf("forwards %v, back %v", there, back)
	}
	return there
}

// TestFilterOfABoundedLog: under a filter exactly the lines that pass are
// there, also while lines come and the oldest are forgotten.
func TestFilterOfABoundedLog(t *testing.T) {
	l := newLog()
	l.keptLines = 80
	pass := func(x *line) bool { return strings.HasSuffix(string(x.event.(event.Received).Line.Octets), "7") }
	add := func(n int) {
		octets := []byte("250 " + strings.Repeat("x", n%5) + string(rune('0'+n%10)))
		l.Apply(event.Stamp(event.Received{Line: wire.Line{Octets: octets}}, event.Head{Seq: int64(n)}))
	}
	for n := range 40 {
		add(n)
	}
	l.filter(pass)
	for n := 40; n < 1000; n++ {
		add(n)
		if got := shownIDs(t, l); n%97 == 0 || n == 999 {
			var want []int64
			for id := l.first; id < l.end(); id++ {
				if pass(l.line(id)) {
					want = append(want, id)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("at %d: %v, want %v", n, got, want)
			}
		}
	}
	l.filter(nil)
	if got := shownIDs(t, l); len(got) != len(l.lines) {
		t.Errorf("without a filter %d of %d lines are shown", len(got), len(l.lines))
	}
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		text, in string
		at       int
	}{
		{"size", "250-SIZE 1", 4},
		{"Size", "250-SIZE 1", -1},
		{"SIZE", "250-SIZE 1", 4},
		{"", "x", -1},
		{"ä", "250 Ää", 6},
		{"ok", "250 K\u212a OK", 8 + 1}, // the Kelvin sign is three octets, and no k
	} {
		if got := newFind(test.text).in(test.in); got != test.at {
			t.Errorf("%q in %q: %d, want %d", test.text, test.in, got, test.at)
		}
	}
}

// TestSearchFilterAndCopy is a person who looks for something in a session.
func TestSearchFilterAndCopy(t *testing.T) {
	s := newFakeServer(t)
	s.set("NOOP", "250 2.0.0 needle in a haystack")
	s.set("VRFY", "550 5.1.1 no such needle")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("NOOP" + enter)
	x.sees("in a haystack")
	x.typed("VRFY x" + enter)
	x.sees("no such needle")
	x.typed(esc + "/needle" + enter)
	x.sees("line 11/13")
	x.typed("nn")
	x.sees("searched on from the other end", "line 11/13")
	x.typed("N")
	x.sees("searched on from the other end", "line 13/13")
	x.typed("/nowhere" + enter)
	x.sees("not found: nowhere")
	x.typed("&needle" + enter)
	x.sees("only with needle", "in a haystack")
	x.seesNo("C: VRFY x")
	x.typed("Y")
	x.sees("copied all lines that are shown, 2 lines")
	if got := x.copied(); got != "S: 250 2.0.0 needle in a haystack\nS: 550 5.1.1 no such needle\n" {
		t.Errorf("copied %q", got)
	}
	x.typed(esc)
	x.sees("VRFY x")
	x.typed("x")
	x.sees("only C:")
	x.seesNo("in a haystack")
	x.typed("xx")
	x.sees("in a haystack")
	x.typed("G{y")
	x.sees("copied the exchange, 2 lines")
	if got := x.copied(); got != "C: VRFY x\nS: 550 5.1.1 no such needle\n" {
		t.Errorf("copied %q", got)
	}
	x.typed("vkky")
	x.sees("copied the selected lines, 3 lines")
	if got := x.copied(); !strings.HasPrefix(got, "C: NOOP\n") {
		t.Errorf("copied %q", got)
	}
	file, err := os.ReadFile(filepath.Join(x.dir, "copied.txt"))
	if err != nil || string(file) != x.copied() {
		t.Errorf("the file has %q, %v", file, err)
	}
	x.typed("qy")
	x.end()
}

// copied is what was last given to the terminal to copy (OSC 52).
func (x *terminal) copied() string {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	raw := x.raw.String()
	at := strings.LastIndex(raw, "\x1b]52;c;")
	if at < 0 {
		return ""
	}
	text, _, _ := strings.Cut(raw[at+len("\x1b]52;c;"):], "\a")
	octets, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		x.t.Fatal(err)
	}
	return string(octets)
}

// TestSaveAs writes each format, and reads it.
func TestSaveAs(t *testing.T) {
	s := newFakeServer(t)
	s.set("DATA", "354 go on")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(esc + "se")
	x.sees("no message was sent")
	x.typed("iDATA" + enter)
	x.sees("354 go on", "TEXT")
	x.typed("Subject: x" + enter + enter + "..two" + enter + "." + enter)
	x.sees("250 2.0.0 queued")
	for key, want := range map[string]string{
		"s": "C: Subject: x\n", "t": "C: ..two\n", "j": `"command":"interactive"`, "e": "Subject: x\r\n\r\n.two\r\n",
	} {
		x.typed(esc + "s" + key)
		suffix := map[string]string{"s": ".smtp", "t": ".txt", "j": ".json", "e": ".eml"}[key]
		x.sees("saved: ", suffix)
		files, _ := filepath.Glob(filepath.Join(x.dir, "transcripts", "*"+suffix))
		if len(files) != 1 {
			t.Fatalf("%s: %v", key, files)
		}
		text, err := os.ReadFile(files[0])
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q: %v\n%s", files[0], want, err, text)
		}
		if info, _ := os.Stat(files[0]); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", files[0], info.Mode())
		}
	}
	x.typed("qy")
	x.end()
}

// TestMouse: a click selects a line, the wheel scrolls, and nothing else
// happens.
func TestMouse(t *testing.T) {
	p := newPlay(80, 24)
	sceneError(p)
	p.press("esc", "esc", "esc", "G")
	p.m.arrange()
	first, _ := p.m.transcript.sight()
	p.m.Update(tea.MouseMsg{Button: tea.MouseButtonWheelUp, Action: tea.MouseActionPress})
	if now, _ := p.m.transcript.sight(); now >= first || p.m.transcript.follow {
		t.Errorf("the wheel led from %d to %d", first, now)
	}
	y := p.m.lay.header + p.m.lay.tabs + 2
	p.m.Update(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 5, Y: y})
	rows := strings.Split(p.m.View(), "\n")
	if !strings.Contains(rows[y], ">") {
		t.Errorf("the row that was clicked is not selected: %q", rows[y])
	}
	p.m.Update(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 5, Y: 0})
	p.m.Update(tea.MouseMsg{Button: tea.MouseButtonLeft, Action: tea.MouseActionPress, X: 5, Y: 23})
}
