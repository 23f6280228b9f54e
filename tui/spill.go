package tui

import (
	"bufio"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/keep"
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
	*engine.Scribe
	path string
	lost atomic.Int64 // events that the file had no room for
	told bool         // that it cannot be written has been said
}

// newSpill is a file in a directory; run makes it.
func newSpill(dir, name string, f *engine.Feed) *spill {
	return &spill{Scribe: engine.NewScribe(f), path: filepath.Join(dir, "transcripts", name)}
}

// run writes until it is closed.
func (s *spill) run() {
	f, err := keep.New(s.path, true)
	if err != nil {
		s.Fail(err)
		s.Run(nil, nil, nil)
		return
	}
	out := &counted{w: bufio.NewWriter(f)}
	record := transcript.Text{W: out, Time: true} // as it was: to find what varies takes longer than a flood
	s.Run(func(e event.Event) {
		if out.n > spillMost {
			s.lost.Add(1)
			return
		}
		record.Apply(e)
	}, func() error { return record.Err }, func() error { return errors.Join(out.w.Flush(), f.Close()) })
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
	if !s.Close(spillWait) {
		return "the lines that were no longer kept may not all be in " + s.path
	}
	switch lost := s.lost.Load(); {
	case s.Err() != nil:
		return "the lines that were no longer kept could not be written: " + s.Err().Error()
	case lost > 0:
		return fmt.Sprintf("the lines that were no longer kept are in %s, but for %s of them", s.path, wire.Thousands(uint64(lost)))
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
		m.spill = newSpill(m.o.Dir, fileName(m.shortHost(), m.o.Now(), "-first.smtp"), m.feed)
		m.o.beside(m.spill.run)
	}
	m.spill.Put(gone)
}

// spillFails tells once that the file cannot be written: what the log forgets is
// lost from there on.
func (m *screen) spillFails() {
	if m.spill == nil || m.spill.told || m.spill.Err() == nil {
		return
	}
	m.spill.told = true
	m.fails(problem{mark: '!', what: "the lines that are no longer kept cannot be written: " + m.spill.Err().Error(), next: "s saves those that are kept, in a file that you name", aside: true})
}
