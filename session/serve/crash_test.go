package serve_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/serve"
)

// brittle is a connection with a defect.
type brittle struct {
	*net.TCPConn
	well   bool
	until  <-chan struct{} // a write waits for it
	closed atomic.Bool
}

func (b *brittle) Write(octets []byte) (int, error) {
	if b.well {
		return b.TCPConn.Write(octets)
	}
	<-b.until
	panic("a defect")
}

func (b *brittle) Close() error {
	b.closed.Store(true)
	return b.TCPConn.Close()
}

// TestAPanicBelongsToPlay: the server writes in a goroutine, and hears what is
// said behind the end in one. It is no event that the client has to do with, and
// the client is not kept waiting.
func TestAPanicBelongsToPlay(t *testing.T) {
	panics := func([]byte) error { panic("a defect") }
	for _, x := range []struct {
		name, script, from string
		tap                func([]byte) error
	}{
		{"write", "S: 220 mx\nC: QUIT", "brittle).Write", nil},
		{"write much", "@repeat 1000\nS: 220-" + strings.Repeat("x", 10000) + "\n@end\nS: 220 mx", "brittle).Write", nil},
		{"write at last", "C: QUIT\nS: 221 bye", "brittle).Write", nil},
		{"write before the close", "C: QUIT\nS: 221 bye\n@expect close", "brittle).Write", nil},
		{"write when all is over", "C: QUIT\nS: 221 bye\nC: QUIT", "brittle).Write", nil},
		{"tap", "C: QUIT", "TestAPanicBelongsToPlay", panics},
		{"linger", "@sleep 10ms\n@close", "TestAPanicBelongsToPlay", panics},
	} {
		sc, err := script.Parse("script", strings.NewReader(x.script))
		if err != nil {
			t.Fatal(err)
		}
		sink := func(e event.Event) {
			if f, ok := e.(event.Failed); ok {
				t.Errorf("%s: it tells of %v", x.name, f.Error)
			}
		}
		s, err := serve.New(serve.Options{Script: sc, Tap: x.tap, Sink: sink})
		if err != nil {
			t.Fatal(err)
		}
		client, server := pair(t)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		b := &brittle{TCPConn: server, well: x.tap != nil}
		now := make(chan struct{})
		if b.until = now; x.name == "write when all is over" {
			time.AfterFunc(50*time.Millisecond, stop)
			b.until = ctx.Done()
		}
		close(now)
		if _, err := client.Write([]byte("QUIT\r\n")); err != nil {
			t.Fatal(err)
		}
		crashes(t, x.name, x.from, func() {
			err := func() (err error) {
				defer crash.Catch(&err)
				return s.Play(ctx, nil, b)
			}()
			crash.Raise(err)
			s.Close()
			t.Errorf("%s: no panic, but %v", x.name, err)
		})
		if !b.closed.Load() {
			t.Errorf("%s: the connection is still there", x.name)
		}
	}
}

// crashes wants do to panic.
func crashes(t *testing.T, name, from string, do func()) {
	t.Helper()
	defer func() {
		t.Helper()
		c, ok := recover().(*crash.Crash)
		if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), from) {
			t.Errorf("%s: recovered %v", name, c)
		}
	}()
	do()
}

// pair is both ends of a connection.
func pair(t *testing.T) (client net.Conn, server *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, c.(*net.TCPConn)
}
