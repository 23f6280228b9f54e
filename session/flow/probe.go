package flow

import (
	"context"
	"sync"

	"ehlo/internal/crash"
	"ehlo/session"
	"ehlo/session/event"
)

// Probe opens a session and quits: nothing but the greeting and EHLO.
func Probe(ctx context.Context, s *session.Session, p Plan) error {
	stopped, err := Open(ctx, s, p)
	if err != nil || stopped {
		return err
	}
	Leave(ctx, s, p)
	return ctx.Err()
}

// together is how many addresses All talks to at the same time.
const together = 32

// All finds the servers of the plan's target with s and runs do with every
// address of every exchanger at the same time, each in a session of its own
// made by open. open is called in the order of the candidates, one call at a
// time; done with the result of each as it ends, one call at a time. The
// returned error is that of the look-up, or of the first candidate, in their
// order, that failed. A panic of do or done is one of All, and ends the others.
func All(ctx context.Context, s *session.Session, p Plan,
	open func(int, session.Candidate) *session.Session,
	do func(context.Context, *session.Session, Plan) error,
	done func(int, error),
) error {
	if err := Route(ctx, s, p); err != nil {
		return err
	}
	candidates := s.Candidates()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu    sync.Mutex
		wg    = crash.Group{Crashed: stop}
		errs  = make([]error, len(candidates))
		slots = make(chan struct{}, together)
	)
	for i, c := range candidates {
		one := open(i, c)
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			plan := p
			plan.Only = &c
			err := do(ctx, one, plan)
			mu.Lock()
			defer mu.Unlock()
			errs[i] = err
			done(i, err)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Route finds the servers of the plan's target; that there is none is an
// error.
func Route(ctx context.Context, s *session.Session, p Plan) error {
	if err := s.Do(ctx, Resolution(p)); err != nil {
		interrupted(ctx, s)
		return err
	}
	if len(s.Candidates()) == 0 {
		return noAddress(s, p)
	}
	return nil
}

// noAddress is the end of a route that leads nowhere.
func noAddress(s *session.Session, p Plan) error {
	return s.Fail(event.Errorf(event.NoAddress, event.Lookup, "%s has no address of the wanted family", p.Target.Text))
}
