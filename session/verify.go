package session

import (
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
	"ehlo/session/wire"
)

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
		problems = append(problems, chainProblem(err, chain))
	}
	if key, ok := leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSA {
		problems = append(problems, fmt.Sprintf("weak key: RSA with %d bits", key.N.BitLen()))
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

// leastRSA is the shortest RSA key, in bits, that counts as good (CA/Browser
// Forum baseline requirements 6.1.5).
const leastRSA = 2048

// chainProblem says why there is no way from a certificate to a root.
func chainProblem(err error, chain []*x509.Certificate) string {
	leaf := chain[0]
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		switch {
		case string(leaf.RawIssuer) == string(leaf.RawSubject):
			return "self-signed"
		case weakSignature(leaf.SignatureAlgorithm):
			return "weak signature: " + leaf.SignatureAlgorithm.String()
		case len(chain) == 1:
			return "unknown issuer " + leaf.Issuer.String() + " (the server sent no intermediate certificate: one may be missing)"
		}
		return "unknown issuer " + chain[len(chain)-1].Issuer.String()
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired && invalid.Cert != nil {
		return fmt.Sprintf("the issuer's certificate %s is valid from %s to %s only", invalid.Cert.Subject,
			invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
	}
	return strings.TrimPrefix(err.Error(), "x509: ")
}

// weakSignature says whether a signature can be forged: x509 does not verify
// such ones at all, and calls the issuer unknown.
func weakSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// weaknesses are what is old or weak about a connection, in words.
func weaknesses(state tls.ConnectionState) (weak []string) {
	if state.Version < tls.VersionTLS12 {
		weak = append(weak, "weak: "+tls.VersionName(state.Version)+" is obsolete (RFC 8996)")
	}
	for _, suite := range tls.InsecureCipherSuites() {
		if suite.ID == state.CipherSuite {
			weak = append(weak, "weak: cipher suite "+suite.Name)
		}
	}
	return weak
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
