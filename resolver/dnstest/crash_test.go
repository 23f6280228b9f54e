package dnstest

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"ehlo/internal/crash"
)

// brittle is a connection with a defect.
type brittle struct{ net.Conn }

func (brittle) Read([]byte) (int, error) { panic("a defect") }

// TestAPanicOfAServer costs a client its answer, and nobody else anything;
// whoever closes the server is told.
func TestAPanicOfAServer(t *testing.T) {
	s, err := Start("@ IN SOA ns1 postmaster 1 3600 600 86400 30\n")
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	s.run(near, func() { s.stream(brittle{near}) })
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the connection: %v", err)
	}
	other, err := s.Dial(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write([]byte{0, 0}); err != nil {
		t.Errorf("another: %v", err)
	}
	defer func() {
		c, ok := recover().(*crash.Crash)
		if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), "brittle.Read") {
			t.Errorf("recovered %v", c)
		}
	}()
	t.Errorf("no panic, but %v", s.Close())
}
