package play

import (
	"context"
	"errors"
	"time"

	"ehlo/internal/crash"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// Gate is asked before each item is carried out, comments aside. It may hold
// the script by not returning, and do other things with the session meanwhile.
// ErrStopped or another error ends the script.
type Gate func(ctx context.Context, next script.Item) (Step, error)

// Step is what a Gate lets happen.
type Step struct {
	// Items are carried out: the next one, others in its place, or none.
	Items []script.Item
	// Now sends each C: line at once, and not together with the next.
	Now bool
	// Again asks the gate once more for the same item behind that.
	Again bool
	// Replies are those that were read while the script was held and that no
	// typed line has asked for: the S: lines that follow take them.
	Replies []wire.Reply
	// Left is told, behind the items, which replies have come and were not taken
	// by any S: line; nil: nobody asks.
	Left func([]wire.Reply)
	// Context bounds the items; nil: that of Run does. Where it ends before an
	// item is carried out, the gate is asked for it once more, unless a part of
	// it went out: of a message, a login, a handshake. It cannot be said again
	// from its start then. The connection is closed, and the script ends with an
	// *event.Error of kind interrupted.
	Context context.Context
}

// ErrStopped ends a script where it is, without an error.
var ErrStopped = errors.New("the script was stopped")

// blocked is how long the sending of lines that are complete goes on when
// nobody waits for it any more: only a server that does not read takes longer.
const blocked = 250 * time.Millisecond

// gated carries out an item, or what the gate puts in its place.
func (p *player) gated(ctx context.Context, item script.Item, rest []script.Item) error {
	if p.left(item) {
		return nil
	}
	if p.o.Gate == nil {
		return p.item(ctx, item, rest)
	}
	for again := true; again; {
		step, err := p.o.Gate(ctx, item)
		if err != nil {
			return err
		}
		if again, err = p.step(ctx, step, item.At(), rest); err != nil {
			return err
		}
		if step.Left != nil {
			step.Left(p.replies)
		}
	}
	return nil
}

func (p *player) step(ctx context.Context, s Step, at script.Position, rest []script.Item) (again bool, err error) {
	within := ctx
	if s.Context != nil {
		within = s.Context
	}
	p.replies = append(p.replies, s.Replies...)
	for _, i := range s.Items {
		if again, err = p.within(ctx, within, i, rest); again || err != nil {
			return again, err
		}
	}
	if s.Now {
		err = p.sendHeld(ctx, within, at)
	}
	return s.Again, err
}

// within carries out an item until a context ends that is within ctx. again:
// nothing of it went out.
func (p *player) within(ctx, within context.Context, i script.Item, rest []script.Item) (again bool, err error) {
	first := !p.opened
	if err = p.sendBefore(ctx, within, i); err == nil {
		err = within.Err()
	}
	begun := err == nil
	if begun {
		err = p.item(within, i, rest)
	}
	if cause := within.Err(); cause == nil || !errors.Is(err, cause) {
		return false, err
	}
	if begun {
		if what := p.inTheMiddle(i, first); what != "" {
			return false, p.cut(ctx, what)
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if first && !p.s.Connected() {
		p.opened = false // it connects when it is carried out
	}
	return true, nil
}

// sendBefore does what an item begins with and what belongs to the items before
// it: their lines are sent, and where it asks the server something, the replies
// to them are read.
func (p *player) sendBefore(ctx, within context.Context, i script.Item) error {
	switch i.(type) {
	case script.Client, script.Raw, script.Set, script.Timeout, script.Capture, script.Assert, script.StartTLS:
		return nil // they collect, or talk to nobody; STARTTLS goes out with what is collected
	}
	if err := p.sendHeld(ctx, within, i.At()); err != nil {
		return err
	}
	switch i.(type) {
	case script.Auth, script.BDAT:
		return p.drain(within, i.At())
	}
	return nil
}

// sendHeld sends what is collected, to its end: a line of which the server has
// the half is a line that nobody said.
func (p *player) sendHeld(ctx, within context.Context, at script.Position) error {
	if len(p.held) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer crash.After(within, func() { time.AfterFunc(blocked, stop) })()
	if err := p.flush(sending, at); sending.Err() == nil {
		return err
	}
	return p.cut(ctx, "a line")
}

// inTheMiddle names what an item has begun to say; empty: nothing that could not
// be said from its start. first is that there was no connection before it.
func (p *player) inTheMiddle(i script.Item, first bool) string {
	switch i.(type) {
	case script.Data, script.BDAT:
		return "the message"
	case script.Auth:
		return "the login"
	case script.StartTLS:
		return "STARTTLS"
	case script.TLS:
		return "the TLS handshake"
	case script.Connect:
		first = true
	}
	if first && !p.s.Connected() && p.s.Stage() == event.StartTLS {
		return "the TLS handshake"
	}
	return ""
}

// cut ends a connection in the middle of something, and with it the script.
func (p *player) cut(ctx context.Context, what string) error {
	p.held, p.size, p.replies = nil, 0, nil
	closing, stop := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer stop()
	if p.s.Connected() {
		_ = p.s.Do(closing, session.Close{}) // and no final dot
	}
	e := event.Errorf(event.Interrupted, event.ScriptRun, "stopped in the middle of %s: the connection was closed", what)
	if what == "the message" {
		e.Message += ", the server has no message"
	}
	p.s.Note("%s", e.Message)
	return e
}
