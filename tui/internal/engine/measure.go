package engine

import (
	"context"
	"errors"

	"ehlo/session/flow"
)

// search searches for the maximum message size in the open session.
func (e *Engine) search(ctx context.Context, what flow.Measure) {
	_, _ = e.sizing.Here(ctx, e.s, what)
	if ctx.Err() != nil && e.s.Connected() {
		e.s.Note("the last MAIL of the search may have opened a transaction: RSET ends it, and S says that first")
	}
}

// mailing says that a transaction is open which is not of a search's making.
func (e *Engine) mailing() bool { return e.s.Mailing() && !e.sizing.Ours(e.s) }

// Measure takes a search, or says why there can be none now.
func (e *Engine) Measure(what flow.Measure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	if e.now.mailing {
		return errors.New("a transaction is open (MAIL): RSET first, which ends it")
	}
	e.now.Doing = Asking
	e.put(Request{measure: &what})
	return nil
}
