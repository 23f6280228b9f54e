package sasl

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// The types of channel binding.
const (
	TLSExporter       = "tls-exporter"         // RFC 9266: keying material of this very connection
	TLSServerEndPoint = "tls-server-end-point" // RFC 5929 4: the hash of the server's certificate
)

// Binding ties a login to a TLS connection: somebody in the middle who ends TLS
// himself has another one.
type Binding struct {
	Type string
	Data []byte
}

func (b Binding) empty() bool { return b.Type == "" || len(b.Data) == 0 }

// Bind is the binding of a connection, of one of the two types.
func Bind(state *tls.ConnectionState, kind string) (Binding, error) {
	switch {
	case state == nil || !state.HandshakeComplete:
		return Binding{}, errors.New("there is no TLS to bind to")
	case kind == TLSExporter:
		// Before TLS 1.3 this needs the extended master secret (RFC 9266 4.2);
		// crypto/tls sees to that.
		data, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
		if err != nil {
			return Binding{}, fmt.Errorf("this connection has no %s: %w", kind, err)
		}
		return Binding{kind, data}, nil
	case kind == TLSServerEndPoint:
		if len(state.PeerCertificates) == 0 {
			return Binding{}, errors.New("the server has sent no certificate to bind to")
		}
		cert := state.PeerCertificates[0]
		h := endPointHash(cert.SignatureAlgorithm)
		if h == 0 || !h.Available() {
			return Binding{}, fmt.Errorf("%s is not defined for a certificate that is signed by %s", kind, cert.SignatureAlgorithm)
		}
		sum := h.New()
		sum.Write(cert.Raw)
		return Binding{kind, sum.Sum(nil)}, nil
	}
	return Binding{}, fmt.Errorf("%q is not a type of channel binding that is known here: %s, %s", kind, TLSExporter, TLSServerEndPoint)
}

// endPointHash is the hash of a signature; SHA-256 where that is MD5 or SHA-1.
// RFC 5929 4.1 leaves undefined what Ed25519 should have.
func endPointHash(a x509.SignatureAlgorithm) crypto.Hash {
	switch a {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		return crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512
	}
	return 0
}
