package tui

import (
	"context"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
)

const (
	// frame is the least time between two batches. One message per event costs
	// 10 s for 100,000 of them in Bubble Tea v1, batches nothing to speak of.
	frame = 33 * time.Millisecond

	// ahead is how many events may wait for the screen; then the session waits
	// (back pressure, as event.Sink allows).
	ahead = 50_000
)

// status is what the engine is doing.
type status struct {
	doing     doing
	connected bool
	inText    bool  // the server waits for message text
	chunk     int64 // octets of it that a chunk (BDAT) still has; 0: it ends with a dot
	asked     bool  // the server has asked for a secret (334)
	over      int   // lines behind a login that is over that may belong to it
	owes      bool  // the server has not answered all that was sent
	left      int   // addresses that are still to be tried, while a session is opened
	mailing   bool  // a transaction is open, and not a search's
	script    scriptStatus
	posted    posted
}

// batch is the message that there is something in the feed.
type batch struct{}

// feed is where events wait between the session, which has its own goroutine,
// and the screen, which takes them all at once, some 30 times a second at most.
type feed struct {
	mu     sync.Mutex
	events []event.Event
	marks  map[int32]mark // what became of rows of the script
	now    status
	closed bool          // nobody takes any more
	behind int           // events that are to be written to a file yet
	room   *sync.Cond    // on mu: events were taken, or written
	wake   chan struct{} // holds one: there is something

	also event.Sink // hears every event too, or nil
}

func newFeed(also event.Sink) *feed {
	f := &feed{wake: make(chan struct{}, 1), also: also}
	f.room = sync.NewCond(&f.mu)
	return f
}

// sink takes an event from the session.
func (f *feed) sink(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.asked, f.now.over = asksSecret(f.now.asked, e), over(f.now.over, e)
	if f.also != nil {
		f.also(e)
	}
	for (len(f.events) >= ahead || f.behind >= spillAhead) && !f.closed {
		f.room.Wait()
	}
	f.events = append(f.events, e)
	f.ring()
}

// set tells what the engine is doing.
func (f *feed) set(s status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.asked, s.over = f.now.asked, f.now.over
	f.now = s
	f.ring()
}

// mark tells what became of a row of the script.
func (f *feed) mark(row int32, m mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(row, m)
	f.ring()
}

// unmark says of rows of the script that they come once more.
func (f *feed) unmark(first, last int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := first; n <= last; n++ {
		f.put(n, mark{})
	}
}

// put keeps the last mark of each row; the ones before it are not missed.
func (f *feed) put(row int32, m mark) {
	if f.marks == nil {
		f.marks = map[int32]mark{}
	}
	f.marks[row] = m
}

func (f *feed) ring() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take returns what has come since the last call. It does not wait.
func (f *feed) take() ([]event.Event, map[int32]mark, status) {
	f.mu.Lock()
	defer f.mu.Unlock()
	events, marks := f.events, f.marks
	f.events, f.marks = nil, nil
	f.room.Broadcast()
	return events, marks, f.now
}

// owe tells of events that are to be written; paid, that they are.
func (f *feed) owe(events int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.behind >= 0 {
		f.behind += events
	}
}

func (f *feed) paid(events int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind -= events
	f.room.Broadcast()
}

// close lets the session run on without a screen: nothing waits for room.
func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.room.Broadcast()
}

// alsoTo lets one more hear every event: those that were taken, those that wait
// to be, and those that come.
func (f *feed) alsoTo(sink event.Sink, taken []event.Event) {
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

// until keeps events for a sink that has still to be made.
type until struct {
	mu   sync.Mutex
	sink event.Sink
	fail func() error // what kept the sink from writing; nil: nothing can
	err  error        // what it said
	held []event.Event
	over bool // there will be none
}

func (u *until) apply(e event.Event) {
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

// made hands over what was kept; nil: it is dropped.
func (u *until) made(sink event.Sink, fail func() error) {
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
func (u *until) check() {
	if u.sink != nil && u.fail != nil {
		if u.err = u.fail(); u.err != nil {
			u.sink, u.over = nil, true
		}
	}
}

// failed is what kept the sink from writing, or nil.
func (u *until) failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// end lets nobody else hear of an event any more.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.also = nil
}

// run wakes the screen, until the context ends.
func (f *feed) run(ctx context.Context, send func(tea.Msg)) {
	for {
		select {
		case <-f.wake:
		case <-ctx.Done():
			return
		}
		send(batch{}) // waits until the screen takes it
		select {
		case <-time.After(frame):
		case <-ctx.Done():
			return
		}
	}
}

// asksSecret says whether the server waits for a line of a login after this
// event, where it waited or not before: then what is typed is drawn as stars
// (RFC 4954 4). What of it is secret in the transcript the session has marked.
func asksSecret(before bool, e event.Event) bool {
	switch e := e.(type) {
	case event.Connecting, event.Closed, event.Sent:
		return false
	case event.Reply:
		if !e.Unasked {
			return e.Verb == "AUTH" && e.Reply.Code == 334
		}
	}
	return before
}

// over counts the lines behind a login that is over which may belong to it all
// the same, as the session does.
func over(before int, e event.Event) int {
	switch e := e.(type) {
	case event.Connecting, event.Closed:
		return 0
	case event.Sent:
		if !e.Text && e.Login == "" && before > 0 {
			return before - 1
		}
	case event.Reply:
		if !e.Unasked && e.Verb == "AUTH" && e.Reply.Code != 334 {
			return 2
		}
	}
	return before
}
