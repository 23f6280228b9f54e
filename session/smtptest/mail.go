package smtptest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"ehlo/internal/crash"
)

// What a Mail keeps at most: the oldest messages go first. One message is
// kept up to keptOctets/2; of a longer one the start.
const (
	keptMessages = 100
	keptOctets   = 32 << 20
	keptGrey     = 1000
)

// RFC 5321 4.5.3.2.7 asks for at least five minutes; a write to a client that
// does not read is given up sooner, it is on this host.
const (
	mailIdle  = 5 * time.Minute
	mailWrite = time.Minute
)

// MailOptions describe a mail server. The zero value works.
type MailOptions struct {
	Hostname   string    // empty: mx.example.test
	Domain     string    // whose mail it takes; empty: Hostname without its first label
	MaxSize    int64     // octets of a message, declared with SIZE; 0: no limit, SIZE without a number
	NoSTARTTLS bool      // neither STARTTLS nor, in clear, AUTH
	Identity   *Identity // nil: one is made for Hostname, localhost and the loopback addresses
	User       string    // who may log in, under TLS only, with AUTH PLAIN; empty: postmaster
	Password   string    // empty: demo
	LMTP       bool      // RFC 2033: LHLO, and a reply for each recipient
}

// Mail is a mail server that keeps what it gets in memory. It offers
// PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES, CHUNKING, STARTTLS, AUTH PLAIN
// (under TLS), SMTPUTF8, DSN and SIZE, and judges recipients by their local
// part, in any case:
//
//	nobody@   550 5.1.1, there is no such user
//	full@     452 4.2.2, the mailbox is full
//	grey@     450 4.7.1 for the first try of a sender, then accepted
//	others@   accepted
//
// A recipient in another domain is refused with 554 5.7.1, logged in or not:
// no mail leaves this server. Of go-smtp are three things that a real server
// does otherwise: it refuses RCPT TO:<postmaster> without a domain, it refuses
// a message of exactly MaxSize octets after DATA (not with BDAT, and not at
// MAIL), and a SIZE= of 2^32 or more is a syntax error to it.
type Mail struct {
	opt    MailOptions
	id     *Identity
	server *smtp.Server

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	serving   sync.WaitGroup // calls of Serve
	listening crash.Group    // those that are our own
	crashes   crash.Kept     // of connections
	queued    int            // messages ever
	messages  []Message
	octets    int // of all messages kept
	grey      map[[2]string]bool
}

// Message is a message that a Mail has taken.
type Message struct {
	ID     string // the queue id of the reply: "7F3A0001"
	From   string // the reverse-path without brackets; empty for <>
	To     []string
	Data   []byte // as it came, without transparency and the final dot
	Octets int64  // its length; more than len(Data) where not all was kept
	TLS    bool
	User   string // who was logged in, or ""
	UTF8   bool   // MAIL had SMTPUTF8
	Body   string // MAIL's BODY: 7BIT, 8BITMIME, or ""
}

// NewMail makes a server. It does not listen yet.
func NewMail(opt MailOptions) (*Mail, error) {
	if opt.Hostname == "" {
		opt.Hostname = "mx.example.test"
	}
	if opt.Domain == "" {
		_, opt.Domain, _ = strings.Cut(opt.Hostname, ".")
	}
	if opt.User == "" {
		opt.User = "postmaster"
	}
	if opt.Password == "" {
		opt.Password = "demo"
	}
	if opt.Identity == nil {
		id, err := Certificate(opt.Hostname, "localhost", "127.0.0.1", "127.0.0.2", "::1")
		if err != nil {
			return nil, err
		}
		opt.Identity = id
	}
	m := &Mail{opt: opt, id: opt.Identity, grey: map[[2]string]bool{}}
	s := smtp.NewServer(smtp.BackendFunc(m.session))
	s.Domain = opt.Hostname
	s.LMTP = opt.LMTP
	s.MaxMessageBytes = opt.MaxSize
	s.MaxRecipients = 0
	s.EnableSMTPUTF8 = true
	s.EnableDSN = true
	s.ReadTimeout = mailIdle
	s.WriteTimeout = mailWrite
	s.ErrorLog = log.New(defects{&m.crashes}, "", 0)
	if !opt.NoSTARTTLS {
		s.TLSConfig = m.id.Server()
	}
	m.server = s
	return m, nil
}

// CA is the authority of the server's certificate, PEM.
func (m *Mail) CA() []byte { return m.id.CA }

// Pool is the same as the roots of a client.
func (m *Mail) Pool() *x509.CertPool { return m.id.Pool() }

// Serve answers the connections of a listener until Close; then it returns
// nil. Several listeners may be served at the same time.
func (m *Mail) Serve(l net.Listener) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		_ = l.Close()
		return nil
	}
	m.listeners = append(m.listeners, l)
	m.serving.Add(1)
	m.mu.Unlock()
	defer m.serving.Done()

	err := m.server.Serve(l)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ServeTLS is Serve with TLS from the first octet (RFC 8314 3.3).
func (m *Mail) ServeTLS(l net.Listener) error {
	return m.Serve(tls.NewListener(l, m.id.Server()))
}

// Listen serves a port of its own at 127.0.0.1, in the background, and
// returns its address.
func (m *Mail) Listen() (string, error) { return m.listen(m.Serve) }

// ListenTLS is Listen with TLS from the first octet.
func (m *Mail) ListenTLS() (string, error) { return m.listen(m.ServeTLS) }

func (m *Mail) listen(serve func(net.Listener) error) (string, error) {
	l, err := loopback()
	if err != nil {
		return "", err
	}
	m.listening.Go(func() { _ = serve(l) })
	return l.Addr().String(), nil
}

func loopback() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	return l, nil
}

// Close ends all listeners and connections. It panics where one of them did: until
// then the client had a 421.
func (m *Mail) Close() error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	listeners := m.listeners
	m.mu.Unlock()

	// The server knows a listener a moment later than we do.
	_ = m.server.Close()
	for _, l := range listeners {
		_ = l.Close()
	}
	m.serving.Wait()
	m.listening.Wait()
	m.crashes.Raise()
	return nil
}

// defects is the log of go-smtp: the panics that it has caught are kept, the rest
// is of no interest.
type defects struct{ crashes *crash.Kept }

func (d defects) Write(line []byte) (int, error) {
	if what, stack, _ := bytes.Cut(line, []byte("\n")); bytes.HasPrefix(what, []byte("panic serving ")) {
		d.crashes.Keep(&crash.Crash{Value: string(what), Stack: bytes.Clone(stack)})
	}
	return len(line), nil
}

// Messages are those that are kept, oldest first.
func (m *Mail) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// keep takes a message and returns its queue id. The ids are the same in every
// run, so that tests can have them in their text.
func (m *Mail) keep(msg Message) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queued++
	msg.ID = fmt.Sprintf("%08X", 0x7F3A0000+m.queued)
	m.messages = append(m.messages, msg)
	m.octets += len(msg.Data)
	for len(m.messages) > keptMessages || m.octets > keptOctets {
		m.octets -= len(m.messages[0].Data)
		m.messages = slices.Delete(m.messages, 0, 1)
	}
	return msg.ID
}

// known says whether a sender has tried that recipient before.
func (m *Mail) known(from, to string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	pair := [2]string{strings.ToLower(from), strings.ToLower(to)}
	if m.grey[pair] {
		return true
	}
	if len(m.grey) >= keptGrey {
		clear(m.grey)
	}
	m.grey[pair] = true
	return false
}
