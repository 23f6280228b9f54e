package play

import (
	"context"
	"errors"

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
	// Context bounds the items; nil: that of Run does. Where it ends before
	// they are carried out, the script goes on by asking the gate once more.
	Context context.Context
}

// ErrStopped ends a script where it is, without an error.
var ErrStopped = errors.New("the script was stopped")

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
		if err = p.item(within, i, rest); err != nil {
			break
		}
	}
	if err == nil && s.Now && len(p.held) > 0 {
		err = p.flush(within, at)
	}
	if cause := within.Err(); cause != nil && ctx.Err() == nil && errors.Is(err, cause) {
		return true, nil
	}
	return s.Again, err
}
