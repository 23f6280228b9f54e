// Package conn is the only code that reads and writes the SMTP socket. It
// knows lines, deadlines and limits, and nothing of SMTP.
//
// A goroutine per connection reads what arrives and notes when. So a time in
// the transcript is the time of arrival, a close is seen while nobody waits for
// a reply, and a server that answers while ehlo is still writing blocks
// neither side. What is read ahead is bounded (readAhead chunks); beyond it
// the server waits.
//
// Reads and writes come from one goroutine at a time each; one may read while
// another writes. Every call ends at its deadline or with its context.
//
// A panic of a goroutine is kept for the owner of the connection, with those of
// his own; one of either is a panic of whoever waits for something to read.
package conn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/wire"
)

const (
	chunkSize = 16 << 10 // octets of one read
	readAhead = 8        // chunks that wait to be taken: 128 KiB
)

// ErrTimeout is what a call returns that ended at its deadline.
var ErrTimeout = errors.New("timed out")

// Conn is one connection.
type Conn struct {
	mu  sync.Mutex // held where an interruption could see nc change
	nc  net.Conn
	now func() time.Time
	in  *pump

	crashes *crash.Kept // of the owner

	raw *watched // what is under TLS, or nil

	pending []byte    // arrived, not yet taken as lines
	arrived time.Time // when the last of pending arrived
	err     error     // how reading ended
}

// New starts reading from nc, which it then owns.
func New(nc net.Conn, now func() time.Time, crashes *crash.Kept) *Conn {
	return &Conn{nc: nc, now: now, in: startPump(nc, now, crashes), crashes: crashes}
}

// Line is a line and the time at which its last octet arrived.
type Line struct {
	wire.Line
	At time.Time
}

// ReadLine waits for the next line until deadline. A line that the end of the
// connection cut short is returned with Ending wire.Cut, one beyond
// wire.MaxLine with wire.TooLong; after the latter the connection is of no
// more use. What arrived of a line stays when ctx or the deadline ends the
// wait. Errors: ErrTimeout, ctx.Err(), io.EOF, or the socket's.
func (c *Conn) ReadLine(ctx context.Context, deadline time.Time) (Line, error) {
	scanned := 0
	var timer *time.Timer
	for {
		if line, ok := c.cut(scanned); ok {
			return line, nil
		}
		scanned = len(c.pending)
		if c.err != nil {
			return c.last()
		}
		if timer == nil {
			timer = time.NewTimer(deadline.Sub(c.now()))
			defer timer.Stop()
		}
		select {
		case got := <-c.in.chunks:
			c.take(got)
		case <-timer.C:
			return Line{}, ErrTimeout
		case <-c.crashes.Some():
			c.crashes.Raise()
		case <-ctx.Done():
			return Line{}, ctx.Err()
		}
	}
}

// cut takes a line off what has arrived, if one is complete; the octets up to
// scanned are known to hold no line feed.
func (c *Conn) cut(scanned int) (Line, bool) {
	for i := scanned; i < len(c.pending) && i < wire.MaxLine; i++ {
		if c.pending[i] == '\n' {
			var l wire.Line
			l, c.pending = wire.CutLine(c.pending)
			return Line{l, c.arrived}, true
		}
	}
	if len(c.pending) >= wire.MaxLine {
		l := wire.Line{Octets: c.pending[:wire.MaxLine], Ending: wire.TooLong}
		c.pending = c.pending[wire.MaxLine:]
		return Line{l, c.arrived}, true
	}
	return Line{}, false
}

// last is what remains when the connection has ended.
func (c *Conn) last() (Line, error) {
	if len(c.pending) == 0 {
		return Line{}, c.err
	}
	l := Line{wire.Line{Octets: c.pending, Ending: wire.Cut}, c.arrived}
	c.pending = nil
	return l, nil
}

func (c *Conn) take(got chunk) {
	if len(got.octets) > 0 {
		if len(c.pending) == 0 {
			c.pending = got.octets
		} else {
			c.pending = append(c.pending, got.octets...)
		}
		c.arrived = got.at
	}
	if got.err != nil {
		c.err = got.err
	}
}

// HasLine says whether ReadLine would return at once.
func (c *Conn) HasLine() bool {
	for {
		if bytes.IndexByte(c.pending, '\n') >= 0 || len(c.pending) >= wire.MaxLine || c.err != nil {
			return true
		}
		select {
		case got := <-c.in.chunks:
			c.take(got)
		default:
			return false
		}
	}
}

// Ready says whether there is something to read, or the connection has ended,
// without waiting.
func (c *Conn) Ready() bool {
	if len(c.pending) > 0 || c.err != nil {
		return true
	}
	select {
	case got := <-c.in.chunks:
		c.take(got)
		return true
	default:
		return false
	}
}

