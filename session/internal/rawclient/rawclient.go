// Package rawclient is the client of tests of a server: it says octets, hears
// lines, and fails the test where others come.
package rawclient

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Enough is longer than anything takes that a test awaits; one that works never
// waits for it.
const Enough = time.Minute

// Client is one connection.
type Client struct {
	net.Conn
	In *bufio.Reader // what it hears

	t testing.TB
}

// Dial connects to a host with its port, or to a socket. The connection ends
// with the test, and after Enough.
func Dial(t testing.TB, addr string) *Client {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return Wrap(t, c)
}

// Wrap is Dial for a connection that stands.
func Wrap(t testing.TB, c net.Conn) *Client {
	_ = c.SetDeadline(time.Now().Add(Enough))
	t.Cleanup(func() { _ = c.Close() })
	return &Client{c, bufio.NewReader(c), t}
}

// Say says octets.
func (c *Client) Say(octets string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, octets); err != nil {
		c.t.Fatalf("say %q: %v", octets, err)
	}
}

// Hear reads the next lines and wants each to begin so.
func (c *Client) Hear(lines ...string) {
	c.t.Helper()
	for _, want := range lines {
		got, err := c.In.ReadString('\n')
		if err != nil || !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\r\n") {
			c.t.Fatalf("want %q, got %q, %v", want, got, err)
		}
	}
}

// Ask says a line and wants a reply of one or more lines whose last begins so.
func (c *Client) Ask(line, want string) {
	c.t.Helper()
	c.Say(line + "\r\n")
	c.Last(line, want)
}

// Last wants the last line of the next reply to begin so; line is what it answers.
func (c *Client) Last(line, want string) {
	c.t.Helper()
	for {
		got, err := c.In.ReadString('\n')
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

// Gone wants the end of the connection, and not its reset.
func (c *Client) Gone() {
	c.t.Helper()
	rest, err := io.ReadAll(c.In)
	if err != nil || len(rest) > 0 {
		c.t.Fatalf("want the end of the connection, got %q, %v", rest, err)
	}
}

// StartTLS goes on under TLS, with a certificate of name.
func (c *Client) StartTLS(roots *x509.CertPool, name string) *Client {
	c.t.Helper()
	secure := tls.Client(c.Conn, &tls.Config{RootCAs: roots, ServerName: name})
	if err := secure.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	return Wrap(c.t, secure)
}

// State is the TLS of the connection.
func (c *Client) State() tls.ConnectionState { return c.Conn.(*tls.Conn).ConnectionState() }
