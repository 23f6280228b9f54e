package session

import (
	"errors"
	"io"

	"ehlo/internal/crash"
	"ehlo/session/wire"
)

// piece is some encoded text of a message; the last one has the final dot.
type piece struct {
	octets []byte
	last   bool
	err    error // why there is no more
}

// pieces reads and encodes a message (without an encoder it stays as it is) in a
// goroutine of its own, so that one piece is made while the one before is
// written. It is one piece ahead in reading, too: the dot goes out with the
// last of the text. A short segment of its own would be held back by some
// systems until all before it is acknowledged (RFC 9293 3.7.4, Nagle).
type pieces struct {
	made chan piece
	free chan []byte   // buffers to make pieces in
	quit chan struct{} // closed by stop
	err  error         // final when made is closed: a panic
}

func startPieces(source io.Reader, enc *wire.Encoder) *pieces {
	p := &pieces{made: make(chan piece), free: make(chan []byte, 2), quit: make(chan struct{})}
	p.free <- nil
	p.free <- nil
	crash.Go(func() error {
		p.run(source, enc)
		return nil
	}, func(err error) {
		p.err = err
		close(p.made)
	})
	return p
}

func (p *pieces) run(source io.Reader, enc *wire.Encoder) {
	now, next := make([]byte, readPiece), []byte(nil)
	n, more, err := fill(source, now)
	for {
		ahead := 0
		if err == nil && more {
			if next == nil {
				next = make([]byte, readPiece)
			}
			ahead, more, err = fill(source, next)
		}
		var made piece
		select {
		case made.octets = <-p.free:
		case <-p.quit:
			return
		}
		if made.err = err; err == nil {
			made.last = ahead == 0
			switch {
			case enc == nil:
				made.octets = append(made.octets[:0], now[:n]...)
			case made.last:
				made.octets = enc.End(enc.Append(made.octets[:0], now[:n]))
			default:
				made.octets = enc.Append(made.octets[:0], now[:n])
			}
		}
		select {
		case p.made <- made:
		case <-p.quit:
			return
		}
		if made.last || made.err != nil {
			return
		}
		now, next, n = next, now, ahead
	}
}

// next waits for the next piece; false: there are no more.
func (p *pieces) next() (piece, bool) {
	made, more := <-p.made
	if !more {
		crash.Raise(p.err)
	}
	return made, more
}

// done gives back the buffer of a piece.
func (p *pieces) done(used piece) { p.free <- used.octets }

// stop ends the goroutine, and waits for it: the source is closed next.
func (p *pieces) stop() {
	close(p.quit)
	for range p.made {
		// It may be about to hand over one more.
	}
	crash.Raise(p.err)
}

// fill reads a piece, and says whether there may be more behind it.
func fill(source io.Reader, piece []byte) (n int, more bool, err error) {
	n, err = io.ReadFull(source, piece)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, false, nil
	}
	return n, err == nil, err
}
