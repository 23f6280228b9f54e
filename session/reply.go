package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/internal/conn"
	"ehlo/session/wire"
)

// readReply reads one reply: the one that is due, or one that nobody asked
// for. What came before the command was sent that is to be answered is no
// answer to it: it is told as unasked, and the reply is still due.
func (s *Session) readReply(ctx context.Context) error {
	d := due{stage: s.stage}
	unasked := len(s.due) == 0
	if !unasked {
		d = s.due[0]
	}
	timeout := s.opt.Timeouts.Reply
	if d.verb == "." {
		timeout = s.opt.Timeouts.Dot
	}
	if !s.c.Ready() {
		s.emit(event.Waiting{For: s.what(), Timeout: timeout})
	}
	r, err := s.readLines(ctx, s.opt.Now().Add(timeout), timeout)
	if err != nil || len(r.Lines) == 0 {
		return err // or the connection ended, and nothing was due
	}
	tooEarly := !unasked && d.line != nil && r.begun.Before(d.sent)
	if tooEarly {
		d, unasked = due{stage: d.stage}, true
	}
	if unasked {
		s.chatter += r.octets
	} else {
		s.due = s.due[1:]
	}
	if _, bad := r.Malformed(); s.literal || !unasked && !bad {
		s.replies = append(s.replies, r.Reply)
		since := d.sent
		if s.answered.After(since) {
			since = s.answered
		}
		s.paces = append(s.paces, r.at.Sub(since))
	}
	s.answered = r.at
	if unasked {
		s.tally.Unasked++
	} else if r.Class() >= 4 {
		s.tally.Errors++
	}
	told := s.safe(r.Reply)
	reply := event.Reply{
		Reply: told, Stage: d.stage, Verb: d.verb, Command: d.line,
		Recipient: d.recipient, Unasked: unasked, Answer: d.asks && !unasked,
	}
	if !d.sent.IsZero() {
		reply.Elapsed = r.at.Sub(d.sent)
	}
	s.took = reply.Elapsed
	s.emitAt(reply, r.at)
	s.noteAnomalies(r.Reply)
	if a, bad := r.Reply.Malformed(); bad {
		if s.literal {
			return nil
		}
		return s.malformed(d, r.Reply, a)
	}
	if unasked {
		s.early = &r.Reply
		if tooEarly && !s.literal {
			return s.readReply(ctx)
		}
		return nil
	}
	if d.stage == event.Banner {
		s.greeting = r.Reply
	}
	s.learn(d, r.Reply)
	return nil
}

// errUnfinished is a reply that has not come to its end yet.
var errUnfinished = errors.New("the reply is not complete")

// timedReply is a reply, as far as it has come, and when its first and last
// lines arrived.
type timedReply struct {
	wire.Reply
	begun, at time.Time
	octets    int
}

// readLines reads the lines of one reply within its limits. What there is of a
// reply when the context ends is kept for the next call.
func (s *Session) readLines(ctx context.Context, deadline time.Time, timeout time.Duration) (timedReply, error) {
	r := s.part
	s.part = timedReply{}
	for {
		if s.hasty && !s.c.HasLine() {
			s.part = r
			return r, errUnfinished
		}
		line, err := s.c.ReadLine(ctx, deadline)
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			s.part = r
			return r, ctx.Err()
		case errors.Is(err, conn.ErrTimeout):
			s.part = r
			return r, s.timedOut(r.Reply, timeout)
		case err != nil && len(r.Lines) > 0:
			// The last line said that more would come.
			r.Anomalies = append(r.Anomalies, wire.Anomaly{Kind: wire.EndedEarly, Line: len(r.Lines) - 1})
			return r, nil
		case err != nil:
			return r, s.ended(err)
		}
		received := event.Received{Line: line.Line, Login: s.login != nil}
		if s.proof(line.Octets) {
			received.Secret = []event.Span{{Start: 4, End: len(line.Octets)}}
		} else if len(s.secrets) > 0 {
			received.Secret = s.secrets.In(line.Octets)
		}
		s.emitAt(received, line.At)
		r.octets += len(line.Octets) + 2
		if line.Ending == wire.TooLong || r.octets > wire.MaxReply {
			return r, s.tooLong(line.Ending == wire.TooLong)
		}
		r.at = line.At
		if len(r.Lines) == 0 {
			r.begun = line.At
		}
		if r.Add(line.Line) {
			return r, nil
		}
	}
}

func (s *Session) timedOut(r wire.Reply, timeout time.Duration) error {
	e := event.Errorf(event.ReplyTimeout, s.dueStage(), "%s: no answer within %s, waiting for %s", s.at.Name(), timeout, s.what())
	if len(r.Lines) > 0 {
		e.Message = fmt.Sprintf("%s: %s did not end within %s (%d lines came)", s.at.Name(), s.what(), timeout, len(r.Lines))
	}
	e.Message += s.undelivered()
	e.Hint = "--timeout waits longer"
	if !s.literal {
		s.close("client", "")
	}
	return e
}

func (s *Session) tooLong(line bool) error {
	e := event.Errorf(event.ReplyTooLong, s.dueStage(), "%s: %s is longer than %s octets", s.at.Name(), s.what(), wire.Thousands(wire.MaxReply))
	if line {
		e.Message = fmt.Sprintf("%s: a line of %s is longer than %s octets", s.at.Name(), s.what(), wire.Thousands(wire.MaxLine))
	}
	s.close("client", "")
	return e
}

