package engine

import (
	"sync"
	"time"

	"ehlo/session/event"
)

// Scribe writes events beside the screen, in a goroutine of its own. What waits
// to be written is bounded: beyond that the session waits, and no key does.
type Scribe struct {
	feed *Feed
	wake chan struct{} // holds one: there is something
	done chan struct{} // closed when all is written, or nothing more can be

	mu     sync.Mutex
	events []event.Event
	closed bool
	err    error
}

// NewScribe is one for events of a feed; they are kept until Run writes them.
func NewScribe(f *Feed) *Scribe {
	return &Scribe{feed: f, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// Put takes the next events. It does not wait. After a failure, and behind the
// end, they are dropped.
func (s *Scribe) Put(events []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.err != nil {
		return
	}
	s.events = append(s.events, events...)
	s.feed.owe(weigh(events))
	s.ring()
}

func (s *Scribe) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run writes all that is put, until Close or until failed, which is asked after
// each part, says why nothing more can be written. end, if there is one, is
// called behind the last event. After Fail, it writes nothing.
func (s *Scribe) Run(sink event.Sink, failed, end func() error) {
	defer close(s.done)
	defer func() {
		if end == nil {
			return
		}
		if err := end(); err != nil && s.Err() == nil {
			s.Fail(err)
		}
	}()
	for over := false; !over && s.Err() == nil; {
		<-s.wake
		s.mu.Lock()
		events := s.events
		s.events, over = nil, s.closed
		s.mu.Unlock()
		for len(events) > 0 {
			part := events[:min(len(events), 500)] // the session waits for no more than it has to
			events = events[len(part):]
			for _, e := range part {
				sink(e)
			}
			s.feed.pay(weigh(part))
			if err := failed(); err != nil {
				s.feed.pay(weigh(events))
				s.Fail(err)
				return
			}
		}
	}
}

// Fail drops what waits: it cannot be written.
func (s *Scribe) Fail(err error) {
	s.mu.Lock()
	s.feed.pay(weigh(s.events))
	s.events, s.err = nil, err
	s.mu.Unlock()
	s.feed.look()
}

// Err is what keeps it from writing, or nil.
func (s *Scribe) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close waits until all that was put is written, at most so long, and says
// whether it is.
func (s *Scribe) Close(most time.Duration) bool {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.ring()
	select {
	case <-s.done:
		return true
	case <-time.After(most):
		return false
	}
}
