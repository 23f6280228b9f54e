package serve

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/script"
)

// player is one goroutine that goes through a script.
type player struct {
	server   *Server
	ctx      context.Context
	listener net.Listener // nil: there are no further connections
	timeout  time.Duration
	grace    time.Duration     // how much longer the client's next word may take
	vars     map[string]string // that somebody has set
	known    map[string]string // those, and samples

	opened int         // connections so far
	c      *connection // nil: none is open
}

func (p *player) play(s *script.Script) error {
	at := begin(s)
	for item := at.peek(); item != nil; item = at.peek() {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		var err error
		if speakerOf(item) == client {
			if err = p.ensure(item); err == nil {
				err = p.group(at)
			}
		} else {
			at.skip()
			err = p.step(item, at)
		}
		if err != nil {
			return err
		}
	}
	if p.c == nil {
		return nil
	}
	last := script.Position{File: s.Name, Line: 1}
	for i := range s.All {
		last = i.At()
	}
	return p.finish(last)
}

// step does what is not the client's to say; at is behind the item.
func (p *player) step(item script.Item, at *cursor) error {
	switch i := item.(type) {
	case script.Comment, script.Flush, script.Assert:
		return nil
	case script.Sleep:
		d, err := i.Duration(p.known)
		if err != nil {
			return err
		}
		return p.sleep(d)
	case script.Timeout:
		p.timeout = i.After
		if p.c != nil {
			p.c.out.bound(i.After)
		}
		return nil
	case script.Set:
		if _, given := p.server.opt.Vars[i.Name]; given {
			return nil // the script has a default
		}
		value, err := i.Value.Expand(p.known)
		p.set(i.Name, string(value))
		return err
	case script.Capture:
		return p.capture(i)
	case script.Connect:
		return p.connect(i, at)
	}
	if err := p.ensure(item); err != nil {
		return err
	}
	return p.do(item, at)
}

// do does what needs the connection.
func (p *player) do(item script.Item, at *cursor) error {
	first := p.c.fresh
	p.c.fresh = false
	switch i := item.(type) {
	case script.Server:
		list := p.c.greeting()
		octets, err := i.Answer(p.known, at.following(list), list)
		if err != nil {
			return err
		}
		return p.say(i.Position, octets)
	case script.Reply:
		return p.say(i.Position, []byte(i.Octets))
	case script.StartTLS:
		if err := p.startTLS(i.Position); err != nil {
			return err
		}
		return p.handshake(i.Position, "starttls")
	case script.TLS:
		mode := "starttls"
		if first {
			mode = "implicit"
		}
		return p.handshake(i.Position, mode)
	case script.ExpectClose:
		return p.expectClose(i.Position)
	case script.ExpectSilence:
		return p.expectSilence(i, at)
	case script.Close:
		p.hangUp("client")
		return nil
	case script.Reset:
		p.reset()
		return nil
	}
	return &script.Error{Position: item.At(), Message: "expected something that a server can do"}
}

func (p *player) sleep(d time.Duration) error {
	if p.c != nil {
		_ = p.c.out.flush()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *player) capture(i script.Capture) error {
	said := "no reply yet"
	if p.c != nil && len(p.c.last.Lines) > 0 {
		value, ok := i.Find(p.c.last)
		if ok {
			p.set(i.Name, value)
			return nil
		}
		said = "S: " + p.c.safe(p.c.last).String()
	}
	return &script.Mismatch{Position: i.Position, Expected: "a reply with " + i.Regexp, Actual: said}
}

// connect takes the next connection, unless the present one is unused, and makes
// TLS of it where the client does so from the first octet.
func (p *player) connect(i script.Connect, at *cursor) error {
	if p.c == nil || !p.c.fresh {
		if p.c != nil {
			p.hangUp("server")
		}
		if err := p.accept(i.Position, at.next()); err != nil {
			return err
		}
	}
	if _, said := at.next().(script.TLS); said || !implicit(i) {
		return nil
	}
	p.c.fresh = false
	return p.handshake(i.Position, "implicit")
}

// implicit says that a connection is TLS from the first octet (RFC 8314 3.3).
func implicit(i script.Connect) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(i.Target.Raw), "://")
	return scheme == "smtps" || scheme == "submissions"
}

