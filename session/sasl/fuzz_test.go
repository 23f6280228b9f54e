package sasl

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// FuzzExchange plays any server: challenges are separated by octets 0xFF, and
// %N is the client's nonce. There is no panic, no secret in words, no password
// in a response that is not masked, and an end.
func FuzzExchange(f *testing.F) {
	digest := `realm="x",nonce="n",qop="auth",algorithm=md5-sess,charset=utf-8`
	for i, name := range Names() {
		for _, s := range []string{
			"", "Username:\xffPassword:", "<1@a>\xff<2@a>", digest + "\xffrspauth=00", `{"status":"401","scope":"` + password + `"}` + "\xff",
			"r=%Nx,s=c2FsdA==,i=4096\xffv=AAAA", "r=%Nx,s=,i=1\xffe=" + password, password + "\xff" + password, "nonce=\"" + password,
			string(ntlmMessage(true)), "\xff" + string(ntlmMessage(false)), string(ntlmMessage(true)[:50]),
		} {
			if strings.HasPrefix(name, "SCRAM") == strings.HasPrefix(s, "r=") {
				f.Add(uint8(i), uint8(i), []byte(s))
			}
		}
	}
	// Deriving a key a million times is slow, which says nothing.
	slow := regexp.MustCompile(`i=\+?0*[0-9]{5,8}(,|$)`)
	f.Fuzz(func(t *testing.T, which, how uint8, script []byte) {
		c := me()
		c.Rand = strings.NewReader(strings.Repeat("octets", 99))
		name := Names()[int(which)%len(Names())]
		if how&4 != 0 && find(name).identity {
			c.Identity = "you"
		}
		if how&8 != 0 {
			c.Binding.Type = TLSServerEndPoint
		}
		e, err := New(name, c)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := e.Start([]Initial{Auto, Always, Never, Auto}[how&3])
		if err != nil {
			t.Fatal(err)
		}
		check(t, e, r, nil)
		answers := 0
		for _, challenge := range bytes.Split(script, []byte{0xff}) {
			challenge = bytes.ReplaceAll(challenge, []byte("%N"), []byte(ours))
			if slow.Match(challenge) {
				return
			}
			r, err := e.Next(challenge)
			check(t, e, r, err)
			if err != nil {
				if e.Done() == nil {
					t.Fatal("a server is believed that made no sense")
				}
				continue
			}
			if answers++; answers > 4 {
				t.Fatalf("%s goes on for ever", name)
			}
		}
		check(t, e, Response{}, e.Done())
	})
}

// check looks for the password where it must not be.
func check(t *testing.T, e *Exchange, r Response, err error) {
	t.Helper()
	words := append(e.Notes(), e.Failure(), e.String())
	if err != nil {
		words = append(words, err.Error())
	}
	if !r.Secret {
		words = append(words, string(r.Octets))
	}
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte(password))} {
		if text := strings.Join(words, "\n"); strings.Contains(text, secret) {
			t.Fatalf("%s: the password is in %q", e.Mechanism(), text)
		}
	}
	for _, w := range words[:len(e.Notes())] {
		if len(w) > 4*maxQuote+200 {
			t.Fatalf("%s: a note of %d octets", e.Mechanism(), len(w))
		}
	}
}
