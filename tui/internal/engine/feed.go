package engine

import (
	"context"
	"sync"
	"time"

	"ehlo/session/event"
)

const (
	// frame is the least time between two batches. One message per event costs
	// 10 s for 100,000 of them in Bubble Tea v1, batches nothing to speak of.
	frame = 33 * time.Millisecond

	// ahead is how many events may wait for the screen; then the session waits
	// (back pressure, as event.Sink allows).
	ahead = 50_000

	// mostBehind is how many events may wait for a slow disk; then the session waits.
	mostBehind = 100_000
)

// Feed is where events wait between the session, which has its own goroutine,
// and the screen, which takes them all at once, some 30 times a second at most.
type Feed struct {
	mu     sync.Mutex
	events []event.Event
	marks  map[int32]Mark // what became of rows of the script
	now    Status
	closed bool          // nobody takes any more
	behind int           // events that are to be written to a file yet
	room   *sync.Cond    // on mu: events were taken, or written
	wake   chan struct{} // holds one: there is something

	also event.Sink // hears every event too, or nil
}

func NewFeed(also event.Sink) *Feed {
	f := &Feed{wake: make(chan struct{}, 1), also: also}
	f.room = sync.NewCond(&f.mu)
	return f
}

// sink takes an event from the session.
func (f *Feed) sink(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.Asked, f.now.Over = AsksSecret(f.now.Asked, e), over(f.now.Over, e)
	if f.also != nil {
		f.also(e)
	}
	for (len(f.events) >= ahead || f.behind >= mostBehind) && !f.closed {
		f.room.Wait()
	}
	f.events = append(f.events, e)
	f.ring()
}

// set tells what the engine is doing.
func (f *Feed) set(s Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.Asked, s.Over = f.now.Asked, f.now.Over
	f.now = s
	f.ring()
}

// mark tells what became of a row of the script.
func (f *Feed) mark(row int32, m Mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(row, m)
	f.ring()
}

// unmark says of rows of the script that they come once more.
func (f *Feed) unmark(first, last int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := first; n <= last; n++ {
		f.put(n, Mark{})
	}
}

// put keeps the last mark of each row; the ones before it are not missed.
func (f *Feed) put(row int32, m Mark) {
	if f.marks == nil {
		f.marks = map[int32]Mark{}
	}
	f.marks[row] = m
}

func (f *Feed) ring() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Take returns what has come since the last call. It does not wait.
func (f *Feed) Take() ([]event.Event, map[int32]Mark, Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	events, marks := f.events, f.marks
	f.events, f.marks = nil, nil
	f.room.Broadcast()
	return events, marks, f.now
}

// Owe tells of events that are to be written; paid, that they are.
func (f *Feed) Owe(events int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.behind >= 0 {
		f.behind += events
	}
}

func (f *Feed) Paid(events int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind -= events
	f.room.Broadcast()
}

// Close lets the session run on without a screen: nothing waits for room.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.room.Broadcast()
}

// AlsoTo lets one more hear every event: those that were taken, those that wait
// to be, and those that come.
func (f *Feed) AlsoTo(sink event.Sink, taken []event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range taken {
		sink(e)
	}
	for _, e := range f.events {
		sink(e)
	}
	before := f.also
	f.also = func(e event.Event) {
		if before != nil {
			before(e)
		}
		sink(e)
	}
}

// End lets nobody else hear of an event any more.
func (f *Feed) End() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.also = nil
}

// Run calls wake when something has come, until the context ends; it may wait
// until the screen has taken it.
func (f *Feed) Run(ctx context.Context, wake func()) {
	for {
		select {
		case <-f.wake:
		case <-ctx.Done():
			return
		}
		wake()
		select {
		case <-time.After(frame):
		case <-ctx.Done():
			return
		}
	}
}
