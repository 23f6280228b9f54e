package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/internal/conn"
	"ehlo/session/wire"
)

// startTLS sends the command and, where the server agrees, makes TLS of the
// connection (RFC 3207 4).
func (s *Session) startTLS(ctx context.Context, line []byte) error {
	if len(line) == 0 {
		line = []byte("STARTTLS")
	}
	if err := s.group(ctx, [][]byte{line}, false); err != nil {
		return err
	}
	if s.Reply().Code != 220 {
		return nil // refused; the reply says why
	}
	return s.handshakeNow(ctx)
}

// handshakeNow makes TLS of a connection that began in clear.
func (s *Session) handshakeNow(ctx context.Context) error {
	if behind := s.c.Behind(); len(behind) > 0 {
		return s.injected(behind)
	}
	// Before the greeting it is what an implicit port would have done.
	due, greeting := slices.Clone(s.due), s.greeting
	mode := "starttls"
	if len(due) > 0 && due[0].stage == event.Banner {
		mode = "implicit"
	}
	if err := s.handshake(ctx, mode); err != nil {
		return err
	}
	verdict, state, before := s.tls, s.state, s.offers
	s.forget()
	s.secure, s.tls, s.state, s.inClear, s.greeting = true, verdict, state, before, greeting
	if mode == "implicit" {
		s.stage, s.due = event.Banner, due
	}
	return nil
}

// injected is what came in clear behind the 220 of STARTTLS: somebody on the
// way may have put it there, to be taken for something that the server said
// under TLS (CVE-2011-0411). It is shown and never used.
func (s *Session) injected(behind []byte) error {
	shown := behind
	if len(shown) > 200 {
		shown = shown[:200]
	}
	e := event.Errorf(event.STARTTLSInjection, event.StartTLS,
		"%s: %d octets in clear behind the 220 of STARTTLS, before the handshake: %s", s.at.Name(), len(behind), wire.Text(shown))
	s.close("client", "")
	return e
}

// handshake makes TLS of the connection and tells the verdict on the
// certificate. A certificate that does not verify is no error here.
func (s *Session) handshake(ctx context.Context, mode string) error {
	s.stage = event.StartTLS
	config, expected := s.tlsConfig()
	s.emit(event.Waiting{For: "the TLS handshake", Timeout: s.opt.Timeouts.Reply})
	started := s.opt.Now()
	limited, cancel := context.WithTimeout(ctx, s.opt.Timeouts.Reply)
	defer cancel()
	state, err := s.c.Handshake(limited, config)
	if err != nil {
		if ctx.Err() != nil {
			s.close("client", "")
			return ctx.Err()
		}
		return s.noHandshake(limited, err)
	}
	s.secure = true
	verified := event.TLS{
		Mode: mode, Version: tls.VersionName(state.Version), Cipher: tls.CipherSuiteName(state.CipherSuite),
		ServerName: config.ServerName, Expected: expected, Elapsed: s.opt.Now().Sub(started),
	}
	for _, c := range state.PeerCertificates {
		verified.Certificates = append(verified.Certificates, describe(c))
	}
	verified.Problem = verify(state.PeerCertificates, s.opt.Roots, expected, s.opt.Now())
	verified.Verified = verified.Problem == ""
	s.tls, s.state = &verified, &state
	s.emit(verified)
	for _, weak := range weaknesses(state) {
		s.Note("%s", weak)
	}
	return nil
}

// tlsConfig is how TLS is made with the present server, and the name or
// address that its certificate should have.
func (s *Session) tlsConfig() (config *tls.Config, expected string) {
	name := s.at.Host
	expected = s.at.Name()
	if s.opt.ServerName != "" {
		name, expected = s.opt.ServerName, s.opt.ServerName
	}
	if _, err := netip.ParseAddr(name); err == nil {
		name = "" // an address is never sent as SNI (RFC 6066 3)
	}
	config = &tls.Config{
		ServerName: name,
		// The verdict is data, computed below; a session goes on without it.
		InsecureSkipVerify: true, //nolint:gosec
		// Old mail servers are what a debugging client is pointed at; what is
		// weak about them is said, and --tls-min refuses them.
		MinVersion:   tls.VersionTLS10,
		CipherSuites: everySuite(),
		Certificates: s.opt.Certificates,
		KeyLogWriter: s.opt.KeyLog,
		Time:         s.opt.Now,
	}
	if s.opt.MinTLS != 0 {
		config.MinVersion = s.opt.MinTLS
	}
	config.MaxVersion = s.opt.MaxTLS
	return config, expected
}

// everySuite are all cipher suites up to TLS 1.2 that there are; those of TLS
// 1.3 cannot be chosen.
func everySuite() []uint16 {
	var ids []uint16
	for _, list := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		for _, suite := range list {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}

func (s *Session) noHandshake(limited context.Context, err error) error {
	e := event.Errorf(event.TLSFailed, event.StartTLS, "%s: TLS handshake failed: %s", s.at.Name(), handshakeProblem(limited, err, s.opt.Timeouts.Reply))
	e.Err = err
	s.close("client", "")
	return e
}

// handshakeProblem says what became of a handshake, in words.
func handshakeProblem(limited context.Context, err error, timeout time.Duration) string {
	if plaintext, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Sprintf("the server answers in plaintext, not TLS (its record begins %s)", wire.Text(plaintext.RecordHeader[:]))
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return "the server sent the alert " + strings.TrimPrefix(alert.Error(), "tls: ")
	}
	switch {
	case limited.Err() != nil:
		return "no end within " + timeout.String()
	case conn.EOF(err):
		return "the server closed the connection"
	case conn.Reset(err):
		return "the server broke the connection off (reset)"
	}
	return strings.TrimPrefix(plainError(err), "tls: ")
}
