package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"ehlo/session/event"
	"ehlo/session/internal/conn"
	"ehlo/session/wire"
)

// connect opens a connection and, for implicit TLS, secures it.
func (s *Session) connect(ctx context.Context, to Candidate) error {
	s.close("client", "")
	s.conn++
	s.at, s.stage, s.tally = to, event.Connect, Tally{}
	s.forget()
	s.emit(event.Connecting{Host: to.Name(), Network: to.Network, Address: to.Address, URL: to.URL(), Timeout: s.opt.Timeouts.Connect})
	started := s.opt.Now()
	nc, err := s.dial(ctx, to)
	if err != nil {
		return err
	}
	s.c = conn.New(nc, s.opt.Now, &s.crashes)
	s.emit(event.Connected{Local: nc.LocalAddr().String(), Remote: to.Address, Elapsed: s.opt.Now().Sub(started)})
	if to.TLS == TLSImplicit {
		if err := s.handshake(ctx, "implicit"); err != nil {
			return err
		}
	}
	s.stage = event.Banner
	s.due = []due{{stage: event.Banner, sent: s.opt.Now()}}
	return nil
}

// dial opens the connection, through what the options put in between.
func (s *Session) dial(ctx context.Context, to Candidate) (net.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, s.opt.Timeouts.Connect)
	defer cancel()
	nc, err := s.dialer(to)(limited, to.Network, to.Address)
	if err == nil && s.opt.ProxyHeader != nil && to.Network == "tcp" {
		var said string
		if said, err = conn.SendHeader(nc, *s.opt.ProxyHeader); err == nil {
			s.Note("%s", said)
		}
	}
	if err == nil {
		return nc, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, s.noConnection(limited, to, err)
}

// dialer is how connections to a candidate are made.
func (s *Session) dialer(to Candidate) conn.Dial {
	if to.Network == "pipe" {
		return func(ctx context.Context, _, command string) (net.Conn, error) {
			return conn.Pipe(ctx, command, s.opt.PipeErrors, &s.crashes)
		}
	}
	dial := conn.Dial(s.opt.Dial)
	if dial == nil {
		d := net.Dialer{}
		if s.opt.Bind.IsValid() && to.Network == "tcp" {
			d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.opt.Bind, 0))
		}
		dial = d.DialContext
	}
	if s.opt.Proxy != nil && to.Network == "tcp" {
		return conn.ThroughProxy(s.opt.Proxy, dial)
	}
	return dial
}

// noConnection names what kept a connection from standing.
func (s *Session) noConnection(limited context.Context, to Candidate, err error) error {
	where := to.Address
	if to.Host != "" {
		where = to.Host + " (" + to.Address + ")"
	}
	kind, why := event.Unreachable, plainError(err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		kind, why = event.Refused, "connection refused"
	case limited.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		kind, why = event.ConnectTimeout, "no answer within "+s.opt.Timeouts.Connect.String()
	}
	if by, ok := errors.AsType[*conn.ProxyError](err); ok {
		if kind == event.Unreachable {
			why = by.Error()
		} else {
			why = "through the proxy " + by.Proxy + ": " + why
		}
	}
	e := event.Errorf(kind, event.Connect, "connect to %s: %s", where, why)
	e.Err = err
	return e
}

// plainError is the innermost words of a socket error: "network is
// unreachable" instead of "dial tcp …: connect: network is unreachable".
func plainError(err error) string {
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return no.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}

// forget drops all that was learnt of the server.
func (s *Session) forget() {
	s.part, s.login, s.state, s.secrets, s.spurned = timedReply{}, nil, nil, nil, 0
	s.due, s.offers, s.protocol, s.secure, s.tls = nil, nil, "", false, nil
	s.inText, s.accepted, s.early, s.inClear, s.mailing = false, nil, nil, nil, false
	s.partial, s.chunk, s.writing, s.greeting = nil, 0, nil, wire.Reply{}
}

// close ends the connection, if there is one, and says who did.
func (s *Session) close(by, problem string) {
	if s.c == nil {
		return
	}
	if s.breaking {
		s.c.Abort()
	}
	_ = s.c.Close()
	s.c = nil
	s.tls, s.secure = nil, false
	s.due, s.inText, s.chunk, s.writing = nil, false, 0, nil
	s.emit(event.Closed{By: by, Reset: s.breaking, Problem: problem})
	s.breaking = false
}

// watch waits for what comes unasked.
func (s *Session) watch(ctx context.Context) error {
	for s.c != nil {
		if err := s.c.Await(ctx); err != nil {
			return nil // the context: watching is over
		}
		if err := s.readReply(ctx); err != nil {
			return err
		}
	}
	return nil
}
