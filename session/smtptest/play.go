package smtptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/script"
	"ehlo/session/serve"
)

const (
	playTimeout = 10 * time.Second // every single wait, where nothing else is said
	maxReceived = 64 << 20         // octets of all connections
)

// ErrClosed is what Wait returns where Close came before the end of the
// script.
var ErrClosed = errors.New("the server was closed before its script ended")

// Play is how to play the server's side of a script in the background: package
// serve says what each item means.
type Play struct {
	Script   *script.Script
	Vars     map[string]string // what ${} stands for
	Identity *Identity         // for @tls and @starttls; nil: one is made for the loopback addresses
	Timeout  time.Duration     // of every wait; 0: 10 s

	User, Password string // whom @auth lets in; empty: any
}

// Server is a script that is being played.
type Server struct {
	Addr     string    // host and port, or the path of a socket; empty where it was given a connection
	Identity *Identity // nil where the script has no TLS

	server   *serve.Server
	listener net.Listener
	cancel   context.CancelFunc
	done     chan struct{} // closed when err is final
	err      error

	mu       sync.Mutex
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
	s.run(nil)
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
	s.run(nil)
	return s, nil
}

// Conn plays the script on one connection, in the background.
func (p Play) Conn(c net.Conn) (*Server, error) {
	s, err := p.server()
	if err != nil {
		return nil, err
	}
	s.run(c)
	return s, nil
}

// server checks the script, before anything is opened.
func (p Play) server() (*Server, error) {
	s := &Server{Identity: p.Identity, done: make(chan struct{})}
	if s.Identity == nil && serve.Secure(p.Script) {
		id, err := Certificate()
		if err != nil {
			return nil, err
		}
		s.Identity = id
	}
	opt := serve.Options{Script: p.Script, Vars: p.Vars, Timeout: p.Timeout, User: p.User, Password: p.Password, Tap: s.record}
	if opt.Timeout <= 0 {
		opt.Timeout = playTimeout
	}
	if s.Identity != nil {
		opt.TLS = s.Identity.Server()
		// Old clients are tested too.
		opt.TLS.MinVersion = tls.VersionTLS10
	}
	var err error
	s.server, err = serve.New(opt)
	return s, err
}

// run plays the script; c is nil where connections are accepted.
func (s *Server) run(c net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	crash.Go(func() error {
		if s.listener != nil {
			defer s.listener.Close()
		}
		return s.server.Play(ctx, s.listener, c)
	}, func(err error) {
		if s.err = err; errors.Is(err, context.Canceled) {
			s.err = ErrClosed
		}
		close(s.done)
	})
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
// expects, else mostly an error with a *script.Mismatch in it, which has the
// line of the script. It returns as soon as the first thing went wrong; every
// wait is bounded. It panics where the server did.
func (s *Server) Wait() error {
	<-s.done
	crash.Raise(s.err)
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
// is Wait's. It panics where the server did.
func (s *Server) Close() error {
	s.cancel()
	<-s.done
	s.server.Close()
	crash.Raise(s.err)
	return nil
}

// record keeps what the client said.
func (s *Server) record(octets []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.received)+len(octets) > maxReceived {
		return errors.New("more from the client than a test can keep")
	}
	s.received = append(s.received, octets...)
	return nil
}
