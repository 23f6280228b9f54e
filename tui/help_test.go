package tui

import (
	"strings"
	"testing"
)

// TestHelpBeginsWhereThePersonIs: the keys of the present context come first,
// under its name, and each key is somewhere.
func TestHelpBeginsWhereThePersonIs(t *testing.T) {
	for keys, want := range map[string]string{
		"f1": "The SMTP line", "esc ?": "Browsing the transcript", "esc 3 ?": "Browsing the facts", "esc 6 ?": "Browsing the message",
		"esc : f1": "Commands (behind :)", "esc / f1": "A text to search for",
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.press(strings.Fields(keys)...)
		if p.m.mode != modePager || !strings.HasPrefix(p.m.pager.text[0], want) {
			t.Errorf("%s: the help begins with %q", keys, p.m.pager.text[0])
		}
		text := strings.Join(p.m.pager.text, "\n") + "\n"
		for _, b := range p.m.keys {
			if !strings.Contains(text, b.help+"\n") {
				t.Errorf("%s: the help has no %s", keys, b.id)
			}
		}
	}
}

// TestSearchInHelp is as in other pagers: / n N, on from the other end, and esc
// leaves the search only.
func TestSearchInHelp(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.press("esc", "?")
	p.sees(t, "Help  rows 1-18 of")
	p.press("/", "s", "i", "z", "e")
	p.sees(t, "/size", "Browsing the transcript")
	p.press("esc")
	p.sees(t, "Help  rows 1-18 of")
	p.press("/", "s", "i", "z", "e", "enter")
	first := p.m.pager.top
	p.press("n")
	if first == 0 || p.m.pager.top <= first {
		t.Errorf("found in rows %d and %d", first, p.m.pager.top)
	}
	p.press("N")
	if p.m.pager.top != first {
		t.Errorf("N leads to row %d, not %d", p.m.pager.top, first)
	}
	p.press("N")
	p.sees(t, "searched on from the other end")
	p.press("/", "x", "y", "z", "z", "enter")
	p.sees(t, "not found: xyzz")
	p.press("q")
	if p.m.mode != modeBrowse || p.m.transcript.find.text != "" {
		t.Error("the search went on in the transcript")
	}
}
