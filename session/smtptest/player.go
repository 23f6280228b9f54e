package smtptest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"time"

	"ehlo/session/script"
	"ehlo/session/wire"
)

// player is one goroutine that goes through a script.
type player struct {
	server  *Server
	vars    map[string]string
	timeout time.Duration
	tls     *tls.Config

	opened int      // connections so far
	raw    net.Conn // nil: none is open
	conn   net.Conn // raw, or TLS over it
	in     *bufio.Reader
	fresh  bool   // nothing was done with the connection yet
	last   []byte // the last line of the client
}

func (p *player) play(s *script.Script) error {
	if err := p.items(s.Items); err != nil {
		return err
	}
	if p.raw == nil {
		return nil
	}
	at := script.Position{File: s.Name, Line: 1}
	for i := range s.All {
		at = i.At()
	}
	return p.finish(at)
}

func (p *player) items(items []script.Item) error {
	for n, item := range items {
		if r, ok := item.(script.Repeat); ok {
			for range r.Times {
				if err := p.items(r.Items); err != nil {
					return err
				}
			}
			continue
		}
		if err := p.step(item, items[n+1:]); err != nil {
			return err
		}
	}
	return nil
}

// step does what needs no connection, and opens one for all else.
func (p *player) step(item script.Item, rest []script.Item) error {
	switch i := item.(type) {
	case script.Comment, script.Flush, script.Assert:
		return nil
	case script.Sleep:
		return p.sleep(i.For)
	case script.Timeout:
		p.timeout = i.After
		return nil
	case script.Set:
		value, err := i.Value.Expand(p.vars)
		p.vars[i.Name] = string(value)
		return err
	case script.Capture:
		return p.capture(i)
	case script.Connect:
		if p.raw != nil && p.fresh {
			return nil
		}
		if p.raw != nil {
			p.hangUp()
		}
		return p.accept(item.At())
	}
	if p.raw == nil {
		if p.opened > 0 {
			return &script.Error{Position: item.At(), Message: "expected @connect: the connection was ended above"}
		}
		if err := p.accept(item.At()); err != nil {
			return err
		}
	}
	p.fresh = false
	return p.talk(item, rest)
}

// talk does what needs the connection.
func (p *player) talk(item script.Item, rest []script.Item) error {
	switch i := item.(type) {
	case script.Server:
		octets, err := i.Octets(p.vars)
		if err != nil {
			return err
		}
		return p.send(i.Position, octets)
	case script.Client:
		return p.expectLine(i)
	case script.Raw:
		return p.send(i.Position, []byte(i.Octets))
	case script.StartTLS:
		if err := p.startTLS(i.Position); err != nil {
			return err
		}
		return p.handshake(i.Position)
	case script.TLS:
		return p.handshake(i.Position)
	case script.Auth:
		return p.auth(i, rest)
	case script.Data:
		return p.message(i.Position)
	case script.BDAT:
		return p.chunks(i.Position)
	case script.ExpectClose:
		return p.expectClose(i.Position)
	case script.ExpectSilence:
		return p.expectSilence(i)
	case script.Close:
		p.hangUp()
		return nil
	case script.Reset:
		if tcp, ok := p.raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		p.drop()
		return nil
	}
	return &script.Error{Position: item.At(), Message: "expected something that a server can do"}
}

func (p *player) sleep(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-p.server.stop:
		return ErrClosed
	}
}

func (p *player) capture(i script.Capture) error {
	re, err := regexp.Compile(i.Regexp)
	if err != nil {
		return &script.Error{Position: i.Position, Message: err.Error(), Err: err}
	}
	found := re.FindSubmatch(p.last)
	if found == nil {
		return &script.Mismatch{Position: i.Position, Expected: "a line with " + i.Regexp, Actual: script.Said(p.last)}
	}
	p.vars[i.Name] = string(found[min(1, len(found)-1)])
	return nil
}

// accept takes the next connection.
func (p *player) accept(at script.Position) error {
	l := p.server.listener
	if l == nil {
		return &script.Error{Position: at, Message: "expected one connection only: this server was given no listener"}
	}
	if bounded, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
		_ = bounded.SetDeadline(time.Now().Add(p.timeout))
	}
	c, err := l.Accept()
	if err != nil {
		return &script.Mismatch{Position: at, Expected: "a connection", Actual: p.problem(err)}
	}
	if !p.server.add(c) {
		return ErrClosed
	}
	p.use(c)
	return nil
}

