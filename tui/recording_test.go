package tui

import (
	"sync"
	"testing"

	"ehlo/session/event"
)

// TestASlowRecordDelaysNoKey: the disk may stand still, the session goes on and
// every key is seen; the record has all in the end.
func TestASlowRecordDelaysNoKey(t *testing.T) {
	var mu sync.Mutex
	heard := 0
	var last event.Event
	stands, beginning := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(beginning) })
	s := newFakeServer(t)
	x := start(t, s, 80, 24, func(o *Options) {
		o.Record = func(string) (event.Sink, func() error, error) {
			return func(e event.Event) {
				begin()
				<-stands
				mu.Lock()
				defer mu.Unlock()
				last = e
				if heard++; e.Header().Seq != int64(heard) {
					t.Errorf("event %d in place %d", e.Header().Seq, heard)
				}
			}, func() error { return nil }, nil
		}
	})
	x.sees("READY")
	x.typed(esc + ":record slow" + enter)
	x.sees("recording to slow")
	<-beginning
	x.typed("iNOOP one" + enter)
	x.sees("C: NOOP one", "250 2.0.0 ok", "READY")
	x.typed("VRFY x")
	x.sees("C: VRFY x")
	close(stands)
	x.typed("\x15" + esc + "qy")
	x.end()
	mu.Lock()
	defer mu.Unlock()
	if _, whole := last.(event.Closed); !whole {
		t.Errorf("the record ends with %#v, the event %d", last, heard)
	}
}
