package smtptest

import (
	"crypto/tls"
	"errors"
	"io"
	"time"

	"ehlo/session/script"
)

// drop closes the connection at once.
func (p *player) drop() {
	if p.raw != nil {
		p.server.remove(p.raw)
		p.raw, p.conn, p.in = nil, nil, nil
	}
}

// closeWrite ends our side of the connection; false where it has no sides.
func (p *player) closeWrite() bool {
	half, ok := p.raw.(interface{ CloseWrite() error })
	if !ok {
		return false
	}
	_ = p.raw.SetWriteDeadline(time.Now().Add(linger))
	if secure, ok := p.conn.(*tls.Conn); ok {
		_ = secure.CloseWrite()
	}
	_ = half.CloseWrite()
	return true
}

// hangUp ends the connection as a server does that has had enough: FIN, and
// then nobody listens. It is read for a moment still, see linger.
func (p *player) hangUp() {
	if !p.closeWrite() {
		p.drop()
		return
	}
	raw, in := p.raw, p.in
	_ = raw.SetReadDeadline(time.Now().Add(linger))
	p.server.lingers.Go(func() {
		_, _ = io.Copy(recorder{p.server}, in)
		p.server.remove(raw)
	})
	p.raw, p.conn, p.in = nil, nil, nil
}

// recorder takes what a client says to nobody.
type recorder struct{ server *Server }

func (r recorder) Write(b []byte) (int, error) {
	if !r.server.record(b) {
		return 0, errors.New("too much")
	}
	return len(b), nil
}

// finish is the end of the script: the client should have no more to say.
func (p *player) finish(at script.Position) error {
	defer p.drop()
	if !p.closeWrite() {
		return nil
	}
	p.timeout = min(p.timeout, linger)
	l, err := p.line()
	if len(l.Octets) > 0 || err == nil {
		_ = p.raw.SetReadDeadline(time.Now().Add(linger))
		_, _ = io.Copy(recorder{p.server}, p.in)
		return &script.Mismatch{Position: at, Expected: "the end of the session behind this line", Actual: script.Said(l.Octets)}
	}
	return nil
}
