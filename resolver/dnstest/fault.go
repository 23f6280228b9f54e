package dnstest

import (
	"time"

	"github.com/miekg/dns"
)

// Rcode is a response code (RFC 1035 4.1.1, RFC 6891 9).
type Rcode int

const (
	FormErr  Rcode = 1
	ServFail Rcode = 2
	NXDomain Rcode = 3
	NotImp   Rcode = 4
	Refused  Rcode = 5
	BadVers  Rcode = 16
)

// Fault is what the server does otherwise than it should. The zero value is no
// fault. Several at once go together where that makes sense: Delay with all.
type Fault struct {
	Network string // "udp" or "tcp": over that only; empty: over both
	Times   int    // so many times, then no more; 0: always

	Delay time.Duration // the answer comes that much later
	Drop  bool          // there is no answer; over TCP the connection is closed

	// One of these comes instead of the answer, or, with Follow, before it.
	Garbage       bool // octets that are no message
	WrongID       bool
	WrongQuestion bool
	Follow        bool

	Rcode     Rcode  // this code, without records
	Explain   string // with an extended error "DNSSEC Bogus" and this text (RFC 8914)
	NoEDNS    bool   // FORMERR and nothing but a header to a question with EDNS0
	Truncate  bool   // over UDP: the TC bit, without records
	Loop      bool   // the name is an alias of itself
	Unchained bool   // an alias without what it leads to

	// Authenticated sets the AD bit where the question asks for it (RFC 6840
	// 5.7). That is no fault, but a thing to be told.
	Authenticated bool
}

// target is what a fault is for; an empty name or a type of 0 stands for all.
type target struct {
	name string
	kind uint16
}

// Fault makes the server misbehave for questions of a name and a type ("MX");
// an empty one stands for all. The closest fault counts, and it alone: that of
// name and type, of the name, of the type, of all. The zero Fault takes the one
// that was there away. A type that is not known counts as all.
func (s *Server) Fault(name, kind string, f Fault) {
	at := target{kind: dns.StringToType[kind]}
	if name != "" {
		at.name = dns.CanonicalName(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == (Fault{}) {
		delete(s.faults, at)
		return
	}
	s.faults[at] = &f
}

// fault gives the one that counts for a question, and counts it.
func (s *Server) fault(name string, kind uint16, network string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range []target{{name, kind}, {name, 0}, {"", kind}, {"", 0}} {
		f := s.faults[at]
		if f == nil || f.Network != "" && f.Network != network {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				delete(s.faults, at)
			}
		}
		return *f
	}
	return Fault{}
}
