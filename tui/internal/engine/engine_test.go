package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/play"
	lang "ehlo/session/script"
	"ehlo/session/wire"
	"ehlo/tui/internal/outline"
)

// TestWhereAScriptIs: the engine finds its way by the places of the items.
func TestWhereAScriptIs(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner.smtp")
	if err := os.WriteFile(inner, []byte("@repeat 2\nC: RSET\n@end\nS: 250\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "@repeat 2\n# twice\nC: NOOP\n@include inner.smtp\n@end\n@include inner.smtp\n@set pw AGEA\nC: AUTH PLAIN ${pw}\nS: 334\nC: c2VjcmV0\nS: 235\n@reply \"2\"\n# and\n@reply \"50\\r\\n\"\nC: QUIT"
	s, err := lang.Load(filepath.Join(dir, "outer.smtp"), strings.NewReader(text), func(path string) (io.ReadCloser, error) { return os.Open(path) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := outline.New(s)
	f := NewFeed(nil)
	r := NewRun(x, play.Options{Script: s})
	e := New(Options{}, f, r)
	var at []int32
	var follow func(items []lang.Item)
	follow = func(items []lang.Item) {
		for _, i := range items {
			switch i := i.(type) {
			case lang.Comment:
			case lang.Repeat:
				for range i.Times {
					follow(i.Items)
				}
			case lang.Include:
				follow(i.Items)
			default:
				e.advance(r, i.At())
				at = append(at, r.row)
			}
		}
	}
	follow(s.Items)
	if want := []int32{2, 5, 5, 7, 2, 5, 5, 7, 11, 11, 13, 14, 15, 16, 17, 18, 19, 19, 22}; !slices.Equal(at, want) {
		t.Errorf("the script went through %v", at)
	}
	if m := f.marks[0]; m.State != StateOK || m.Lap != 2 {
		t.Errorf("the first @repeat is %+v", m)
	}
}

// TestCtrlCPausesAndASecondOneEnds, whenever it comes: a script that goes on is
// held by the first.
func TestCtrlCPausesAndASecondOneEnds(t *testing.T) {
	for _, items := range []string{"C: NOOP\nS: 250\n@set a b", "@set a b"} { // often in an item, often between two
		t.Run(items, func(t *testing.T) { interruptAtAnyMoment(t, items) })
	}
}

func interruptAtAnyMoment(t *testing.T, items string) {
	var s agreeing
	text := "S: 220\n@repeat 1000000\n@repeat 1000000\n" + items + "\n@end\n@end"
	script, err := lang.Load("loop.smtp", strings.NewReader(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Session: session.Options{Dial: s.dial}, Plan: flow.Plan{
		Target: session.Target{Text: "example.com"}, Only: &session.Candidate{Host: "mx1.example.com", Network: "tcp", Address: "192.0.2.1:25", TLS: session.TLSNever},
	}}
	f := NewFeed(nil)
	r := NewRun(outline.New(script), play.Options{Script: script})
	e := New(o, f, r)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go e.Run(ctx)

	// is waits until the engine is as wanted.
	is := func(what string, want func(Status) bool) {
		t.Helper()
		over := time.After(late)
		for {
			_, _, now := f.Take()
			if want(now) {
				return
			}
			if now.Script.Phase == PhaseEnded {
				t.Fatalf("not %s: the script has ended: %+v", what, now.Script.End)
			}
			select {
			case <-f.wake:
			case <-over:
				t.Fatalf("never %s: %+v", what, now)
			}
		}
	}
	held := func(now Status) bool { return now.Script.Phase == PhaseHeld && now.Doing == Holding }
	is("held at the start", held)
	for n := range 300 {
		e.GoOn()
		is("going on", func(now Status) bool { return now.Script.Phase.Goes() && now.Script.Row > 0 })
		for until := time.Now().Add(time.Duration(n*7%500) * time.Microsecond); time.Now().Before(until); {
			f.Take()
		}
		if !e.Interrupt() {
			t.Fatal("nothing was interrupted")
		}
		is("held", held)
	}
	s.silent.Store(true)
	e.GoOn()
	is("waiting", func(now Status) bool { return now.Owes || now.Script.Phase == PhaseRunning })
	e.Interrupt()
	is("held", held)
	e.Interrupt()
	ended := false
	for over := time.After(late); !ended; {
		_, _, now := f.Take()
		ended = now.Script.Phase == PhaseEnded
		select {
		case <-f.wake:
		case <-over:
			t.Fatal("it does not end")
		default:
		}
	}
	if _, _, now := f.Take(); now.Script.End.How != stopped || !now.Connected {
		t.Errorf("%+v", now)
	}
	e.Leave()
	<-e.Done
}

// TestInterrupt: the first holds, the second ends; before the first item there is
// nothing to hold.
func TestInterrupt(t *testing.T) {
	for _, row := range []struct {
		begun, running     bool
		times, items, ends int
	}{
		{true, true, 1, 1, 0},
		{true, false, 1, 0, 0},
		{true, true, 2, 1, 1},
		{true, false, 2, 0, 1},
		{false, false, 1, 0, 1},
	} {
		items, ends := 0, 0
		r := &Run{free: true, steps: 2, stopAll: func() { ends++ }}
		if row.running {
			r.stopItem = func() { items++ }
		}
		for range row.times {
			r.interrupt(row.begun)
		}
		if items != row.items || ends != row.ends || r.stop != (ends > 0) || r.free || r.steps > 0 {
			t.Errorf("%+v: %d, %d, %+v", row, items, ends, r)
		}
	}
}

// TestLinesBehindALogin: so many may belong to it.
func TestLinesBehindALogin(t *testing.T) {
	n := 0
	for i, step := range []struct {
		Event event.Event
		want  int
	}{
		{event.Sent{}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 334}}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 250}}, 2},
		{event.Sent{Text: true}, 2},
		{event.Sent{}, 1},
		{event.Reply{Verb: "NOOP", Reply: wire.Reply{Code: 500}}, 1},
		{event.Sent{}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 504}}, 2},
		{event.Closed{}, 0},
	} {
		if n = over(n, step.Event); n != step.want {
			t.Errorf("step %d: %d, want %d", i, n, step.want)
		}
	}
}

