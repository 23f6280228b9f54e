package tui

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
)

// TestNoRowIsWiderThanTheWindow: whatever comes between, at sizes that change
// with each frame. What Bubble Tea would cut is looked at here, before it does.
func TestNoRowIsWiderThanTheWindow(t *testing.T) {
	keys := []string{"esc", "i", "k", "j", "pgup", "G", "2", "3", "4", "5", "6", "c", "tab", "z", "w", "T", "?", "N", "O", ":", "enter", "a", "世"}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := newPlay(80, 24)
		sceneDone(p)
		for range 300 {
			switch r.IntN(3) {
			case 0:
				p.tell(engine.Status{Connected: true}, event.All()...)
			case 1:
				p.press(keys[r.IntN(len(keys))])
			}
			w, h := r.IntN(200), r.IntN(60)
			p.m.resize(w, h)
			view := p.m.View()
			if w == 0 || h == 0 {
				continue
			}
			rows := strings.Split(view, "\n")
			if len(rows) != h {
				t.Fatalf("seed %d: %d rows at %dx%d", seed, len(rows), w, h)
			}
			for _, row := range rows {
				if n := ansi.StringWidth(row); n > w {
					t.Fatalf("seed %d: %d cells at %dx%d: %q", seed, n, w, h, row)
				}
			}
		}
	}
}
