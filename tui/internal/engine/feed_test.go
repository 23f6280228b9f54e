package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/session/event"
)

// TestTheSessionWaitsForASlowScreen, and for a slow disk, by what the events
// weigh: neither grows without end.
func TestTheSessionWaitsForASlowScreen(t *testing.T) {
	note := event.Note{Text: strings.Repeat("x", 1<<20)}
	most := mostAhead>>20 + 1
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(nil)
		sent := 0
		go func() {
			for range 3 * most {
				f.sink(note)
				sent++
			}
		}()
		for range 2 {
			synctest.Wait()
			if n := sent; n > most {
				t.Errorf("%d MiB wait for the screen, %d may", n, mostAhead>>20)
			}
			sent = 0
			f.Take()
		}
		f.Close()
		synctest.Wait()
		f.Take()

		// What the screen has taken waits for the disk.
		f, sent = NewFeed(nil), 0
		s := NewScribe(f)
		s.Put([]event.Event{event.Note{Text: strings.Repeat("x", mostBehind)}})
		go func() { f.sink(note); sent++ }()
		if synctest.Wait(); sent > 0 {
			t.Error("the session does not wait for the disk")
		}
		stands := make(chan struct{})
		go s.Run(func(event.Event) { <-stands }, func() error { return nil }, nil)
		if synctest.Wait(); sent > 0 {
			t.Error("the session does not wait for a disk that stands still")
		}
		close(stands)
		if synctest.Wait(); sent != 1 {
			t.Error("the session waits for a disk that has written all")
		}
		if !s.Close(time.Second) {
			t.Error("it does not end")
		}
	})
}

// TestAScribeThatFails: nobody waits for it, and its end comes.
func TestAScribeThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(nil)
		s := NewScribe(f)
		ended := false
		go s.Run(func(event.Event) {}, func() error { return errors.New("full") }, func() error { ended = true; return errors.New("closing") })
		for range 3 {
			s.Put([]event.Event{event.Note{Text: strings.Repeat("x", mostBehind)}})
			synctest.Wait()
		}
		f.sink(event.Note{})
		if s.Err() == nil || s.Err().Error() != "full" || !ended || !s.Close(time.Second) || f.behind != 0 {
			t.Errorf("%v, ended: %v, %d octets behind", s.Err(), ended, f.behind)
		}
	})
}
