package engine

import (
	"context"
	"errors"

	"ehlo/session"
	"ehlo/session/flow"
)

// Posting is a message on its way. Its address tells it from others.
type Posting struct{ Letter flow.Letter }

// Posted is what became of the last one; of is nil where there was none.
type Posted struct {
	Of  *Posting
	Err error
}

// ErrNoSession is why nothing can be sent where there is no connection.
var ErrNoSession = errors.New("there is no session to send it in")

// Post takes a message to be sent in the open session, or says why that cannot
// be now.
func (e *Engine) Post(p *Posting) error {
	e.mu.Lock()
	now, script := e.now, e.script
	e.mu.Unlock()
	switch {
	case now.Doing == Opening:
		return errors.New("not connected yet: the session is being opened")
	case !now.Connected && script == nil:
		return ErrNoSession
	}
	return e.Do(func(ctx context.Context, s *session.Session, _ flow.Plan) { e.deliver(ctx, s, p) })
}

// deliver sends a message, and tells what became of it.
func (e *Engine) deliver(ctx context.Context, s *session.Session, p *Posting) {
	err := flow.SendHere(ctx, s, p.Letter)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now.Posted = Posted{p, err}
}
