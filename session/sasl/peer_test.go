package sasl

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	gosasl "github.com/emersion/go-sasl"
	xdg "github.com/xdg-go/scram"
)

// scramServer is xdg-go/scram's server, which knows user and pencil.
func scramServer(t *testing.T, hash xdg.HashGeneratorFcn, binding Binding, iterations int) *xdg.ServerConversation {
	t.Helper()
	client, err := hash.NewClient("us,er=", "pencil", "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := client.GetStoredCredentialsWithError(xdg.KeyFactors{Salt: "saltsalt", Iters: iterations})
	if err != nil {
		t.Fatal(err)
	}
	server, err := hash.NewServer(func(user string) (xdg.StoredCredentials, error) {
		if user != "us,er=" {
			return xdg.StoredCredentials{}, errors.New("no such user")
		}
		return stored, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if binding.empty() {
		return server.NewConversation()
	}
	return server.NewConversationWithChannelBinding(xdg.ChannelBinding{Type: xdg.ChannelBindingType(binding.Type), Data: binding.Data})
}

// TestSCRAMPeer logs in at a server that others wrote.
func TestSCRAMPeer(t *testing.T) {
	bound := Binding{TLSExporter, []byte("0123456789abcdef0123456789abcdef")}
	point := Binding{TLSServerEndPoint, []byte("0123456789abcdef")}
	other := Binding{TLSExporter, []byte("another connection")}
	all := []string{"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
	for _, v := range []struct {
		what, mechanism string
		ours, theirs    Binding
		offered         []string
		password        string
		iterations      int
		flag            string
		ok              bool
		failure         string
		notes           int
	}{
		{what: "plain", mechanism: "SCRAM-SHA-1", flag: "n,", ok: true},
		{what: "plain", mechanism: "SCRAM-SHA-256", flag: "n,", ok: true},
		{what: "few iterations", mechanism: "SCRAM-SHA-256", iterations: 100, flag: "n,", ok: true, notes: 1},
		{what: "bound", mechanism: "SCRAM-SHA-1-PLUS", ours: bound, theirs: bound, flag: "p=tls-exporter,", ok: true},
		{what: "bound", mechanism: "SCRAM-SHA-256-PLUS", ours: bound, theirs: bound, flag: "p=tls-exporter,", ok: true},
		{what: "bound to the certificate", mechanism: "SCRAM-SHA-256-PLUS", ours: point, theirs: point, flag: "p=tls-server-end-point,", ok: true},
		{what: "somebody in between", mechanism: "SCRAM-SHA-256-PLUS", ours: bound, theirs: other, flag: "p=tls-exporter,", failure: "somebody is in between"},
		{what: "another type", mechanism: "SCRAM-SHA-256-PLUS", ours: bound, theirs: point, flag: "p=tls-exporter,", failure: "unsupported-channel-binding-type"},
		{what: "list cut short on the way", mechanism: "SCRAM-SHA-256", ours: bound, theirs: bound, offered: all[:1], flag: "y,", failure: "was taken out of the server's list"},
		{what: "could bind, does not", mechanism: "SCRAM-SHA-256", ours: bound, offered: all, flag: "n,", ok: true},
		{what: "server cannot bind", mechanism: "SCRAM-SHA-256", ours: bound, offered: all[:1], flag: "y,", ok: true},
		{what: "wrong password", mechanism: "SCRAM-SHA-256", password: "pen", flag: "n,", failure: "the password is wrong"},
	} {
		t.Run(v.mechanism+" "+v.what, func(t *testing.T) {
			hash := map[bool]xdg.HashGeneratorFcn{true: xdg.SHA256, false: xdg.SHA1}[strings.Contains(v.mechanism, "256")]
			c := Credentials{User: "us,er=", Password: "pencil", Binding: v.ours, TLS: true, Offered: v.offered}
			if v.password != "" {
				c.Password = v.password
			}
			if v.iterations == 0 {
				v.iterations = 4096
			}
			server := scramServer(t, hash, v.theirs, v.iterations)
			e, err := New(v.mechanism, c)
			if err != nil {
				t.Fatal(err)
			}
			r, has, err := e.Start(Auto)
			if !has || err != nil || !strings.HasPrefix(string(r.Octets), v.flag) {
				t.Fatalf("Start: %q, %v, %v; want %s…", r.Octets, has, err, v.flag)
			}
			for range 3 {
				challenge, serverErr := server.Step(string(r.Octets))
				if challenge == "" {
					t.Log(serverErr)
					break
				}
				if r, err = e.Next([]byte(challenge)); err != nil {
					t.Fatal(err)
				}
				if server.Done() {
					break
				}
			}
			if server.Valid() != v.ok || (e.Done() == nil) != v.ok {
				t.Errorf("the server says %v, Done %v; want %v", server.Valid(), e.Done(), v.ok)
			}
			if !strings.Contains(e.Failure(), v.failure) || (v.failure == "") != (e.Failure() == "") {
				t.Errorf("Failure %q; want %q", e.Failure(), v.failure)
			}
			if len(e.Notes()) != v.notes {
				t.Errorf("notes: %q; want %d", e.Notes(), v.notes)
			}
		})
	}
}

// TestGoSASLPeer logs in at go-sasl's servers.
func TestGoSASLPeer(t *testing.T) {
	c := Credentials{User: "me@example.com", Password: "pencil", Host: "mx.example.com", Port: 587}
	var got []string
	servers := map[string]gosasl.Server{
		"PLAIN": gosasl.NewPlainServer(func(identity, user, password string) error {
			got = []string{identity, user, password}
			return nil
		}),
		"EXTERNAL":  gosasl.NewExternalServer(func(identity string) error { got = []string{identity}; return nil }),
		"ANONYMOUS": gosasl.NewAnonymousServer(func(trace string) error { got = []string{trace}; return nil }),
		"OAUTHBEARER": gosasl.NewOAuthBearerServer(func(o gosasl.OAuthBearerOptions) *gosasl.OAuthBearerError {
			got = []string{o.Username, o.Token, o.Host}
			return &gosasl.OAuthBearerError{Status: "insufficient_scope", Scope: "mail", Schemes: "bearer"}
		}),
	}
	for name, want := range map[string][]string{
		"PLAIN": {"", c.User, c.Password}, "EXTERNAL": {c.User}, "ANONYMOUS": {c.User}, "OAUTHBEARER": {c.User, c.Password, c.Host},
	} {
		e, err := New(name, c)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := e.Start(Auto)
		if err != nil {
			t.Fatal(err)
		}
		challenge, done, err := servers[name].Next(r.Octets)
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: the server got %q, want %q (%v)", name, got, want, err)
		}
		if name != "OAUTHBEARER" {
			continue
		}
		if done || err != nil {
			t.Fatal(done, err)
		}
		if r, err = e.Next(challenge); err != nil || string(r.Octets) != "\x01" || !strings.Contains(e.Failure(), "not for sending mail") {
			t.Errorf("%s: %q, %v, %s", name, r.Octets, err, e.Failure())
		}
	}
}

// TestNTLMPeer takes an answer apart as a server of today would: with a time,
// an integrity code and a binding.
func TestNTLMPeer(t *testing.T) {
	hash := bytes.Repeat([]byte{0xce}, 32)
	c := Credentials{
		User: `Domain\User`, Password: "Password", Binding: Binding{TLSServerEndPoint, hash},
		Now: func() time.Time { return time.Unix(0, 0) },
	}
	for _, modern := range []bool{false, true} {
		c.Rand = strings.NewReader(strings.Repeat("\xaa", 8))
		e, err := New("NTLM", c)
		if err != nil {
			t.Fatal(err)
		}
		if _, has, err := e.Start(Auto); has || err != nil || !e.Pending() {
			t.Fatal("NTLM begins with the AUTH command:", err)
		}
		negotiate, err := e.Next([]byte("ntlm supported"))
		if err != nil || negotiate.Secret || !bytes.HasPrefix(negotiate.Octets, []byte("NTLMSSP\x00\x01\x00\x00\x00")) || len(negotiate.Octets) != 32 {
			t.Fatalf("NEGOTIATE %q, %v", negotiate.Octets, err)
		}
		challenge := ntlmMessage(modern)
		answer, err := e.Next(challenge)
		if err != nil || !answer.Secret {
			t.Fatal(answer.Secret, err)
		}
		b := answer.Octets
		if user, domain := string(ntlmField(b, 36)), string(ntlmField(b, 28)); user != string(utf16le("User")) || domain != string(utf16le("Domain")) {
			t.Errorf("user %q, domain %q", user, domain)
		}
		key, nt := unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f"), ntlmField(b, 20)
		if !bytes.Equal(nt[:16], hmacMD5(key, challenge[24:32], nt[16:])) {
			t.Error("the proof is wrong")
		}
		// RFC 2744 3.11: four empty numbers for two addresses, then the data.
		token := md5.Sum([]byte(strings.Repeat("\x00", 16) + "\x35\x00\x00\x00tls-server-end-point:" + string(hash)))
		if !bytes.Contains(nt, append([]byte{avBinding, 0, 16, 0}, token[:]...)) {
			t.Errorf("no binding in %x", nt)
		}
		if e.Done() != nil {
			t.Error(e.Done())
		}
		if !modern {
			if !bytes.Equal(nt[24:32], binary.LittleEndian.AppendUint64(nil, 116444736000000000)) {
				t.Errorf("time %x", nt[24:32])
			}
			continue
		}
		code := bytes.Clone(b[72:88])
		clear(b[72:88])
		if want := hmacMD5(hmacMD5(key, nt[:16]), negotiate.Octets, challenge, b); !bytes.Equal(code, want) {
			t.Errorf("integrity code %x, want %x", code, want)
		}
		if !bytes.Contains(nt, []byte{avFlags, 0, 4, 0, 2, 0, 0, 0}) || !bytes.Equal(ntlmField(b, 12), make([]byte, 24)) {
			t.Error("the integrity code is not announced, or LM was answered")
		}
	}
}

// ntlmMessage is a CHALLENGE, with or without the server's time.
func ntlmMessage(modern bool) []byte {
	target := append(append([]byte{2, 0, 12, 0}, utf16le("Domain")...), 1, 0, 12, 0)
	target = append(target, utf16le("Server")...)
	if modern {
		target = append(target, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	}
	target = append(target, 0, 0, 0, 0)
	b := append([]byte(ntlmSignature), 2, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, ntlmUnicode|ntlmTargetInfo|ntlmNTLM)
	b = append(b, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(target)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(target)))
	return append(binary.LittleEndian.AppendUint32(b, 48), target...)
}

// TestBind compares both ends of a TLS connection.
func TestBind(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a, b := net.Pipe()
	server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	client := tls.Client(b, &tls.Config{InsecureSkipVerify: true})
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := errors.Join(client.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	ours, theirs := client.ConnectionState(), server.ConnectionState()

	one, err1 := Bind(&ours, TLSExporter)
	two, err2 := Bind(&theirs, TLSExporter)
	if err1 != nil || err2 != nil || len(one.Data) != 32 || !bytes.Equal(one.Data, two.Data) {
		t.Errorf("%s: %x and %x (%v, %v)", TLSExporter, one.Data, two.Data, err1, err2)
	}
	sum := sha256.Sum256(der)
	if p, err := Bind(&ours, TLSServerEndPoint); err != nil || !bytes.Equal(p.Data, sum[:]) {
		t.Errorf("%s: %x, %v; want %x", TLSServerEndPoint, p.Data, err, sum)
	}
	for what, f := range map[string]func() (Binding, error){
		"there is no TLS":        func() (Binding, error) { return Bind(nil, TLSExporter) },
		"no TLS to bind":         func() (Binding, error) { return Bind(&tls.ConnectionState{}, TLSExporter) },
		"has sent no certifica":  func() (Binding, error) { return Bind(&theirs, TLSServerEndPoint) },
		`"tls-unique" is not a `: func() (Binding, error) { return Bind(&ours, "tls-unique") },
	} {
		if b, err := f(); !matches(err, what) || !b.empty() {
			t.Errorf("%s: %v", what, err)
		}
	}
}
