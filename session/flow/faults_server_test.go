package flow_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// faultServer plays the server of a good session with one fault in it.
type faultServer struct {
	net.Conn
	raw  net.Conn // Conn, or what is under its TLS
	in   *bufio.Reader
	link *faultLink
	row  *faultRow
	sent *atomic.Int64 // octets that the client took
	text bool          // the client's turn to send a message
	turn string        // the stage
	kept string        // replies that are not sent yet
}

// faultLink is the client's end of the connection. Its other end can break it
// off, and not only close it.
type faultLink struct {
	net.Conn
	reset atomic.Bool
}

func (l *faultLink) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if errors.Is(err, io.EOF) && l.reset.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}

func (l *faultLink) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if errors.Is(err, io.ErrClosedPipe) {
		err = &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	}
	return n, err
}

// say sends octets, and ends the server where nobody takes them.
func (s *faultServer) say(text string) {
	n, err := io.WriteString(s.Conn, text)
	s.sent.Add(int64(n))
	s.text = strings.HasPrefix(text, "354")
	if err != nil {
		runtime.Goexit()
	}
}

// hold says nothing until the client has gone.
func (s *faultServer) hold() {
	_, _ = io.Copy(io.Discard, s.in)
	runtime.Goexit()
}

// hangUp closes the connection, under TLS without saying so first.
func (s *faultServer) hangUp() { runtime.Goexit() }

// slowly sends octets one a second. What the client says is read and ignored.
func (s *faultServer) slowly(text string) {
	go func() { // a sleep of a bubble lasts until nobody else has anything to do: the flood is ahead
		for buf, err := make([]byte, 16<<10), error(nil); err == nil; time.Sleep(time.Millisecond) {
			_, err = s.in.Read(buf)
		}
	}()
	for i := range text {
		s.say(text[i : i+1])
		time.Sleep(time.Second)
	}
	s.hangUp()
}

// flood sends the same up to 100 MB, and closes the connection then. What the
// client says is read and ignored.
func (s *faultServer) flood(text string) {
	go func() { // a sleep of a bubble lasts until nobody else has anything to do: the flood is ahead
		for buf, err := make([]byte, 16<<10), error(nil); err == nil; time.Sleep(time.Millisecond) {
			_, err = s.in.Read(buf)
		}
	}()
	many := strings.Repeat(text, 1+(16<<10)/len(text))
	for s.sent.Load() < 100<<20 {
		s.say(many)
	}
	s.hangUp()
}

func (s *faultServer) step(stage, good string) {
	if s.turn = stage; stage == "handshake" && s.row.stage == stage {
		_, _ = s.in.Peek(1) // what comes before the client has begun is an injection
	}
	if s.row.stage == stage || s.row.stage == "*" && stage != "handshake" && stage != "middle" {
		s.row.do(s, good)
		return
	}
	if good != "" {
		s.say(good)
	}
}

func (s *faultServer) play() {
	defer func() { _ = s.raw.Close() }()
	s.step("greeting", faultStages[0].reply)
	secure := false
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := wire.Verb([]byte(strings.TrimSpace(line))); verb {
		case "EHLO", "HELO":
			offers := "250-mx.example.test\r\n250-SIZE 100000000\r\n"
			if s.row.pipelining {
				offers += "250-PIPELINING\r\n"
			}
			if s.row.tls && !secure {
				offers += "250-STARTTLS\r\n"
			}
			stage := "EHLO"
			if secure {
				stage = "EHLO again"
			}
			s.step(stage, offers+"250 HELP\r\n")
		case "STARTTLS":
			s.step(verb, "220 go\r\n")
			s.step("handshake", "")
			secure = true
			s.handshake()
		case "DATA":
			s.step(verb, "354 go\r\n")
			if s.text {
				s.message()
			}
		case "QUIT":
			s.step(verb, "221 bye\r\n")
			return
		default:
			s.step(verb, "250 ok\r\n")
		}
	}
}

func (s *faultServer) handshake() {
	id, err := smtptest.Certificate("mx.example.test")
	if err != nil {
		panic(err)
	}
	c := tls.Server(s.Conn, id.Server())
	if c.HandshakeContext(context.Background()) != nil {
		runtime.Goexit()
	}
	s.Conn, s.in = c, bufio.NewReader(c)
}

// message reads a message; after 1 MB of it comes what is to come in the
// middle.
func (s *faultServer) message() {
	for octets, said := 0, false; ; {
		line, err := s.in.ReadString('\n')
		if err != nil {
			runtime.Goexit()
		}
		if line == ".\r\n" {
			s.step("dot", "250 queued\r\n")
			return
		}
		if octets += len(line); octets > 1<<20 && !said {
			said = true
			s.step("middle", "")
		}
	}
}
