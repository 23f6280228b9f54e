package dnstest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// largest is the largest message there is (RFC 1035 4.2.2), in octets.
const largest = 65535

// Dial leads into the server without a socket, whatever the address says: it
// is a resolver's Dial. A read of a "udp" connection gives one packet.
func (s *Server) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, server := net.Pipe()
	running := s.run(server, func() {
		if network == "tcp" {
			s.stream(server)
			return
		}
		packet := make([]byte, largest)
		for {
			n, err := server.Read(packet)
			if err != nil {
				return
			}
			s.serve(packet[:n], network, func(p []byte) { _, _ = server.Write(p) })
		}
	})
	if !running {
		client.Close()
		return nil, net.ErrClosed
	}
	return client, nil
}

// run starts the goroutine of a socket, which is closed with it, or when the
// server ends. After the end it closes the socket and starts nothing.
func (s *Server) run(socket io.Closer, do func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		socket.Close()
		return false
	}
	s.open[socket] = true
	s.group.Go(func() {
		defer s.release(socket)
		do()
	})
	return true
}

func (s *Server) release(socket io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, socket)
	socket.Close()
}

func (s *Server) packets(conn net.PacketConn) {
	buffer := make([]byte, largest)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Windows tells of a client that went away as an error.
			continue
		}
		packet := bytes.Clone(buffer[:n])
		s.group.Go(func() {
			s.serve(packet, "udp", func(p []byte) { _, _ = conn.WriteTo(p, from) })
		})
	}
}

func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.run(conn, func() { s.stream(conn) })
	}
}

// idle is how long a TCP connection may wait for its next question.
const idle = 30 * time.Second

// stream serves messages with their length before them (RFC 1035 4.2.2), one
// after another.
func (s *Server) stream(conn net.Conn) {
	for {
		_ = conn.SetReadDeadline(time.Now().Add(idle))
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		packet := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, packet); err != nil {
			return
		}
		answered := s.serve(packet, "tcp", func(p []byte) {
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), p...))
		})
		if !answered {
			return
		}
	}
}

// serve answers one packet, and keeps it as a Query. It reports whether there
// was an answer.
func (s *Server) serve(packet []byte, network string, send func([]byte)) bool {
	i := s.arrived(packet, network)
	r := s.respond(packet, network)
	if r.delay > 0 {
		timer := time.NewTimer(r.delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.closed:
			return false
		}
	}
	if len(r.packets) > 0 {
		s.answered(i)
	}
	for _, p := range r.packets {
		send(p)
	}
	return len(r.packets) > 0
}

// arrived keeps a question and gives its place, or -1.
func (s *Server) arrived(packet []byte, network string) int {
	q := new(dns.Msg)
	if err := q.Unpack(packet); err != nil || len(q.Question) != 1 {
		return -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queries) >= maxQueries {
		return -1
	}
	s.queries = append(s.queries, Query{
		Name: trim(q.Question[0].Name), Type: dns.Type(q.Question[0].Qtype).String(), Network: network,
		EDNS: q.IsEdns0() != nil, AD: q.AuthenticatedData, Arrived: time.Now(),
	})
	return len(s.queries) - 1
}

func (s *Server) answered(i int) {
	if i < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries[i].Answered = time.Now()
}

// trim is a name as Query has it.
func trim(name string) string { return strings.TrimSuffix(dns.CanonicalName(name), ".") }
