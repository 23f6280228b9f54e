package tui

import (
	"context"
	"errors"
	"strings"
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

// request is one thing for the engine to do: one of these.
type request struct {
	line   *string    // send it
	text   bool       // it is message text, and nothing else
	group  []string   // or these commands, in one go
	plan   *flow.Plan // open a session by this plan
	host   string     // or with this exchanger of the route
	again  bool       // or with the server of the last connection
	script *scriptRun // play it
	bye    bool       // quit, and stop for good

	measure *flow.Measure // search for the maximum message size

	job     func(context.Context)  // anything else in the open session
	set     func(*session.Options) // for the connections that come
	setPlan func(*flow.Plan)
}

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

// send takes a line to be sent, or says why it does not. The lines of a message
// need no reply, so they may queue, up to its end; a command may not: the reply
// to the one before decides what the next line is. A message ends with a line
// that is only a dot, a chunk with its last octet; beyond is how many octets of
// the line are not of the chunk any more.
func (e *engine) send(line string) (beyond int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := e.now.inText && !e.dotted
	if err := e.refuse(text); err != nil {
		return 0, err
	}
	switch {
	case text && e.now.chunk > 0:
		if e.now.chunk -= octetsOf(line); e.now.chunk <= 0 {
			beyond = -e.now.chunk
			e.now.doing, e.now.chunk, e.now.inText = asking, 0, false
		}
	case !text || line == ".":
		e.now.doing, e.dotted = asking, text
	}
	e.put(request{line: &line, text: text})
	return beyond, nil
}

// sendGroup takes commands to be sent in one go, or says why it does not.
func (e *engine) sendGroup(lines []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refuse(false); err != nil {
		return err
	}
	e.now.doing = asking
	e.put(request{group: lines})
	return nil
}

// takesText says that the next line is message text.
func (e *engine) takesText() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now.inText && !e.dotted
}

// refuse says why a command, or a line of message text, cannot be sent now; mu
// is held.
func (e *engine) refuse(text bool) error {
	switch {
	case e.now.doing == opening:
		return errors.New("not connected yet: the session is being opened (ctrl+c stops that)")
	case e.now.doing == leaving:
		return errors.New("ehlo is leaving")
	case e.script != nil && (e.now.doing == playing || !e.script.waits()):
		return errors.New("the script goes on: esc, then space holds it")
	case !e.now.connected && e.script != nil:
		return errors.New("there is no connection; esc, then . goes on with the script")
	case !e.now.connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case !text && e.now.doing == holding && e.now.owes:
		return errors.New("the reply to the script's last command has still to come")
	case !text && (!e.now.doing.still() || len(e.queue) > 0):
		return errors.New("the reply to the line before is still awaited (ctrl+c stops waiting)")
	}
	return nil
}

// open asks for another session, or says why that cannot be now.
func (e *engine) open(r request) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.doing != idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	}
	e.now.doing = opening
	if r.script != nil {
		e.now.doing, e.now.script, e.script = playing, atStart(), r.script
	}
	e.put(r)
	return nil
}

// able says why nothing but a line can be done in the session now; nil: it
// can. mu is held.
func (e *engine) able() error {
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.doing == opening:
		return errors.New("the session is still being opened (ctrl+c stops that)")
	case !e.now.connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case e.now.inText:
		return errors.New("the server waits for message text: a line with only . ends it")
	case e.now.doing != idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	case e.now.owes:
		return errors.New("the server has still to answer the command before")
	}
	return nil
}

// do takes a job for the open session, or says why it cannot be done now.
func (e *engine) do(job func(context.Context)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	e.now.doing = asking
	e.put(request{job: job})
	return nil
}

// adjust changes what the next session is opened with.
func (e *engine) adjust(set func(*session.Options), plan func(*flow.Plan)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script != nil {
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	}
	if set != nil {
		e.put(request{set: set})
	}
	if plan != nil {
		e.put(request{setPlan: plan})
	}
	return nil
}

// leave ends what runs, quits politely and ends the engine; done tells when.
func (e *engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopWork != nil {
		e.stopWork()
	}
	if e.script != nil && e.script.stopAll != nil {
		e.script.stopAll()
	}
	e.queue = nil
	e.now.doing = leaving
	e.put(request{bye: true})
}

// interrupt ends what runs, and says whether anything did. Of a script it ends
// the item that runs; of one that is held, the script.
func (e *engine) interrupt() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r := e.script; {
	case r == nil:
	case e.now.doing == playing:
		r.interrupt(e.now.script.row >= 0)
		e.now.script.phase = phasePausing
		e.feed.set(e.now)
		return true
	case e.now.doing == holding:
		r.stop = true
		e.poke()
		return true
	}
	if e.stopWork == nil || e.now.doing == idle {
		return false
	}
	e.stopWork()
	return true
}

// put appends to the queue; mu is held.
func (e *engine) put(r request) {
	e.queue = append(e.queue, r)
	e.feed.set(e.now)
	e.poke()
}

// poke ends the watching, so that the engine looks what there is to do; mu is
// held.
func (e *engine) poke() {
	if e.stopWatch != nil {
		e.stopWatch()
	}
	select {
	case e.wake <- struct{}{}:
	default:
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

// reopen opens another session.
func (e *engine) reopen(ctx context.Context, r request) {
	e.hangUp(ctx)
	if r.plan != nil {
		e.plan = *r.plan
		_ = e.connect(ctx, e.plan, 0)
		return
	}
	if e.stale && e.plan.Only == nil {
		if e.stale = false; flow.Route(ctx, e.s, e.plan) != nil {
			return
		}
	}
	chosen := e.choose(r)
	if len(chosen) == 0 && !r.again {
		// A script has gone elsewhere since the list was made.
		if flow.Route(ctx, e.s, e.plan) != nil {
			return
		}
		chosen = e.choose(r)
	}
	if len(chosen) == 0 {
		_ = e.connect(ctx, e.plan, 0)
		return
	}
	// Each address of the exchanger until one answers, as a flow does it over
	// all of them.
	for i, c := range chosen {
		plan := e.plan
		plan.Only = &c
		failure, ok := errors.AsType[*event.Error](e.connect(ctx, plan, len(chosen)-1-i))
		if !ok || failure.Stage != event.Connect && failure.Stage != event.Banner && failure.Kind != event.Skipped {
			return
		}
	}
}

// choose are the places that the session knows and a request asks for.
func (e *engine) choose(r request) (chosen []session.Candidate) {
	for _, c := range e.s.Candidates() {
		if r.again && c.Name() == e.last.Host && c.Address == e.last.Address || !r.again && sameHost(c.Name(), r.host) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// hangUp ends the connection, if there is one: by QUIT, unless that would be
// taken for message text.
func (e *engine) hangUp(ctx context.Context) {
	if !e.s.Connected() {
		return
	}
	if !e.s.InText() {
		limited, stop := context.WithTimeout(ctx, farewell)
		_ = e.s.Do(limited, session.Command{Line: []byte("QUIT")})
		stop()
	}
	if e.s.Connected() {
		_ = e.s.Do(context.WithoutCancel(ctx), session.Close{})
	}
}
