package engine

import (
	"context"
	"errors"
	"strings"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// connect opens a session by a plan; more addresses are still to be tried when
// those of the plan did not answer.
func (e *Engine) connect(ctx context.Context, plan flow.Plan, more int) error {
	plan.Attempt = func(ctx context.Context, left int) (context.Context, context.CancelFunc) {
		one, skip := context.WithCancel(ctx)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.skip, e.now.Left = skip, left+more
		e.feed.set(e.now)
		return one, skip
	}
	_, err := flow.Open(ctx, e.s, plan)
	return err
}

// Pass gives the present address up, so that the next one is tried. It says
// whether there was one to give up.
func (e *Engine) Pass() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now.Doing != Opening || e.skip == nil || e.now.Left == 0 {
		return false
	}
	e.skip()
	e.skip = nil
	return true
}

// reopen opens another session. The one before ends when it is known where the
// other is: it goes on where the look-up fails.
func (e *Engine) reopen(ctx context.Context, r Request) {
	plan := e.plan
	if r.Plan != nil {
		plan = *r.Plan
	}
	if !e.s.Connected() {
		e.plan = plan
	}
	e.aim(plan, r.Plan != nil && e.s.Connected())
	if (r.Plan != nil || e.stale) && plan.Only == nil && flow.Route(ctx, e.s, plan) != nil {
		e.aim(e.plan, false)
		return
	}
	e.stale = e.stale && plan.Only != nil
	chosen := e.choose(r)
	if len(chosen) == 0 && r.Host != "" && plan.Only == nil {
		// A script has gone elsewhere since the list was made.
		if flow.Route(ctx, e.s, plan) != nil {
			return
		}
		chosen = e.choose(r)
	}
	e.hangUp(ctx)
	e.plan = plan
	if e.aim(plan, false); len(chosen) == 0 {
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

// aim tells how the session is opened.
func (e *Engine) aim(plan flow.Plan, seeking bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now.Plan, e.now.Seeking = &plan, seeking
	e.feed.set(e.now)
}

// choose are the places that the session knows and a request asks for.
func (e *Engine) choose(r Request) (chosen []session.Candidate) {
	for _, c := range e.s.Candidates() {
		if r.Plan != nil || r.Again && c.Name() == e.last.Host && c.Address == e.last.Address || r.Host != "" && SameHost(c.Name(), r.Host) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// SameHost says that two names are those of one host.
func SameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// hangUp ends the connection, if there is one: by QUIT, unless that would be
// taken for message text.
func (e *Engine) hangUp(ctx context.Context) {
	if !e.s.Connected() {
		return
	}
	if !e.s.InText() {
		limited, stop := context.WithTimeout(ctx, Farewell)
		_ = e.s.Do(limited, session.Command{Line: []byte("QUIT")})
		stop()
	}
	if e.s.Connected() {
		_ = e.s.Do(context.WithoutCancel(ctx), session.Close{})
	}
}