// Await waits until Ready, or for the context, without a deadline.
func (c *Conn) Await(ctx context.Context) error {
	if c.Ready() {
		return nil
	}
	select {
	case got := <-c.in.chunks:
		c.take(got)
		return nil
	case <-c.crashes.Some():
		c.crashes.Raise()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// What is written has a deadline for each piece of it, so that a slow reader
// that gets on is no blocked one: piece octets, or under TLS what goes into one
// record (RFC 8446 5.1).
const (
	piece  = 32 << 10
	record = 16 << 10
)

// Write sends octets. It ends with ErrTimeout when the other side takes none
// of them for timeout, and with ctx.
func (c *Conn) Write(ctx context.Context, octets []byte, timeout time.Duration) (int, error) {
	defer c.interruptible(ctx)()
	most := piece
	if c.raw != nil {
		most = record
	}
	for written := 0; ; {
		n, err := c.write(ctx, octets[written:min(len(octets), written+most)], timeout)
		written += n
		if err != nil || written == len(octets) {
			return written, err
		}
	}
}

// write sends octets under one deadline.
func (c *Conn) write(ctx context.Context, octets []byte, timeout time.Duration) (int, error) {
	if err := c.nc.SetWriteDeadline(c.now().Add(timeout)); err != nil {
		return 0, err
	}
	// interrupt sets a deadline in the past. If it did so before the line above,
	// the context knows; if it does so after, the write ends.
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.nc.Write(octets)
	if err != nil && ctx.Err() != nil {
		return n, ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrTimeout
	}
	return n, err
}

// interruptible lets the end of ctx end the write that is under way, until the
// returned function is called. That waits for an interruption that has begun:
// one that came late would hit the next write.
func (c *Conn) interruptible(ctx context.Context) (end func()) {
	return crash.After(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = c.nc.SetWriteDeadline(time.Unix(1, 0))
	})
}

// Behind stops reading and returns what has arrived and was not taken: in
// front of a handshake there must be nothing. Handshake or Close comes next.
func (c *Conn) Behind() []byte {
	for _, got := range c.in.stop() {
		c.take(got)
	}
	behind := c.pending
	c.pending = nil
	return behind
}

// Handshake makes TLS of the connection, as the client, and reads on from
// there. It ends with ctx at the latest.
func (c *Conn) Handshake(ctx context.Context, config *tls.Config) (tls.ConnectionState, error) {
	if !c.in.stopped.Load() {
		c.Behind()
	}
	if c.err != nil {
		return tls.ConnectionState{}, c.err
	}
	_ = c.nc.SetDeadline(time.Time{})
	c.raw = &watched{Conn: c.nc}
	secure := tls.Client(c.raw, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return secure.ConnectionState(), err
	}
	c.mu.Lock()
	c.nc = secure
	c.mu.Unlock()
	c.in = startPump(secure, c.now, c.crashes)
	return secure.ConnectionState(), nil
}

// LocalAddr is this side's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr is the server's.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Close ends the connection. It does not wait for the other side.
func (c *Conn) Close() error {
	c.in.quit()
	// close_notify must not wait for a server that has stopped reading.
	_ = c.nc.SetWriteDeadline(c.now().Add(time.Second))
	if c.raw != nil {
		// crypto/tls gives it five seconds of its own.
		defer crash.Later(time.Second, c.raw.Conn.Close, c.crashes.Keep).Stop()
	}
	return c.nc.Close()
}

// Drain ends this side of the connection and reads away what the other side
// still says, until it ends its own, for most at the longest. Close comes next.
func (c *Conn) Drain(ctx context.Context, most time.Duration) {
	_ = c.nc.SetWriteDeadline(c.now().Add(most))
	if secure, ok := c.nc.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	raw := c.nc
	if c.raw != nil {
		raw = c.raw.Conn
	}
	half, ok := raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	t := time.NewTimer(most)
	defer t.Stop()
	for c.err == nil {
		c.pending = nil
		select {
		case got := <-c.in.chunks:
			c.take(got)
		case <-t.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Abort makes the end of the connection, which is to come next, a reset: what
// was not sent yet is dropped, and the other side sees an error (TCP RST). Where
// there is no TCP it changes nothing.
func (c *Conn) Abort() {
	raw := c.nc
	if c.raw != nil {
		raw = c.raw.Conn
	}
	if tcp, ok := raw.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
}

// watched notes that the other side has closed the socket.
type watched struct {
	net.Conn
	closed atomic.Bool
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if errors.Is(err, io.EOF) {
		w.closed.Store(true)
	}
	return n, err
}

// Truncated says that the other side closed the socket under TLS without
// saying so first (close_notify, RFC 8446 6.1): somebody on the way may have.
func (c *Conn) Truncated() bool { return c.raw != nil && c.raw.closed.Load() }

// Reset reports whether err means that the other side broke the connection
// off (RST), in contrast to closing it.
func Reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// EOF reports whether err means that the other side closed the connection.
func EOF(err error) bool { return errors.Is(err, io.EOF) }
