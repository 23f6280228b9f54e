package session

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/wire"
)

// writing is octets that go out while other things are done.
type writing struct {
	done chan struct{} // closed when err is final
	err  error
}

// put sends pieces and waits for nothing.
func (s *Session) put(ctx context.Context, pieces []Piece) error {
	if ctx.Err() != nil {
		return ctx.Err() // nothing is told that was not sent
	}
	now := s.opt.Now()
	var out []byte
	for _, p := range pieces {
		s.putting(p, now)
		out = append(out, p.Octets...)
		if !p.Raw {
			out = append(out, "\r\n"...)
		}
	}
	w, before, c := &writing{done: make(chan struct{})}, s.writing, s.c
	timeout := s.opt.Timeouts.Reply
	written := func(err error) {
		w.err = err
		s.crashes.Keep(err)
		close(w.done)
	}
	s.writing = w
	if before == nil && len(out) <= directWrite {
		_, err := c.Write(ctx, out, timeout)
		if written(err); ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		return nil
	}
	// It may outlast ctx: the end of the connection ends it, or its timeout.
	ctx = context.WithoutCancel(ctx)
	crash.Go(func() error {
		if before != nil {
			if <-before.done; before.err != nil {
				return before.err
			}
		}
		_, err := c.Write(ctx, out, timeout)
		return err
	}, written)
	return nil
}

// putting tells of a piece, and expects the replies to what is complete of it.
func (s *Session) putting(p Piece, now time.Time) {
	sent := event.Sent{Line: p.Octets, Raw: p.Raw, Text: s.InText()}
	octets := p.Octets
	if !p.Raw {
		octets = append(append(make([]byte, 0, len(octets)+2), octets...), "\r\n"...)
	}
	hide := func(from, to int) {
		if from, to = max(from, 0), min(to, len(p.Octets)); from < to {
			sent.Secret = append(sent.Secret, event.Span{Start: from, End: to})
		}
	}
	var said []due // what has to be answered, in order
	for at := 0; at < len(octets); {
		if s.chunk > 0 {
			n := min(s.chunk, int64(len(octets)-at))
			s.chunk, at = s.chunk-n, at+int(n)
			continue
		}
		text := s.inText && !s.dotSent
		end := bytes.IndexByte(octets[at:], '\n') + 1
		if end == 0 {
			s.partial = append(s.partial, octets[at:]...)
			if from, secret := s.unfinished(s.partial); secret && !text {
				hide(at-(len(s.partial)-len(octets[at:]))+from, len(octets))
			}
			break
		}
		line, begin := octets[at:at+end], at-len(s.partial)
		at += end
		if len(s.partial) > 0 {
			line = append(s.partial, line...)
			s.partial = nil
		}
		l, _ := wire.CutLine(line)
		switch {
		case text && (l.Ending != wire.CRLF || string(l.Octets) != "."):
		case text:
			s.stage, s.dotSent = event.Dot, true
			said = append(said, due{verb: finalDot, line: l.Octets})
		case s.asked(said):
			// Text or commands: the reply to DATA says which, and until then the
			// login is not followed.
			d := due{line: l.Octets}
			if from, secret := s.unfinished(l.Octets); secret {
				hide(begin+from, begin+len(l.Octets))
				d.line = event.Sent{Line: l.Octets, Secret: []event.Span{{Start: from, End: len(l.Octets)}}}.Masked()
			}
			if d.verb = wire.Verb(d.line); wire.IsAuth(l.Octets) {
				d.verb = "AUTH"
			}
			said = append(said, d)
		default:
			spans, verb, shown := s.guarded(l.Octets)
			for _, span := range spans {
				hide(begin+span.Start, begin+span.End)
			}
			if s.login != nil {
				sent.Login = s.login.mechanism
			}
			said = append(said, due{verb: verb, line: shown})
			s.chunk, _, _ = wire.ParseBDAT(l.Octets)
		}
	}
	s.emitAt(sent, now)
	for _, d := range said {
		if d.verb == finalDot {
			s.expectFinal(d.line, now)
			continue
		}
		s.expect(d.verb, d.line, now)
	}
}

// asked says that a DATA has no reply yet, one that is due or one of those.
func (s *Session) asked(more []due) bool {
	is := func(d due) bool { return d.verb == "DATA" }
	return slices.ContainsFunc(s.due, is) || slices.ContainsFunc(more, is)
}

// unfinished is where the secret begins in a line of which not all is there, or
// which may be none: all that could be a response of a login.
func (s *Session) unfinished(line []byte) (from int, secret bool) {
	if s.login != nil && (s.login.awaited || s.login.responses < sasl.Responses(s.login.mechanism)) {
		return 0, true
	}
	from = wire.SecretFrom(line)
	return from, from < len(line)
}

// textBehind is called at a 354 whose message was sent before it came: what
// stands behind DATA is text up to the final dot.
func (s *Session) textBehind() {
	for i, d := range s.due {
		if d.verb == "." && string(d.line) == "." {
			s.due, s.dotSent = append(s.finals(d.line, d.sent), s.due[i+1:]...), true
			return
		}
	}
	s.due = nil
}

// flushed waits until what was put is on its way. Meanwhile it reads: a server
// that answers as it reads would wait for us otherwise, and we for it.
func (s *Session) flushed(ctx context.Context) error {
	s.literal = s.literal || s.writing != nil
	s.chatter = 0
	for s.writing != nil && s.c != nil {
		w := s.writing
		select {
		case <-w.done:
			s.writing = nil
			return s.written(ctx, w.err)
		default:
		}
		waiting, stop := context.WithCancel(ctx)
		crash.Go(func() error {
			select {
			case <-w.done:
			case <-waiting.Done():
			}
			return nil
		}, func(error) { stop() })
		err := s.c.Await(waiting)
		stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // it is written
		}
		if err := s.readReply(ctx); err != nil {
			return err
		}
		if s.chatter > wire.MaxReply {
			return s.tooLong(false) // it floods, and reads nothing
		}
	}
	return nil
}

// next reads the next reply, whatever it answers.
func (s *Session) next(ctx context.Context) error {
	s.literal = true
	if w := s.writing; w != nil {
		select {
		case <-w.done:
			s.writing = nil
			if w.err != nil && !s.c.Ready() {
				return s.written(ctx, w.err)
			}
		default:
		}
	}
	if err := s.readReply(ctx); err != nil {
		return err
	}
	if len(s.replies) == 0 && s.c == nil {
		return event.Errorf(event.ConnectionLost, s.stage, "%s closed the connection", s.at.Name())
	}
	return nil
}

// listen waits for what the server does of itself.
func (s *Session) listen(ctx context.Context, most time.Duration) error {
	if err := s.flushed(ctx); err != nil || s.c == nil || len(s.replies) > 0 {
		return err
	}
	s.literal = true
	began, usual := s.opt.Now(), s.opt.Timeouts
	limited, stop := context.WithTimeout(ctx, most)
	defer stop()
	if err := s.c.Await(limited); err != nil {
		return ctx.Err() // nil: it was silent
	}
	// Half a line does not make the wait longer.
	left := max(most-s.opt.Now().Sub(began), time.Millisecond)
	s.opt.Timeouts.Reply, s.opt.Timeouts.Dot = min(left, usual.Reply), min(left, usual.Dot)
	err := s.readReply(ctx)
	s.opt.Timeouts = usual
	if e, ok := errors.AsType[*event.Error](err); ok && e.Kind == event.ConnectionLost && s.c == nil {
		return nil
	}
	return err
}
