package session

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// chunks transfers a message by BDAT (RFC 3030 2), and counts its octets on the
// wire without the commands. It reads the replies to all chunks but the last.
// complete is false where one of those was refused: no more is sent then.
func (s *Session) chunks(ctx context.Context, source io.Reader, a Send, tell bool) (total int64, complete bool, err error) {
	size, enc := a.Message.Size.Octets, &wire.Encoder{Chunks: true}
	if a.Binary {
		size, enc = a.Message.Size.Source(), nil
	}
	text := startPieces(source, enc)
	defer text.stop()
	out := &chunkText{pieces: text}
	for {
		n := min(a.Chunk, size-total)
		last := total+n == size
		if err := s.chunkCommand(ctx, n, last, tell); err != nil {
			return total, false, err
		}
		sent, err := s.chunkOctets(ctx, out, n, tell)
		total += sent
		switch {
		case err != nil:
			return total, false, err
		case last:
			return total, true, nil
		}
		if err := s.answers(ctx); err != nil {
			return total, false, err
		}
		if r := s.Reply(); !r.Positive() {
			return total, false, nil
		}
	}
}

func (s *Session) chunkCommand(ctx context.Context, n int64, last, tell bool) error {
	line := fmt.Sprintf("BDAT %d", n)
	if last {
		line += " LAST"
	}
	now := s.opt.Now()
	s.emitAt(event.Sent{Line: []byte(line), Chunk: !tell}, now)
	s.expect("BDAT", []byte(line), now)
	if _, err := s.c.Write(ctx, []byte(line+"\r\n"), s.opt.Timeouts.Reply); err != nil {
		return s.chunkLost(ctx, err)
	}
	return nil
}

// chunkOctets sends n octets of the message.
func (s *Session) chunkOctets(ctx context.Context, out *chunkText, n int64, tell bool) (sent int64, err error) {
	for sent < n {
		octets, err := out.take(n - sent)
		if err != nil {
			return sent, s.unreadable(err)
		}
		if tell {
			s.tellChunk(octets)
		}
		if _, err := s.c.Write(ctx, octets, s.opt.Timeouts.Reply); err != nil {
			return sent, s.chunkLost(ctx, err)
		}
		sent += int64(len(octets))
	}
	return sent, nil
}

// quitBehind sends QUIT behind the last chunk (RFC 3030 4.2), before its reply.
func (s *Session) quitBehind(ctx context.Context) error {
	s.announce([]byte("QUIT"), s.opt.Now())
	_, err := s.c.Write(ctx, []byte("QUIT\r\n"), s.opt.Timeouts.Reply)
	return s.written(ctx, err)
}

// chunkLost is a chunk that the server did not take to its end.
func (s *Session) chunkLost(ctx context.Context, err error) error {
	s.dotSent = false // without its last octet the message is none
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.written(ctx, err)
}

// tellChunk tells octets of a chunk: its lines, and what is cut off of one.
func (s *Session) tellChunk(octets []byte) {
	now := s.opt.Now()
	octets = bytes.Clone(octets)
	for len(octets) > 0 {
		l, rest := wire.CutLine(octets)
		if l.Ending == wire.CRLF {
			s.emitAt(event.Sent{Line: l.Octets, Text: true}, now)
		} else {
			s.emitAt(event.Sent{Line: octets[:len(octets)-len(rest)], Text: true, Raw: true}, now)
		}
		octets = rest
	}
}

// chunkText is a message's pieces, to be taken in other sizes.
type chunkText struct {
	pieces *pieces
	now    piece
	left   []byte // of now
}

// take is the next octets, n at most, valid until the next take.
func (t *chunkText) take(n int64) ([]byte, error) {
	for len(t.left) == 0 {
		if t.now.octets != nil {
			t.pieces.done(t.now)
		}
		var more bool
		if t.now, more = t.pieces.next(); !more {
			return nil, io.ErrUnexpectedEOF
		}
		if t.now.err != nil {
			return nil, t.now.err
		}
		t.left = t.now.octets
	}
	part := t.left[:min(n, int64(len(t.left)))]
	t.left = t.left[len(part):]
	return part, nil
}
