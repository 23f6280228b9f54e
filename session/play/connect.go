package play

import (
	"context"
	"errors"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/script"
)

// connect opens a connection to the target of @connect, or to the one of the
// run: to the first of its addresses that takes it. The connection before it
// ends without QUIT; the script says QUIT where it wants one.
func (p *player) connect(ctx context.Context, i script.Connect) error {
	if len(p.held) > 0 {
		if err := p.flush(ctx, i.Position); err != nil {
			return err
		}
	}
	if p.s.Connected() {
		if err := p.lost(p.s.Do(ctx, session.Close{})); err != nil {
			return err
		}
	}
	p.opened, p.connected, p.quit, p.binary, p.silent, p.mute = true, true, false, false, false, 0
	p.replies = nil
	plan, err := p.plan(i)
	if err != nil {
		return err
	}
	candidates, err := p.candidates(ctx, plan)
	if err != nil {
		return err
	}
	var last error
	for _, c := range candidates {
		if last = p.s.Do(ctx, session.Connect{Candidate: c}); last == nil {
			p.here(plan.Target)
			if err := flow.Verified(p.s, plan); err != nil {
				return err
			}
			return nil
		}
		e, ok := errors.AsType[*event.Error](last)
		if !ok || e.Stage != event.Connect {
			return last
		}
	}
	return last
}

// plan is where a @connect leads.
func (p *player) plan(i script.Connect) (flow.Plan, error) {
	plan := p.o.Plan
	text, err := i.Target.Expand(p.vars)
	if err != nil {
		return plan, p.wrong(err)
	}
	if len(text) == 0 {
		return plan, nil
	}
	target, err := session.ParseTarget(string(text))
	if err != nil {
		return plan, p.wrong(&script.Error{Position: i.Target.Pos, Message: err.Error(), Err: err})
	}
	if p.o.Here || plan.Only != nil {
		if string(text) != plan.Target.Text {
			p.s.Note("@connect %s leads to %s here", text, plan.Target.Text)
		}
		plan.Target = plan.Target.As(target)
		return plan, nil
	}
	plan.Target = target
	if target.Port != 0 {
		plan.Port = 0
	}
	return plan, nil
}

// candidates are the addresses of the plan's target. Those that the session
// knows already are not looked up again: a script may connect a thousand times.
func (p *player) candidates(ctx context.Context, plan flow.Plan) ([]session.Candidate, error) {
	if plan.Only != nil {
		return []session.Candidate{*plan.Only}, nil
	}
	if p.routed != plan.Target {
		if err := flow.Route(ctx, p.s, plan); err != nil {
			return nil, err
		}
		p.routed = plan.Target
	}
	return p.s.Candidates(), nil
}