func (p *player) use(c net.Conn) {
	p.raw, p.conn, p.in = c, c, bufio.NewReader(c)
	p.fresh = true
	p.opened++
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
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func (p *player) send(at script.Position, octets []byte) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(p.timeout))
	if _, err := p.conn.Write(octets); err != nil {
		actual := "an error: " + err.Error()
		if isTimeout(err) {
			actual = fmt.Sprintf("a client that does not read for %s", p.timeout)
		}
		return &script.Mismatch{Position: at, Expected: "to send " + wire.Text(octets[:min(len(octets), 60)]), Actual: actual}
	}
	return nil
}

// bound starts the clock of a read.
func (p *player) bound() { _ = p.raw.SetReadDeadline(time.Now().Add(p.timeout)) }

// line reads a line of the client and records it. What came before an error is
// in the line, whose ending is then wire.Cut.
func (p *player) line() (wire.Line, error) {
	p.bound()
	var octets []byte
	for {
		part, err := p.in.ReadSlice('\n')
		octets = append(octets, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			p.server.record(octets)
			return wire.Line{Octets: octets, Ending: wire.Cut}, err
		}
		if len(octets) > maxSaid {
			return wire.Line{Octets: octets, Ending: wire.TooLong}, fmt.Errorf("a line of more than %d octets", maxSaid)
		}
	}
	if !p.server.record(octets) {
		return wire.Line{Ending: wire.TooLong}, fmt.Errorf("more than %d octets from the client", maxReceived)
	}
	l, _ := wire.CutLine(octets)
	return l, nil
}

// expect reads a line and says what came instead where it does not.
func (p *player) expect(at script.Position, what string) (wire.Line, error) {
	l, err := p.line()
	if err != nil {
		actual := p.problem(err)
		if len(l.Octets) > 0 && l.Ending == wire.Cut {
			actual = script.Said(l.Octets) + " and then " + actual
		}
		return l, &script.Mismatch{Position: at, Expected: what, Actual: actual}
	}
	p.last = l.Octets
	return l, nil
}

func (p *player) expectLine(i script.Client) error {
	pattern, err := i.Pattern(p.vars)
	if err != nil {
		return err
	}
	l, err := p.expect(i.Position, pattern.String())
	if err != nil {
		return err
	}
	if m := pattern.Compare(l); m != nil {
		return m
	}
	return nil
}

// handshake makes TLS of the connection, also where the client's first octets
// were read already.
func (p *player) handshake(at script.Position) error {
	c := tls.Server(readAhead{p.raw, p.in}, p.tls)
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	_ = p.raw.SetDeadline(time.Time{})
	if err := c.HandshakeContext(ctx); err != nil {
		return &script.Mismatch{Position: at, Expected: "a TLS handshake", Actual: p.problem(err)}
	}
	p.conn, p.in = c, bufio.NewReader(c)
	return nil
}

// readAhead is a connection part of which was read into a buffer.
type readAhead struct {
	net.Conn
	in io.Reader
}

func (c readAhead) Read(b []byte) (int, error) { return c.in.Read(b) }

func (p *player) expectClose(at script.Position) error {
	l, err := p.line()
	switch {
	case err == nil || len(l.Octets) > 0:
		return &script.Mismatch{Position: at, Expected: "the client to close the connection", Actual: script.Said(l.Octets)}
	case isTimeout(err):
		return &script.Mismatch{Position: at, Expected: "the client to close the connection", Actual: p.problem(err)}
	}
	p.drop()
	return nil
}

func (p *player) expectSilence(i script.ExpectSilence) error {
	_ = p.raw.SetReadDeadline(time.Now().Add(i.For))
	_, err := p.in.Peek(1)
	switch {
	case err != nil && isTimeout(err):
		return nil
	case err != nil:
		return &script.Mismatch{Position: i.Position, Expected: "silence for " + i.For.String(), Actual: p.problem(err)}
	}
	l, _ := p.line()
	return &script.Mismatch{Position: i.Position, Expected: "silence for " + i.For.String(), Actual: script.Said(l.Octets)}
}
