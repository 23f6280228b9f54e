package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/internal/conn"
	"ehlo/session/wire"
)

// directWrite is up to how many octets a group is written before the first
// reply is read. Beyond it, writing and reading go on side by side: a server
// that answers as it reads would otherwise wait for us, and we for it. It is
// less than the smallest socket buffer in use.
const directWrite = 8 << 10

// await reads the oldest reply that is due.
func (s *Session) await(ctx context.Context) error { return s.readReply(ctx) }

// group sends lines as one write and reads the replies to them, behind those
// that were already due.
func (s *Session) group(ctx context.Context, lines [][]byte) error {
	var out bytes.Buffer
	now := s.opt.Now()
	for _, line := range lines {
		out.Write(line)
		out.WriteString("\r\n")
		s.announce(line, now)
	}
	written, err := s.writeGroup(ctx, out.Bytes())
	if err != nil {
		return err
	}
	for len(s.due) > 0 {
		if err := s.readReply(ctx); err != nil {
			return err
		}
	}
	return s.written(ctx, <-written)
}

// announce tells of a command that is about to be sent, and expects its reply.
func (s *Session) announce(line []byte, now time.Time) {
	secret, verb, shown := s.guarded(line)
	s.stage = s.stageOf(verb)
	s.early = nil
	sent := event.Sent{Line: line, Secret: secret}
	if s.login != nil {
		sent.Login = s.login.mechanism
	}
	s.emitAt(sent, now)
	s.due = append(s.due, due{stage: s.stage, verb: verb, line: shown, sent: now})
}

// writeGroup writes octets, in the background where they are many. The
// channel has the result.
func (s *Session) writeGroup(ctx context.Context, octets []byte) (<-chan error, error) {
	written := make(chan error, 1)
	c := s.c
	if len(octets) <= directWrite {
		_, err := c.Write(ctx, octets, s.opt.Timeouts.Reply)
		if err != nil {
			return nil, s.written(ctx, err)
		}
		written <- nil
		return written, nil
	}
	go func() {
		_, err := c.Write(ctx, octets, s.opt.Timeouts.Reply)
		written <- err
	}()
	return written, nil
}

// written judges the result of a write. Where it failed because the server
// went away, the server's last words, if any, are read first: they say why.
func (s *Session) written(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, conn.ErrTimeout) {
		e := event.Errorf(event.ReplyTimeout, s.stage, "%s takes no data: %s blocked for %s", s.at.Name(), s.what(), s.opt.Timeouts.Reply)
		s.close("client", "")
		return e
	}
	for len(s.due) > 0 && s.c != nil {
		if e := s.readReply(ctx); e != nil {
			return e
		}
	}
	if r := s.Reply(); r.Class() >= 4 {
		s.early = &r
	}
	e := s.lost(err)
	s.close("server", "")
	return e
}

// stageOf is the stage that a command belongs to; one that has none of its own
// (NOOP, RSET, VRFY) belongs to where the session is.
func (s *Session) stageOf(verb string) event.Stage {
	switch verb {
	case "EHLO", "HELO", "LHLO":
		switch {
		case s.stage == event.XClient:
			return event.HeloXClient
		case s.secure && s.at.TLS != TLSImplicit:
			return event.HeloTLS
		}
		return event.Helo
	case "STARTTLS":
		return event.StartTLS
	case "XCLIENT", "XFORWARD":
		return event.XClient
	case "AUTH":
		return event.Auth
	case "MAIL":
		return event.Mail
	case "RCPT":
		return event.Rcpt
	case "DATA", "BDAT":
		return event.Data
	case "QUIT":
		return event.Quit
	}
	return s.stage
}

// what names the oldest thing that is due, for a sentence.
func (s *Session) what() string {
	if len(s.due) == 0 {
		return "what nobody asked for"
	}
	return s.due[0].what()
}

func (d due) what() string {
	if d.line == nil {
		return "the greeting"
	}
	switch d.verb {
	case ".":
		if d.recipient != "" {
			return "the reply to the message for " + d.recipient
		}
		return "the reply to the message"
	}
	return "the reply to " + visibleVerb(d.verb)
}

