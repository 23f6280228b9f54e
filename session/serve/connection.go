package serve

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/wire"
)

// connection is one connection, and what was said on it.
type connection struct {
	raw    net.Conn
	conn   net.Conn // raw, or TLS over it
	in     *bufio.Reader
	out    *outbox
	stop   func() // the context does not end it any more
	number int
	fresh  bool // nothing was done with it yet
	secure bool // under TLS since STARTTLS
	state  *tls.ConnectionState

	hearing  hearing
	due      []command  // what the client said that has no reply yet
	replies  int        // complete ones that were said
	part     []byte     // of a line that the server has not ended
	reply    wire.Reply // that the server has not ended
	size     int        // octets of it
	last     wire.Reply // the last complete one
	stage    event.Stage
	protocol string        // that the last good EHLO, HELO or LHLO agreed on
	accepted []string      // recipients of the transaction
	secrets  event.Secrets // that nobody may see, should the server repeat them
}

// over goes on over c: the connection itself, or TLS.
func (c *connection) over(conn net.Conn, timeout time.Duration) {
	c.conn, c.out = conn, newOutbox(conn, timeout)
	c.in = bufio.NewReader(&attentive{conn, c.out})
}

// attentive says what is to be said before it waits for what the client says.
type attentive struct {
	conn net.Conn
	out  *outbox
}

func (a *attentive) Read(b []byte) (int, error) {
	_ = a.out.flush() // its error is that of the next thing to be said
	return a.conn.Read(b)
}

// secured forgets what was said in clear (RFC 3207 4.2).
func (c *connection) secured(state tls.ConnectionState, startTLS bool) {
	c.secure, c.state = startTLS, &state
	c.hearing, c.due, c.protocol, c.accepted = hearing{}, nil, "", nil
}

// binding is the channel binding of our end of TLS.
func (c *connection) binding(config *tls.Config) sasl.Binder {
	return func(kind string) (sasl.Binding, error) {
		if c.state == nil {
			return sasl.Bind(nil, kind)
		}
		state := *c.state
		// It is the server's certificate that counts, here our own.
		state.PeerCertificates = nil
		if len(config.Certificates) > 0 && config.Certificates[0].Leaf != nil {
			state.PeerCertificates = []*x509.Certificate{config.Certificates[0].Leaf}
		}
		return sasl.Bind(&state, kind)
	}
}

// greeting says that the reply that is due is the list of extensions.
func (c *connection) greeting() bool {
	return len(c.due) > 0 && (c.due[0].verb == "EHLO" || c.due[0].verb == "LHLO")
}
