package tui

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// fakeServer is a mail server in process: each connection is answered from a
// table of verbs, and tests can say more at any moment.
type fakeServer struct {
	t       testing.TB
	id      *smtptest.Identity
	mu      sync.Mutex
	heard   []string          // every line that came
	answers map[string]string // verb → reply; the lines are separated by \n
	refuse  int               // so many connections are refused first
	dials   []string
	conns   chan *peer
}

func newFakeServer(t testing.TB) *fakeServer {
	id, err := smtptest.Certificate("mx1.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return &fakeServer{t: t, id: id, conns: make(chan *peer, 16), answers: map[string]string{
		"":         "220 mx1.example.com ESMTP",
		"EHLO":     "250-mx1.example.com\n250-SIZE 14680064\n250-STARTTLS\n250 PIPELINING",
		"STARTTLS": "220 2.0.0 go ahead",
		"MAIL":     "250 2.1.0 sender ok",
		"RCPT":     "250 2.1.5 recipient ok",
		"DATA":     "354 end with a dot",
		".":        "250 2.0.0 queued",
		"NOOP":     "250 2.0.0 ok",
		"QUIT":     "221 2.0.0 bye",
		"*":        "500 5.5.1 what?",
	}}
}

// peer is the server's side of one connection.
type peer struct {
	s  *fakeServer
	mu sync.Mutex
	c  net.Conn
}

func (p *peer) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.c.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n"))
}

func (p *peer) close() { _ = p.c.Close() }

func (s *fakeServer) dial(_ context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials = append(s.dials, address)
	if s.refuse > 0 {
		s.refuse--
		return nil, errors.New("connection refused")
	}
	near, far := net.Pipe()
	p := &peer{s: s, c: far}
	go p.serve()
	s.conns <- p
	return near, nil
}

func (s *fakeServer) answer(verb string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.answers[verb]
	if !ok {
		a, ok = s.answers["*"]
	}
	return a, ok && a != ""
}

func (s *fakeServer) set(verb, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[verb] = answer
}

func (s *fakeServer) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.heard...)
}

func (p *peer) serve() {
	defer p.close()
	if a, ok := p.s.answer(""); ok {
		p.say(a)
	}
	in := bufio.NewReader(p.c)
	text := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		p.s.mu.Lock()
		p.s.heard = append(p.s.heard, line)
		p.s.mu.Unlock()
		verb := wire.Verb([]byte(line))
		switch {
		case text && line != ".":
			continue
		case text:
			text, verb = false, "."
		}
		if verb == "" {
			verb = "*" // an empty line
		}
		a, ok := p.s.answer(verb)
		if ok {
			p.say(a)
		}
		text = text || verb == "DATA" && strings.HasPrefix(a, "354")
		switch {
		case verb == "QUIT" && ok:
			return
		case verb == "STARTTLS" && strings.HasPrefix(a, "220"):
			secure := tls.Server(p.c, p.s.id.Server())
			p.mu.Lock()
			p.c = secure
			p.mu.Unlock()
			in = bufio.NewReader(secure)
		}
	}
}
