package resolver

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	// DefaultTimeout is the wait for one answer. A recursive server that has to
	// ask others needs a second or two in bad cases (RFC 1035 7.2 counts with 2
	// to 5 seconds); dig waits 5, and a person looks on here.
	DefaultTimeout = 3 * time.Second
	// DefaultAttempts is how often a silent server is asked: a lost packet is
	// common, two in a row are not.
	DefaultAttempts = 2
)

// Resolver asks DNS servers where mail goes. The zero value works: it asks the
// servers of /etc/resolv.conf.
type Resolver struct {
	Servers  []string      // "address:port" or "address" (port 53), in the order to ask; none: those of /etc/resolv.conf
	Timeout  time.Duration // the wait for one answer; 0: DefaultTimeout
	Attempts int           // how often a silent server is asked; 0: DefaultAttempts
	Only     string        // "ip4" or "ip6": addresses of that family only; empty: both

	// Observe is told of every exchange when it has ended; nil: nobody. Its
	// calls do not overlap.
	Observe func(Exchange)
	// Dial connects to a server, network is "udp" or "tcp"; nil: a net.Dialer.
	// A Read from a "udp" connection gives one packet.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Rand *rand.Rand       // the order of equal exchangers; nil: the global source
	Now  func() time.Time // of Started and Elapsed; nil: time.Now

	resolvConf, hostsFile string // empty: the system's; tests have their own
}

// lookup is one call of Mail, Service or Host: the resolver with its defaults
// filled in, what was asked so far, and what was learned about the servers.
type lookup struct {
	Resolver
	system  bool // Servers are the system's
	search  []string
	started time.Time

	observing sync.Mutex

	mu    sync.Mutex
	asked map[question]*pending
	first string          // the server that answered last
	plain map[string]bool // the servers that refuse EDNS0
}

// start checks what can be checked before any question is asked. The error is
// of kind Usage, or there is no server to ask.
func (r *Resolver) start() (*lookup, *Error) {
	l := &lookup{Resolver: *r, asked: map[question]*pending{}, plain: map[string]bool{}}
	if l.Timeout <= 0 {
		l.Timeout = DefaultTimeout
	}
	if l.Attempts <= 0 {
		l.Attempts = DefaultAttempts
	}
	if l.Dial == nil {
		l.Dial = (&net.Dialer{}).DialContext
	}
	if l.Now == nil {
		l.Now = time.Now
	}
	l.started = l.Now()
	l.resolvConf = cmp.Or(l.resolvConf, resolvConf)
	l.hostsFile = cmp.Or(l.hostsFile, hostsFile)
	if l.Only != "" && l.Only != ip4 && l.Only != ip6 {
		return nil, errorf(Usage, "", "addresses are ip4 or ip6, not %s", quote(l.Only))
	}
	return l, l.findServers()
}

// end completes a route.
func (l *lookup) end(route *Route) {
	route.Elapsed = l.Now().Sub(l.started)
}

// intN and shuffle are those of the resolver's source of randomness.
func (l *lookup) intN(n int) int {
	if l.Rand != nil {
		return l.Rand.IntN(n)
	}
	return rand.IntN(n)
}

func (l *lookup) shuffle(n int, swap func(i, j int)) {
	if l.Rand != nil {
		l.Rand.Shuffle(n, swap)
		return
	}
	rand.Shuffle(n, swap)
}
