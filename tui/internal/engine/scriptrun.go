package engine

import (
	"context"
	"errors"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/play"
	lang "ehlo/session/script"
	"ehlo/session/wire"
	"ehlo/tui/internal/outline"
)

// Phase is what a script does.
type Phase uint8

const (
	phaseNone    Phase = iota // there is none
	PhaseRunning              // it goes on
	PhasePausing              // it goes on with its present item, and is held then
	PhaseHeld                 // it waits for the person
	PhaseEnded                //
)

// Goes says that an item is being carried out.
func (p Phase) Goes() bool { return p == PhaseRunning || p == PhasePausing }

// Live says that a script is being played.
func (p Phase) Live() bool { return p.Goes() || p == PhaseHeld }

// ScriptStatus is where a script is.
type ScriptStatus struct {
	Phase Phase
	Row   int32 // that runs, or comes next; -1: it has not begun
	Stop  bool  // it is held by a breakpoint
	End   *End  // how it ended
}

// End is how a script ended.
type End struct {
	How   Outcome
	Count string       // "all 9 expectations came true"
	Text  string       // "smoke.smtp: all 9 expectations came true"
	Err   *event.Error // the first expectation that failed, or what ended it
}

// Outcome is how a script ended, in a word.
type Outcome string

const (
	EndedWell Outcome = "OK"
	EndedIll  Outcome = "FAIL"
	stopped   Outcome = "STOPPED"
)

// Run is a script that is being played. The engine's goroutine carries it
// out, and between its items holds it, serves the person and watches the
// connection; what the person wants of it is under the engine's mutex.
type Run struct {
	Outline *outline.Outline
	Options play.Options

	// Under the mutex.
	steps    int            // so many items are to be carried out
	free     bool           // it goes on by itself
	stop     bool           // it is to end
	Breaks   map[int32]bool // the rows with a breakpoint
	edited   bool           // in place of the next item:
	instead  []lang.Item
	stopItem context.CancelFunc // ends the item that runs; nil: none does
	stopAll  context.CancelFunc // ends the script; nil: it has not begun
	broken   bool               // ctrl+c holds it: a second one ends it

	// The engine's own.
	row     int32       // where it is
	here    bool        // the gate was asked about the item of that row, and it is not done
	ran     bool        // it has begun
	flushed bool        // what was collected has been sent
	edits   bool        // what runs is in place of the item of that row:
	edit    []lang.Item //
	laps    []int32     // of each section
	early   int         // octets that have come and that nothing has asked for, see cost
	full    bool        // that those were too many has been said
	tally   play.Tally
}

func NewRun(x *outline.Outline, o play.Options) *Run {
	return &Run{Outline: x, Options: o, Breaks: map[int32]bool{}, row: -1, laps: make([]int32, len(x.Sections))}
}

// waits says that nothing was asked of a script that is held: a line may be
// typed.
func (r *Run) waits() bool { return r.steps == 0 && !r.free && !r.stop }

// interrupt ends the item that runs; the script is then held before it, or
// before the next, if it is between two. A second time, or where the script has
// not come to its first item, it ends the script.
func (r *Run) interrupt(begun bool) {
	r.free, r.steps = false, 0
	if begun && !r.broken {
		r.broken = true
		if r.stopItem != nil {
			r.stopItem()
		}
		return
	}
	r.stop = true
	if r.stopAll != nil {
		r.stopAll()
	}
}

// begin makes the context of what is about to run: ctrl+c ends it.
func (r *Run) begin(ctx context.Context) context.Context {
	ctx, r.stopItem = context.WithCancel(ctx)
	return ctx
}

// atStart is the status of a script that is about to begin.
func atStart() ScriptStatus { return ScriptStatus{Phase: PhaseRunning, Row: -1} }

// listening bounds one wait for what the server says while a script is held;
// the next one begins behind it.
const listening = time.Hour

// mostEarly is how many octets of replies that nobody has asked for are read
// while a script is held. Beyond that the server waits.
const mostEarly = 256 << 10

// cost is how many octets replies take, with what each takes beside its text.
func cost(replies []wire.Reply) (octets int) {
	for _, r := range replies {
		octets += 64
		for _, l := range r.Lines {
			octets += 64 + len(l.Octets)
		}
	}
	return octets
}

