package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/message"
)

// brittle is a connection with a defect.
type brittle struct {
	net.Conn
	in   string        // the method that has it
	hold chan struct{} // a write of much waits for it, whatever its deadline
}

func (b *brittle) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if b.in == "Read" && string(p[:n]) == "421" || b.in == "Read at the end" && err != nil {
		panic("a defect")
	}
	return n, err
}

func (b *brittle) Write(p []byte) (int, error) {
	if len(p) <= directWrite {
		return b.Conn.Write(p)
	}
	if b.hold != nil {
		<-b.hold
	}
	if b.in == "Write" {
		panic("a defect")
	}
	return len(p), nil
}

func (b *brittle) SetWriteDeadline(t time.Time) error {
	if b.in == "SetWriteDeadline" && t.Before(time.Unix(2, 0)) {
		panic("a defect")
	}
	return b.Conn.SetWriteDeadline(t)
}

// torn is a message that ends in a defect.
type torn struct{ text io.Reader }

func (r torn) Read(p []byte) (int, error) {
	n, err := r.text.Read(p)
	if err != nil {
		panic("a defect")
	}
	return n, nil
}

// greeted is a session on a connection, behind the greeting, and the server's end.
func greeted(t *testing.T, b *brittle) (*Session, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	b.Conn = near
	s := New(Options{Dial: func(context.Context, string, string) (net.Conn, error) { return b, nil }})
	if err := s.Do(context.Background(), Connect{Candidate{Network: "tcp", Address: "192.0.2.1:25", TLS: TLSNever}}); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Write([]byte("220 hello\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Do(context.Background(), Await{}); err != nil {
		t.Fatal(err)
	}
	return s, far
}

// TestAPanicBelongsToWhoWaits: one of a goroutine of the session's is one of
// the caller of Do, who may have a terminal to restore. Where that one has gone,
// it is one of the next call.
func TestAPanicBelongsToWhoWaits(t *testing.T) {
	much := bytes.Repeat([]byte("x"), directWrite+1)
	ctx := context.Background()
	for _, x := range []struct {
		name, in string
		do       func(t *testing.T, s *Session, b *brittle, far net.Conn) error
	}{
		{"Write", "Write", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			return s.Do(ctx, Command{Line: much})
		}},
		{"Write", "Write", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			return errors.Join(s.Do(ctx, Put{Pieces: []Piece{{Octets: much}}}), s.Do(ctx, Next{}))
		}},
		{"Write", "Write", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			b.hold = make(chan struct{})
			err := s.Do(ctx, Put{Pieces: []Piece{{Octets: much}}})
			time.AfterFunc(time.Second, func() { close(b.hold) })
			return errors.Join(err, s.Do(ctx, Listen{For: time.Hour}))
		}},
		{"Write", "Write", func(t *testing.T, s *Session, b *brittle, far net.Conn) error { // nobody waits for it any more
			b.hold = make(chan struct{})
			cancelled, stop := context.WithTimeout(ctx, time.Second)
			defer stop()
			if err := s.Do(cancelled, Command{Line: much}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
			close(b.hold)
			synctest.Wait()
			return s.Do(ctx, Command{Line: []byte("NOOP")}) // it is not even sent: nobody reads it
		}},
		{"Read", "Read", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			time.AfterFunc(time.Second, func() { _, _ = far.Write([]byte("421")) })
			return s.Do(ctx, Watch{})
		}},
		{"Read", "Read", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			go func() {
				_, _ = far.Read(make([]byte, 100))
				_, _ = far.Write([]byte("421"))
			}()
			return s.Do(ctx, Command{Line: []byte("NOOP")})
		}},
		{"Read", "Read", func(t *testing.T, s *Session, b *brittle, far net.Conn) error { // and waits for nothing
			s.opt.Sink = func(event.Event) {
				_, _ = far.Write([]byte("421"))
				synctest.Wait()
			}
			go func() { _, _ = io.Copy(io.Discard, far) }()
			return s.Do(ctx, Put{Pieces: []Piece{{Octets: []byte("NOOP")}}})
		}},
		{"Read", "Read at the end", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			err := s.Do(ctx, Close{})
			synctest.Wait()
			return errors.Join(err, s.Do(ctx, Limit{}))
		}},
		{"SetWriteDeadline", "SetWriteDeadline", func(t *testing.T, s *Session, b *brittle, far net.Conn) error {
			cancelled, stop := context.WithTimeout(ctx, time.Second/2)
			defer stop()
			err := s.Do(ctx, Limit{Timeouts{Reply: time.Second}})
			return errors.Join(err, s.Do(cancelled, Command{Line: []byte("NOOP")})) // far does not read it
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &brittle{in: x.in}
			s, far := greeted(t, b)
			began := time.Now()
			crashes(t, "brittle)."+x.name, func() error { return x.do(t, s, b, far) })
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s: it took %s", x.name, took)
			}
		})
	}
}

// crashes wants do to panic, with the stack of where it began.
func crashes(t *testing.T, from string, do func() error) {
	t.Helper()
	defer func() {
		t.Helper()
		c, ok := recover().(*crash.Crash)
		if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), from) {
			t.Errorf("%s: recovered %v", from, c)
		}
	}()
	err := do()
	t.Errorf("%s: no panic, but %v", from, err)
}

// TestAMessageThatPanics: what reads a message does so in a goroutine.
func TestAMessageThatPanics(t *testing.T) {
	long := strings.Repeat("a line\r\n", readPiece/8)
	for _, text := range []string{"", long, long + long} {
		synctest.Test(t, func(t *testing.T) {
			s, far := greeted(t, &brittle{})
			go func() { _, _ = io.Copy(io.Discard, far) }()
			crashes(t, "torn.Read", func() error {
				_, _, err := s.transfer(t.Context(), torn{strings.NewReader(text)}, Send{}, false)
				return err
			})
		})
		synctest.Test(t, func(t *testing.T) {
			s, far := greeted(t, &brittle{})
			go func() { _, _ = io.Copy(io.Discard, far) }()
			crashes(t, "torn.Read", func() error {
				m := &message.Message{}
				m.Size.Octets = 4 * readPiece
				_, _, err := s.chunks(t.Context(), torn{strings.NewReader(text)}, Send{Message: m, Chunk: 8 * readPiece}, false)
				return err
			})
		})
	}
	// The one who wants the message may have gone before.
	crashes(t, "torn.Read", func() error {
		p := startPieces(torn{strings.NewReader("")}, nil)
		p.stop()
		return nil
	})
}

// shy is a writer with a defect.
type shy struct{ wrote chan struct{} }

func (w shy) Write(p []byte) (int, error) {
	defer close(w.wrote)
	panic("a defect")
}

// TestAPipeThatPanics: what a command writes to standard error is copied in a
// goroutine of os/exec.
func TestAPipeThatPanics(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no shell: ", err)
	}
	s := New(Options{PipeErrors: shy{make(chan struct{})}})
	err := s.Do(t.Context(), Connect{Candidate{Network: "pipe", Address: "echo oops >&2; exec cat"}})
	if err != nil {
		t.Fatal(err)
	}
	crashes(t, "shy.Write", func() error { return fmt.Errorf("%w", s.Do(t.Context(), Await{})) })
}
