package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// filled is a log of so many lines, in replies of five lines each.
func filled(l *log, lines int) *log {
	seq := int64(0)
	next := func(e event.Event) {
		seq++
		l.Apply(event.Stamp(e, event.Head{Seq: seq, At: zero.Add(time.Duration(seq) * time.Millisecond), Conn: 1}))
	}
	for i := 0; i < lines/5; i++ {
		reply := ""
		for k := range 5 {
			sep := map[bool]string{true: " ", false: "-"}[k == 4]
			line := fmt.Sprintf("250%sreply %d line %d", sep, i, k)
			reply += line + "\r\n"
			next(event.Received{Line: wire.Line{Octets: []byte(line)}})
		}
		r, _, _ := wire.ParseReply([]byte(reply))
		next(event.Reply{Reply: r, Verb: "HELP"})
	}
	return l
}

func TestTheLogIsBounded(t *testing.T) {
	l := newLog()
	l.keptLines = 103
	filled(l, 10_000)
	if n := len(l.lines); n > 103+103/8+1 || l.end() != 10_000 {
		t.Errorf("%d lines are kept, the last is %d", n, l.end())
	}
	if n := len(l.events); n > 2*(103+103/8) {
		t.Errorf("%d events are kept", n)
	}
	p := newTranscriptPane(l, ptr(face.New(true, true)))
	p.resize(60, 5, false)
	p.choose(l.first)
	p.top = place{line: l.first}
	if top := strings.Join(p.View(60, 5), "\n"); !strings.Contains(top, "earlier lines are no longer kept") {
		t.Errorf("the first row does not say what was lost:\n%s", top)
	}
	// A group that lost its head folds as what is left of it.
	l.foldAll(true)
	for id := l.first; id < l.end(); id = l.next(id) {
		if l.shown(id) != id {
			t.Fatalf("line %d is shown and is not", id)
		}
	}
	for id := l.clamp(l.end() - 1); id >= 0; id = l.prev(id) {
		if l.shown(id) != id {
			t.Fatalf("line %d is shown backwards and is not", id)
		}
	}
}

func TestTheLogIsBoundedInOctets(t *testing.T) {
	l := newLog()
	l.keptOctets = 1 << 20
	for i := range 100 {
		l.Apply(event.Received{Head: event.Head{Seq: int64(i)}, Line: wire.Line{Octets: make([]byte, 64<<10)}})
	}
	if l.octets > 1<<20+1<<17 || len(l.lines) > 19 {
		t.Errorf("%d octets in %d lines", l.octets, len(l.lines))
	}
}

func ptr[T any](v T) *T { return &v }

func pane(lines, w, h int) *transcriptPane {
	p := newTranscriptPane(filled(newLog(), lines), ptr(face.New(false, true)))
	p.start = zero
	p.resize(w, h, false)
	return p
}

// shows is the text of the rows, without gutter and times.
func (p *transcriptPane) shows() []string {
	var rows []string
	for _, r := range p.View(p.w, p.h) {
		rows = append(rows, strings.TrimSpace(strings.TrimPrefix(strings.ReplaceAll(stripped(r), "S: 250", ""), ">")))
	}
	return rows
}

func TestScrolling(t *testing.T) {
	p := pane(1000, 60, 10)
	p.scroll(-3)
	if p.follow || p.unseen() != 0 {
		t.Error("scrolling up does not pause")
	}
	before := p.shows()
	filled(p.log, 50)
	if !slices.Equal(before, p.shows()) || p.unseen() != 50 {
		t.Errorf("what is new moved the window, or %d is not what is new", p.unseen())
	}
	p.scroll(10_000)
	if !p.follow || p.sel != -1 {
		t.Error("at the end it does not follow again")
	}
	p.scroll(-10_000)
	if at := p.window(); at != (place{}) {
		t.Errorf("the start is %v", at)
	}
	p.resume()
	for range 25 {
		p.step(-1)
		if first, last := p.sight(); p.sel < first || p.sel > last {
			t.Fatalf("the selection %d is not in sight (%d to %d)", p.sel, first, last)
		}
	}
	for range 25 {
		p.step(1)
	}
	if !p.follow {
		t.Error("a step behind the last line does not follow again")
	}
}

// TestLinesTallerThanTheWindow: each of their rows can be reached, by steps and
// by scrolling.
func TestLinesTallerThanTheWindow(t *testing.T) {
	l := newLog()
	for i := range 3 {
		l.Apply(event.Received{Head: event.Head{Seq: int64(i + 1)}, Line: wire.Line{Octets: []byte(strings.Repeat("0123456789", 100) + fmt.Sprint(i))}})
	}
	p := newTranscriptPane(l, ptr(face.New(false, true)))
	p.resize(34, 6, false)
	seen := map[place]bool{}
	look := func() {
		at := p.window()
		for k := range p.h {
			seen[place{at.line, at.row + k}] = true
		}
	}
	look()
	for range 400 {
		p.step(-1)
		look()
	}
	if p.sel != 0 || p.window() != (place{}) {
		t.Errorf("the selection is %d, the window at %v", p.sel, p.window())
	}
	for id := range int64(3) {
		for row := range p.rows(id) {
			if !seen[place{id, row}] {
				t.Fatalf("row %d of line %d was never in sight", row, id)
			}
		}
	}
	for range 400 {
		p.step(1)
	}
	if !p.follow {
		t.Error("the end cannot be reached by steps")
	}
}

