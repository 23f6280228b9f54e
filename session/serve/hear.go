package serve

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// hear awaits what the client says in an item, and says how many replies are
// due for it; at is behind the item.
func (p *player) hear(item script.Item, at *cursor) (owed int, err error) {
	if speakerOf(item) != client {
		return 0, p.step(item, at)
	}
	p.c.fresh = false
	switch i := item.(type) {
	case script.Client:
		return p.expectLine(i)
	case script.Raw:
		return p.expectOctets(i)
	case script.Auth:
		return p.auth(i, at)
	case script.Data:
		return 1, p.message(i)
	case script.BDAT:
		return 1, p.chunks(i)
	}
	return 0, nil
}

// bound starts the clock of a read.
func (p *player) bound() {
	_ = p.c.raw.SetReadDeadline(time.Now().Add(p.timeout + p.grace))
	p.grace = 0
}

// tapped hands on what the client said.
func (p *player) tapped(octets []byte) error {
	if p.server.opt.Tap == nil {
		return nil
	}
	return p.server.opt.Tap(octets)
}

// line reads a line of the client. What came before an error is in the line,
// whose ending is then wire.Cut or wire.TooLong.
func (p *player) line() (wire.Line, error) {
	p.bound()
	var octets []byte
	for {
		part, err := p.c.in.ReadSlice('\n')
		octets = append(octets, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			_ = p.tapped(octets)
			return wire.Line{Octets: octets, Ending: wire.Cut}, err
		}
		if len(octets) > maxSaid {
			return wire.Line{Octets: octets, Ending: wire.TooLong}, fmt.Errorf("a line of more than %d octets", maxSaid)
		}
	}
	l, _ := wire.CutLine(octets)
	return l, p.tapped(octets)
}

// expect reads a line and says what came instead where none comes.
func (p *player) expect(at script.Position, what string) (wire.Line, error) {
	l, err := p.line()
	if err == nil {
		return l, nil
	}
	actual := p.problem(err)
	if len(l.Octets) > 0 && l.Ending == wire.Cut {
		actual = p.said(l) + " and then " + actual
	}
	return l, &script.Mismatch{Position: at, Expected: what, Actual: actual}
}

// said tells of a line that was not expected, and is that line for a sentence.
func (p *player) said(l wire.Line) string {
	before := p.c.hearing
	p.heard(l)
	return before.said(l)
}

// said is a line for a sentence, without what nobody may see.
func (h *hearing) said(l wire.Line) string {
	if l.Ending == wire.Cut {
		return script.Said(h.masked(l.Octets))
	}
	return script.SaidLine(wire.Line{Octets: h.masked(l.Octets), Ending: l.Ending})
}

// masked is a line without what nobody may see.
func (h *hearing) masked(line []byte) []byte {
	span, ok := h.secret(line)
	if !ok {
		return line
	}
	return event.Sent{Line: line, Secret: []event.Span{span}}.Masked()
}

func (p *player) expectLine(i script.Client) (owed int, err error) {
	pattern, err := i.Pattern(p.vars, names...)
	if err != nil {
		return 0, err
	}
	before := p.c.hearing
	expected := strings.TrimRight("C: "+string(before.masked([]byte(i.Line.Raw))), " ")
	l, err := p.expect(i.Position, expected)
	if err != nil {
		return 0, err
	}
	owed = p.heard(l)
	if m := pattern.Compare(l); m != nil {
		m.Expected, m.Actual = expected, before.said(l)
		return 0, m
	}
	for name, value := range pattern.Values(l.Octets) {
		p.set(name, value)
	}
	return owed, nil
}

// heard tells of a line that the client said, and says how many replies are due
// for it.
func (p *player) heard(l wire.Line) (owed int) {
	octets := l.Octets
	switch l.Ending {
	case wire.CRLF:
		octets = append(bytes.Clone(octets), "\r\n"...)
	case wire.LF:
		octets = append(bytes.Clone(octets), '\n')
	}
	return p.heardOctets(octets, l.Ending == wire.CRLF)
}

// heardOctets is heard for octets that need not be a line.
func (p *player) heardOctets(octets []byte, line bool) (owed int) {
	h := &p.c.hearing
	sent := event.Sent{Line: octets, Raw: !line, Text: h.text || h.chunk > 0}
	commands, secret := h.take(octets)
	if line {
		sent.Line = octets[:len(octets)-2]
	}
	for _, span := range secret {
		span.End = min(span.End, len(sent.Line))
		if span.Start < span.End {
			sent.Secret = append(sent.Secret, span)
			p.c.secrets.Keep(sent.Line[span.Start:span.End])
		}
	}
	if h.login.open && !sent.Text {
		sent.Login = h.login.mechanism
	}
	p.emit(sent)
	for _, c := range commands {
		p.owe(c)
	}
	return len(commands)
}

// mostDue is how many commands without a reply are remembered.
const mostDue = 10_000

// owe remembers what a reply is due for.
func (p *player) owe(c command) {
	c.at = p.server.opt.Now()
	whom := []string{""}
	if c.verb == endOfText && p.c.protocol == "LMTP" && len(p.c.accepted) > 0 {
		whom = p.c.accepted // a reply for each (RFC 2033 4.2)
	}
	for _, c.recipient = range whom {
		if len(p.c.due) < mostDue {
			p.c.due = append(p.c.due, c)
		}
	}
}

// expectOctets reads as many octets as the client is to say, or up to the first
// that is another.
func (p *player) expectOctets(i script.Raw) (owed int, err error) {
	p.bound()
	got := make([]byte, 0, len(i.Octets))
	for len(got) < len(i.Octets) && err == nil {
		_, err = p.c.in.Peek(1)
		n := min(p.c.in.Buffered(), len(i.Octets)-len(got))
		part, _ := p.c.in.Peek(n)
		got = append(got, part...)
		_, _ = p.c.in.Discard(n)
		if !bytes.HasPrefix([]byte(i.Octets), got) {
			break
		}
	}
	before := p.c.hearing
	before.part = bytes.Clone(before.part)
	owed = p.heardOctets(got, bytes.HasSuffix(got, []byte("\r\n")) && bytes.Count(got, []byte("\n")) == 1)
	if tapErr := p.tapped(got); tapErr != nil && err == nil {
		err = tapErr
	}
	if string(got) == i.Octets && err == nil {
		return owed, nil
	}
	actual := "@raw " + quoted(got, before)
	if err != nil {
		actual = p.problem(err)
		if len(got) > 0 {
			actual = "@raw " + quoted(got, before) + " and then " + actual
		}
	}
	return 0, &script.Mismatch{Position: i.Position, Expected: "@raw " + quoted([]byte(i.Octets), before), Actual: actual}
}

// quoted are octets for a sentence as @raw has them, without what nobody may
// see, and not longer than a person reads.
func quoted(octets []byte, h hearing) string {
	const most = 200
	_, secret := h.take(octets)
	octets = event.Sent{Line: octets, Secret: secret}.Masked()
	if len(octets) > most {
		return strconv.Quote(string(octets[:most])) + "…"
	}
	return strconv.Quote(string(octets))
}
