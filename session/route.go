package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"

	"ehlo/resolver"
	"ehlo/session/event"
)

// resolve finds where a target's servers are, tells the route, and keeps the
// places to try.
func (s *Session) resolve(ctx context.Context, a Resolve) error {
	s.candidates, s.stage = nil, event.Lookup
	t, source := a.Target, ""
	if a.Server != "" {
		host, port, problem := splitHostPort(a.Server)
		if problem != "" {
			return event.Errorf(event.Usage, event.NoStage, "--server %s: %s", a.Server, problem)
		}
		t.Kind, t.Host, source = Host, host, "server"
		if port != 0 {
			a.Port = port
		}
	}
	if t.Kind == Socket {
		s.candidates = []Candidate{{Network: "unix", Address: t.Path, LMTP: t.LMTP(), TLS: t.tls(s.opt.TLS, 0)}}
		s.emit(event.Route{Source: "socket", Exchangers: []event.Exchanger{{Host: t.Path}}, Reason: "it is a UNIX socket"})
		return nil
	}
	if t.Kind == Process {
		s.candidates = []Candidate{{Network: "pipe", Address: t.Path, LMTP: t.LMTP(), TLS: t.tls(s.opt.TLS, 0)}}
		s.emit(event.Route{Source: "pipe", Exchangers: []event.Exchanger{{Host: t.Path}}, Reason: "it is a command"})
		return nil
	}
	port := t.port(a.Port)
	if s.proxyNames() && t.Kind == Host {
		if _, err := netip.ParseAddr(t.Host); err != nil {
			s.candidates = []Candidate{{Host: t.Host, Network: "tcp", Address: net.JoinHostPort(t.Host, strconv.Itoa(int(port))), TLS: t.tls(s.opt.TLS, port), LMTP: t.LMTP()}}
			s.emit(event.Route{Domain: t.Host, Source: "server", Exchangers: []event.Exchanger{{Host: t.Host}}, Reason: "the proxy looks the name up"})
			return nil
		}
	}
	if addr, err := netip.ParseAddr(t.Host); err == nil {
		s.candidates = []Candidate{{Network: "tcp", Address: hostPort(addr, port), TLS: t.tls(s.opt.TLS, port), LMTP: t.LMTP()}}
		s.emit(event.Route{
			Source: orElse(source, "literal"), Reason: "it is an address",
			Exchangers: []event.Exchanger{{Host: addr.String(), Addresses: []string{addr.String()}}},
		})
		return nil
	}
	route, err := s.lookUp(ctx, t, a)
	if route != nil {
		if t.Kind == Host && route.Source == resolver.SourceAddress {
			source = orElse(source, "server")
		}
		s.emit(describeRoute(route, source))
		s.collect(t, route, port, a.Port)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return lookupError(err)
	}
	return nil
}

// proxyNames says that the proxy is to look names up (socks5h, as curl has
// it).
func (s *Session) proxyNames() bool { return s.opt.Proxy != nil && s.opt.Proxy.Scheme == "socks5h" }

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

func hostPort(a netip.Addr, port uint16) string {
	return net.JoinHostPort(a.String(), strconv.Itoa(int(port)))
}

// lookUp asks the DNS in the way that the target calls for.
func (s *Session) lookUp(ctx context.Context, t Target, a Resolve) (*resolver.Route, error) {
	r := s.opt.Resolver
	r.Observe = func(x resolver.Exchange) {
		s.emitAt(event.DNS{
			Name: x.Name, Type: x.Type, Server: x.Server, Network: x.Network, Rcode: x.Rcode,
			Answers: x.Answers, Authenticated: x.Authenticated, TTL: x.TTL, Elapsed: x.Elapsed, Error: x.Error,
		}, x.Started.Add(x.Elapsed))
	}
	switch {
	case t.Kind == Domain && !a.NoMX:
		return r.Mail(ctx, t.Host)
	case a.Server == "" && t.Port == 0 && (t.Scheme == "submission" || t.Scheme == "submissions"):
		// RFC 6186, RFC 8314 5.1. Few domains have the record; then the name
		// is the server's own.
		route, err := r.Service(ctx, t.Scheme, t.Host)
		if err == nil || ctx.Err() != nil {
			return route, err
		}
		if failure, ok := errors.AsType[*resolver.Error](err); !ok || failure.Kind != resolver.NoAddress {
			return route, err
		}
	}
	return r.Host(ctx, t.Host)
}

// collect lists the places of a route, in order.
func (s *Session) collect(t Target, route *resolver.Route, port, given uint16) {
	for _, x := range route.Exchangers {
		port := port
		if x.Port != 0 && given == 0 {
			port = x.Port
		}
		for _, addr := range x.Addresses {
			s.candidates = append(s.candidates, Candidate{
				Host: x.Host, Network: "tcp", Address: hostPort(addr, port), TLS: t.tls(s.opt.TLS, port), LMTP: t.LMTP(),
			})
		}
	}
}

func describeRoute(r *resolver.Route, source string) event.Route {
	e := event.Route{
		Domain: r.Domain, Unicode: r.Unicode, Source: orElse(source, string(r.Source)),
		Authenticated: r.Authenticated, Elapsed: r.Elapsed, Reason: r.Reason,
	}
	for _, x := range r.Exchangers {
		out := event.Exchanger{Host: x.Host, Unicode: x.Unicode, Preference: x.Preference, Port: x.Port, Notes: x.Notes}
		for _, a := range x.Addresses {
			out.Addresses = append(out.Addresses, a.String())
		}
		if x.Error != nil {
			out.Error = lookupError(x.Error)
		}
		e.Exchangers = append(e.Exchangers, out)
	}
	return e
}

// lookupError is the resolver's error as the session's: the kinds have the
// same names.
func lookupError(err error) *event.Error {
	e := &event.Error{Kind: event.DNSFailure, Stage: event.Lookup, Message: err.Error(), Err: err}
	if failure, ok := errors.AsType[*resolver.Error](err); ok {
		e.Kind = event.Kind(failure.Kind)
		if e.Kind == event.Usage {
			e.Stage = event.NoStage
		}
	}
	return e
}
