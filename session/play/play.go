// Package play is the client's side of a script: what it says is sent, what it
// expects is compared with what comes.
//
// A script becomes the actions of a session, one item after another: C: lines
// are collected and go out in one write before the next S: is awaited; a
// directive that talks or waits sends them too. Replies are taken in the order
// in which they come, each by one group of S: lines. Nothing is sent that the
// script does not say, but for the QUIT of a script whose expectation failed,
// and nothing is sent twice.
//
// Run ends at the first expectation that does not come true, unless it is told
// to go on. Its errors are *event.Error: of kind expectation_failed where the
// server did not do as the script says, else what kept an item from being
// carried out, or the error of the context.
//
// A Gate is asked before each item: that is the debugger's step.
package play

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// Options are what Run needs: Script, and a Plan.
type Options struct {
	Script *script.Script
	// Plan is where the script connects, and how it logs in. Its target may be
	// empty where each @connect has its own.
	Plan flow.Plan
	// Here makes Plan's target that of every @connect, so that a recording can
	// be played against another server.
	Here bool
	// Open goes on with the session's connection, if there is one, where the
	// script does not begin with @connect.
	Open bool

	Vars      map[string]string // what the person has set: it wins over all else
	Known     map[string]string // what the caller knows of the variables of Names
	KeepGoing bool              // behind an expectation that failed
	Codes     bool              // the codes of replies are compared, not their texts

	Gate Gate             // nil: nothing is held
	Done func(Outcome)    // is told of each item, or nil
	Now  func() time.Time // nil: time.Now
}

// Outcome is what became of an item.
type Outcome struct {
	Item     script.Item
	Expects  bool             // it has an expectation: S:, @reply, @expect, @assert, @capture
	Mismatch *script.Mismatch // nil: it came true
	Elapsed  time.Duration
}

// farewell is how long a server is waited for after the script has failed.
const farewell = 5 * time.Second

// Run plays the script with s.
func Run(ctx context.Context, s *session.Session, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &player{o: o, s: s, vars: variables(o), set: map[string]bool{}}
	if err := p.check(); err != nil {
		return s.Fail(err)
	}
	if o.Open && s.Connected() {
		p.opened, p.connected = true, true
		p.here(o.Plan.Target)
		if greeted(o.Script) {
			p.replies = append(p.replies, s.Greeting()) // it came already
		}
	}
	// What @timeout says is for the script.
	before := s.Timeouts()
	defer func() { _ = s.Do(context.WithoutCancel(ctx), session.Limit{Timeouts: before}) }()
	err := p.start(ctx)
	if err == nil {
		err = p.items(ctx, o.Script.Items)
	}
	return p.end(ctx, err)
}

// player is where a script is.
type player struct {
	o    Options
	s    *session.Session
	vars map[string]string
	set  map[string]bool // by the script
	held []session.Piece // collected, not sent yet
	size int             // octets of held

	opened    bool           // it has had a connection
	connected bool           // it has one, as far as the script knows
	routed    session.Target // whose servers the session knows
	replies   []wire.Reply   // they have come, and no S: line has taken them
	last      wire.Reply     // that was taken
	heard     bool           // by the present item
	took      time.Duration  // it, from its command
	stage     event.Stage    // it belongs there
	wait      time.Duration  // what @timeout said; 0: nothing
	quit      bool           // the last command is QUIT
	binary    bool           // MAIL had BODY=BINARYMIME
	skipping  skip           // what is left out after a failure
	failures  int            //
	first     *event.Error   // the first of them
	silent    bool           // the server did not answer in time
	mute      int            // how often that was, on this connection
}

// skip is what a script that goes on behind a failure leaves out.
type skip uint8

const (
	nothing    skip = iota
	theMessage      // up to the reply to its end: the server did not ask for it
	allOfIt         // up to @connect: there is no connection
)

// errMismatch travels up from an expectation that failed; what it was is told
// already.
var errMismatch = errors.New("an expectation failed")

// greeted says that a script begins with what a server says of itself.
func greeted(s *script.Script) (yes bool) {
	s.All(func(i script.Item) bool {
		switch i.(type) {
		case script.Server, script.Reply:
			yes = true
			return false
		case script.Comment, script.Set, script.Timeout, script.Repeat, script.Include:
			return true
		}
		return false
	})
	return yes
}

// start connects where the script does not say where it does.
func (p *player) start(ctx context.Context) error {
	if p.connected {
		return nil
	}
	for i := range p.o.Script.All {
		if _, ok := i.(script.Connect); ok {
			return nil // or at the first item that talks
		}
	}
	return p.connect(ctx, script.Connect{Position: script.Position{File: p.o.Script.Name, Line: 1}})
}

