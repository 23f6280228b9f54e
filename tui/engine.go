package tui

import (
	"context"
	"sync"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// doing is what the engine does.
type doing uint8

const (
	idle    doing = iota // watching the connection, if there is one
	opening              // look-up, connection, greeting, EHLO, TLS
	asking               // a line was sent and its reply is awaited
	playing              // a script goes on
	holding              // a script waits for the person
	leaving              // QUIT
)

// still says that nothing is under way.
func (d doing) still() bool { return d == idle || d == holding }

// farewell is how long the reply to QUIT is waited for on leaving.
const farewell = 2 * time.Second

// engine owns the session: one goroutine does everything with it, in the order
// of the requests, and watches the connection between them, so that what the
// server says without being asked is seen at once.
type engine struct {
	s    *session.Session
	feed *feed
	plan flow.Plan
	last event.Connecting // where the last attempt went
	// listens says that a script is held and the server is listened to.
	listens bool
	stale   bool // the candidates were found with other settings
	sizing  flow.Sizing
	intro   []string
	done    chan struct{} // closed when run has ended

	mu        sync.Mutex
	queue     []request
	wake      chan struct{}      // holds one: there is a request
	stopWork  context.CancelFunc // ends what runs; nil: nothing runs
	skip      context.CancelFunc // ends the attempt at one address; nil: there is none
	stopWatch context.CancelFunc // ends the watching; nil: nobody watches
	script    *scriptRun         // that is being played, or nil
	now       status
	dotted    bool // the end of the message is in the queue, or its reply is awaited
}

// newEngine makes an engine that opens a session at its start, or plays a
// script: first, if there is one.
func newEngine(o Options, f *feed, first *scriptRun) *engine {
	e := &engine{
		feed: f, plan: o.Plan, intro: o.Intro,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		now: status{doing: opening},
	}
	if first != nil {
		e.script, e.now = first, status{doing: playing, script: atStart()}
	}
	opt := o.Session
	opt.Sink = func(x event.Event) {
		if _, waits := x.(event.Waiting); waits && e.listens {
			return // the script is held: nobody waits for the server
		}
		if c, ok := x.(event.Connecting); ok {
			e.last = c
		}
		f.sink(x)
		if _, replied := x.(event.Reply); replied {
			e.answered()
		}
	}
	e.s = session.New(opt)
	f.set(e.now)
	return e
}

// answered sees whether more replies are due, and whether a transaction is open;
// replies come while the connection is watched, too.
func (e *engine) answered() {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.now
	e.now.owes, e.now.mailing = e.s.Due() > 0, e.mailing()
	if e.now.owes != before.owes || e.now.mailing != before.mailing {
		e.feed.set(e.now)
	}
}

// run does what is asked for until it is told to leave or ctx ends.
func (e *engine) run(ctx context.Context) {
	defer close(e.done)
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
		case r.line != nil || r.group != nil:
			e.work(ctx, func(ctx context.Context) { e.say(ctx, r) })
		case r.script != nil:
			e.play(ctx, r.script)
		case r.job != nil:
			e.work(ctx, r.job)
		case r.set != nil:
			e.s.Adjust(r.set)
			e.stale = true
			e.settle()
		case r.setPlan != nil:
			r.setPlan(&e.plan)
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
func (e *engine) next(ctx context.Context) (request, bool) {
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
	return request{}, false
}

// settle tells what the session is in after something was done.
func (e *engine) settle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopWork, e.stopWatch, e.skip, e.now.left = nil, nil, nil, 0
	e.look()
	if len(e.queue) == 0 && e.now.doing != leaving {
		e.now.doing = idle
		if e.script != nil {
			e.now.doing = holding
		}
	}
	e.feed.set(e.now)
}

// look sees what the session is in; mu is held.
func (e *engine) look() {
	e.now.connected, e.now.inText, e.now.owes = e.s.Connected(), e.s.InText(), e.s.Due() > 0
	e.now.mailing = e.mailing()
	if !e.now.inText {
		e.dotted = false
	}
	if e.now.chunk = e.s.Chunk(); e.now.chunk == 0 {
		return
	}
	for _, q := range e.queue {
		if q.text {
			e.now.chunk -= octetsOf(*q.line)
		}
	}
	if e.now.chunk <= 0 {
		e.now.chunk, e.now.inText = 0, false // what completes it is in the queue
	}
}

// octetsOf is what a line takes on the wire.
func octetsOf(line string) int64 { return int64(len(line) + len("\r\n")) }

// work does one thing that ctrl+c may end.
func (e *engine) work(ctx context.Context, do func(context.Context)) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	e.mu.Lock()
	e.stopWork = stop
	if e.now.doing == leaving {
		stop()
	}
	was := e.now.doing
	e.mu.Unlock()
	do(working)
	if working.Err() != nil && ctx.Err() == nil && was == asking && e.s.Connected() && !e.s.Unanswered() {
		e.s.Note("no longer waited for: the reply is shown when it comes")
	}
	e.settle()
}

// say sends a line as it was typed, or several commands. What was typed as
// message text is never sent as a command, and no command as message text.
func (e *engine) say(ctx context.Context, r request) {
	switch {
	case r.group != nil && e.s.InText():
		e.s.Note("not sent, the server waits for message text: %s", count(len(r.group), "command"))
	case r.group != nil:
		lines := make([][]byte, len(r.group))
		for i, l := range r.group {
			lines[i] = []byte(l)
		}
		_ = e.s.Do(ctx, session.Group{Lines: lines})
	case r.text && !e.s.InText():
		e.s.Note("not sent, the server takes no message text any more: %s", *r.line)
	default:
		_ = e.s.Do(ctx, flow.Typed(e.s, *r.line))
	}
}
