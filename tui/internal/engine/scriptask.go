package engine

import (
	"errors"

	lang "ehlo/session/script"
)

// What a person asks of a script that is being played.

// Step lets the script carry out one more item. One that goes on by itself is
// held at the next instead.
func (e *Engine) Step() {
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

// GoOn lets the script go on by itself.
func (e *Engine) GoOn() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script == nil {
		return
	}
	e.script.free = true
	if e.now.Script.Phase == PhasePausing {
		e.now.Script.Phase = PhaseRunning
		e.feed.set(e.now)
	}
	e.poke()
}

// Pause holds the script at its next item.
func (e *Engine) Pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script != nil {
		e.pauseLocked()
	}
}

func (e *Engine) pauseLocked() {
	e.script.free, e.script.steps = false, 0
	if e.now.Script.Phase == PhaseRunning {
		e.now.Script.Phase = PhasePausing
		e.feed.set(e.now)
	}
}

// BreakAt sets or clears a breakpoint.
func (e *Engine) BreakAt(row int32, on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script == nil {
		return
	}
	if on {
		e.script.Breaks[row] = true
	} else {
		delete(e.script.Breaks, row)
	}
}

// Replace has other items carried out in the place of the next one.
func (e *Engine) Replace(row int32, items []lang.Item) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.script
	if r == nil || e.now.Doing != Holding || !r.waits() || e.now.Script.Row != row {
		return errors.New("the script goes on: esc, then space holds it")
	}
	r.instead, r.edited = items, true
	return nil
}
