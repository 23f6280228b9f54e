package engine

import (
	"sync"

	"ehlo/session/event"
)

// Until keeps events for a sink that has still to be made.
type Until struct {
	mu   sync.Mutex
	sink event.Sink
	fail func() error // what kept the sink from writing; nil: nothing can
	err  error        // what it said
	held []event.Event
	over bool // there will be none
}

func (u *Until) Apply(e event.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.over:
	case u.sink != nil:
		u.sink(e)
		u.check()
	default:
		u.held = append(u.held, e)
	}
}

// Made hands over what was kept; nil: it is dropped.
func (u *Until) Made(sink event.Sink, fail func() error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if sink != nil {
		for _, e := range u.held {
			sink(e)
		}
	}
	u.sink, u.held, u.over, u.fail = sink, nil, sink == nil, fail
	u.check()
}

// check ends it where the sink has failed; mu is held.
func (u *Until) check() {
	if u.sink != nil && u.fail != nil {
		if u.err = u.fail(); u.err != nil {
			u.sink, u.over = nil, true
		}
	}
}

// Failed is what kept the sink from writing, or nil.
func (u *Until) Failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}
