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
	owed   int       // what is not yet written weighs
	moved  time.Time // when it was seen to write, or had nothing to write
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
	if s.owed == 0 {
		s.moved = time.Now()
	}
	n := weigh(events)
	s.events = append(s.events, events...)
	s.owed += n
	s.feed.owe(n)
	s.ring()
}

// Stands says that the session waits for what takes nothing for so long.
func (s *Scribe) Stands(most time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owed >= mostBehind && time.Since(s.moved) > most
}

// paid notes that a part is written.
func (s *Scribe) paid(octets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	octets = min(octets, s.owed)
	s.owed, s.moved = s.owed-octets, time.Now()
	s.feed.pay(octets)
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
			s.paid(weigh(part))
			if err := failed(); err != nil {
				s.Fail(err)
			}
			if s.Err() != nil {
				return
			}
		}
	}
}

// Fail drops what waits: it cannot be written. Nobody waits for it any more.
func (s *Scribe) Fail(err error) {
	s.mu.Lock()
	s.feed.pay(s.owed)
	s.events, s.owed, s.err = nil, 0, err
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
