// Package engine is what works behind the screen. The Engine owns the session: one
// goroutine does with it what is asked for, one thing after another, and watches
// the connection between them. The Feed keeps what the session tells until the
// screen takes it, and holds the session back where the screen does not keep up.
// The Prober looks at every address of a target, in sessions of its own.
//
// What asks (Send, Open, Do, Measure and the like) may be called from any
// goroutine and does not wait: it says at once why something cannot be done now,
// or puts it into the queue. Whatever runs can be ended by Interrupt.
package engine

import (
	"context"
	"sync"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// Farewell is how long the reply to QUIT is waited for on leaving.
const Farewell = 2 * time.Second

// Engine owns the session: one goroutine does everything with it, in the order
// of the requests, and watches the connection between them, so that what the
// server says without being asked is seen at once.
type Engine struct {
	s       *session.Session
	feed    *Feed
	plan    flow.Plan
	last    event.Connecting // where the last attempt went
	pasting *Pasting         // what is being sent, or nil
	// listens says that a script is held and the server is listened to.
	listens bool
	stale   bool // the candidates were found with other settings
	sizing  flow.Sizing
	intro   []string
	Done    chan struct{} // closed when run has ended

	mu        sync.Mutex
	queue     []Request
	wake      chan struct{}      // holds one: there is a request
	stopWork  context.CancelFunc // ends what runs; nil: nothing runs
	skip      context.CancelFunc // ends the attempt at one address; nil: there is none
	stopWatch context.CancelFunc // ends the watching; nil: nobody watches
	script    *Run               // that is being played, or nil
	now       Status
	dotted    bool // the end of the message is in the queue, or its reply is awaited
}

// Options are what an engine needs.
type Options struct {
	Session session.Options // Sink is not called
	Plan    flow.Plan       // what to open at the start
	Intro   []string        // notes at the start
}

// Status is what the engine does now.
func (e *Engine) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now
}

// New makes an engine that opens a session at its start, or plays a
// script: first, if there is one.
func New(o Options, f *Feed, first *Run) *Engine {
	e := &Engine{
		feed: f, plan: o.Plan, intro: o.Intro,
		wake: make(chan struct{}, 1), Done: make(chan struct{}),
		now: Status{Doing: Opening},
	}
	if first != nil {
		e.script, e.now = first, Status{Doing: Playing, Script: atStart()}
	}
	opt := o.Session
	opt.Sink = func(x event.Event) {
		if _, waits := x.(event.Waiting); waits && e.listens {
			return // the script is held: nobody waits for the server
		}
		if c, ok := x.(event.Connecting); ok {
			e.last = c
		}
		e.hear(x)
		f.sink(x)
	}
	e.s = session.New(opt)
	f.set(e.now)
	return e
}

// hear sees what an event of the session changes: whether a line of a login is
// asked for, whether more replies are due, whether a transaction is open. Replies
// come while the connection is watched, too.
func (e *Engine) hear(x event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pasting != nil {
		e.pasting.heard(x)
	}
	before := e.now
	e.now.Asked, e.now.Over = AsksSecret(e.now.Asked, x), over(e.now.Over, x)
	if _, replied := x.(event.Reply); replied {
		e.now.Owes, e.now.mailing = e.s.Due() > 0, e.mailing()
	}
	if e.now != before {
		e.feed.set(e.now)
	}
}

