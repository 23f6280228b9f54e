package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

const (
	// shownLines is up to how many lines a message is told line by line;
	// shownOctets bounds what that keeps in memory.
	shownLines  = 64
	shownOctets = 64 << 10

	// A message is read in pieces of readPiece and written in as many octets;
	// transparency at most doubles them.
	readPiece = 256 << 10

	finalDot = ".\r\n"
)

// send transfers a message: after a 354 its text made transparent, and the
// final dot (RFC 5321 4.1.1.4), or chunks (RFC 3030). Then it reads the replies.
func (s *Session) send(ctx context.Context, a Send) error {
	s.stage, s.literal = event.Dot, a.Unanswered
	source, err := a.Message.Open()
	if err != nil {
		return s.unreadable(err)
	}
	defer source.Close()

	small := a.Message.Size.Lines <= shownLines && a.Message.Size.Octets <= shownOctets
	told := event.Message{
		Octets: a.Message.Size.Octets, Lines: a.Message.Size.Lines,
		File: a.Message.Name, Chunk: a.Chunk, Shown: small,
	}
	var dot time.Time
	if a.Chunk > 0 {
		told.Transferred, told.Complete, err = s.chunks(ctx, source, a, small)
	} else {
		told.Transferred, dot, err = s.transfer(ctx, source, a, small)
		told.Complete = err == nil
	}
	s.emit(told)
	switch {
	case err != nil:
		return err
	case !told.Complete:
		return nil // a chunk was refused
	case a.Chunk > 0 && a.Quit:
		if err := s.quitBehind(ctx); err != nil {
			return err
		}
	case a.Chunk == 0:
		s.dotSent = true
		s.expectFinal([]byte("."), dot)
		if a.Quit {
			s.announce([]byte("QUIT"), dot)
		}
	}
	if a.Unanswered {
		return nil
	}
	return s.answers(ctx)
}

// transfer writes the message and the final dot, and QUIT where it goes with
// it, and counts the octets of the message on the wire. dot is the time before
// the dot was handed over: a reply to it comes later.
func (s *Session) transfer(ctx context.Context, source io.Reader, a Send, tell bool) (total int64, dot time.Time, err error) {
	s.chatter = 0
	text := startPieces(source, &wire.Encoder{})
	defer text.stop()
	for {
		if err := s.interjected(ctx, total); err != nil {
			return total, dot, err
		}
		piece, _ := text.next()
		if piece.err != nil {
			return total, dot, s.unreadable(piece.err)
		}
		size := len(piece.octets)
		if tell {
			s.tellText(piece.octets[:size-len(finalDot)])
		}
		if piece.last && a.Quit {
			piece.octets = append(piece.octets, "QUIT\r\n"...)
		}
		dot = s.opt.Now()
		if _, err := s.c.Write(ctx, piece.octets, s.opt.Timeouts.Reply); err != nil {
			return total, dot, s.brokenOff(ctx, err)
		}
		total += int64(size)
		if piece.last {
			if tell {
				s.tellText([]byte(finalDot))
			}
			return total, dot, nil
		}
		text.done(piece)
	}
}

// interjected reads what the server has said in the middle of a message, if
// anything. It is shown at once; the message goes on, since a reply is due
// behind its end all the same, unless the server has closed the connection.
func (s *Session) interjected(ctx context.Context, total int64) error {
	s.hasty = true
	defer func() { s.hasty = false }()
	for s.c != nil && s.c.HasLine() {
		if err := s.readReply(ctx); errors.Is(err, errUnfinished) {
			break // the message must not wait for the rest
		} else if err != nil {
			return err
		}
		if s.chatter > wire.MaxReply {
			return s.tooLong(false)
		}
	}
	if s.c != nil {
		return nil
	}
	e := event.Errorf(event.ConnectionLost, event.Dot, "%s closed the connection in the middle of the message (%s octets were sent); the final dot was not sent: the server has no message",
		s.at.Name(), wire.Thousands(uint64(total)))
	if s.early != nil && s.early.Class() >= 4 {
		e.Kind, e.Reply = event.Deferred, s.early
		if s.early.Class() == 5 {
			e.Kind = event.Rejected
		}
		e.Message = fmt.Sprintf("%s refuses in the middle of the message and closes the connection: %s; the server has no message", s.at.Name(), s.early)
	}
	return e
}

// tellText tells the lines of a piece of message text; the piece ends with a
// line, since a message that is told is written in one.
func (s *Session) tellText(octets []byte) {
	now := s.opt.Now()
	octets = append([]byte(nil), octets...)
	for len(octets) > 0 {
		var l wire.Line
		l, octets = wire.CutLine(octets)
		s.emitAt(event.Sent{Line: l.Octets, Text: true}, now)
	}
}

// unreadable is the end of a message that cannot be read to its end. The
// connection is closed without the final dot, so that the server takes nothing
// for a message that is only a part of one.
func (s *Session) unreadable(err error) error {
	e := &event.Error{Kind: event.Input, Stage: event.Dot, Message: "the message cannot be read: " + err.Error(), Err: err}
	e.Hint = "the connection was closed before the final dot: the server has no message"
	s.close("client", "")
	return e
}

// brokenOff is a transfer that the server did not take to its end.
func (s *Session) brokenOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.due = append(s.due, due{stage: event.Dot, verb: ".", line: []byte("."), sent: s.opt.Now()})
	return s.written(ctx, err)
}
