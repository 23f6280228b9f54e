package tui

import (
	"strings"
	"testing"

	"ehlo/tui/internal/engine"
)

// TestQOnATinyScreen: once it says what a second one does, and stops nothing.
func TestQOnATinyScreen(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {8, 2}, {14, 3}, {19, 4}} {
		p := newPlay(size[0], size[1])
		sceneDone(p)
		p.tell(engine.Status{Connected: true, Doing: engine.Asking})
		p.m.queue.going = &engine.Pasting{}
		p.press("q")
		if !p.m.armed || p.m.leaving || p.m.queue.going == nil {
			t.Errorf("%v: %+v", size, p.m.queue)
		}
		if got := stripped(p.m.View()); size[0] >= 14 && !strings.Contains(got, "q again leaves") {
			t.Errorf("%v: %q", size, got)
		}
		if p.press("x"); p.m.armed {
			t.Errorf("%v: another key leaves it armed", size)
		}
	}
}
