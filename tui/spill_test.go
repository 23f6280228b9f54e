package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoRoomForWhatIsForgotten: where the file cannot be written, the session
// goes on, nothing is waited for and nothing is kept, and the end says so.
func TestNoRoomForWhatIsForgotten(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, func(o *Options) {
		if err := os.WriteFile(filepath.Join(o.Dir, "transcripts"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	x.sees("READY")
	p := <-s.conns
	block := strings.Repeat("250 2.0.0 flood\r\n", 100)
	go func() {
		for range 2000 {
			if _, err := p.c.Write([]byte(block)); err != nil {
				return
			}
		}
		p.say("250 2.0.0 last")
	}()
	x.sees("S: 250 2.0.0 last")
	x.typed(esc + "qy")
	r := x.end()
	if said := strings.Join(r.Summary, "\n"); !strings.Contains(said, "could not be written: mkdir") {
		t.Errorf("the end says %q", said)
	}
}
