package smtptest

import (
	"bytes"
	"net"
	"sync"
	"time"

	"ehlo/internal/crash"
)

// What bounds a Proxy.
const (
	proxyDial  = 10 * time.Second
	proxyChunk = 32 << 10
	// proxyAhead is how many chunks may be under way in one direction: with
	// fewer, latency would limit throughput as a small TCP window does.
	proxyAhead = 1 << 10
)

// LatencyProxy is a server at a distance: it hands on what it gets after a
// time, in order, in each direction. A connection is accepted at once.
type LatencyProxy struct {
	Addr   string
	target string
	oneWay time.Duration
	pool   pool

	mu    sync.Mutex
	turns int
}

// Proxy stands in front of the server at target (host and port) and delays
// each direction by oneWay, at a port of its own on 127.0.0.1.
func Proxy(target string, oneWay time.Duration) (*LatencyProxy, error) {
	l, err := loopback()
	if err != nil {
		return nil, err
	}
	p := &LatencyProxy{Addr: l.Addr().String(), target: target, oneWay: oneWay}
	p.pool.serve(l, p.handle)
	return p, nil
}

// Turns counts, over all connections, how often the client spoke after it had
// heard something: one for each command or group of commands. It does not
// depend on how fast the machine is, as long as oneWay is longer than the
// pauses that the client makes within a group.
func (p *LatencyProxy) Turns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turns
}

// Close ends the proxy and its connections; what is under way is lost.
func (p *LatencyProxy) Close() error { p.pool.close(); return nil }

func (p *LatencyProxy) handle(client net.Conn) {
	server, err := net.DialTimeout("tcp", p.target, proxyDial)
	if err != nil || !p.pool.add(server) {
		return
	}
	defer p.pool.remove(server)

	heard := false // the client got something since it last spoke
	var both crash.Group
	both.Go(func() {
		p.carry(server, client, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if heard {
				p.turns++
				heard = false
			}
		}, func() {})
	})
	both.Go(func() {
		p.carry(client, server, func() {}, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			heard = true
		})
	})
	both.Wait()
}

// chunk is octets and when they are due; without octets it is the end.
type chunk struct {
	octets []byte
	due    time.Time
}

// carry hands on one direction until it ends, and then ends it on the other
// side too. got is called for what came, put before it is handed on.
func (p *LatencyProxy) carry(to, from net.Conn, got, put func()) {
	under := make(chan chunk, proxyAhead)
	var reader crash.Group
	reader.Go(func() {
		defer close(under)
		buf := make([]byte, proxyChunk)
		for {
			n, err := from.Read(buf)
			now := time.Now()
			if n > 0 {
				got()
				under <- chunk{bytes.Clone(buf[:n]), now.Add(p.oneWay)}
			}
			if err != nil {
				under <- chunk{due: now.Add(p.oneWay)}
				return
			}
		}
	})
	for c := range under {
		p.await(c.due)
		if len(c.octets) == 0 {
			closeHalf(to)
			continue
		}
		put()
		if _, err := to.Write(c.octets); err != nil {
			// Nobody takes it: the other side learns that as it would directly.
			_ = from.Close()
			break
		}
	}
	for range under {
		// The reader must not stay blocked.
	}
	reader.Wait()
}

func (p *LatencyProxy) await(due time.Time) {
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.pool.stop:
	}
}

func closeHalf(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		return
	}
	_ = c.Close()
}