// play plays a script, held before its first item. The session stays open
// behind it.
func (e *Engine) play(ctx context.Context, r *Run) {
	whole, stop := context.WithCancel(ctx)
	defer stop()
	o := r.Options
	o.Plan, o.Open, o.Gate, o.Done = e.plan, true, e.gate, e.judged
	e.mu.Lock()
	r.stopAll = stop
	if r.stop || e.now.Doing == leaving {
		stop()
	}
	e.mu.Unlock()
	err := play.Run(whole, e.s, o)
	e.over(r, err, whole.Err() != nil)
}

// gate is asked before each item of the script: it holds the script, and serves
// the person meanwhile.
func (e *Engine) gate(ctx context.Context, next lang.Item) (play.Step, error) {
	r := e.script
	e.arrive(r, next)
	if e.holds(r) && !r.flushed {
		// What is shown as done has been sent.
		r.flushed = true
		e.mu.Lock()
		defer e.mu.Unlock()
		return play.Step{Now: true, Again: true, Context: r.begin(ctx), Left: r.left}, nil
	}
	return e.hold(ctx, r, next)
}

// release lets the item go that the script was held before; mu is held. What
// ends it does so from here on.
func (e *Engine) release(ctx context.Context, r *Run, next lang.Item, replies []wire.Reply) play.Step {
	step := play.Step{Items: []lang.Item{next}, Now: !r.free, Replies: replies, Context: r.begin(ctx), Left: r.left}
	if r.steps > 0 {
		r.steps--
	}
	if r.edits = r.edited; r.edits {
		step.Items, r.edit = r.instead, r.instead
		r.instead, r.edited = nil, false
	}
	r.flushed, r.broken, r.ran = !r.free, false, true
	if len(step.Items) == 0 {
		r.here = false
		e.feed.mark(r.row, Mark{State: StateLeft})
	}
	e.now.Doing, e.now.Script.Phase, e.now.Script.Stop = Playing, PhaseRunning, false
	e.feed.set(e.now)
	return step
}

// left takes which replies the script has not taken yet.
func (r *Run) left(replies []wire.Reply) { r.early = cost(replies) }

// holds says that the script is held now.
func (e *Engine) holds(r *Run) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return r.steps == 0 && !r.free
}

