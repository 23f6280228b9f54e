package play

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// mostReplies is how many replies may wait for an S: line.
const mostReplies = 200_000

// mostHeld is how many octets are collected before they are sent: nobody waits
// for more, and a script may repeat.
const mostHeld = 1 << 20

// hold collects octets.
func (p *player) hold(ctx context.Context, at script.Position, piece session.Piece) (*script.Mismatch, error) {
	if err := p.ensure(ctx, at); err != nil {
		return nil, err
	}
	if !p.s.Connected() {
		said := p.unsaid(piece)
		return &script.Mismatch{Position: at, Expected: "a connection to send " + said, Actual: "it is closed"}, nil
	}
	p.held = append(p.held, piece)
	if p.size += len(piece.Octets) + 2; p.size > mostHeld {
		return nil, p.flush(ctx, at)
	}
	return nil, nil
}

// unsaid is what could not be sent, for a sentence; nothing in it is secret.
func (p *player) unsaid(piece session.Piece) string {
	switch {
	case p.last.Code == 334:
		return "an answer to 334"
	case wire.IsAuth(piece.Octets):
		return "C: AUTH"
	case wire.SecretFrom(piece.Octets) < len(piece.Octets): // a slip of it
		return script.Said(piece.Octets[:wire.SecretFrom(piece.Octets)])
	case piece.Raw:
		return "@raw " + quoted(piece.Octets)
	}
	return script.Said(piece.Octets)
}

// ensure opens a connection where the script has had none yet.
func (p *player) ensure(ctx context.Context, at script.Position) error {
	if p.opened {
		return nil
	}
	return p.connect(ctx, script.Connect{Position: at})
}

// flush sends what is collected.
func (p *player) flush(ctx context.Context, at script.Position) error {
	if err := p.ensure(ctx, at); err != nil || len(p.held) == 0 {
		return err
	}
	pieces := p.held
	p.held, p.size = nil, 0
	if !p.s.Connected() {
		return nil // the next expectation says so
	}
	if !p.s.InText() {
		for _, piece := range pieces {
			p.said(piece.Octets)
		}
	}
	return p.lost(p.do1(ctx, session.Put{Pieces: pieces}))
}

// said follows what was sent as far as the script depends on it.
func (p *player) said(line []byte) {
	switch wire.Verb(line) {
	case "QUIT":
		p.quit = true
	case "MAIL":
		p.quit, p.binary = false, strings.Contains(strings.ToUpper(string(line)), "BODY=BINARYMIME")
	default:
		p.quit = false
	}
}

// do1 does one action and keeps the replies that it brought.
func (p *player) do1(ctx context.Context, a session.Action) error {
	err := p.s.Do(ctx, a)
	p.replies = append(p.replies, p.s.Replies()...)
	if len(p.replies) > mostReplies && err == nil {
		return p.wrong(&script.Error{
			Position: script.Position{File: p.o.Script.Name, Line: 1},
			Message:  "expected S: lines: more than " + wire.Thousands(mostReplies) + " replies wait for one",
		})
	}
	return err
}

// lost drops the error of a connection that has ended: an expectation says
// whether that is a failure.
func (p *player) lost(err error) error {
	if e, ok := errors.AsType[*event.Error](err); ok && e.Kind == event.ConnectionLost && !p.s.Connected() {
		return nil
	}
	return err
}

// next is the next reply, or, in words, what came instead.
func (p *player) next(ctx context.Context) (r wire.Reply, instead string, err error) {
	if len(p.replies) == 0 {
		if !p.s.Connected() {
			return r, "the connection is closed", nil
		}
		p.stage = p.s.Stage()
		err = p.do1(ctx, session.Next{})
	}
	if len(p.replies) > 0 {
		r = p.s.Safe(p.replies[0])
		p.replies = p.replies[1:]
		p.last, p.took, p.heard = r, p.s.Took(), true
		return r, "", nil
	}
	if ctx.Err() != nil {
		return r, "", ctx.Err()
	}
	e, ok := errors.AsType[*event.Error](err)
	if !ok {
		return r, "", err
	}
	switch e.Kind {
	case event.ReplyTimeout:
		p.silent, p.mute = true, p.mute+1
		return r, "nothing within " + p.timeout().String(), nil
	case event.ConnectionLost:
		return r, "the end of the connection", nil
	case event.ReplyTooLong:
		return r, "a reply without an end", nil
	}
	return r, "", err
}

// drain takes the replies that are due before something else is done, so that
// they keep their order.
func (p *player) drain(ctx context.Context, at script.Position) error {
	if err := p.flush(ctx, at); err != nil {
		return err
	}
	for p.s.Connected() && p.s.Due() > 0 {
		if err := p.do1(ctx, session.Next{}); err != nil {
			return p.lost(err)
		}
	}
	return nil
}

// reply awaits the reply that a group of S: lines expects.
func (p *player) reply(ctx context.Context, i script.Server) (*script.Mismatch, error) {
	pattern, err := i.Pattern(p.vars)
	if err != nil {
		return nil, p.wrong(err)
	}
	if err := p.flush(ctx, i.Position); err != nil {
		return nil, err
	}
	r, instead, err := p.next(ctx)
	switch {
	case err != nil:
		return nil, err
	case instead != "":
		return pattern.Missing(instead), nil
	case p.o.Codes:
		return pattern.CompareCode(r), nil
	}
	return pattern.Compare(r), nil
}

// verbatim awaits what the server says to the octet.
func (p *player) verbatim(ctx context.Context, i script.Reply) (*script.Mismatch, error) {
	if err := p.flush(ctx, i.Position); err != nil {
		return nil, err
	}
	octets := []byte(i.Octets)
	fail := func(actual string) *script.Mismatch {
		return &script.Mismatch{Position: i.Position, Expected: "@reply " + quoted(octets), Actual: actual}
	}
	rest := octets
	for len(rest) > 0 {
		r, instead, err := p.next(ctx)
		if err != nil {
			return nil, err
		}
		if instead != "" {
			return fail(instead), nil
		}
		if p.o.Codes {
			expected, _, _ := wire.ParseReply(rest)
			if expected.Code != r.Code {
				return fail(r.String()), nil
			}
			return nil, nil
		}
		for _, l := range r.Lines {
			var wanted wire.Line
			if len(rest) > 0 {
				wanted, rest = wire.CutLine(rest)
			}
			if wanted.Ending != l.Ending || !bytes.Equal(wanted.Octets, l.Octets) {
				return fail(quoted(asSaid(r))), nil
			}
		}
	}
	return nil, nil
}

// asSaid are the octets of a reply.
func asSaid(r wire.Reply) []byte {
	var out []byte
	for _, l := range r.Lines {
		out = append(out, l.Octets...)
		switch l.Ending {
		case wire.CRLF:
			out = append(out, "\r\n"...)
		case wire.LF:
			out = append(out, '\n')
		}
	}
	return out
}

// quoted are octets as @raw and @reply have them, not longer than a person
// reads.
func quoted(octets []byte) string {
	const most = 200
	if len(octets) > most {
		return strconv.Quote(string(octets[:most])) + "…"
	}
	return strconv.Quote(string(octets))
}

// wrong is a part of the script that turned out to be impossible.
func (p *player) wrong(err error) error {
	return p.s.Fail(&event.Error{Kind: event.Input, Stage: event.ScriptRun, Message: err.Error(), Err: err})
}
