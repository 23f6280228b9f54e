package session

import (
	"bytes"
	"context"
	"errors"
	"time"

	"ehlo/internal/crash"
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
// that were already due. asks says that they are questions.
func (s *Session) group(ctx context.Context, lines [][]byte, asks bool) error {
	var out bytes.Buffer
	now := s.opt.Now()
	was := len(s.due)
	for _, line := range lines {
		out.Write(line)
		out.WriteString("\r\n")
		s.announce(line, now)
	}
	for i := range s.due[was:] {
		s.due[was+i].asks = asks
	}
	return s.exchange(ctx, out.Bytes())
}

// exchange writes octets, and reads the replies that are due meanwhile.
func (s *Session) exchange(ctx context.Context, octets []byte) error {
	written, err := s.writeGroup(ctx, octets)
	if err != nil {
		return err
	}
	if err := s.answers(ctx); err != nil {
		return err
	}
	return s.written(ctx, <-written)
}

// answers reads the replies that are due. While a chunk is on its way none is.
func (s *Session) answers(ctx context.Context) error {
	for len(s.due) > 0 && s.chunk == 0 {
		if err := s.readReply(ctx); err != nil {
			return err
		}
	}
	return nil
}

// announce tells of a command that is about to be sent, and expects its reply.
func (s *Session) announce(line []byte, now time.Time) {
	secret, verb, shown := s.guarded(line)
	sent := event.Sent{Line: line, Secret: secret}
	if s.login != nil {
		sent.Login = s.login.mechanism
	}
	s.emitAt(sent, now)
	s.expect(verb, shown, now)
	s.chunk, _, _ = wire.ParseBDAT(line)
}

// expect expects the reply to a command.
func (s *Session) expect(verb string, line []byte, now time.Time) {
	s.stage = s.stageOf(verb)
	s.early = nil
	if _, last, _ := wire.ParseBDAT(line); last {
		s.stage, s.dotSent = event.Dot, true
		s.expectFinal(line, now)
		return
	}
	s.due = append(s.due, due{stage: s.stage, verb: verb, line: line, sent: now})
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
	timeout := s.opt.Timeouts.Reply
	crash.Go(func() error {
		_, err := c.Write(ctx, octets, timeout)
		return err
	}, func(err error) {
		s.crashes.Keep(err)
		written <- err
	})
	return written, nil
}

// written judges the result of a write. Where it failed because the server
// went away, the server's last words, if any, are read first: they say why.
func (s *Session) written(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	crash.Raise(err)
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
		return "a reply that nobody asked for"
	}
	return s.due[0].what()
}

func (d due) what() string {
	if d.line == nil && d.stage != event.Banner {
		return "a reply that nobody asked for"
	}
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
	return "the reply to " + wire.VisibleVerb(d.verb)
}

// text sends one line of message text as it was typed.
func (s *Session) text(ctx context.Context, line []byte) error {
	now := s.opt.Now()
	s.emitAt(event.Sent{Line: line, Text: true}, now)
	s.stage = event.Dot
	if s.chunk > 0 {
		s.chunk -= min(s.chunk, int64(len(line)+2))
	} else if string(line) == "." {
		s.dotSent = true
		s.expectFinal(line, now)
	}
	return s.exchange(ctx, append(append([]byte(nil), line...), "\r\n"...))
}

// expectFinal expects what answers the end of the message, by a dot or by the
// last BDAT: one reply, or in LMTP one for each accepted recipient (RFC 2033
// 4.2).
func (s *Session) expectFinal(line []byte, now time.Time) {
	s.due = append(s.due, s.finals(line, now)...)
}

func (s *Session) finals(line []byte, now time.Time) []due {
	final := due{stage: event.Dot, verb: ".", line: line, sent: now}
	if s.protocol != "LMTP" {
		return []due{final}
	}
	return s.perRecipient(final)
}

// perRecipient is what is due for each accepted recipient.
func (s *Session) perRecipient(final due) (all []due) {
	for _, to := range s.accepted {
		final.recipient = to
		all = append(all, final)
	}
	return all
}
