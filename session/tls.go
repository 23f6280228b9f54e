package session

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
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
	if err := s.group(ctx, [][]byte{line}); err != nil {
		return err
	}
	if s.Reply().Code != 220 {
		return nil // refused; the reply says why
	}
	if behind := s.c.Behind(); len(behind) > 0 {
		return s.injected(behind)
	}
	if err := s.handshake(ctx, "starttls"); err != nil {
		return err
	}
	verdict := s.tls
	s.forget()
	s.secure, s.tls = true, verdict
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
	name, expected := s.at.Host, s.at.Name()
	if _, err := netip.ParseAddr(name); err == nil {
		name = "" // an address is never sent as SNI (RFC 6066 3)
	}
	config := &tls.Config{
		ServerName: name,
		// The verdict is data, computed below; a session goes on without it.
		InsecureSkipVerify: true, //nolint:gosec
		// Old mail servers are what a debugging client is pointed at.
		MinVersion: tls.VersionTLS10,
		Time:       s.opt.Now,
	}
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
		ServerName: name, Expected: expected, Elapsed: s.opt.Now().Sub(started),
	}
	for _, c := range state.PeerCertificates {
		verified.Certificates = append(verified.Certificates, describe(c))
	}
	verified.Problem = verify(state.PeerCertificates, s.opt.Roots, expected, s.opt.Now())
	verified.Verified = verified.Problem == ""
	s.tls = &verified
	s.emit(verified)
	return nil
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

// verify judges a chain as a client that insists on it would (RFC 5280, 6125):
// its dates, its way to a root, its names. Empty is good; else the problems in
// words.
func verify(chain []*x509.Certificate, roots *x509.CertPool, expected string, now time.Time) string {
	if len(chain) == 0 {
		return "the server sent no certificate"
	}
	leaf := chain[0]
	var problems []string
	at := now
	switch {
	case now.After(leaf.NotAfter):
		problems = append(problems, fmt.Sprintf("expired since %s (%s)", leaf.NotAfter.UTC().Format(time.DateOnly), days(now.Sub(leaf.NotAfter))))
		at = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		problems = append(problems, fmt.Sprintf("not valid before %s (in %s)", leaf.NotBefore.UTC().Format(time.DateOnly), days(leaf.NotBefore.Sub(now))))
		at = leaf.NotBefore
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	// The dates were judged above; what else is wrong is judged on a day on
	// which they were right, so that one problem does not hide another.
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	if err != nil {
		problems = append(problems, chainProblem(err, leaf))
	}
	if err := leaf.VerifyHostname(hostForm(expected)); err != nil {
		problems = append(problems, fmt.Sprintf("it is for %s, not for %s", namesOf(leaf), expected))
	}
	return strings.Join(problems, "; ")
}

// hostForm is a name as x509 wants it: addresses in brackets.
func hostForm(name string) string {
	if a, err := netip.ParseAddr(name); err == nil {
		return "[" + a.WithZone("").String() + "]"
	}
	return strings.TrimSuffix(name, ".")
}

func chainProblem(err error, leaf *x509.Certificate) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if string(leaf.RawIssuer) == string(leaf.RawSubject) {
			return "self-signed"
		}
		return "unknown issuer " + leaf.Issuer.String()
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired && invalid.Cert != nil {
		return fmt.Sprintf("the issuer's certificate %s is valid from %s to %s only", invalid.Cert.Subject,
			invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
	}
	return strings.TrimPrefix(err.Error(), "x509: ")
}

func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

func namesOf(c *x509.Certificate) string {
	names := certificateNames(c)
	if len(names) == 0 {
		return c.Subject.String() + " (it has no alternative names)"
	}
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// certificateNames are the subject's alternative names, made printable: a
// certificate is text from outside.
func certificateNames(c *x509.Certificate) []string {
	var names []string
	for _, n := range c.DNSNames {
		names = append(names, wire.Text([]byte(n)))
	}
	for _, a := range c.IPAddresses {
		names = append(names, a.String())
	}
	return names
}

func describe(c *x509.Certificate) event.Certificate {
	sum := sha256.Sum256(c.Raw)
	return event.Certificate{
		Subject:   wire.Text([]byte(c.Subject.String())),
		Issuer:    wire.Text([]byte(c.Issuer.String())),
		Names:     certificateNames(c),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		Key:    keyName(c.PublicKey),
		SHA256: hex.EncodeToString(sum[:]),
	}
}

func keyName(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "unknown kind"
}
