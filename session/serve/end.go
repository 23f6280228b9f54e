package serve

import (
	"crypto/tls"
	"io"
	"net"
	"time"

	"ehlo/session/event"
	"ehlo/session/script"
)

// drop closes the connection at once. by is who ends it, as a client sees it.
func (p *player) drop(by string) {
	if p.c == nil {
		return
	}
	p.c.shut()
	p.gone(event.Closed{By: by})
}

// shut closes the connection, and ends what goes on with it.
func (c *connection) shut() {
	c.stop()
	_ = c.raw.Close()
	c.out.end()
}

// reset breaks the connection off. A client that plays the same script does so
// itself and is let do it first: it may not even have read what it was told
// before. One that waits for the server to do it does not wait long.
func (p *player) reset() {
	_ = p.c.out.drain()
	_ = p.c.raw.SetReadDeadline(time.Now().Add(behindSilence))
	_, _ = io.Copy(p.overheard(), p.c.in)
	if tcp, ok := p.c.raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	p.c.shut()
	p.gone(event.Closed{By: "client", Reset: true})
}

// gone tells of the end of the connection.
func (p *player) gone(e event.Closed) {
	p.emit(e)
	p.c = nil
}

// closeWrite ends our side of the connection when all is written; false where
// it has no sides.
func (c *connection) closeWrite() bool {
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok {
		return false
	}
	_ = c.out.drain()
	_ = c.raw.SetWriteDeadline(time.Now().Add(linger))
	if secure, ok := c.conn.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	_ = half.CloseWrite()
	return true
}

// hangUp ends the connection as a server does that has had enough: FIN, and
// then nobody listens. It is read for a moment still, see linger.
func (p *player) hangUp(by string) {
	if p.c == nil {
		return
	}
	if c := p.c; c.closeWrite() {
		_ = c.raw.SetReadDeadline(time.Now().Add(linger))
		p.server.lingers.Go(func() {
			defer c.shut()
			_, _ = io.Copy(p.overheard(), c.in)
		})
		p.gone(event.Closed{By: by})
		return
	}
	_ = p.c.out.drain()
	p.drop(by)
}

// overheard takes what a client says to nobody.
func (p *player) overheard() io.Writer { return tap(p.server.opt.Tap) }

// tap is Options.Tap as a writer.
type tap func([]byte) error

func (t tap) Write(octets []byte) (int, error) {
	if t == nil {
		return len(octets), nil
	}
	return len(octets), t(octets)
}

// finish is the end of the script: the client should have no more to say.
func (p *player) finish(at script.Position) error {
	c := p.c
	if err := p.drained(at); err != nil && isTimeout(c.out.err) {
		return err
	}
	if !c.closeWrite() {
		p.drop("client")
		return nil
	}
	p.timeout, p.grace = min(p.timeout, linger), 0
	l, err := p.line()
	if len(l.Octets) == 0 && err != nil {
		p.drop("client")
		return nil
	}
	actual := p.said(l)
	_ = c.raw.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(p.overheard(), c.in)
	return &script.Mismatch{Position: at, Expected: "the end of the session behind this line", Actual: actual}
}

// expectClose ends our side, and awaits that the client ends its own.
func (p *player) expectClose(at script.Position) error {
	if err := p.drained(at); err != nil {
		return err
	}
	if !p.c.closeWrite() {
		p.drop("server")
		return nil
	}
	l, err := p.line()
	const what = "the client to close the connection"
	switch {
	case err == nil || len(l.Octets) > 0:
		return &script.Mismatch{Position: at, Expected: what, Actual: p.said(l)}
	case isTimeout(err):
		return &script.Mismatch{Position: at, Expected: what, Actual: p.problem(err)}
	}
	p.drop("server")
	return nil
}

// behindSilence is how much longer than the client the server is silent: the
// client's clock starts a little later.
const behindSilence = 250 * time.Millisecond

// expectSilence says nothing for a time, and hears nothing. Where the client is
// the one who ends the silence, the server just gives it the time.
func (p *player) expectSilence(i script.ExpectSilence, at *cursor) error {
	if err := p.drained(i.Position); err != nil {
		return err
	}
	next := at.next()
	_, secure := next.(script.StartTLS)
	if next != nil && (speakerOf(next) == client || secure) {
		p.grace += i.For
		return nil
	}
	began := time.Now()
	_ = p.c.raw.SetReadDeadline(began.Add(i.For + behindSilence))
	_, err := p.c.in.Peek(1)
	actual := ""
	switch {
	case err != nil && isTimeout(err):
		return nil
	case err != nil && time.Since(began) >= i.For:
		return nil // what is next finds the connection closed
	case err != nil:
		actual = p.problem(err)
	default:
		l, _ := p.line()
		actual = p.said(l)
	}
	return &script.Mismatch{Position: i.Position, Expected: "silence for " + i.For.String(), Actual: actual}
}
