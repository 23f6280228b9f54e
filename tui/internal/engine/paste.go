package engine

import (
	"context"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/smtpline"
)

// Pasting is lines that are sent without being asked for each: a command when
// the one before has its reply, or in one go those that may stand together;
// message text at once, as nothing answers it. Its address tells it from others.
type Pasting struct {
	// Commands are the first lines that were neither message text nor a secret;
	// for who knows that it has ended.
	Commands []string

	block bool     // in one go, what may be
	lines []string // that wait; under the engine's mutex
	stop  Pasted   // the reply or the failure that ends it; the engine's own
}

// Pasted is how far the last one has come; Of is nil where there was none.
type Pasted struct {
	Of      *Pasting
	Sent    int          // lines
	Ended   bool         // no more are sent
	Refused *event.Reply // that ended it before all were sent
	Why     string       // or what else did
}

// keptCommands is how many commands of a paste are told: a long one would leave
// nothing else in the history.
const keptCommands = 20

// Paste takes lines to be sent, or says why that cannot begin now.
func (e *Engine) Paste(lines []string, block bool) (*Pasting, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.refuse(e.takesText()); err != nil {
		return nil, err
	}
	p := &Pasting{block: block, lines: lines}
	e.now.Doing, e.now.Pasted = Asking, Pasted{Of: p}
	e.put(Request{paste: p})
	return p, nil
}

// More appends lines, and says whether they are still to be sent.
func (e *Engine) More(p *Pasting, lines []string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now.Pasted.Of != p || e.now.Pasted.Ended {
		return false
	}
	p.lines = append(p.lines, lines...)
	return true
}

// paste sends the lines.
func (e *Engine) paste(ctx context.Context, p *Pasting) {
	e.pasting = p
	defer func() { e.pasting = nil }()
	afterData := false
	for p.stop.Refused == nil && p.stop.Why == "" {
		for e.s.Connected() && !e.s.InText() && e.s.Due() > 0 && ctx.Err() == nil {
			_ = e.s.Do(ctx, session.Watch{})
		}
		switch {
		case ctx.Err() != nil:
			p.stop.Why = "as asked"
			continue
		case afterData && !e.s.InText():
			p.stop.Why = "no 354 came to DATA"
			continue
		case !e.s.Connected():
			p.stop.Why = "there is no connection"
			continue
		}
		lines := e.take(p)
		if len(lines) == 0 {
			break
		}
		text := e.s.InText()
		e.say(ctx, lines)
		afterData = !text && wire.Verb([]byte(lines[len(lines)-1])) == "DATA"
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := &e.now.Pasted
	now.Ended, now.Refused, now.Why = true, p.stop.Refused, p.stop.Why
	e.feed.set(e.now)
}

// take takes the lines that are next: one, or several commands in one go.
func (e *Engine) take(p *Pasting) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(p.lines) == 0 {
		e.now.Pasted.Ended = true // from here on there is no more
		return nil
	}
	n := 1
	commands := !e.s.InText() && !e.now.Asked
	if p.block && commands {
		n = smtpline.GroupOf(p.lines)
	}
	lines := p.lines[:n]
	if commands {
		p.Commands = append(p.Commands, lines[:min(n, keptCommands-len(p.Commands))]...)
	}
	p.lines = p.lines[n:]
	e.now.Pasted.Sent += n
	e.feed.set(e.now)
	return lines
}

// heard notes what ends the sending.
func (p *Pasting) heard(x event.Event) {
	if p.stop.Refused != nil || p.stop.Why != "" {
		return
	}
	switch x := x.(type) {
	case event.Reply:
		if x.Reply.Class() >= 4 {
			p.stop.Refused = &x
		}
	case event.Failed:
		p.stop.Why = "a failure"
	case event.Closed:
		p.stop.Why = "the end of the connection"
	}
}
