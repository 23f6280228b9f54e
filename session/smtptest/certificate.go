package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// How long certificates are valid, and since when: an hour, because clocks
// differ.
const (
	validFor   = 90 * 24 * time.Hour
	validSince = time.Hour
)

// Identity is a certificate with its key, and the authority that it is of.
type Identity struct {
	Certificate tls.Certificate // the leaf alone: the authority is a root
	CA          []byte          // the authority's certificate, PEM; of a self-signed one the certificate itself
}

// CertificateOptions say what is to be wrong with a certificate. What is for
// other names than the server's needs no option: make it for other names.
type CertificateOptions struct {
	Names       []string  // host names, also *.example.com, and IP addresses; none: localhost, 127.0.0.1, ::1
	Expired     bool      // since yesterday
	NotYetValid bool      // until tomorrow
	SelfSigned  bool      // there is no authority
	Now         time.Time // zero: the present
}

// Certificate makes an authority and a certificate of it for names, ECDSA
// P-256, valid for 90 days. Without names it is for the loopback addresses.
func Certificate(names ...string) (*Identity, error) {
	return CertificateOptions{Names: names}.Make()
}

// Make makes the certificate.
func (o CertificateOptions) Make() (*Identity, error) {
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	leaf := o.leaf(now)
	issuer, issuerKey := leaf, key
	var root []byte
	if !o.SelfSigned {
		if issuer, issuerKey, root, err = authority(now); err != nil {
			return nil, err
		}
	}
	octets, err := x509.CreateCertificate(rand.Reader, leaf, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	if o.SelfSigned {
		root = octets
	}
	parsed, err := x509.ParseCertificate(octets)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &Identity{
		Certificate: tls.Certificate{Certificate: [][]byte{octets}, PrivateKey: key, Leaf: parsed},
		CA:          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}),
	}, nil
}

func (o CertificateOptions) leaf(now time.Time) *x509.Certificate {
	names := o.Names
	if len(names) == 0 {
		names = []string{"localhost", "127.0.0.1", "::1"}
	}
	c := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: names[0]},
		NotBefore:    now.Add(-validSince),
		NotAfter:     now.Add(validFor),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	switch day := 24 * time.Hour; {
	case o.Expired:
		c.NotBefore, c.NotAfter = now.Add(-validFor), now.Add(-day)
	case o.NotYetValid:
		c.NotBefore, c.NotAfter = now.Add(day), now.Add(validFor)
	}
	for _, n := range names {
		if ip := net.ParseIP(strings.Trim(n, "[]")); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, strings.TrimSuffix(n, "."))
		}
	}
	return c
}

// authority makes a root: its certificate parsed, its key, its octets.
func authority(now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make the authority's key: %w", err)
	}
	c := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "ehlo test authority"},
		// Older than any leaf, also one that has expired: that is then the
		// leaf's fault alone.
		NotBefore:             now.Add(-2 * validFor),
		NotAfter:              now.Add(2 * validFor),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	octets, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(octets)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	return parsed, key, octets, nil
}

// serial is 16 random octets, positive (RFC 5280 4.1.2.2).
func serial() *big.Int {
	var octets [16]byte
	_, _ = rand.Read(octets[:]) // it does not fail (crypto/rand)
	octets[0] = octets[0]&0x7f | 1
	return new(big.Int).SetBytes(octets[:])
}

// Pool is the authority as the roots of a client that trusts it.
func (i *Identity) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(i.CA)
	return pool
}

// Server is the configuration of a server that has the certificate.
func (i *Identity) Server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{i.Certificate}, MinVersion: tls.VersionTLS12}
}
