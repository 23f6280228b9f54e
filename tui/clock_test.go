package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

func init() {
	scenes["time"] = func(p *drawing) {
		sceneError(p)
		p.press("esc", "T", "k", "k")
	}
	scenes["time waiting"] = func(p *drawing) {
		scenes["waiting"](p)
		p.press("esc", "T")
	}
	scenes["time of a failure"] = func(p *drawing) {
		p.tell(engine.Status{Doing: engine.Opening}, route()[:3]...)
		p.at += 30 * time.Second
		p.tell(engine.Status{}, event.Failed{Error: event.Errorf(event.ConnectTimeout, event.Connect, "connect to mx1.example.org (192.0.2.25:25): no answer within 30s")})
		p.press("esc", "T")
	}
}

// TestClock: the steps of the present session, attempts that led to it too, and
// nothing of the one before.
func TestClock(t *testing.T) {
	p := newPlay(80, 24)
	p.tell(engine.Status{Doing: engine.Opening}, route()[:3]...)
	p.tell(engine.Status{Doing: engine.Opening}, event.Failed{Error: event.Errorf(event.Refused, event.Connect, "refused")})
	p.tell(engine.Status{Doing: engine.Opening}, route()[2:]...)
	p.tell(engine.Status{Doing: engine.Opening}, asked("", "", "220 mx1.example.org ESMTP Postfix")...)
	p.tell(engine.Status{Connected: true}, asked("EHLO", "EHLO probe.example.net", clearList)...)
	p.tell(engine.Status{Connected: true}, handshake())
	c := &p.m.clock.clock
	var kinds []string
	for _, s := range c.spans {
		kinds = append(kinds, fmt.Sprintf("%s %d ms", s.kind, s.took.Milliseconds()))
	}
	if got := strings.Join(kinds, ", "); got != "dns 21 ms, connect 10 ms, connect 44 ms, greeting 32 ms, EHLO 32 ms, TLS 64 ms" {
		t.Error(got)
	}
	if parts := c.spans[4].parts; len(parts) != 2 || parts[0].took+parts[1].took != 32*time.Millisecond || parts[1].what != "5 more lines" {
		t.Errorf("EHLO consists of %+v", parts)
	}
	if len(c.spans[0].parts) != 1 || !c.spans[1].failed || c.spans[2].failed {
		t.Errorf("%+v", c.spans[:3])
	}
	if got := c.largest()[0]; got.kind != "TLS" || c.all != 203*time.Millisecond {
		t.Errorf("of %v the most is %v", c.all, got)
	}
	p.tell(engine.Status{Doing: engine.Opening}, event.Closed{By: "client"})
	p.tell(engine.Status{Doing: engine.Opening}, route()[2:]...)
	if len(c.spans) != 1 || c.spans[0].kind != "connect" {
		t.Errorf("the next session begins with %+v", c.spans)
	}
}

// TestStripIsToScale: every kind has its share of the cells, at any width.
func TestStripIsToScale(t *testing.T) {
	st := face.New(true, false)
	c := &clock{}
	for _, s := range []span{{kind: "dns", took: 10}, {kind: "connect", took: 20}, {kind: "greeting", took: 30}, {kind: "EHLO", took: 0}, {kind: "TLS", took: 40}} {
		c.add(s)
	}
	for w := range 130 {
		if row := c.strip(&st, w); ansi.StringWidth(row) != w {
			t.Fatalf("%d cells instead of %d: %q", ansi.StringWidth(row), w, row)
		}
	}
	if got := ansi.Strip(c.strip(&st, 50)); got != "dns##connect---greeting#######TLS#################" {
		t.Errorf("%q", got)
	}
	if got := ansi.Strip(c.strip(&st, 10)); got != "#--gr#TLS#" {
		t.Errorf("%q", got)
	}
}

// TestClockIsBounded: a step costs the same however many there were, and kinds
// of steps without end are counted together.
func TestClockIsBounded(t *testing.T) {
	p := newPlay(80, 24)
	for i := range 10 * keptSpans {
		p.m.clock.Apply(event.Reply{Verb: fmt.Sprintf("X%d", i), Elapsed: time.Millisecond}, false)
	}
	c := &p.m.clock.clock
	if len(c.spans) > 2*keptSpans || len(c.totals) != keptTotals || c.all != 10*keptSpans*time.Millisecond {
		t.Errorf("%d steps, %d kinds, %v", len(c.spans), len(c.totals), c.all)
	}
	if last := c.totals[keptTotals-1]; last.kind != others || last.count != 10*keptSpans-keptTotals+1 {
		t.Errorf("%+v", last)
	}
}

// TestTime is T in the program: the step of the selected line, and Enter leads
// back to its lines.
func TestTime(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		s := newFakeServer(t)
		x := start(t, s, size[0], size[1], nil)
		x.sees("READY")
		x.typed("NOOP" + enter)
		x.sees("250 2.0.0 ok")
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("T")
		x.sees("of waiting in 4 steps", "> NOOP", "█")
		x.typed("gj" + enter)
		x.sees(">", "S: 220 mx1.example.com ESMTP")
		x.typed("T")
		x.sees("> ", "greeting: ")
		x.typed("q")
		x.seesNo("its lines")
		// A wait that goes on counts up, and ctrl+c stops it alone.
		s.set("HELP", "")
		x.typed("iHELP" + enter)
		x.sees("C: HELP", "ctrl+c stop")
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("T")
		x.sees("waiting for the reply to HELP", "of 60 s")
		x.typed(ctrlC)
		x.seesNo("waiting for the reply to HELP")
		x.cancel()
		x.end()
	}
}
