package smtptest

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"
)

func TestCertificates(t *testing.T) {
	now := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	verify := func(id *Identity, name string) error {
		_, err := id.Certificate.Leaf.Verify(x509.VerifyOptions{Roots: id.Pool(), CurrentTime: now, DNSName: name})
		return err
	}
	for _, row := range []struct {
		why  string
		opt  CertificateOptions
		name string
		want x509.InvalidReason // of the error; -1: none, -2: a wrong name
	}{
		{"a name", CertificateOptions{Names: []string{"mx.example", "b.example"}}, "b.example", -1},
		{"a wildcard", CertificateOptions{Names: []string{"*.example"}}, "b.example", -1},
		{"an address", CertificateOptions{Names: []string{"192.0.2.1", "[2001:db8::1]"}}, "2001:db8::1", -1},
		{"loopback by default", CertificateOptions{}, "127.0.0.1", -1},
		{"another name", CertificateOptions{Names: []string{"mx.example"}}, "b.example", -2},
		{"expired", CertificateOptions{Names: []string{"mx.example"}, Expired: true}, "mx.example", x509.Expired},
		{"not yet valid", CertificateOptions{Names: []string{"mx.example"}, NotYetValid: true}, "mx.example", x509.Expired},
		{"self-signed, but trusted", CertificateOptions{Names: []string{"mx.example"}, SelfSigned: true}, "mx.example", -1},
	} {
		row.opt.Now = now
		id, err := row.opt.Make()
		if err != nil {
			t.Fatal(err)
		}
		err = verify(id, row.name)
		var invalid x509.CertificateInvalidError
		var name x509.HostnameError
		switch {
		case row.want == -1 && err != nil,
			row.want == -2 && !errors.As(err, &name),
			row.want >= 0 && (!errors.As(err, &invalid) || invalid.Reason != row.want):
			t.Errorf("%s: %v", row.why, err)
		}
	}
	a, _ := Certificate("mx.example")
	b, _ := CertificateOptions{Names: []string{"mx.example"}, SelfSigned: true}.Make()
	var unknown x509.UnknownAuthorityError
	for _, id := range []*Identity{a, b} {
		if _, err := id.Certificate.Leaf.Verify(x509.VerifyOptions{Roots: x509.NewCertPool()}); !errors.As(err, &unknown) {
			t.Errorf("without our authority: %v", err)
		}
	}
	if self := b.Certificate.Leaf; string(self.RawIssuer) != string(self.RawSubject) || string(a.Certificate.Leaf.RawIssuer) == string(a.Certificate.Leaf.RawSubject) {
		t.Error("only the self-signed certificate is its own issuer")
	}
}
