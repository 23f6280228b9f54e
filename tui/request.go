package tui

import (
	"context"
	"errors"

	"ehlo/session"
	"ehlo/session/flow"
)

// request is one thing for the engine to do: one of these.
type request struct {
	line   *string    // send it
	text   bool       // it is message text, and nothing else
	group  []string   // or these commands, in one go
	plan   *flow.Plan // open a session by this plan
	host   string     // or with this exchanger of the route
	again  bool       // or with the server of the last connection
	script *scriptRun // play it
	bye    bool       // quit, and stop for good

	measure *flow.Measure // search for the maximum message size

	job     func(context.Context)  // anything else in the open session
	set     func(*session.Options) // for the connections that come
	setPlan func(*flow.Plan)
}

// send takes a line to be sent, or says why it does not. The lines of a message
// need no reply, so they may queue, up to its end; a command may not: the reply
// to the one before decides what the next line is. A message ends with a line
// that is only a dot, a chunk with its last octet; beyond is how many octets of
// the line are not of the chunk any more.
func (e *engine) send(line string) (beyond int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := e.now.inText && !e.dotted
	if err := e.refuse(text); err != nil {
		return 0, err
	}
	switch {
	case text && e.now.chunk > 0:
		if e.now.chunk -= octetsOf(line); e.now.chunk <= 0 {
			beyond = -e.now.chunk
			e.now.doing, e.now.chunk, e.now.inText = asking, 0, false
		}
	case !text || line == ".":
		e.now.doing, e.dotted = asking, text
	}
	e.put(request{line: &line, text: text})
	return beyond, nil
}

// sendGroup takes commands to be sent in one go, or says why it does not.
func (e *engine) sendGroup(lines []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refuse(false); err != nil {
		return err
	}
	e.now.doing = asking
	e.put(request{group: lines})
	return nil
}

// takesText says that the next line is message text.
func (e *engine) takesText() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.now.inText && !e.dotted
}

// refuse says why a command, or a line of message text, cannot be sent now; mu
// is held.
func (e *engine) refuse(text bool) error {
	switch {
	case e.now.doing == opening:
		return errors.New("not connected yet: the session is being opened (ctrl+c stops that)")
	case e.now.doing == leaving:
		return errors.New("ehlo is leaving")
	case e.script != nil && (e.now.doing == playing || !e.script.waits()):
		return errors.New("the script goes on: esc, then space holds it")
	case !e.now.connected && e.script != nil:
		return errors.New("there is no connection; esc, then . goes on with the script")
	case !e.now.connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case !text && e.now.doing == holding && e.now.owes:
		return errors.New("the reply to the script's last command has still to come")
	case !text && (!e.now.doing.still() || len(e.queue) > 0):
		return errors.New("the reply to the line before is still awaited (ctrl+c stops waiting)")
	}
	return nil
}

// open asks for another session, or says why that cannot be now.
func (e *engine) open(r request) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.doing != idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	}
	e.now.doing = opening
	if r.script != nil {
		e.now.doing, e.now.script, e.script = playing, atStart(), r.script
	}
	e.put(r)
	return nil
}

// able says why nothing but a line can be done in the session now; nil: it
// can. mu is held.
func (e *engine) able() error {
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.doing == opening:
		return errors.New("the session is still being opened (ctrl+c stops that)")
	case !e.now.connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case e.now.inText:
		return errors.New("the server waits for message text: a line with only . ends it")
	case e.now.doing != idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	case e.now.owes:
		return errors.New("the server has still to answer the command before")
	}
	return nil
}

// do takes a job for the open session, or says why it cannot be done now.
func (e *engine) do(job func(context.Context)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	e.now.doing = asking
	e.put(request{job: job})
	return nil
}

// adjust changes what the next session is opened with.
func (e *engine) adjust(set func(*session.Options), plan func(*flow.Plan)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script != nil {
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	}
	if set != nil {
		e.put(request{set: set})
	}
	if plan != nil {
		e.put(request{setPlan: plan})
	}
	return nil
}

// leave ends what runs, quits politely and ends the engine; done tells when.
func (e *engine) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopWork != nil {
		e.stopWork()
	}
	if e.script != nil && e.script.stopAll != nil {
		e.script.stopAll()
	}
	e.queue = nil
	e.now.doing = leaving
	e.put(request{bye: true})
}

// interrupt ends what runs, and says whether anything did. Of a script it ends
// the item that runs; of one that is held, the script.
func (e *engine) interrupt() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r := e.script; {
	case r == nil:
	case e.now.doing == playing:
		r.interrupt(e.now.script.row >= 0)
		e.now.script.phase = phasePausing
		e.feed.set(e.now)
		return true
	case e.now.doing == holding:
		r.stop = true
		e.poke()
		return true
	}
	if e.stopWork == nil || e.now.doing == idle {
		return false
	}
	e.stopWork()
	return true
}

// put appends to the queue; mu is held.
func (e *engine) put(r request) {
	e.queue = append(e.queue, r)
	e.feed.set(e.now)
	e.poke()
}

// poke ends the watching, so that the engine looks what there is to do; mu is
// held.
func (e *engine) poke() {
	if e.stopWatch != nil {
		e.stopWatch()
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