func TestFoldingKeepsTheSelectionAndTheWindowValid(t *testing.T) {
	p := pane(200, 60, 10)
	p.scroll(-37)
	p.choose(p.log.clamp(103))
	for range 4 {
		p.log.foldAll(!p.log.fold)
		for _, n := range []int{-1, 1, -7, 9, -500, 3} {
			p.step(n)
			p.scroll(n)
			p.View(p.w, p.h)
			if s := p.selected(); s < 0 || p.log.shown(s) != s {
				t.Fatalf("the selection %d is folded away", s)
			}
		}
	}
	p.resize(5, 1, true)
	p.View(5, 1)
}

// BenchmarkFrame: a frame costs the same however long the log is.
func BenchmarkFrame(b *testing.B) {
	for _, lines := range []int{1_000, 1_000_000} {
		for _, folded := range []bool{false, true} {
			b.Run(fmt.Sprintf("lines=%d/folded=%v", lines, folded), func(b *testing.B) {
				p := newPlay(120, 36)
				p.m.log.keptLines = 2_000_000
				filled(p.m.log, lines)
				if folded {
					p.m.log.foldAll(true)
				}
				p.m.transcript.scroll(-100)
				for b.Loop() {
					p.m.View()
				}
			})
		}
	}
}

// BenchmarkLong is what keys cost in a log of a thousand and of a million
// lines: a frame while a filter is on that few lines pass, a step of the
// selection, a new size. To search and to filter looks at all lines, once for a
// key.
func BenchmarkLong(b *testing.B) {
	for _, lines := range []int{1_000, 1_000_000} {
		p := newPlay(120, 36)
		p.m.log.keptLines = 2_000_000
		filled(p.m.log, lines)
		p.press("esc", "k", "k")
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/lines=%d", name, lines), func(b *testing.B) {
				for b.Loop() {
					f()
				}
			})
		}
		run("step", func() { p.press("k", "j"); p.m.View() })
		run("page", func() { p.press("b", "space"); p.m.View() })
		run("resize", func() { p.m.resize(100, 30); p.m.View(); p.m.resize(120, 36); p.m.View() })
		run("search", func() {
			p.m.transcript.find = newFind("there is no such text")
			p.press("n")
		})
		run("filter", func() {
			p.m.filter.find = newFind("77")
			p.m.applyFilter()
		})
		run("filtered frame", func() { p.press("k", "j"); p.m.View() })
	}
}

// BenchmarkApply is what taking one line costs.
func BenchmarkApply(b *testing.B) {
	p := newPlay(120, 36)
	events := saidLines("250-PIPELINING")
	for b.Loop() {
		p.m.Apply(events, nil, engine.Status{})
	}
}

// TestATallerWindowIsFilled: whoever paused at the end, and made the window
// small and tall again, sees as many lines as there is room for.
func TestATallerWindowIsFilled(t *testing.T) {
	for _, keys := range [][]string{{"esc", "k"}, {"esc", "k", "k", "k"}, {"pgup", "pgdown"}, {"esc", "b", "j"}} {
		p := newPlay(80, 36)
		sceneDone(p)
		p.press(keys...)
		p.m.View()
		for _, size := range [][2]int{{80, 16}, {40, 9}, {30, 12}, {80, 36}} {
			p.m.resize(size[0], size[1])
			rows := strings.Split(stripped(p.m.View()), "\n")
			for _, row := range rows[p.m.lay.header+p.m.lay.tabs : p.m.lay.header+p.m.lay.tabs+p.m.transcript.h] {
				if size[1] < 36 && strings.TrimSpace(row) == "" {
					t.Fatalf("%v at %v: an empty row in\n%s", keys, size, strings.Join(rows, "\n"))
				}
			}
		}
		first, _ := p.m.transcript.sight()
		if n := p.m.transcript.bottom(); first > n.line {
			t.Errorf("%v: the window begins with line %d, and could with %d", keys, first, n.line)
		}
	}
}

// TestNoTimeIsNegative: what was looked up at the same time may be told in any
// order.
func TestNoTimeIsNegative(t *testing.T) {
	p := newPlay(80, 24)
	x := line{at: zero}
	p.m.transcript.start = zero.Add(time.Millisecond)
	if got := p.m.transcript.time(&x); got != "   0.000 " {
		t.Errorf("%q", got)
	}
}