// visibleVerb keeps a typed line that is no command at all from filling a
// sentence.
func visibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return wire.Visible([]byte(verb))
}

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
		s.emit(event.Waiting{For: d.what(), Timeout: timeout})
	}
	r, err := s.readLines(ctx, s.opt.Now().Add(timeout), timeout)
	if err != nil || len(r.Lines) == 0 {
		return err // or the connection ended, and nothing was due
	}
	tooEarly := !unasked && d.line != nil && r.begun.Before(d.sent)
	if tooEarly {
		d, unasked = due{stage: d.stage}, true
	}
	if !unasked {
		s.due = s.due[1:]
		s.replies = append(s.replies, r.Reply)
	}
	told := r.Reply
	if len(r.Lines) == 1 && s.proof(r.Lines[0].Octets) {
		told = hidden(told)
	}
	reply := event.Reply{
		Reply: told, Stage: d.stage, Verb: d.verb, Command: d.line,
		Recipient: d.recipient, Unasked: unasked,
	}
	if !d.sent.IsZero() {
		reply.Elapsed = r.at.Sub(d.sent)
	}
	s.emitAt(reply, r.at)
	s.noteAnomalies(r.Reply)
	if a, bad := r.Reply.Malformed(); bad {
		return s.malformed(d, r.Reply, a)
	}
	if unasked {
		s.early = &r.Reply
		if tooEarly {
			return s.readReply(ctx)
		}
		return nil
	}
	s.learn(d, r.Reply)
	return nil
}

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
		line, err := s.c.ReadLine(ctx, deadline)
		switch {
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			s.part = r
			return r, ctx.Err()
		case errors.Is(err, conn.ErrTimeout):
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
	s.close("client", "")
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

func (s *Session) malformed(d due, r wire.Reply, a wire.Anomaly) error {
	if a.Kind == wire.EndedEarly {
		e := event.Errorf(event.ConnectionLost, d.stage, "%s closed the connection within %s", s.at.Name(), d.what())
		if d.verb == "." && s.dotSent {
			e.Message += "; delivery: unknown"
		}
		s.close("server", "")
		return e
	}
	e := event.Errorf(event.MalformedReply, d.stage, "%s: %s is malformed: %s", s.at.Name(), d.what(), a.Kind)
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
			s.accepted = nil
			s.tellOffers()
		}
	case "HELO":
		if r.Positive() {
			s.protocol, s.offers, s.accepted = "SMTP", nil, nil
			s.tellOffers()
		}
	case "MAIL", "RSET":
		if r.Positive() {
			s.accepted = nil
		}
	case "RCPT":
		if r.Positive() {
			s.accepted = append(s.accepted, wire.PathOf(d.line))
		}
	case "DATA":
		s.inText, s.dotSent = r.Code == 354, false
	case ".":
		s.inText = false
	case "QUIT":
		s.close("client", "")
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

// text sends one line of message text as it was typed.
func (s *Session) text(ctx context.Context, line []byte) error {
	now := s.opt.Now()
	s.emitAt(event.Sent{Line: line, Text: true}, now)
	s.stage = event.Dot
	if string(line) == "." {
		s.dotSent = true
		s.expectFinal(now)
	}
	written, err := s.writeGroup(ctx, append(append([]byte(nil), line...), "\r\n"...))
	if err != nil {
		return err
	}
	for len(s.due) > 0 {
		if err := s.readReply(ctx); err != nil {
			return err
		}
	}
	return s.written(ctx, <-written)
}

// expectFinal expects what answers the end of the message: one reply, or in
// LMTP one for each accepted recipient (RFC 2033 4.2).
func (s *Session) expectFinal(now time.Time) {
	final := due{stage: event.Dot, verb: ".", line: []byte("."), sent: now}
	if s.protocol != "LMTP" {
		s.due = append(s.due, final)
		return
	}
	for _, to := range s.accepted {
		final.recipient = to
		s.due = append(s.due, final)
	}
}
