package sasl

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// step is a challenge and the response that is due.
type step struct{ challenge, response string }

// TestVectors plays the examples of the documents.
func TestVectors(t *testing.T) {
	const gmail = `{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}`
	for _, v := range []struct {
		where, mechanism string
		c                Credentials
		cnonce           string
		uri              string
		initial          string
		steps            []step
		done             string // part of Done's error; empty: none
		failure          string
	}{
		{where: "RFC 4616 4", mechanism: "plain", c: Credentials{User: "tim", Password: "tanstaaftanstaaf"}, initial: "\x00tim\x00tanstaaftanstaaf"},
		{where: "RFC 4616 4", mechanism: "PLAIN", c: Credentials{User: "Kurt", Identity: "Ursel", Password: "xipj3plmq"}, initial: "Ursel\x00Kurt\x00xipj3plmq"},
		{where: "RFC 4505 4", mechanism: "ANONYMOUS", c: Credentials{User: "sirhc"}, initial: "sirhc"},
		{where: "RFC 4422 A.4", mechanism: "EXTERNAL", c: Credentials{Identity: "fred@example.com"}, initial: "fred@example.com"},
		{where: "RFC 4422 A.3", mechanism: "EXTERNAL", initial: ""},
		{
			where: "RFC 2195 2", mechanism: "CRAM-MD5", c: Credentials{User: "tim", Password: "tanstaaftanstaaf"},
			steps: []step{{"<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890"}},
		},
		{
			where: "RFC 2831 4, IMAP", mechanism: "DIGEST-MD5", c: Credentials{User: "chris", Password: "secret"},
			cnonce: "OA6MHXh6VqTrRk", uri: "imap/elwood.innosoft.com",
			steps: []step{
				{`realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8`, `charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth`},
				{"rspauth=ea40f60335c427b5527b84dbabcdfffd", ""},
			},
		},
		{
			where: "RFC 2831 4, ACAP", mechanism: "DIGEST-MD5", c: Credentials{User: "chris", Password: "secret"},
			cnonce: "OA9BSuZWMSpW8m", uri: "acap/elwood.innosoft.com",
			steps: []step{
				{`realm="elwood.innosoft.com",nonce="OA9BSXrbuRhWay",qop="auth",algorithm=md5-sess,charset=utf-8`, `charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA9BSXrbuRhWay",nc=00000001,cnonce="OA9BSuZWMSpW8m",digest-uri="acap/elwood.innosoft.com",response=6084c6db3fede7352c551284490fd0fc,qop=auth`},
				{"rspauth=2f0b3d7c3c2e486600ef710726aa2eae", ""},
			},
		},
		{
			where: "RFC 5802 5", mechanism: "SCRAM-SHA-1", c: Credentials{User: "user", Password: "pencil"},
			cnonce: "fyko+d2lbbFgONRv9qkxdawL", initial: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			steps: []step{
				{"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096", "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="},
				{"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", ""},
			},
		},
		{
			where: "RFC 7677 3", mechanism: "SCRAM-SHA-256", c: Credentials{User: "user", Password: "pencil"},
			cnonce: "rOprNGfwEbeRWgbNEkqO", initial: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			steps: []step{
				{"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="},
				{"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ""},
			},
		},
		{
			where: "RFC 7628 4.1", mechanism: "OAUTHBEARER", c: Credentials{User: "user@example.com", Password: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", Host: "server.example.com", Port: 143},
			initial: "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
		},
		{
			where: "RFC 7628 4.3", mechanism: "OAUTHBEARER", c: Credentials{User: "user@example.com", Password: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", Host: "server.example.com", Port: 587},
			initial: "n,a=user@example.com,\x01host=server.example.com\x01port=587\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01",
			steps:   []step{{`{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}`, "\x01"}},
			failure: `status "invalid_token" (the token is malformed, expired, revoked or for somebody else), scope "example_scope", openid-configuration "https://example.com/.well-known/openid-configuration"`,
			done:    "after it had refused",
		},
		{
			where: "Google's XOAUTH2", mechanism: "XOAUTH2", c: Credentials{User: "someuser@example.com", Password: "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"},
			initial: "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01",
			steps:   []step{{gmail, ""}},
			failure: `status "401" (the token is malformed, expired, revoked or for somebody else), scope "https://mail.google.com/", schemes "bearer mac"`,
			done:    "after it had refused",
		},
	} {
		t.Run(v.mechanism+" "+v.where, func(t *testing.T) {
			e, err := New(v.mechanism, v.c)
			if err != nil {
				t.Fatal(err)
			}
			switch s := e.steps.(type) {
			case *scram:
				s.nonce = v.cnonce
			case *digest:
				s.cnonce, s.uri = v.cnonce, v.uri
			}
			initial, has, err := e.Start(Auto)
			if err != nil || string(initial.Octets) != v.initial || has != (v.initial != "" || v.mechanism == "EXTERNAL") {
				t.Fatalf("Start: %q, %v, %v; want %q", initial.Octets, has, err, v.initial)
			}
			for _, s := range v.steps {
				r, err := e.Next([]byte(s.challenge))
				if err != nil || string(r.Octets) != s.response {
					t.Fatalf("Next(%q):\n%q, %v; want\n%q", s.challenge, r.Octets, err, s.response)
				}
			}
			if err := e.Done(); !matches(err, v.done) {
				t.Errorf("Done: %v; want %q", err, v.done)
			}
			if e.Failure() != v.failure {
				t.Errorf("Failure:\n%s; want\n%s", e.Failure(), v.failure)
			}
			if len(e.Notes()) > 0 {
				t.Errorf("notes: %q", e.Notes())
			}
			if _, err := e.Next([]byte("and?")); err == nil && v.steps != nil {
				t.Error("a challenge after the end is answered")
			}
		})
	}
}

func matches(err error, part string) bool {
	if part == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), part)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNTLMVectors has the numbers of MS-NLMP 4.2.4.
func TestNTLMVectors(t *testing.T) {
	key := ntlmHash("User", "Domain", "Password")
	if want := unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f"); !bytes.Equal(key, want) {
		t.Errorf("NTOWFv2: %x; want %x", key, want)
	}
	server, client := unhex(t, "0123456789abcdef"), unhex(t, "aaaaaaaaaaaaaaaa")
	target := append(append([]byte{2, 0, 12, 0}, utf16le("Domain")...), 1, 0, 12, 0)
	target = append(append(target, utf16le("Server")...), 0, 0, 0, 0)
	proof := hmacMD5(key, server, ntlmTemp(make([]byte, 8), client, target))
	if want := unhex(t, "68cd0ab851e51c96aabc927bebef6a1c"); !bytes.Equal(proof, want) {
		t.Errorf("NTProofStr: %x; want %x", proof, want)
	}
	if lm, want := hmacMD5(key, server, client), unhex(t, "86c35097ac9cec102554764a57cccc19"); !bytes.Equal(lm, want) {
		t.Errorf("LMv2: %x; want %x", lm, want)
	}
	if session, want := hmacMD5(key, proof), unhex(t, "8de40ccadbc14a82f15cb0ad0de95ca3"); !bytes.Equal(session, want) {
		t.Errorf("session key: %x; want %x", session, want)
	}
}

// curlChallenge is the CHALLENGE of curl's tests 906 and 921, to which curl
// answers as curlAnswer.
const (
	curlChallenge = "TlRMTVNTUAACAAAAAgACADAAAAAGgoEAc51AYVDgyNcAAAAAAAAAAG4AbgAyAAAAQ0MCAAQAQwBDAAEAEgBFAEwASQBTAEEAQgBFAFQASAAEABgAYwBjAC4AaQBjAGUAZABlAHYALgBuAHUAAwAsAGUAbABpAHMAYQBiAGUAdABoAC4AYwBjAC4AaQBjAGUAZABlAHYALgBuAHUAAAAAAA=="
	curlAnswer    = "TlRMTVNTUAADAAAAGAAYAEAAAACeAJ4AWAAAAAAAAAD2AAAACAAIAPYAAAAIAAgA/gAAAAAAAAAAAAAABoKBAMOv20GsURsat8gdH/RfnYI0MzIxNTMyMeCdd8AzFZLZ/N1ujmilmCcBAQAAAAAAAACAPtXesZ0BNDMyMTUzMjEAAAAAAgAEAEMAQwABABIARQBMAEkAUwBBAEIARQBUAEgABAAYAGMAYwAuAGkAYwBlAGQAZQB2AC4AbgB1AAMALABlAGwAaQBzAGEAYgBlAHQAaAAuAGMAYwAuAGkAYwBlAGQAZQB2AC4AbgB1AAAAAAAAAAAAdGVzdHVzZXJjdXJsaG9zdA=="
)

// TestNTLMAgainstCurl compares our proofs with curl's, for the user testuser
// and the password testpass.
func TestNTLMAgainstCurl(t *testing.T) {
	challenge, answer := decode(t, curlChallenge), decode(t, curlAnswer)
	lm, nt := ntlmField(answer, 12), ntlmField(answer, 20)
	key := ntlmHash("testuser", "", "testpass")
	nonce := lm[16:]
	if got := hmacMD5(key, challenge[24:32], nonce); !bytes.Equal(got, lm[:16]) {
		t.Errorf("LMv2: %x; curl has %x", got, lm[:16])
	}
	challenge[20] |= ntlmUnicode // curl's tests speak OEM
	c, err := parseNTLM(challenge)
	if err != nil {
		t.Fatal(err)
	}
	temp := ntlmTemp(nt[24:32], nonce, (&ntlm{talk: &talk{}}).target(c))
	if !bytes.Equal(temp, nt[16:]) {
		t.Errorf("temp:\n%x; curl has\n%x", temp, nt[16:])
	}
	if got := hmacMD5(key, challenge[24:32], temp); !bytes.Equal(got, nt[:16]) {
		t.Errorf("NTProofStr: %x; curl has %x", got, nt[:16])
	}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ntlmField is what a field at an offset of a message points to.
func ntlmField(b []byte, at int) []byte {
	n, from := binary.LittleEndian.Uint16(b[at:]), binary.LittleEndian.Uint32(b[at+4:])
	return b[from : from+uint32(n)]
}
