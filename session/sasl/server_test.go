package sasl

import (
	"errors"
	"strings"
	"testing"
)

// serve has a client of this package log in at a server of it.
func serve(t *testing.T, mechanism string, client, server Credentials, when Initial) (accepted, done error) {
	t.Helper()
	e, err := New(mechanism, client)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Accept(mechanism, server, func(kind string) (Binding, error) { return Binding{kind, []byte("this connection")}, nil })
	if err != nil {
		t.Fatal(err)
	}
	r, has, err := e.Start(when)
	if err != nil {
		t.Fatal(err)
	}
	var said []byte
	if has {
		said = append([]byte{}, r.Octets...)
	}
	for range 5 {
		challenge, more, err := l.Next(said)
		if !more {
			return err, e.Done()
		}
		if r, err = e.Next(challenge); err != nil {
			t.Fatalf("%s: %v", mechanism, err)
		}
		said = append([]byte{}, r.Octets...)
	}
	t.Fatalf("%s has no end", mechanism)
	return nil, nil
}

func TestAccept(t *testing.T) {
	me := Credentials{User: "me@example.net", Password: "pencil", Host: "mx.example.net", Port: 25, TLS: true, Binding: Binding{TLSExporter, []byte("this connection")}}
	for _, name := range Names() {
		for _, when := range []Initial{Auto, Always, Never} {
			if accepted, done := serve(t, name, me, Credentials{User: me.User, Password: me.Password}, when); accepted != nil || done != nil {
				t.Errorf("%s %s: the right password: %v, %v", name, when, accepted, done)
			}
			if name == "EXTERNAL" || name == "ANONYMOUS" {
				continue
			}
			if accepted, _ := serve(t, name, me, Credentials{User: me.User, Password: "another"}, when); !errors.Is(accepted, ErrRefused) {
				t.Errorf("%s %s: a wrong password: %v", name, when, accepted)
			}
			if accepted, _ := serve(t, name, me, Credentials{User: "you", Password: me.Password}, when); !errors.Is(accepted, ErrRefused) {
				t.Errorf("%s %s: another user: %v", name, when, accepted)
			}
			if NeedsPassword(name) {
				continue
			}
			if accepted, done := serve(t, name, me, Credentials{}, when); accepted != nil || done != nil {
				t.Errorf("%s %s: any password: %v, %v", name, when, accepted, done)
			}
		}
	}
}

func TestAcceptRefuses(t *testing.T) {
	for name, why := range map[string]string{
		"SCRAM-SHA-256": "cannot be served without the password",
		"digest-md5":    "cannot be served without the password",
		"KERBEROS":      `"KERBEROS" is not a login mechanism`,
	} {
		if _, err := Accept(name, Credentials{}, nil); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := Credentials{User: "me", Password: "pencil"}
	none := func(string) (Binding, error) { return Binding{}, errors.New("no TLS") }
	for _, bad := range []struct{ mechanism, said string }{
		{"PLAIN", "me pencil"},
		{"CRAM-MD5", "me"},
		{"XOAUTH2", "me"},
		{"OAUTHBEARER", "n,,\x01"},
		{"NTLM", "me"},
		{"DIGEST-MD5", "me"},
		{"SCRAM-SHA-1", "n=me"},
		{"SCRAM-SHA-1", "n,,r=1,n=me"},
		{"SCRAM-SHA-1", "p=tls-exporter,,n=me,r=1"},
		{"SCRAM-SHA-1-PLUS", "n,,n=me,r=1"},
		{"SCRAM-SHA-1-PLUS", "p=tls-exporter,,n=me,r=1"},
	} {
		l, err := Accept(bad.mechanism, c, none)
		if err != nil {
			t.Fatal(err)
		}
		if _, more, err := l.Next([]byte(bad.said)); more || err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s %q: %v, %v", bad.mechanism, bad.said, more, err)
		}
	}
}

// FuzzAccept: no client brings a server down, or in without the password.
func FuzzAccept(f *testing.F) {
	f.Add(uint8(0), []byte("\x00me\x00pencil"), []byte("c=biws,r=1,p=AAAA"))
	f.Add(uint8(3), []byte("n,,n=me,r=1"), []byte("c=biws,r=1,p=AAAA"))
	f.Add(uint8(7), []byte(ntlmSignature+"\x01"), []byte(ntlmSignature+"\x03\x00\x00\x00"+strings.Repeat("\xff", 60)))
	f.Fuzz(func(t *testing.T, n uint8, first, second []byte) {
		name := Names()[int(n)%len(Names())]
		l, err := Accept(name, Credentials{Password: "a password that no fuzzer guesses"}, func(kind string) (Binding, error) { return Binding{kind, nil}, nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range [][]byte{first, second, second} {
			_, more, err := l.Next(append([]byte{}, said...))
			if !more && err == nil && name != "EXTERNAL" && name != "ANONYMOUS" {
				t.Fatalf("%s: %q lets in", name, said)
			}
			if !more {
				return
			}
		}
	})
}
