package engine

import (
	"context"
	"errors"

	"ehlo/session"
	"ehlo/session/flow"
)

// Request is one thing for the engine to do: one of these.
type Request struct {
	line   *string    // send it
	text   bool       // it is message text, and nothing else
	paste  *Pasting   // or these, one after another
	Plan   *flow.Plan // open a session by this plan
	Host   string     // or with this exchanger of the route
	Again  bool       // or with the server of the last connection
	Script *Run       // play it
	bye    bool       // quit, and stop for good

	measure *flow.Measure // search for the maximum message size

	job     Job                    // anything else in the open session
	set     func(*session.Options) // for the connections that come
	setPlan func(*flow.Plan)
}

// Taken is what a line was taken for.
type Taken struct {
	Text   bool  // message text
	Secret bool  // what the server has asked for in a login (334)
	Beyond int64 // octets that the chunk (BDAT), which the line ends, had no more
}

// Send takes a line to be sent, or says why it does not. The lines of a message
// need no reply, so they may queue, up to its end; a command may not: the reply
// to the one before decides what the next line is. A message ends with a line
// that is only a dot, a chunk with its last octet.
func (e *Engine) Send(line string) (Taken, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	as := Taken{Text: e.takesText(), Secret: e.now.Asked && !e.now.InText}
	if err := e.refuse(as.Text); err != nil {
		return as, err
	}
	switch {
	case as.Text && e.now.Chunk > 0:
		if e.now.Chunk -= octetsOf(line); e.now.Chunk <= 0 {
			as.Beyond = -e.now.Chunk
			e.now.Doing, e.now.Chunk, e.now.InText = Asking, 0, false
		}
	case !as.Text || line == ".":
		e.now.Doing, e.dotted = Asking, as.Text
	}
	e.put(Request{line: &line, text: as.Text})
	return as, nil
}

// takesText says that the next line is message text; mu is held.
func (e *Engine) takesText() bool { return e.now.InText && !e.dotted }

// refuse says why a command, or a line of message text, cannot be sent now; mu
// is held.
func (e *Engine) refuse(text bool) error {
	switch {
	case e.now.Doing == Opening:
		return errors.New("not connected yet: the session is being opened (ctrl+c stops that)")
	case e.now.Doing == leaving:
		return errors.New("ehlo is leaving")
	case e.script != nil && (e.now.Doing == Playing || !e.script.waits()):
		return errors.New("the script goes on: esc, then space holds it")
	case !e.now.Connected && e.script != nil:
		return errors.New("there is no connection; esc, then . goes on with the script")
	case !e.now.Connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case !text && e.now.Doing == Holding && e.now.Owes:
		return errors.New("the reply to the script's last command has still to come")
	case !text && (!e.now.Doing.Still() || len(e.queue) > 0):
		return errors.New("the reply to the line before is still awaited (ctrl+c stops waiting)")
	}
	return nil
}

// Open asks for another session, or says why that cannot be now.
func (e *Engine) Open(r Request) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.Doing != Idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	}
	e.now.Doing = Opening
	if r.Script != nil {
		e.now.Doing, e.now.Script, e.script = Playing, atStart(), r.Script
	}
	e.put(r)
	return nil
}

// able is ready where mu is held.
func (e *Engine) able() error {
	switch {
	case e.script != nil:
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	case e.now.Doing == Opening:
		return errors.New("the session is still being opened (ctrl+c stops that)")
	case !e.now.Connected:
		return errors.New("there is no connection (esc, then r: connect again)")
	case e.now.InText:
		return errors.New("the server waits for message text: a line with only . ends it")
	case e.now.Doing != Idle || len(e.queue) > 0:
		return errors.New("something else is being done (ctrl+c stops it)")
	case e.now.Owes:
		return errors.New("the server has still to answer the command before")
	}
	return nil
}

// Job is something to do in the open session; plan is how that was opened.
type Job func(ctx context.Context, s *session.Session, plan flow.Plan)

// Ready says why nothing but a line can be done in the session now; nil: it
// can.
func (e *Engine) Ready() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.able()
}

// Do takes a job for the open session, or says why it cannot be done now.
func (e *Engine) Do(j Job) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	e.now.Doing = Asking
	e.put(Request{job: j})
	return nil
}

// Adjust changes what the next session is opened with.
func (e *Engine) Adjust(set func(*session.Options), plan func(*flow.Plan)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.script != nil {
		return errors.New("a script is being played (esc, then ctrl+c stops it)")
	}
	if set != nil {
		e.put(Request{set: set})
	}
	if plan != nil {
		e.put(Request{setPlan: plan})
	}
	return nil
}

// Leave ends what runs, quits politely and ends the engine; done tells when.
func (e *Engine) Leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopWork != nil {
		e.stopWork()
	}
	if e.script != nil && e.script.stopAll != nil {
		e.script.stopAll()
	}
	e.queue = nil
	e.now.Doing = leaving
	e.put(Request{bye: true})
}

// Interrupt ends what runs, and says whether anything did. Of a script it ends
// the item that runs; of one that is held, the script.
func (e *Engine) Interrupt() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r := e.script; {
	case r == nil:
	case e.now.Doing == Playing:
		r.interrupt(e.now.Script.Row >= 0)
		e.now.Script.Phase = PhasePausing
		e.feed.set(e.now)
		return true
	case e.now.Doing == Holding:
		r.stop = true
		e.poke()
		return true
	}
	if e.stopWork == nil || e.now.Doing == Idle {
		return false
	}
	e.stopWork()
	return true
}

// put appends to the queue; mu is held.
func (e *Engine) put(r Request) {
	e.queue = append(e.queue, r)
	e.feed.set(e.now)
	e.poke()
}

// poke ends the watching, so that the engine looks what there is to do; mu is
// held.
func (e *Engine) poke() {
	if e.stopWatch != nil {
		e.stopWatch()
	}
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