// arrive notes that an item is next, and whether the script is held there: by a
// breakpoint, or because the item was ended before it was done.
func (e *Engine) arrive(r *Run, next lang.Item) {
	again := r.here
	if !again {
		e.advance(r, next.At())
		r.here = true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if again && r.edits && !r.edited {
		r.instead, r.edited = r.edit, true // it is still what takes the item's place
	}
	r.edits, r.edit, r.ran = false, nil, false
	if r.stopItem != nil {
		r.stopItem() // it is over
		r.stopItem = nil
	}
	stopped := r.free && !again && r.Breaks[r.row]
	if stopped {
		r.free = false
	}
	r.broken = false
	e.now.Script.Row, e.now.Script.Stop = r.row, stopped || again && e.now.Script.Stop
	e.feed.set(e.now)
}

// advance finds the row of the next item, and counts the times of each @repeat.
func (e *Engine) advance(r *Run, at lang.Position) {
	from := r.row
	row, again := r.Outline.Find(from, at, func(n int32) bool { return r.laps[n] < r.Outline.Sections[n].Times })
	if from >= 0 {
		for n := r.Outline.Rows[from].Section; n >= 0 && !r.Outline.Inside(row, n); n = r.Outline.Sections[n].Outer {
			e.feed.mark(r.Outline.Sections[n].First, Mark{State: StateOK, Lap: r.laps[n]})
			r.laps[n] = 0
		}
	}
	if again >= 0 {
		s := r.Outline.Sections[again]
		r.laps[again]++
		for n := again + 1; int(n) < len(r.laps) && r.Outline.Sections[n].First <= s.Last; n++ {
			r.laps[n] = 0
		}
		e.feed.unmark(s.First, s.Last)
	}
	for n := r.Outline.Rows[row].Section; n >= 0; n = r.Outline.Sections[n].Outer {
		r.laps[n] = max(r.laps[n], 1)
		e.feed.mark(r.Outline.Sections[n].First, Mark{Lap: r.laps[n]})
	}
	r.row = row
}

// hold waits until the script may go on. What is typed meanwhile goes out at
// once; what the server says meanwhile is shown at once, and is for the script:
// those of the replies that no typed line has asked for. They are kept up to a
// bound, beyond which the server is not listened to.
func (e *Engine) hold(ctx context.Context, r *Run, next lang.Item) (play.Step, error) {
	var replies []wire.Reply
	deaf := false // listening failed, and would fail again at once
	for {
		e.mu.Lock()
		e.look()
		switch {
		case ctx.Err() != nil:
			e.mu.Unlock()
			return play.Step{}, ctx.Err()
		case r.stop:
			e.mu.Unlock()
			return play.Step{}, play.ErrStopped
		case len(e.queue) > 0:
			q := e.queue[0]
			e.queue = e.queue[1:]
			e.mu.Unlock()
			if q.line != nil || q.paste != nil {
				e.said(ctx, q)
			}
			continue
		case r.steps > 0 || r.free:
			step := e.release(ctx, r, next, replies)
			e.mu.Unlock()
			return step, nil
		}
		e.now.Doing, e.now.Script.Phase = Holding, PhaseHeld
		e.feed.set(e.now)
		if !e.now.Connected || deaf || r.early >= mostEarly {
			e.mu.Unlock()
			select {
			case <-e.wake:
			case <-ctx.Done():
			}
			deaf = false
			continue
		}
		watch, stop := context.WithCancel(ctx)
		e.stopWatch = stop
		e.mu.Unlock()
		said, err := e.listen(watch)
		deaf = err != nil && watch.Err() == nil
		stop()
		replies = append(replies, said...)
		e.heard(r, said)
		e.settle()
	}
}

// heard counts what came while the script is held, and says when it was so much
// that no more is read.
func (e *Engine) heard(r *Run, said []wire.Reply) {
	if r.early += cost(said); r.early < mostEarly || r.full {
		return
	}
	r.full = true
	e.s.Note("the server says a lot that nothing has asked for: ehlo listens again when the script goes on")
}

// listen waits for what the server says, until ctx ends. It reads literally, as
// the script would.
func (e *Engine) listen(ctx context.Context) ([]wire.Reply, error) {
	e.listens = true
	defer func() { e.listens = false }()
	err := e.s.Do(ctx, session.Listen{For: listening})
	return e.s.Replies(), err
}

// judged takes what became of an item.
func (e *Engine) judged(o play.Outcome) {
	r := e.script
	r.here = false
	r.tally.Add(o)
	m := Mark{State: StateOK}
	if o.Mismatch != nil {
		m = Mark{State: StateFail, Why: "expected " + o.Mismatch.Expected + ", got " + o.Mismatch.Actual}
	}
	e.feed.mark(r.row, m)
}

// over tells how the script ended.
func (e *Engine) over(r *Run, err error, interrupted bool) {
	end := &End{How: EndedWell, Count: r.tally.String()}
	failure, _ := errors.AsType[*event.Error](err)
	e.mu.Lock()
	halted := r.stop || interrupted
	e.mu.Unlock()
	cut := failure != nil && failure.Kind == event.Interrupted // in the middle of something
	broken := failure != nil && failure.Kind != event.ExpectationFailed
	place := "in " + r.Outline.Place(r.row)
	if !r.ran {
		place = "before " + r.Outline.Place(r.row)
	}
	switch {
	case cut || halted:
		end.How, end.Count = stopped, r.tally.Until("stopped "+place)
	case broken:
		end.How, end.Count = EndedIll, r.tally.Until("an error "+place)
	case r.tally.Failed > 0:
		end.How = EndedIll
	}
	if cut || broken && r.here {
		e.feed.mark(r.row, Mark{State: StateFail, Why: failure.Message})
	}
	end.Text = r.Outline.Name + ": " + end.Count
	if end.Err = failure; cut || !broken {
		e.s.Note("%s", end.Text)
	}
	for n := r.section(); n >= 0; n = r.Outline.Sections[n].Outer {
		m := Mark{Lap: r.laps[n]}
		if end.How == EndedWell {
			m.State = StateOK
		}
		e.feed.mark(r.Outline.Sections[n].First, m)
	}
	e.mu.Lock()
	e.script = nil
	e.now.Script.Phase, e.now.Script.Stop, e.now.Script.End = PhaseEnded, false, end
	e.mu.Unlock()
	e.settle()
}

// section is the innermost one that the script is in, or -1.
func (r *Run) section() int32 {
	if r.row < 0 {
		return -1
	}
	return r.Outline.Rows[r.row].Section
}
