package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"net"
	"strings"
	"sync"
	"time"

	"ehlo/session/script"
)

// What bounds a Play.
const (
	playTimeout = 10 * time.Second // every single wait, where nothing else is said
	// linger is how long a connection that was ended is still read: what the
	// client had sent would make the system reset the connection otherwise, and
	// the client would lose the last reply.
	linger      = time.Second
	maxReceived = 64 << 20 // octets of all connections
	maxSaid     = 1 << 20  // octets of one line of the client
)

// ErrClosed is what Wait returns where Close came before the end of the
// script.
var ErrClosed = errors.New("the server was closed before its script ended")

// Play is how to play the S: side of a script. Items have these meanings for
// a server:
//
//	S: lines          are sent as they stand, with CRLF: * and x are no patterns here
//	C: lines          the next line of the client has to match
//	@connect          the next connection, if the present one was used
//	@starttls         expects STARTTLS, sends 220, makes TLS
//	@tls              makes TLS at once
//	@auth [MECH]      expects AUTH, asks for what is missing and says 235, or
//	                  what the S: lines behind it say; takes any password
//	@data FILE        reads a message up to the final dot; the file is not looked at
//	@bdat FILE        reads BDAT up to LAST, and answers all but the last chunk
//	@raw "…"          sends these octets
//	@sleep, @timeout  as for a client; a wait is bounded by Timeout
//	@expect close     the client has to close the connection
//	@expect silence   the client must not say anything for that time
//	@close, @reset    ends the connection with FIN, or with RST
//	@set, @capture    give variables values; @capture looks at the last line of the client
//	@repeat           as for a client
//	@flush, @assert   nothing
//
// @include is an error: files are their caller's. At the end of the script the
// server ends its side of the connection; what the client says after that,
// within a second, is a mismatch.
type Play struct {
	Script   *script.Script
	Vars     map[string]string // what ${} stands for
	Identity *Identity         // for @tls and @starttls; nil: one is made for the loopback addresses
	Timeout  time.Duration     // of every wait; 0: 10 s
}

// Server is a script that is being played.
type Server struct {
	Addr     string    // host and port, or the path of a socket; empty where it was given a connection
	Identity *Identity // nil where the script has no TLS

	listener net.Listener
	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when err is final
	err      error
	lingers  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	conns    map[net.Conn]bool
	received []byte
}

// Start plays a script at a port of its own on 127.0.0.1, in the background.
func Start(text string) (*Server, error) {
	s, err := script.Parse("script", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return Play{Script: s}.Start()
}

// Start plays the script at a port of its own on 127.0.0.1, in the background.
func (p Play) Start() (*Server, error) {
	s, err := p.server()
	if err != nil {
		return nil, err
	}
	if s.listener, err = loopback(); err != nil {
		return nil, err
	}
	s.Addr = s.listener.Addr().String()
	go s.run(p, nil)
	return s, nil
}

// Serve plays the script with the next connections of a listener, in the
// background; the listener is closed at the end of the script. It may be a
// UNIX socket.
func (p Play) Serve(l net.Listener) (*Server, error) {
	s, err := p.server()
	if err != nil {
		return nil, err
	}
	s.listener, s.Addr = l, l.Addr().String()
	go s.run(p, nil)
	return s, nil
}

// Conn plays the script on one connection, in the background.
func (p Play) Conn(c net.Conn) (*Server, error) {
	s, err := p.server()
	if err != nil {
		return nil, err
	}
	s.conns[c] = true
	go s.run(p, c)
	return s, nil
}

// server checks the script, before anything is opened.
func (p Play) server() (*Server, error) {
	s := &Server{Identity: p.Identity, stop: make(chan struct{}), done: make(chan struct{}), conns: map[net.Conn]bool{}}
	secure := false
	for item := range p.Script.All {
		switch item.(type) {
		case script.Include:
			return nil, &script.Error{Position: item.At(), Message: "expected no @include: this server opens no files"}
		case script.TLS, script.StartTLS:
			secure = true
		}
	}
	if err := p.Script.Check(p.Vars); err != nil {
		return nil, err
	}
	if secure && s.Identity == nil {
		id, err := Certificate()
		if err != nil {
			return nil, err
		}
		s.Identity = id
	}
	return s, nil
}

// Pool is the authority of the server's certificate as a client's roots; nil
// where the script has no TLS.
func (s *Server) Pool() *x509.CertPool {
	if s.Identity == nil {
		return nil
	}
	return s.Identity.Pool()
}

// Wait returns when the script is over: nil where the client said all that it
// expects, else mostly a *script.Mismatch with the line of the script. It
// returns as soon as the first thing went wrong; every wait is bounded.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Received is all that the client said so far, over all connections, in clear
// also where it came under TLS, without the handshakes.
func (s *Server) Received() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.received...)
}

// Close ends the server, its connections and its waits. The script's verdict
// is Wait's.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
	}
	<-s.done
	s.lingers.Wait()
	return nil
}

// run plays the script; c is nil where connections are accepted.
func (s *Server) run(p Play, c net.Conn) {
	defer close(s.done)
	pl := &player{server: s, vars: maps.Clone(p.Vars), timeout: p.Timeout}
	if pl.vars == nil {
		pl.vars = map[string]string{}
	}
	if pl.timeout <= 0 {
		pl.timeout = playTimeout
	}
	if s.Identity != nil {
		pl.tls = s.Identity.Server()
		// Old clients are tested too.
		pl.tls.MinVersion = tls.VersionTLS10
	}
	if c != nil {
		pl.use(c)
	}
	s.err = s.verdict(pl.play(p.Script))
	if pl.raw != nil {
		pl.hangUp()
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
}

// verdict is the error of the script, unless Close made it.
func (s *Server) verdict(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.closed {
		return ErrClosed
	}
	return err
}

// add remembers a connection for Close; false: it is too late.
func (s *Server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return false
	}
	s.conns[c] = true
	return true
}

func (s *Server) remove(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// record keeps what the client said; false: it is more than can be kept.
func (s *Server) record(octets []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.received)+len(octets) > maxReceived {
		return false
	}
	s.received = append(s.received, octets...)
	return true
}
