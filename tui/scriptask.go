package tui

import (
	"errors"

	lang "ehlo/session/script"
)

// What a person asks of a script that is being played.

// step lets the script carry out one more item. One that goes on by itself is
// held at the next instead.
func (e *engine) step() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r := e.script; {
	case r == nil:
	case r.free:
		e.pauseLocked()
	default:
		r.steps++
		e.poke()
	}
}

// goOn lets the script go on by itself.
func (e *engine) goOn() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script == nil {
		return
	}
	e.script.free = true
	if e.now.script.phase == phasePausing {
		e.now.script.phase = phaseRunning
		e.feed.set(e.now)
	}
	e.poke()
}

// pause holds the script at its next item.
func (e *engine) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script != nil {
		e.pauseLocked()
	}
}

func (e *engine) pauseLocked() {
	e.script.free, e.script.steps = false, 0
	if e.now.script.phase == phaseRunning {
		e.now.script.phase = phasePausing
		e.feed.set(e.now)
	}
}

// breakAt sets or clears a breakpoint.
func (e *engine) breakAt(row int32, on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script == nil {
		return
	}
	if on {
		e.script.breaks[row] = true
	} else {
		delete(e.script.breaks, row)
	}
}

// replace has other items carried out in the place of the next one.
func (e *engine) replace(row int32, items []lang.Item) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.script
	if r == nil || e.now.doing != holding || !r.waits() || e.now.script.row != row {
		return errors.New("the script goes on: esc, then space holds it")
	}
	r.instead, r.edited = items, true
	return nil
}
