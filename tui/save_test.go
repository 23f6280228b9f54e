package tui

import (
	"strings"
	"testing"
)

// TestSavingOnASmallScreen: the question names the way back, and the whole path
// of what was saved can be read.
func TestSavingOnASmallScreen(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], nil)
		x.sees("READY")
		x.typed(esc + "s")
		x.sees("s script", "t text", "esc no")
		x.typed(esc)
		x.seesNo("esc no")
		x.typed("ss")
		x.sees("saved: ")
		x.typed("qy")
		x.end()
	}
}

// TestTheWholePathIsRead where it needs several rows, beside an error that stays.
func TestTheWholePathIsRead(t *testing.T) {
	path := "/home/somebody/.local/state/ehlo/transcripts/" + strings.Repeat("mx1.", 10) + "example.org-20260102-030405.678.smtp"
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		for _, wrong := range []bool{false, true} {
			p := newPlay(size[0], size[1])
			if wrong {
				sceneError(p)
			} else {
				sceneDone(p)
			}
			p.press("esc")
			p.m.wrote(saved{path: path})
			all := ""
			for _, row := range strings.Split(p.m.View(), "\n") {
				row, _, _ = strings.Cut(row, p.m.st.Glyphs.Vertical)
				if row = strings.TrimSpace(rendition.ReplaceAllString(row, "")); row != "" {
					all += row
				}
			}
			if !strings.Contains(all, path) {
				t.Errorf("%v, an error: %v: the path is not there:\n%s", size, wrong, p.m.View())
			}
		}
	}
}
