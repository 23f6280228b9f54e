package session

import (
	"bytes"
	"context"
	"errors"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// writing is octets that go out while other things are done.
type writing struct {
	done chan struct{} // closed when err is final
	err  error
}

// put sends pieces and waits for nothing.
func (s *Session) put(ctx context.Context, pieces []Piece) error {
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
	write := func(ctx context.Context) {
		defer close(w.done)
		if before != nil {
			<-before.done
			if w.err = before.err; w.err != nil {
				return
			}
		}
		_, w.err = c.Write(ctx, out, timeout)
	}
	s.writing = w
	if before == nil && len(out) <= directWrite {
		write(ctx)
	} else {
		// It may outlast ctx: the end of the connection ends it, or its timeout.
		go write(context.WithoutCancel(ctx))
	}
	return nil
}

// putting tells of a piece, and expects the replies to what is complete of it.
func (s *Session) putting(p Piece, now time.Time) {
	text := s.InText()
	sent := event.Sent{Line: p.Octets, Raw: p.Raw, Text: text}
	octets := p.Octets
	if !p.Raw {
		octets = append(append(make([]byte, 0, len(octets)+2), octets...), "\r\n"...)
	}
	type command struct {
		verb string
		line []byte
	}
	var commands []command // what has to be answered, in order
	// The state moves on with each line; the event stands before what follows
	// from it, so that it is told first.
	for at := 0; at < len(octets); {
		if s.chunk > 0 {
			n := min(s.chunk, int64(len(octets)-at))
			s.chunk, at = s.chunk-n, at+int(n)
			continue
		}
		end := bytes.IndexByte(octets[at:], '\n')
		if end < 0 {
			s.partial = append(s.partial, octets[at:]...)
			break
		}
		line, begin := octets[at:at+end+1], at
		at += end + 1
		if len(s.partial) > 0 {
			begin -= len(s.partial)
			line = append(s.partial, line...)
			s.partial = nil
		}
		l, _ := wire.CutLine(line)
		if s.inText && !s.dotSent {
			if l.Ending == wire.CRLF && string(l.Octets) == "." {
				s.stage, s.dotSent = event.Dot, true
				commands = append(commands, command{finalDot, l.Octets})
			}
			continue
		}
		spans, verb, shown := s.guarded(l.Octets)
		for _, span := range spans {
			// A secret that began in the piece before was shown there in part; what
			// is left of it is not.
			sent.Secret = append(sent.Secret, event.Span{Start: max(begin+span.Start, 0), End: min(begin+span.End, len(p.Octets))})
		}
		if s.login != nil {
			sent.Login = s.login.mechanism
		}
		commands = append(commands, command{verb, shown})
		s.chunk, _, _ = wire.ParseBDAT(l.Octets)
	}
	s.emitAt(sent, now)
	for _, c := range commands {
		if c.verb == finalDot {
			s.expectFinal(c.line, now)
			continue
		}
		s.expect(c.verb, c.line, now)
	}
}

// textBehind is called at a 354 whose message was sent before it came: what
// was taken for commands behind DATA is message text up to the final dot.
func (s *Session) textBehind() {
	for i, d := range s.due {
		if string(d.line) == "." && d.verb == "." {
			rest := append(s.finals(d.line, d.sent), s.due[i+1:]...)
			s.due, s.dotSent = rest, true
			return
		}
	}
	s.due = nil
}

// flushed waits until what was put is on its way. Meanwhile it reads: a server
// that answers as it reads would wait for us otherwise, and we for it.
func (s *Session) flushed(ctx context.Context) error {
	s.literal = s.literal || s.writing != nil
	for s.writing != nil && s.c != nil {
		w := s.writing
		select {
		case <-w.done:
			s.writing = nil
			return s.written(ctx, w.err)
		default:
		}
		waiting, stop := context.WithCancel(ctx)
		go func() {
			select {
			case <-w.done:
				stop()
			case <-waiting.Done():
			}
		}()
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
	limited, stop := context.WithTimeout(ctx, most)
	defer stop()
	if err := s.c.Await(limited); err != nil {
		return ctx.Err() // nil: it was silent
	}
	err := s.readReply(ctx)
	if e, ok := errors.AsType[*event.Error](err); ok && e.Kind == event.ConnectionLost && s.c == nil {
		return nil
	}
	return err
}
