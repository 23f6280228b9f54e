package tui

import (
	"strings"
	"testing"
)

// TestOneWayToComplete: the same keys do the same on the SMTP line and in the
// palette, and the row of candidates looks the same.
func TestOneWayToComplete(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	for _, begin := range [][]string{{"r"}, {"esc", ":", "r"}} {
		p.press(begin...)
		f := p.m.field()
		typed := f.String()
		sees := func(what, row string) {
			t.Helper()
			if !strings.Contains(stripped(p.m.View()), row) {
				t.Errorf("%s: no %q in\n%s", what, row, stripped(p.m.View()))
			}
		}
		p.press("tab")
		c := p.m.listed()
		first, second, last := c.list[0].Name, c.list[1].Name, c.list[len(c.list)-1].Name
		sees("tab", "1/"+string(rune('0'+len(c.list)))+" ["+first+"]")
		p.press("tab")
		sees("tab again", "["+second+"]")
		p.press("shift+tab", "shift+tab")
		sees("back over the first", "["+last+"]")
		p.press("left", "home")
		sees("the cursor moves", "["+last+"]")
		p.press("esc")
		if got := f.String(); got != typed || p.m.listed() != nil || p.m.field() != f {
			t.Errorf("esc leads to %q", got)
		}
		p.press("shift+tab", "right")
		if got := f.String(); p.m.listed() != nil || !strings.EqualFold(strings.TrimSpace(got), last) {
			t.Errorf("right leads to %q, %v", got, p.m.listed())
		}
		p.press("tab", "x")
		if p.m.listed() != nil {
			t.Error("candidates stay behind another text")
		}
		p.press("ctrl+u", "ctrl+k")
	}
}