// unsent is what is said where something that nobody asked for ends a message
// on its way.
func (s *Session) unsent(d due) string {
	if d.line == nil && d.stage == event.Dot && !s.dotSent {
		return "; the final dot was not sent: the server has no message"
	}
	return ""
}

func (s *Session) malformed(d due, r wire.Reply, a wire.Anomaly) error {
	if a.Kind == wire.EndedEarly {
		e := event.Errorf(event.ConnectionLost, d.stage, "%s closed the connection within %s", s.at.Name(), d.what())
		if d.verb == "." && s.dotSent {
			e.Message += "; delivery: unknown"
		}
		e.Message += s.unsent(d)
		s.close("server", "")
		return e
	}
	e := event.Errorf(event.MalformedReply, d.stage, "%s: %s is malformed: %s%s", s.at.Name(), d.what(), a.Kind, s.unsent(d))
	e.Reply = &r
	s.close("client", "")
	return e
}

// ended tells of the end of the connection. It is an error only where the
// server still owed a reply.
func (s *Session) ended(err error) error {
	problem := lossProblem(err)
	if problem == "" && s.c.Truncated() {
		problem = "without close_notify under TLS (RFC 8446 6.1)"
	}
	if len(s.due) == 0 {
		s.close("server", problem)
		return nil
	}
	e := s.lost(err)
	s.close("server", problem)
	return e
}

func lossProblem(err error) string {
	if conn.EOF(err) {
		return ""
	}
	if conn.Reset(err) {
		return "connection reset"
	}
	return plainError(err)
}

func (s *Session) lost(err error) *event.Error {
	e := event.Errorf(event.ConnectionLost, s.dueStage(), "%s closed the connection instead of sending %s", s.at.Name(), s.what())
	if !conn.EOF(err) {
		e.Message = fmt.Sprintf("%s: the connection was lost before %s (%s)", s.at.Name(), s.what(), lossProblem(err))
	}
	e.Message += s.undelivered()
	e.Err = err
	if s.early != nil && s.early.Class() >= 4 && !s.dotSent {
		// Its last words are the reason why it went away.
		e.Kind, e.Reply = event.Deferred, s.early
		if s.early.Class() == 5 {
			e.Kind = event.Rejected
		}
		e.Message = fmt.Sprintf("%s refuses and closes the connection: %s%s", s.at.Name(), s.early, s.undelivered())
	}
	return e
}

// undelivered is what is said where the reply to a message does not come: only
// after the final dot may the server have taken it (RFC 5321 4.2.5).
func (s *Session) undelivered() string {
	switch {
	case len(s.due) == 0 || s.due[0].verb != ".":
		return ""
	case s.dotSent:
		return "; delivery: unknown"
	}
	return "; the final dot was not sent: the server has no message"
}

func (s *Session) dueStage() event.Stage {
	if len(s.due) > 0 {
		return s.due[0].stage
	}
	return s.stage
}

// noteAnomalies names what is wrong with a reply, each kind once.
func (s *Session) noteAnomalies(r wire.Reply) {
	var seen []string
	for i, a := range r.Anomalies {
		first := true
		for _, b := range r.Anomalies[:i] {
			first = first && b.Kind != a.Kind
		}
		if first {
			seen = append(seen, a.Kind.String())
		}
	}
	if len(seen) > 0 {
		s.Note("anomaly: %s", strings.Join(seen, "; "))
	}
}

// learn draws the conclusions from a reply to a command.
func (s *Session) learn(d due, r wire.Reply) {
	if d.verb == "AUTH" {
		s.loginReply(r)
	}
	switch d.verb {
	case "EHLO", "LHLO":
		if r.Positive() {
			s.protocol = "ESMTP"
			if d.verb == "LHLO" {
				s.protocol = "LMTP"
			}
			s.offers = wire.ParseEHLO(r)
			s.accepted, s.mailing = nil, false
			s.tellOffers()
		}
	case "HELO":
		if r.Positive() {
			s.protocol, s.offers, s.accepted, s.mailing = "SMTP", nil, nil, false
			s.tellOffers()
		}
	case "MAIL", "RSET":
		if r.Positive() {
			s.accepted, s.mailing = nil, d.verb == "MAIL"
		}
		if r.Positive() && d.verb == "MAIL" {
			s.tally.Mails++
		}
	case "RCPT":
		if r.Positive() {
			s.accepted = append(s.accepted, wire.PathOf(d.line))
		}
	case "DATA":
		s.inText, s.dotSent = r.Code == 354, false
		if s.inText {
			s.textBehind()
		}
	case ".":
		s.inText, s.mailing = false, false
		if r.Code == wire.PerRecipient && d.recipient == "" {
			// PRDR: one reply for each recipient follows, and one for all.
			s.due = append(append(s.perRecipient(d), d), s.due...)
		}
	case "QUIT":
		if !s.literal {
			s.close("client", "")
		}
	}
}

func (s *Session) tellOffers() {
	s.emit(event.Extensions{Protocol: s.protocol, Offers: s.offers, TLS: s.secure})
	size := s.offers.Size()
	s.emit(event.Size{Size: size})
	if s.inClear != nil {
		if changes := wire.Changes(s.inClear, s.offers); changes != "" {
			s.Note("after STARTTLS: %s", changes)
		}
		s.inClear = nil
	}
	if note := size.Note(); note != "" {
		s.Note("%s", note)
	}
}
