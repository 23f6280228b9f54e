package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"ehlo/internal/crash"
)

// question is what is asked: a name in canonical form, and a type.
type question struct {
	name string
	kind uint16
}

func (q question) String() string {
	return dns.Type(q.kind).String() + " of " + present(q.name)
}

// reply is a server's answer: NOERROR or NXDOMAIN.
type reply struct {
	*dns.Msg
	server string
}

// pending is a question that was asked: its answer is there when done is closed.
type pending struct {
	done  chan struct{}
	reply reply
	err   error
}

// ask gives the answer to a question, and asks it only the first time. The
// error is an *Error or that of the context.
func (l *lookup) ask(ctx context.Context, q question) (reply, error) {
	l.mu.Lock()
	p, known := l.asked[q]
	if !known {
		p = &pending{done: make(chan struct{})}
		l.asked[q] = p
	}
	l.mu.Unlock()
	if known {
		// The one who asks has the same context, and so ends with it.
		<-p.done
	} else {
		func() {
			defer close(p.done) // whatever comes: others wait for it
			defer crash.Catch(&p.err)
			p.reply, p.err = l.query(ctx, q)
		}()
	}
	crash.Raise(p.err)
	return p.reply, p.err
}

// failure is how one server failed.
type failure struct {
	kind Kind
	text string // what it did: "answered SERVFAIL"
	err  error
}

// query asks one server after another, and the silent ones again.
func (l *lookup) query(ctx context.Context, q question) (reply, error) {
	failures := map[string]*failure{}
	servers := l.order()
	waiting := servers
	for tries := 0; tries < l.Attempts && len(waiting) > 0; tries++ {
		var silent []string
		for _, server := range waiting {
			m, failed := l.consult(ctx, server, q)
			if failed == nil {
				l.prefer(server)
				return reply{m, server}, nil
			}
			if ctx.Err() != nil {
				return reply{}, ctx.Err()
			}
			failures[server] = failed
			if failed.kind == Timeout {
				silent = append(silent, server)
			}
		}
		waiting = silent
	}
	return reply{}, l.unanswered(q, servers, failures)
}

// unanswered is the error for a question to which no server had an answer. One
// that answered and could not say is worse news than one that was silent.
func (l *lookup) unanswered(q question, servers []string, failures map[string]*failure) *Error {
	e := &Error{Kind: Timeout, Name: present(q.name)}
	var what []string
	for _, server := range servers {
		failed := failures[server]
		if failed.kind != Timeout {
			e.Kind = Failure
		}
		if e.Err == nil {
			e.Err = failed.err
		}
		what = append(what, server+" "+failed.text)
	}
	e.Message = fmt.Sprintf("the %s is not known: %s", q, strings.Join(what, ", "))
	return e
}

// consult asks one server, in as many ways as it takes: without EDNS0 where it
// does not know that, over TCP where a packet is too small for the answer.
func (l *lookup) consult(ctx context.Context, server string, q question) (*dns.Msg, *failure) {
	edns := l.knowsEDNS(server)
	m, failed := l.exchange(ctx, server, "udp", q, edns)
	if failed == nil && edns && refusesEDNS(m) {
		edns = false
		if m, failed = l.exchange(ctx, server, "udp", q, edns); failed == nil && !refusesEDNS(m) {
			l.withoutEDNS(server)
		}
	}
	if failed == nil && m.Truncated {
		m, failed = l.exchange(ctx, server, "tcp", q, edns)
	}
	if failed != nil {
		return nil, failed
	}
	if m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError {
		return m, nil
	}
	text := "answered " + rcodeText(m.Rcode)
	if why := explanation(m); why != "" {
		text += " (" + why + ")"
	}
	return nil, &failure{kind: Failure, text: text}
}

// refusesEDNS is RFC 6891 7: a server of before that may not know the record.
func refusesEDNS(m *dns.Msg) bool {
	return m.Rcode == dns.RcodeFormatError || m.Rcode == dns.RcodeNotImplemented || m.Rcode == dns.RcodeBadVers
}

// exchange asks one server once, and tells what came of it.
func (l *lookup) exchange(ctx context.Context, server, network string, q question, edns bool) (*dns.Msg, *failure) {
	x := Exchange{
		Name: present(q.name), Type: dns.Type(q.kind).String(),
		Server: server, Network: network, Started: l.Now(),
	}
	m, failed := l.roundTrip(ctx, server, network, newQuery(q, edns))
	x.Elapsed = l.Now().Sub(x.Started)
	switch {
	case failed != nil:
		x.Error = failed.text
	default:
		x.report(m)
		if m.Truncated && network == "udp" {
			x.Error = "truncated, to be asked again over TCP"
		}
	}
	if l.Observe != nil {
		l.observing.Lock()
		defer l.observing.Unlock()
		l.Observe(x)
	}
	return m, failed
}

// order gives the servers, the one that answered last before the others: a
// dead server costs its wait once, not at each question.
func (l *lookup) order() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	servers := slices.Clone(l.Servers)
	if i := slices.Index(servers, l.first); i > 0 {
		copy(servers[1:i+1], servers[:i])
		servers[0] = l.first
	}
	return servers
}

func (l *lookup) prefer(server string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = server
}

func (l *lookup) knowsEDNS(server string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.plain[server]
}

func (l *lookup) withoutEDNS(server string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plain[server] = true
}