func (p *player) items(ctx context.Context, items []script.Item) error {
	for n := 0; n < len(items); n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		item, rest := items[n], items[n+1:]
		if _, comment := item.(script.Comment); comment {
			continue
		}
		var err error
		switch i := item.(type) {
		case script.Repeat:
			idle := script.Idle(i.Items) // a million times nothing takes no time
			for k := 0; k < i.Times && err == nil && !idle; k++ {
				err = p.items(ctx, i.Items)
			}
		case script.Include:
			err = p.items(ctx, i.Items)
		case script.Reply:
			var more int
			i, more = joined(i, rest)
			err = p.gated(ctx, i, rest[more:])
			n += more
		default:
			err = p.gated(ctx, item, rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// joined is a @reply with those behind it: together they are what the server
// says. more is how many items that were.
func joined(i script.Reply, rest []script.Item) (all script.Reply, more int) {
	var octets strings.Builder
	octets.WriteString(i.Octets)
loop:
	for n, next := range rest {
		switch next := next.(type) {
		case script.Comment:
		case script.Reply:
			octets.WriteString(next.Octets)
			more = n + 1
		default:
			break loop
		}
	}
	i.Octets = octets.String()
	return i, more
}

// left says that an item is left out, because of a failure before it.
func (p *player) left(item script.Item) bool {
	switch p.skipping {
	case theMessage:
		switch item.(type) {
		case script.Client, script.Raw, script.Data:
			return true
		}
		p.skipping = nothing
		switch item.(type) {
		case script.Server, script.Reply:
			return true // that reply does not come either
		}
	case allOfIt:
		if _, ok := item.(script.Connect); !ok {
			return true
		}
		p.skipping = nothing
	}
	return false
}

// item carries out one item and judges it.
func (p *player) item(ctx context.Context, item script.Item, rest []script.Item) error {
	began := p.o.Now()
	p.heard = false
	mismatch, err := p.do(ctx, item, rest)
	stopped := errors.Is(err, ErrStopped) // by the plan, behind an item that went well
	if err != nil && !stopped {
		return err
	}
	if p.o.Done != nil {
		p.o.Done(Outcome{item, expects(item), mismatch, p.o.Now().Sub(began)})
	}
	if mismatch == nil {
		return err
	}
	p.failures++
	failure := event.Errorf(event.ExpectationFailed, event.ScriptRun, "%s", mismatch)
	failure.Lines = mismatch.Lines()
	if p.heard {
		reply := p.last
		failure.Reply = &reply
	}
	if p.first == nil {
		p.first = failure
	}
	_ = p.s.Fail(failure)
	if !p.o.KeepGoing {
		return errMismatch
	}
	if p.mute > 1 && p.s.Connected() {
		// Each further reply would cost the whole wait again.
		p.s.Note("the server is silent: what follows on this connection is left out")
		_ = p.s.Do(ctx, session.Close{})
	}
	if !p.s.Connected() {
		p.skipping, p.connected = allOfIt, false
	} else if wantsText(item) && !p.s.InText() {
		p.skipping = theMessage
	}
	return nil
}

func expects(item script.Item) bool {
	switch item.(type) {
	case script.Server, script.Reply, script.ExpectClose, script.ExpectSilence, script.Assert, script.Capture:
		return true
	}
	return false
}

// wantsText says that an item expects the server to ask for a message.
func wantsText(item script.Item) bool {
	s, ok := item.(script.Server)
	return ok && s.Code() == "354"
}

// end is the end of the script, however it came.
func (p *player) end(ctx context.Context, err error) error {
	if err == nil {
		err = p.rest(ctx)
	}
	switch {
	case p.o.Open && p.s.Connected() && !p.quit && !unverified(err):
		// The session is not the script's: it goes on.
		if p.first == nil && !errors.Is(err, ErrStopped) {
			return err
		}
		return p.verdict()
	case ctx.Err() != nil:
		flow.Leave(ctx, p.s, p.o.Plan)
		return ctx.Err()
	case p.first != nil:
		p.leave(ctx)
		if err != nil && !errors.Is(err, errMismatch) && !errors.Is(err, ErrStopped) {
			p.first.Message += "; what ended it: " + err.Error()
			p.first.Err = err
		}
		return p.verdict()
	case err == nil, errors.Is(err, ErrStopped):
		_ = p.hangUp(ctx, script.Position{}, session.Close{Gently: true})
		return nil
	}
	flow.Leave(ctx, p.s, p.o.Plan)
	return err
}

// unverified says that the plan wants no session with this server.
func unverified(err error) bool {
	e, ok := errors.AsType[*event.Error](err)
	return ok && e.Kind == event.TLSUnverified
}

// rest sends what is still collected, and shows the replies that the server owes
// and the script does not ask for. That it gives none is no failure.
func (p *player) rest(ctx context.Context) error {
	if !p.opened {
		return nil // a script of comments
	}
	if err := p.flush(ctx, script.Position{}); err != nil {
		return err
	}
	limit := min(farewell, p.timeout())
	for due := p.s.Due(); p.s.Connected() && due > 0; due = p.s.Due() {
		if err := p.s.Do(ctx, session.Listen{For: limit}); err != nil {
			return p.lost(err)
		}
		if p.s.Due() == due {
			return nil // it is silent
		}
	}
	return nil
}

// verdict is the first failure, or nil.
func (p *player) verdict() error {
	if p.first == nil {
		return nil
	}
	if p.failures == 1 {
		return p.first
	}
	e := *p.first
	e.Message = fmt.Sprintf("%s (and %d more)", e.Message, p.failures-1)
	return &e
}

// leave quits after a failure, as politely as the state of the session lets it.
func (p *player) leave(ctx context.Context) {
	p.held = nil
	if !p.s.Connected() {
		return
	}
	if p.quit {
		_ = p.s.Do(ctx, session.Close{})
		return
	}
	limit := min(farewell, p.timeout())
	_ = p.s.Do(ctx, session.LimitAll(limit))
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for p.s.Connected() && p.s.Due() > 0 && !p.silent {
		if p.s.Do(limited, session.Next{}) != nil {
			break
		}
	}
	if p.s.Connected() && p.s.Due() > 0 && !p.s.InText() && ctx.Err() == nil {
		// It owes a reply and does not give it. QUIT is said all the same.
		_ = p.s.Do(ctx, session.Put{Pieces: []session.Piece{{Octets: []byte("QUIT")}}})
		_ = p.s.Do(ctx, session.Close{Gently: true})
		return
	}
	flow.Leave(ctx, p.s, p.o.Plan)
}

// Line is an item in one line, for a person: of a group of S: lines the last,
// which has the code.
func Line(i script.Item) string {
	lines := script.Lines(i)
	if _, ok := i.(script.Server); ok {
		return lines[len(lines)-1]
	}
	return lines[0]
}
