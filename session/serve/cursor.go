package serve

import (
	"slices"

	"ehlo/session/script"
)

// cursor is a place in a script that is played: what @repeat and @include stand
// for is gone through item by item, and never written out.
type cursor struct {
	frames []frame
}

type frame struct {
	items []script.Item
	next  int
	times int // once more behind the present time
}

func begin(s *script.Script) *cursor { return &cursor{[]frame{{items: s.Items}}} }

// copy is another cursor at the same place.
func (c *cursor) copy() *cursor { return &cursor{slices.Clone(c.frames)} }

// peek is the item at the place, or nil at the end.
func (c *cursor) peek() script.Item {
	for len(c.frames) > 0 {
		f := &c.frames[len(c.frames)-1]
		if f.next == len(f.items) {
			if f.times > 0 {
				f.times, f.next = f.times-1, 0
			} else {
				c.frames = c.frames[:len(c.frames)-1]
			}
			continue
		}
		switch i := f.items[f.next].(type) {
		case script.Repeat, script.Include:
			f.next++
			inner := frame{items: script.Inner(i)}
			if r, ok := i.(script.Repeat); ok {
				inner.times = r.Times - 1
			}
			if !idle(inner.items) {
				c.frames = append(c.frames, inner)
			}
		default:
			return i
		}
	}
	return nil
}

// skip goes to the next item.
func (c *cursor) skip() {
	if c.peek() != nil {
		c.frames[len(c.frames)-1].next++
	}
}

// take is the item at the place; the cursor is behind it then.
func (c *cursor) take() script.Item {
	item := c.peek()
	c.skip()
	return item
}

// idle says that there is nothing to do: a million times nothing should take no
// time.
func idle(items []script.Item) bool {
	for _, i := range items {
		switch i := i.(type) {
		case script.Comment:
		case script.Repeat, script.Include:
			if !idle(script.Inner(i)) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// speaker is who speaks in an item.
type speaker uint8

const (
	nobody    speaker = iota // it says nothing, and does not end a group either
	client                   // the client speaks
	server                   // the server speaks
	elsewhere                // something else happens to the connection
)

func speakerOf(item script.Item) speaker {
	switch item.(type) {
	case script.Comment, script.Flush, script.Assert, script.Set, script.Capture, script.Timeout, script.Sleep, script.ExpectSilence:
		return nobody
	case script.Client, script.Raw, script.Data, script.BDAT, script.Auth:
		return client
	case script.Server, script.Reply:
		return server
	}
	return elsewhere
}

// next is who speaks next behind the place.
func (c *cursor) next() script.Item {
	ahead := c.copy()
	for range maxAhead {
		item := ahead.peek()
		if item == nil || speakerOf(item) != nobody {
			return item
		}
		ahead.skip()
	}
	return nil
}

// maxAhead is how many items are looked at in advance.
const maxAhead = 200_000

// maxShaping is how many items behind a reply may shape it.
const maxShaping = 2_000

// following are the items that shape the reply before the place, as
// script.Server.Answer has it: those up to the next line, or for a list of
// extensions up to where another takes its place.
func (c *cursor) following(list bool) []script.Item {
	ahead := c.copy()
	var items []script.Item
	for range maxShaping {
		item := ahead.take()
		if item == nil {
			break
		}
		items = append(items, item)
		if s := speakerOf(item); s == elsewhere || s != nobody && (!list || script.Greets(item)) {
			break
		}
	}
	return items
}
