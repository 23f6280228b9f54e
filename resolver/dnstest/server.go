package dnstest

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"ehlo/internal/crash"
)

// maxQueries bounds what Queries remembers: a demo may run for days.
const maxQueries = 10000

// Server answers DNS questions.
type Server struct {
	Addr string // address and port of both sockets, once it listens

	zone   zone
	closed chan struct{}
	group  crash.Group

	mu      sync.Mutex
	faults  map[target]*Fault
	queries []Query
	open    map[io.Closer]bool
	ended   bool
}

// Query is a question that arrived.
type Query struct {
	Name     string // canonical, without the final dot
	Type     string
	Network  string // "udp" or "tcp"
	EDNS     bool
	AD       bool // asks for the AD bit
	Arrived  time.Time
	Answered time.Time // zero: it was not
}

// Start makes a server of a zone text and listens on a free port of 127.0.0.1.
func Start(zone string) (*Server, error) {
	s, err := New(zone)
	if err != nil {
		return nil, err
	}
	if err := s.Listen("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return s, nil
}

// New makes a server of a zone text that does not listen yet.
func New(zone string) (*Server, error) {
	z, err := parseZone(zone)
	if err != nil {
		return nil, err
	}
	return &Server{zone: z, closed: make(chan struct{}), faults: map[target]*Fault{}, open: map[io.Closer]bool{}}, nil
}

// samePort is how often a port is picked that has to be free for UDP and TCP.
const samePort = 20

// Listen opens both sockets at an address, "127.0.0.1:0" for a free port.
func (s *Server) Listen(address string) error {
	var err error
	for range samePort {
		var tcp net.Listener
		if tcp, err = net.Listen("tcp", address); err != nil {
			break
		}
		var udp net.PacketConn
		if udp, err = net.ListenPacket("udp", tcp.Addr().String()); err != nil {
			tcp.Close()
			continue
		}
		s.Addr = tcp.Addr().String()
		s.run(tcp, func() { s.accept(tcp) })
		s.run(udp, func() { s.packets(udp) })
		return nil
	}
	return fmt.Errorf("DNS server at %s: %w", address, err)
}

// Close ends the server with all its connections, and waits for that. It panics
// where one of them did: until then its client just had no answer.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		close(s.closed)
	}
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
	return nil
}

// Queries gives the questions so far, in the order of their arrival.
func (s *Server) Queries() []Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queries)
}

// Count gives how many questions came for a name and a type; an empty one
// stands for all.
func (s *Server) Count(name, kind string) int {
	n := 0
	for _, q := range s.Queries() {
		if (name == "" || q.Name == trim(name)) && (kind == "" || q.Type == kind) {
			n++
		}
	}
	return n
}
