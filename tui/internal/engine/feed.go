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

	// mostAhead is how much may wait for the screen, and mostBehind for a slow
	// disk, in octets of memory; then the session waits (back pressure, as
	// event.Sink allows).
	mostAhead  = 16 << 20
	mostBehind = 32 << 20
)

// Feed is where events wait between the session, which has its own goroutine,
// and the screen, which takes them all at once, some 30 times a second at most.
type Feed struct {
	mu     sync.Mutex
	events []event.Event
	ahead  int            // what they weigh
	behind int            // what the scribes have still to write weighs
	marks  map[int32]Mark // what became of rows of the script
	now    Status
	closed bool          // nobody takes any more
	room   *sync.Cond    // on mu: events were taken, or written
	wake   chan struct{} // holds one: there is something

	order sync.Mutex // held while another hears of an event; no key waits for it
	also  event.Sink // hears every event before the screen does, or nil
}

// NewFeed is a feed whose events another hears too, if also is not nil.
func NewFeed(also event.Sink) *Feed {
	f := &Feed{wake: make(chan struct{}, 1), also: also}
	f.room = sync.NewCond(&f.mu)
	return f
}

// weigh is about how much memory events take, in octets.
func weigh(events []event.Event) (octets int) {
	for _, e := range events {
		octets += weight(e)
	}
	return octets
}

func weight(e event.Event) int {
	const usual = 256
	switch e := e.(type) {
	case event.Sent:
		return usual + len(e.Line)
	case event.Received:
		return usual + len(e.Line.Octets)
	case event.Reply: // its octets are those of what was received
		return usual + 64*len(e.Reply.Lines)
	case event.Note:
		return usual + len(e.Text)
	}
	return usual
}

// sink takes an event from the session.
func (f *Feed) sink(e event.Event) {
	f.tell(e)
	f.mu.Lock()
	defer f.mu.Unlock()
	for (f.ahead >= mostAhead || f.behind >= mostBehind) && !f.closed {
		f.room.Wait()
	}
	f.events = append(f.events, e)
	f.ahead += weight(e)
	f.ring()
}

func (f *Feed) tell(e event.Event) {
	f.order.Lock()
	defer f.order.Unlock() // also where that panics
	if f.also != nil {
		f.also(e)
	}
}

// set tells what the engine is doing.
func (f *Feed) set(s Status) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
	f.events, f.marks, f.ahead = nil, nil, 0
	f.room.Broadcast()
	return events, marks, f.now
}

// owe tells of what is to be written, pay of what is, in octets of memory.
func (f *Feed) owe(octets int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind += octets
}

func (f *Feed) pay(octets int) { f.owe(-octets); f.room.Broadcast() }

// look has the screen look, though there is no event.
func (f *Feed) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring()
}

// Close lets the session run on without a screen: nothing waits for room.
func (f *Feed) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.room.Broadcast()
}

// End lets nobody but the screen hear of an event any more.
func (f *Feed) End() {
	f.order.Lock()
	defer f.order.Unlock()
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
