package serve

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// say says octets, and tells of the lines and replies that are complete with
// them.
func (p *player) say(at script.Position, octets []byte) error {
	if err := p.c.out.add(octets); err != nil {
		return p.unsaid(at, err)
	}
	c := p.c
	c.part = append(c.part, octets...)
	for len(c.part) > 0 {
		l, rest := wire.CutLine(c.part)
		if l.Ending == wire.Cut {
			if len(c.part) < wire.MaxLine {
				break
			}
			l.Ending = wire.TooLong
		}
		p.sayLine(l)
		c.part = rest
	}
	if len(c.part) > 0 {
		c.part = bytes.Clone(c.part)
	}
	return nil
}

// drained waits until all is said.
func (p *player) drained(at script.Position) error {
	if err := p.c.out.drain(); err != nil {
		return p.unsaid(at, err)
	}
	return nil
}

func (p *player) unsaid(at script.Position, err error) error {
	actual := "an error: " + err.Error()
	if isTimeout(err) {
		actual = fmt.Sprintf("a client that does not read for %s", p.timeout)
	}
	return &script.Mismatch{Position: at, Expected: "a client that reads", Actual: actual}
}

func (p *player) sayLine(l wire.Line) {
	c := p.c
	l.Octets = bytes.Clone(l.Octets)
	received := event.Received{Line: l, Login: c.hearing.login.open}
	if c.proof(l.Octets) {
		received.Secret = []event.Span{{Start: len("334 "), End: len(l.Octets)}}
	} else {
		received.Secret = c.secrets.In(l.Octets)
	}
	p.emit(received)
	if c.size += len(l.Octets) + 2; c.size > wire.MaxReply {
		c.reply.Lines = nil // no client takes it any more
	}
	if c.reply.Add(l) {
		r := c.reply
		c.reply, c.size = wire.Reply{}, 0
		p.replied(r)
	}
}

// proof says whether a line holds a proof that is made of the password.
func (c *connection) proof(line []byte) bool {
	if !c.hearing.login.open || len(line) < 5 || string(line[:4]) != "334 " {
		return false
	}
	challenge, err := base64.StdEncoding.DecodeString(string(line[4:]))
	return err == nil && sasl.SecretChallenge(c.hearing.login.mechanism, challenge)
}

// safe is a reply in which no secret is left.
func (c *connection) safe(r wire.Reply) wire.Reply {
	lines := make([]wire.Line, len(r.Lines))
	for i, l := range r.Lines {
		spans := c.secrets.In(l.Octets)
		if c.proof(l.Octets) {
			spans = []event.Span{{Start: len("334 "), End: len(l.Octets)}}
		}
		lines[i] = wire.Line{Octets: event.Sent{Line: l.Octets, Secret: spans}.Masked(), Ending: l.Ending}
	}
	r.Lines = lines
	return r
}

// replied tells of a reply that is complete, and draws the conclusions.
func (p *player) replied(r wire.Reply) {
	c := p.c
	told := event.Reply{Reply: c.safe(r)}
	var of command
	switch {
	case len(c.due) > 0:
		of, c.due = c.due[0], c.due[1:]
		c.stage = c.stageOf(of.verb)
		told.Verb, told.Command, told.Recipient = of.verb, of.line, of.recipient
		told.Elapsed = p.server.opt.Now().Sub(of.at)
	case c.replies == 0:
		c.stage = event.Banner
	default:
		told.Unasked = true
	}
	c.replies++
	c.last, told.Stage = r, c.stage
	p.emit(told)
	p.learn(of, r)
}

// stageOf is the stage that a command belongs to; NOOP and the like belong to
// where the session is.
func (c *connection) stageOf(verb string) event.Stage {
	switch verb {
	case "EHLO", "HELO", "LHLO":
		if c.secure {
			return event.HeloTLS
		}
		return event.Helo
	case "STARTTLS":
		return event.StartTLS
	case "AUTH":
		return event.Auth
	case "MAIL":
		return event.Mail
	case "RCPT":
		return event.Rcpt
	case "DATA", "BDAT":
		return event.Data
	case endOfText:
		return event.Dot
	case "QUIT":
		return event.Quit
	}
	return c.stage
}

// learn follows the session by its replies.
func (p *player) learn(of command, r wire.Reply) {
	c := p.c
	if r.Code == 354 {
		c.hearing.text = true
	}
	if login := &c.hearing.login; login.open && of.verb == "AUTH" {
		login.asked = r.Code == 334
		if !login.asked {
			p.emit(event.Login{Mechanism: login.mechanism, OK: r.Positive()})
			*login = hearing{}.login
		}
	}
	if !r.Positive() {
		return
	}
	switch of.verb {
	case "EHLO", "LHLO":
		c.protocol = map[string]string{"EHLO": "ESMTP", "LHLO": "LMTP"}[of.verb]
		c.accepted = nil
		p.offer(wire.ParseEHLO(r))
	case "HELO":
		c.protocol, c.accepted = "SMTP", nil
		p.offer(nil)
	case "MAIL", "RSET":
		c.accepted = nil
	case "RCPT":
		if len(c.accepted) < mostDue {
			c.accepted = append(c.accepted, wire.PathOf(of.line))
		}
	}
}

func (p *player) offer(offers wire.Offers) {
	p.emit(event.Extensions{Protocol: p.c.protocol, Offers: offers, TLS: p.c.state != nil})
	p.emit(event.Size{Size: offers.Size()})
}