// Run does what is asked for until it is told to leave or ctx ends.
func (e *Engine) Run(ctx context.Context) {
	defer close(e.Done)
	for _, note := range e.intro {
		e.s.Note("%s", note)
	}
	if e.script != nil {
		e.play(ctx, e.script)
	} else {
		e.work(ctx, func(ctx context.Context) { _ = e.connect(ctx, e.plan, 0) })
	}
	for {
		r, ok := e.next(ctx)
		switch {
		case !ok:
			return
		case r.bye:
			e.hangUp(ctx)
			return
		case r.line != nil || r.paste != nil:
			e.said(ctx, r)
		case r.Script != nil:
			e.play(ctx, r.Script)
		case r.job != nil:
			e.work(ctx, func(ctx context.Context) { r.job(ctx, e.s, e.plan) })
		case r.set != nil:
			e.s.Adjust(r.set)
			e.stale = true
			e.settle()
		case r.setPlan != nil:
			r.setPlan(&e.plan)
			e.aim(e.plan, false)
			e.stale = true
			e.settle()
		case r.measure != nil:
			e.work(ctx, func(ctx context.Context) { e.search(ctx, *r.measure) })
		default:
			e.work(ctx, func(ctx context.Context) { e.reopen(ctx, r) })
		}
	}
}

// next waits for a request, and watches the connection meanwhile.
func (e *Engine) next(ctx context.Context) (Request, bool) {
	for ctx.Err() == nil {
		e.mu.Lock()
		if len(e.queue) > 0 {
			r := e.queue[0]
			e.queue = e.queue[1:]
			e.mu.Unlock()
			return r, true
		}
		if !e.s.Connected() {
			e.mu.Unlock()
			select {
			case <-e.wake:
			case <-ctx.Done():
			}
			continue
		}
		watch, stop := context.WithCancel(ctx)
		e.stopWatch = stop
		e.mu.Unlock()
		_ = e.s.Do(watch, session.Watch{})
		stop()
		e.settle()
	}
	return Request{}, false
}

// settle tells what the session is in after something was done.
func (e *Engine) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopWork, e.stopWatch, e.skip, e.now.Left = nil, nil, nil, 0
	e.look()
	if len(e.queue) == 0 && e.now.Doing != leaving {
		e.now.Doing = Idle
		if e.script != nil {
			e.now.Doing = Holding
		}
	}
	e.feed.set(e.now)
}

// look sees what the session is in; mu is held.
func (e *Engine) look() {
	e.now.Connected, e.now.InText, e.now.Owes = e.s.Connected(), e.s.InText(), e.s.Due() > 0
	e.now.mailing = e.mailing()
	if !e.now.InText {
		e.dotted = false
	}
	if e.now.Chunk = e.s.Chunk(); e.now.Chunk == 0 {
		return
	}
	for _, q := range e.queue {
		if q.text {
			e.now.Chunk -= octetsOf(*q.line)
		}
	}
	if e.now.Chunk <= 0 {
		e.now.Chunk, e.now.InText = 0, false // what completes it is in the queue
	}
}

// octetsOf is what a line takes on the wire.
func octetsOf(line string) int64 { return int64(len(line) + len("\r\n")) }

// work does one thing that ctrl+c may end.
func (e *Engine) work(ctx context.Context, do func(context.Context)) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	e.mu.Lock()
	e.stopWork = stop
	if e.now.Doing == leaving {
		stop()
	}
	was := e.now.Doing
	e.mu.Unlock()
	do(working)
	if working.Err() != nil && ctx.Err() == nil && was == Asking && e.s.Connected() && !e.s.Unanswered() {
		e.s.Note("no longer waited for: the reply is shown when it comes")
	}
	e.settle()
}

// said sends what the person has typed or pasted. What was typed as message text
// is never sent as a command.
func (e *Engine) said(ctx context.Context, r Request) {
	e.work(ctx, func(ctx context.Context) {
		switch {
		case r.paste != nil:
			e.paste(ctx, r.paste)
		case r.text && !e.s.InText():
			e.s.Note("not sent, the server takes no message text any more: %s", *r.line)
		default:
			e.say(ctx, []string{*r.line})
		}
	})
}

// say sends a line, or several commands in one go.
func (e *Engine) say(ctx context.Context, lines []string) {
	if len(lines) == 1 {
		_ = e.s.Do(ctx, flow.Typed(e.s, lines[0]))
		return
	}
	group := session.Group{}
	for _, l := range lines {
		group.Lines = append(group.Lines, []byte(l))
	}
	_ = e.s.Do(ctx, group)
}
