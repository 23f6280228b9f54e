package serve_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// enough is longer than anything here takes; a test that works never waits
// for it.
const enough = 20 * time.Second

// client is a raw client: it says octets and hears lines.
type client struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return wrap(t, c)
}

func wrap(t *testing.T, c net.Conn) *client {
	_ = c.SetDeadline(time.Now().Add(enough))
	t.Cleanup(func() { _ = c.Close() })
	return &client{t, c, bufio.NewReader(c)}
}

func (c *client) say(octets string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, octets); err != nil {
		c.t.Fatalf("say %q: %v", octets, err)
	}
}

// hear reads the next lines and wants each to begin so.
func (c *client) hear(lines ...string) {
	c.t.Helper()
	for _, want := range lines {
		got, err := c.in.ReadString('\n')
		if err != nil || !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\r\n") {
			c.t.Fatalf("want %q, got %q, %v", want, got, err)
		}
	}
}

// ask says a line and wants a reply of one or more lines that ends so.
func (c *client) ask(line, want string) {
	c.t.Helper()
	c.say(line + "\r\n")
	c.last(line, want)
}

func (c *client) last(line, want string) {
	c.t.Helper()
	for {
		got, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%s: %q, %v", line, got, err)
		}
		if len(got) < 4 || got[3] != '-' {
			if !strings.HasPrefix(got, want) {
				c.t.Fatalf("%s: want %q, got %q", line, want, got)
			}
			return
		}
	}
}

// gone wants the end of the connection, and not its reset.
func (c *client) gone() {
	c.t.Helper()
	rest, err := io.ReadAll(c.in)
	if err != nil || len(rest) > 0 {
		c.t.Fatalf("want the end of the connection, got %q, %v", rest, err)
	}
}

func (c *client) startTLS(roots *x509.CertPool, name string) *client {
	c.t.Helper()
	secure := tls.Client(c.Conn, &tls.Config{RootCAs: roots, ServerName: name})
	if err := secure.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	return wrap(c.t, secure)
}

func isReset(err error) bool {
	return err != nil && !errors.Is(err, io.EOF) && strings.Contains(err.Error(), "reset")
}

// state is the TLS of the connection.
func (c *client) state() tls.ConnectionState { return c.Conn.(*tls.Conn).ConnectionState() }
