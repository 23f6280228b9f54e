package session

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
)

// brittle is a connection that has a defect where much is written.
type brittle struct{ net.Conn }

func (b brittle) Write(p []byte) (int, error) {
	if len(p) > directWrite {
		panic("a defect in the connection")
	}
	return b.Conn.Write(p)
}

// TestAPanicBelongsToWhoWaits: one of a goroutine of the session's is one of
// the caller of Do, who may have a terminal to restore.
func TestAPanicBelongsToWhoWaits(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { _, _ = far.Write([]byte("220 hello\r\n")) }()
	s := New(Options{Dial: func(context.Context, string, string) (net.Conn, error) { return brittle{near}, nil }})
	ctx := context.Background()
	if err := s.Do(ctx, Connect{Candidate{Network: "tcp", Address: "192.0.2.1:25", TLS: TLSNever}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Do(ctx, Await{}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if c, ok := recover().(crash); !ok || c.value != "a defect in the connection" || !strings.Contains(c.Error(), "brittle.Write") {
			t.Errorf("recovered %+v", c)
		}
	}()
	err := s.Do(ctx, Command{Line: bytes.Repeat([]byte("x"), directWrite+1)})
	t.Errorf("no panic, but %v", err)
}
