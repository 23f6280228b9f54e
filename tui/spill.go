package tui

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

const (
	// spillMost bounds the file, in octets: a server that floods fills no disk.
	spillMost = 256 << 20
	// spillWait is how long the end of the program waits for the disk.
	spillWait = 5 * time.Second
)

// spill is the file of what the log has no more room for: nothing of a long
// session is lost. It is written beside the screen.
type spill struct {
	path string
	paid func(events int) // tells that so many are written
	wake chan struct{}    // holds one: there is something
	done chan struct{}    // closed when all is written

	mu     sync.Mutex
	events []event.Event
	closed bool
	lost   int // events that were not written
	err    error
}

// newSpill makes the file in a directory when the first events come.
func newSpill(dir, name string, paid func(int)) *spill {
	return &spill{path: filepath.Join(dir, "transcripts", name), paid: paid, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// put takes the events that the log has forgotten.
func (s *spill) put(events []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return // close tells of it
	}
	s.events = append(s.events, events...)
	s.ring()
}

func (s *spill) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes until it is closed.
func (s *spill) run() {
	defer close(s.done)
	err := s.write()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err = err; err != nil {
		s.paid(math.MaxInt) // nobody waits for a disk that is full
	}
}

func (s *spill) write() (err error) {
	if err = os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	out := &counted{w: bufio.NewWriter(f)}
	record := transcript.Text{W: out, Time: true} // as it was: to find what varies takes longer than a flood
	for {
		<-s.wake
		s.mu.Lock()
		events, closed := s.events, s.closed
		s.events = nil
		s.mu.Unlock()
		told := 0
		for i, e := range events {
			if out.n > spillMost {
				s.mu.Lock()
				s.lost += len(events) - i
				s.mu.Unlock()
				break
			}
			record.Apply(e)
			if i%1000 == 999 { // the session waits for no more than it has to
				s.paid(1000)
				told += 1000
			}
		}
		s.paid(len(events) - told)
		if closed || record.Err != nil {
			break
		}
	}
	if err = record.Err; err == nil {
		err = out.w.Flush()
	}
	return err
}

// counted counts what is written.
type counted struct {
	w *bufio.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// close waits until all is written, for a while, and says what became of it.
func (s *spill) close() string {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.ring()
	select {
	case <-s.done:
	case <-time.After(spillWait):
		return "the lines that were no longer kept may not all be in " + s.path
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return "the lines that were no longer kept could not be written: " + s.err.Error()
	case s.lost > 0:
		return fmt.Sprintf("the lines that were no longer kept are in %s, but for %s of them", s.path, wire.Thousands(uint64(s.lost)))
	}
	return "the lines that were no longer kept are in " + s.path
}

// spillOver hands on what the log has forgotten.
func (m *screen) spillOver() {
	gone := m.log.gone
	m.log.gone = nil
	if len(gone) == 0 {
		return
	}
	if m.spill == nil {
		m.spill = newSpill(m.o.Dir, fileName(m.shortHost(), m.o.Now(), "-first.smtp"), m.feed.Paid)
		m.o.beside(m.spill.run)
	}
	m.feed.Owe(len(gone))
	m.spill.put(gone)
}
