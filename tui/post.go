package tui

import (
	"context"
	"errors"

	"ehlo/session/flow"
)

// posting is a message on its way. Its address tells it from others.
type posting struct{ letter flow.Letter }

// posted is what became of the last one; of is nil where there was none.
type posted struct {
	of  *posting
	err error
}

// errNoSession is why nothing can be sent where there is no connection.
var errNoSession = errors.New("there is no session to send it in")

// post takes a message to be sent in the open session, or says why that cannot
// be now.
func (e *engine) post(p *posting) error {
	e.mu.Lock()
	now, script := e.now, e.script
	e.mu.Unlock()
	switch {
	case now.doing == opening:
		return errors.New("not connected yet: the session is being opened")
	case !now.connected && script == nil:
		return errNoSession
	}
	return e.do(func(ctx context.Context) { e.deliver(ctx, p) })
}

// deliver sends a message, and tells what became of it.
func (e *engine) deliver(ctx context.Context, p *posting) {
	err := flow.SendHere(ctx, e.s, p.letter)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now.posted = posted{p, err}
}