// ensure opens the first connection where there is none, for the first item that
// needs it.
func (p *player) ensure(item script.Item) error {
	switch {
	case p.c != nil:
		return nil
	case p.opened > 0:
		return &script.Error{Position: item.At(), Message: "expected @connect: the connection was ended above"}
	}
	return p.accept(item.At(), item)
}

// accept takes the next connection; first is what comes first on it.
func (p *player) accept(at script.Position, first script.Item) error {
	if p.listener == nil {
		return &script.Error{Position: at, Message: "expected one connection only: there is nothing that takes another"}
	}
	if bounded, ok := p.listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = bounded.SetDeadline(time.Now().Add(p.timeout))
		defer func() { _ = bounded.SetDeadline(time.Time{}) }()
		defer crash.After(p.ctx, func() { _ = bounded.SetDeadline(time.Unix(1, 0)) })()
	}
	if err := p.ctx.Err(); err != nil {
		return err
	}
	c, err := p.listener.Accept()
	if err != nil {
		return &script.Mismatch{Position: at, Expected: "a connection", Actual: p.problem(err)}
	}
	p.use(c, first)
	return nil
}

// use goes on with a connection.
func (p *player) use(c net.Conn, first script.Item) {
	s := p.server
	p.opened++
	s.conns++
	p.c = &connection{raw: c, number: s.conns, fresh: true}
	p.c.over(c, p.timeout)
	p.c.stop = crash.After(p.ctx, func() { _ = c.Close() })
	p.sample()
	p.emit(event.Connecting{Network: c.LocalAddr().Network(), Address: c.LocalAddr().String(), URL: p.url(first)})
	remote := c.RemoteAddr().String()
	if remote == "" || remote == "@" {
		remote = "a client" // of a UNIX socket: it has no name
	}
	p.emit(event.Connected{Local: c.LocalAddr().String(), Remote: remote})
}

// url is a target that leads to the present connection, where a transcript needs
// it: to tell connections apart, and for TLS from the first octet.
func (p *player) url(first script.Item) string {
	tcp, ok := p.c.raw.LocalAddr().(*net.TCPAddr)
	_, secure := first.(script.TLS)
	if i, is := first.(script.Connect); is {
		secure = implicit(i)
	}
	switch {
	case !ok:
		return ""
	case secure:
		return "smtps://" + tcp.String()
	case p.opened > 1:
		return "smtp://" + tcp.String()
	}
	return ""
}

// problem says in words why nothing came.
func (p *player) problem(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "the end of the connection"
	case isTimeout(err):
		return fmt.Sprintf("nothing within %s", p.timeout)
	}
	return "an error: " + err.Error()
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// handshake makes TLS of the connection, also where the client's first octets
// were read already.
func (p *player) handshake(at script.Position, mode string) error {
	c := p.c
	if err := p.drained(at); err != nil {
		return err
	}
	c.out.end()
	began := p.server.opt.Now()
	secure := tls.Server(readAhead{c.raw, c.in}, p.server.opt.TLS)
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	_ = c.raw.SetDeadline(time.Time{})
	if err := secure.HandshakeContext(ctx); err != nil {
		actual := p.problem(err)
		if ctx.Err() != nil {
			actual = fmt.Sprintf("nothing within %s", p.timeout)
		}
		c.over(c.raw, p.timeout)
		return &script.Mismatch{Position: at, Expected: "a TLS handshake", Actual: actual}
	}
	c.over(secure, p.timeout)
	state := secure.ConnectionState()
	c.secured(state, mode == "starttls")
	p.emit(event.TLS{
		Mode: mode, Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		ServerName: state.ServerName, Problem: "that is for the client to say",
		Certificates: describe(p.server.opt.TLS), Elapsed: p.server.opt.Now().Sub(began),
	})
	return nil
}

// readAhead is a connection part of which was read into a buffer.
type readAhead struct {
	net.Conn
	in io.Reader
}

func (c readAhead) Read(b []byte) (int, error) { return c.in.Read(b) }

// describe is the certificate that the server shows.
func describe(config *tls.Config) []event.Certificate {
	if len(config.Certificates) == 0 || config.Certificates[0].Leaf == nil {
		return nil
	}
	leaf := config.Certificates[0].Leaf
	sum := sha256.Sum256(leaf.Raw)
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return []event.Certificate{{
		Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), Names: names,
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Key: leaf.PublicKeyAlgorithm.String(), SHA256: hex.EncodeToString(sum[:]),
	}}
}
