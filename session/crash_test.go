package session

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"

	"ehlo/internal/crash"
)

// brittle is a connection with a defect: where much is written, or where it is
// read for the second time.
type brittle struct {
	net.Conn
	reads int // -1: reading is sound
}

func (b *brittle) Write(p []byte) (int, error) {
	if len(p) > directWrite {
		panic("a defect in the connection")
	}
	return b.Conn.Write(p)
}

func (b *brittle) Read(p []byte) (int, error) {
	if b.reads == 1 {
		panic("a defect in the connection")
	}
	if b.reads == 0 {
		b.reads++
	}
	return b.Conn.Read(p)
}

// TestAPanicBelongsToWhoWaits: one of a goroutine of the session's is one of
// the caller of Do, who may have a terminal to restore.
func TestAPanicBelongsToWhoWaits(t *testing.T) {
	long := bytes.Repeat([]byte("x"), directWrite+1)
	for what, row := range map[string]struct {
		reads   int
		actions []Action
		where   string
	}{
		"writing a command":  {-1, []Action{Command{Line: long}}, "brittle).Write"},
		"writing pieces":     {-1, []Action{Put{Pieces: []Piece{{Octets: long}}}, Next{}}, "brittle).Write"},
		"reading":            {0, []Action{Command{Line: []byte("NOOP")}}, "brittle).Read"},
		"reading in a watch": {0, []Action{Watch{}}, "brittle).Read"},
	} {
		t.Run(what, func(t *testing.T) {
			near, far := net.Pipe()
			defer far.Close()
			go func() {
				_, _ = far.Write([]byte("220 hello\r\n"))
				_, _ = far.Read(make([]byte, 100))
			}()
			s := New(Options{Dial: func(context.Context, string, string) (net.Conn, error) {
				return &brittle{near, row.reads}, nil
			}})
			ctx := context.Background()
			defer func() {
				c, ok := recover().(*crash.Crash)
				if !ok || c.Value != "a defect in the connection" || !strings.Contains(c.Error(), row.where) {
					t.Errorf("recovered %+v", c)
				}
			}()
			for _, a := range append([]Action{Connect{Candidate{Network: "tcp", Address: "192.0.2.1:25", TLS: TLSNever}}, Await{}}, row.actions...) {
				if err := s.Do(ctx, a); err != nil {
					t.Errorf("%T: %v", a, err)
				}
			}
			t.Error("no panic")
		})
	}
}

// TestAPanicOfASource is one of who sends it.
func TestAPanicOfASource(t *testing.T) {
	p := startPieces(defect{}, nil)
	defer p.stop()
	made := <-p.made
	defer func() {
		if c, ok := recover().(*crash.Crash); !ok || !strings.Contains(c.Error(), "defect.Read") {
			t.Errorf("recovered %+v", c)
		}
	}()
	_ = New(Options{}).unreadable(made.err)
	t.Error("no panic")
}

type defect struct{}

func (defect) Read([]byte) (int, error) { panic("a defect in a source") }