// late is how long a test waits for what is to come.
const late = 30 * time.Second

// agreeing is a server that says yes to all, as long as it is not silent.
type agreeing struct{ silent atomic.Bool }

func (s *agreeing) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		fmt.Fprint(theirs, "220 mx1.example.com\r\n")
		for lines := bufio.NewScanner(theirs); lines.Scan(); {
			switch {
			case s.silent.Load():
			case strings.HasPrefix(lines.Text(), "AUTH"):
				fmt.Fprint(theirs, "334 \r\n")
			case lines.Text() == "DATA":
				fmt.Fprint(theirs, "354 go on\r\n")
			default:
				fmt.Fprint(theirs, "250 ok\r\n")
			}
		}
	}()
	return ours, nil
}

// TestWhatALineIsTakenFor: the engine knows it before the screen does.
func TestWhatALineIsTakenFor(t *testing.T) {
	var s agreeing
	f := NewFeed(nil)
	e := New(Options{Session: session.Options{Dial: s.dial}, Plan: flow.Plan{
		Target: session.Target{Text: "example.com"}, Only: &session.Candidate{Network: "tcp", Address: "192.0.2.1:25", TLS: session.TLSNever},
	}}, f, nil)
	go e.Run(t.Context())
	for _, row := range []struct {
		line string
		as   Taken
	}{
		{"NOOP", Taken{}},
		{"AUTH LOGIN", Taken{}},
		{"c2VjcmV0", Taken{Secret: true}},
		{"NOOP", Taken{}},
		{"MAIL FROM:<a@b>", Taken{}},
		{"DATA", Taken{}},
		{"text", Taken{Text: true}},
		{".", Taken{Text: true}},
		{"NOOP", Taken{}},
	} {
		for over := time.After(late); e.Status().Doing != Idle; {
			select {
			case <-over:
				t.Fatalf("%q: %+v", row.line, e.Status())
			case <-time.After(time.Millisecond):
			}
		}
		if as, err := e.Send(row.line); as != row.as || err != nil {
			t.Errorf("%q is taken for %+v, %v; want %+v", row.line, as, err, row.as)
		}
	}
	e.Leave()
	<-e.Done
}
