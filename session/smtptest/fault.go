package smtptest

import (
	"bufio"
	"bytes"
	"net"
	"sync"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/wire"
)

// faultLife is when a Fault gives a connection up, whatever it is doing.
const faultLife = 5 * time.Minute

// Fault is what a broken server does with one connection. It returns when stop
// is closed, and its connection is closed behind it.
type Fault func(c net.Conn, stop <-chan struct{})

// EndlessLine begins with prefix and never ends the line: octets as fast as
// the client takes them.
func EndlessLine(prefix string) Fault {
	return func(c net.Conn, stop <-chan struct{}) {
		if _, err := c.Write([]byte(prefix)); err == nil {
			flood(c, bytes.Repeat([]byte("a"), 16<<10))
		}
	}
}

// EndlessReply sends a line, with CRLF, again and again: "250-more".
func EndlessReply(line string) Fault {
	return func(c net.Conn, stop <-chan struct{}) {
		one := []byte(line + "\r\n")
		flood(c, bytes.Repeat(one, 1+(16<<10)/len(one)))
	}
}

// flood writes until the client has gone.
func flood(c net.Conn, octets []byte) {
	for {
		if _, err := c.Write(octets); err != nil {
			return
		}
	}
}

// Silence takes the connection and says nothing. What the client says is read.
func Silence() Fault { return Octets() }

// Slow sends octets one at a time, a pause behind each, and then nothing more.
func Slow(octets string, pause time.Duration) Fault {
	steps := make([]Step, len(octets))
	for i := range steps {
		steps[i] = Step{octets[i : i+1], pause}
	}
	return Octets(steps...)
}

// Refusal greets with a refusal, such as "554 5.7.1 …", and then waits for QUIT
// (RFC 5321 3.1): all else gets a 503.
func Refusal(greeting string) Fault {
	return func(c net.Conn, _ <-chan struct{}) {
		said := greeting
		in := bufio.NewReaderSize(c, 4<<10)
		for {
			if _, err := c.Write([]byte(said + "\r\n")); err != nil {
				return
			}
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if wire.Verb(bytes.TrimRight(line, "\r\n")) == "QUIT" {
				_, _ = c.Write([]byte("221 2.0.0 Bye\r\n"))
				return
			}
			said = "503 5.5.1 there is no mail service for you here"
		}
	}
}

// Step is octets to send, and how long to wait then.
type Step struct {
	Octets string
	Pause  time.Duration
}

// Octets sends each step and then nothing more, whatever the client says; that
// is read. The connection stays open until the client closes it.
func Octets(steps ...Step) Fault {
	return func(c net.Conn, stop <-chan struct{}) {
		gone := make(chan struct{})
		var reader crash.Group
		reader.Go(func() {
			defer close(gone)
			var buf [4 << 10]byte
			for {
				if _, err := c.Read(buf[:]); err != nil {
					return
				}
			}
		})
		// The reader ends at the latest when the connection does.
		defer func() { _ = c.Close(); reader.Wait() }()
		for _, s := range steps {
			if _, err := c.Write([]byte(s.Octets)); err != nil {
				return
			}
			if s.Pause <= 0 {
				continue
			}
			t := time.NewTimer(s.Pause)
			select {
			case <-t.C:
			case <-gone:
				t.Stop()
				return
			case <-stop:
				t.Stop()
				return
			}
		}
		select {
		case <-gone:
		case <-stop:
		}
	}
}

// Deaf sends octets, mostly a greeting and a reply, and never reads: a client
// that writes enough blocks. The buffers in between are made small, but the
// system decides how small.
func Deaf(octets string) Fault {
	return func(c net.Conn, stop <-chan struct{}) {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4 << 10)
		}
		if _, err := c.Write([]byte(octets)); err != nil {
			return
		}
		t := time.NewTimer(faultLife)
		defer t.Stop()
		select {
		case <-stop:
		case <-t.C:
		}
	}
}

// FaultServer is a Fault that listens.
type FaultServer struct {
	Addr string
	pool pool
}

// Start does the same with every connection to a port of its own on
// 127.0.0.1.
func (f Fault) Start() (*FaultServer, error) {
	l, err := loopback()
	if err != nil {
		return nil, err
	}
	return f.Serve(l), nil
}

// Serve does the same with every connection of a listener, in the background.
func (f Fault) Serve(l net.Listener) *FaultServer {
	s := &FaultServer{Addr: l.Addr().String()}
	s.pool.serve(l, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(faultLife))
		f(c, s.pool.stop)
	})
	return s
}

// Connections is how many there were.
func (s *FaultServer) Connections() int { return s.pool.count() }

// Close ends the server and its connections. It panics where the Fault did: until
// then its connection was just closed.
func (s *FaultServer) Close() error { s.pool.close(); return nil }

// pool is a listener and its connections, each with a goroutine.
type pool struct {
	stop     chan struct{}
	listener net.Listener
	running  crash.Group

	mu     sync.Mutex
	closed bool
	total  int
	conns  map[net.Conn]bool
}

// serve calls handle with each connection, in the background, and closes the
// connection behind it.
func (p *pool) serve(l net.Listener, handle func(net.Conn)) {
	p.listener, p.stop, p.conns = l, make(chan struct{}), map[net.Conn]bool{}
	p.running.Go(func() {
		defer l.Close()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.total++
			p.mu.Unlock()
			if !p.add(c) {
				return
			}
			p.running.Go(func() {
				defer p.remove(c)
				handle(c)
			})
		}
	})
}

// add remembers a connection for close; false: it is too late, and the
// connection is closed.
func (p *pool) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.Close()
		return false
	}
	p.conns[c] = true
	return true
}

func (p *pool) remove(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

func (p *pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

func (p *pool) close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.stop)
	}
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.running.Wait()
}
