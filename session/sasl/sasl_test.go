package sasl

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

const password = "s3cr3t-Passw0rd"

// me can serve every mechanism but EXTERNAL and ANONYMOUS by choice.
func me() Credentials {
	return Credentials{
		User: "me@example.com", Password: password, Host: "mx.example.com", Port: 587, TLS: true,
		Binding: Binding{TLSExporter, []byte("binding")}, Rand: strings.NewReader(strings.Repeat("octets", 99)),
	}
}

// ours is the nonce that me makes.
var ours = base64.StdEncoding.EncodeToString([]byte("octetsoctetsoctets"))

// begin starts a login whose initial response, if any, was sent.
func begin(t *testing.T, mechanism string, c Credentials) *Exchange {
	t.Helper()
	e, err := New(mechanism, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Start(Always); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestHostile gives each mechanism what it cannot answer.
func TestHostile(t *testing.T) {
	first := "r=" + ours + "x,s=c2FsdA==,i=4096"
	digest := `realm="x",nonce="n",qop="auth",algorithm=md5-sess,charset=utf-8`
	pairs := string(ntlmMessage(true))
	deep := strings.Repeat("[", 20000)
	for _, v := range []struct {
		mechanism string
		before    []string // challenges that are answered
		challenge string
		want      string
	}{
		{"PLAIN", nil, "", "asks once more"},
		{"PLAIN", nil, "Password:", "asks once more"},
		{"EXTERNAL", nil, "", "asks once more"},
		{"ANONYMOUS", nil, "", "asks once more"},
		{"LOGIN", []string{"Username:"}, "Username:", "keeps asking"},
		{"LOGIN", []string{"Username:", "Password:"}, "Password:", "asks once more"},
		{"CRAM-MD5", nil, "", "empty"},
		{"CRAM-MD5", []string{"<a@b>"}, "<a@b>", "asks once more"},
		{"DIGEST-MD5", nil, "", "empty"},
		{"DIGEST-MD5", nil, "rubbish", "not a list"},
		{"DIGEST-MD5", nil, `nonce="x`, "ends within quotes"},
		{"DIGEST-MD5", nil, `nonce="x\`, "ends within quotes"},
		{"DIGEST-MD5", nil, `nonce="x"y=z`, "no comma"},
		{"DIGEST-MD5", nil, `realm="x",algorithm=md5-sess`, "no nonce"},
		{"DIGEST-MD5", nil, `nonce="x"`, "md5-sess"},
		{"DIGEST-MD5", nil, digest + `,nonce="m"`, "more than one nonce"},
		{"DIGEST-MD5", nil, `nonce="x",algorithm=md5-sess,qop="auth-conf,auth-int"`, "security layer"},
		{"DIGEST-MD5", []string{digest}, "rspauth=00", "does not know the password"},
		{"DIGEST-MD5", []string{digest}, "stale=true", "shows no rspauth"},
		{"SCRAM-SHA-256", nil, "", "should be r="},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x", "should be r="},
		{"SCRAM-SHA-256", nil, "m=ext," + first, "extension"},
		{"SCRAM-SHA-256", nil, "r=other,s=c2FsdA==,i=4096", "nonce is not ours"},
		{"SCRAM-SHA-256", nil, "r=" + ours + ",s=c2FsdA==,i=4096", "nonce is not ours"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=!,i=4096", "salt is not base64"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2Fs\r\ndA==,i=4096", "salt is not base64"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=0", "not one"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=-1", "not one"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=+4096", "not one"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=many", "not one"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=10000001", "more than 10000000"},
		{"SCRAM-SHA-256", nil, "r=" + ours + "x,s=c2FsdA==,i=99999999999999999999", "more than 10000000"},
		{"SCRAM-SHA-256", []string{first}, first, "should be the server's signature"},
		{"SCRAM-SHA-256", []string{first}, "v=AAAA", "does not know the password"},
		{"SCRAM-SHA-256", []string{first}, "v=!", "does not know the password"},
		{"SCRAM-SHA-256", []string{"e=other-error"}, "e=other-error", "asks once more"},
		{"XOAUTH2", nil, "", "should be the JSON"},
		{"XOAUTH2", nil, "rubbish", "should be the JSON"},
		{"XOAUTH2", nil, "{}", "should be the JSON"},
		{"XOAUTH2", nil, "[]", "should be the JSON"},
		{"XOAUTH2", nil, `{"a":` + deep, "should be the JSON"},
		{"OAUTHBEARER", []string{`{"status":1}`}, `{"status":1}`, "asks once more"},
		{"NTLM", nil, "", "no message of NTLM"},
		{"NTLM", nil, pairs[:20], "cut off"},
		{"NTLM", nil, pairs[:40], "cut off"},
		{"NTLM", nil, pairs[:50], "behind its end"},
		{"NTLM", nil, "NTLMSSP\x00\x01" + pairs[9:], "message 1"},
		{"NTLM", nil, pairs[:20] + "\x00\x00" + pairs[22:], "no Unicode"},
		{"NTLM", nil, pairs[:len(pairs)-4] + "\x01\x00\xff\xff", "cut off"},
		{"NTLM", nil, pairs[:len(pairs)-4] + "\x01\x00\x00\x00", "has no end"},
		{"NTLM", nil, pairs[:40] + "\x00\xff" + pairs[42:48] + strings.Repeat("\x01\x00\x04\x00abcd", 8<<10-6), "too long"},
		{"NTLM", nil, strings.Replace(pairs, "\x07\x00\x08\x00\x01\x02\x03\x04\x05\x06\x07\x08", "\x07\x00\x04\x00\x01\x02\x03\x04\x00\x00\x00\x00", 1), "time that is none"},
	} {
		e := begin(t, v.mechanism, me())
		for _, c := range v.before {
			if _, err := e.Next([]byte(c)); err != nil {
				t.Fatal(v.mechanism, err)
			}
		}
		if r, err := e.Next([]byte(v.challenge)); !matches(err, v.want) || r.Octets != nil {
			t.Errorf("%s %.60q: %q, %v; want %s", v.mechanism, v.challenge, r.Octets, err, v.want)
		}
		if e.Done() == nil {
			t.Errorf("%s %.60q: a server that says yes after this is believed", v.mechanism, v.challenge)
		}
		if _, err := e.Next([]byte(v.challenge)); err == nil {
			t.Errorf("%s %.60q: goes on after an error", v.mechanism, v.challenge)
		}
	}
	for _, name := range Names() {
		e := begin(t, name, me())
		if _, err := e.Next(make([]byte, MaxChallenge+1)); !matches(err, "too long") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImpostor is a server that says yes at once.
func TestImpostor(t *testing.T) {
	for name, want := range map[string]string{
		"PLAIN": "", "EXTERNAL": "", "ANONYMOUS": "", "XOAUTH2": "", "OAUTHBEARER": "",
		"LOGIN": "had not asked", "CRAM-MD5": "had not asked", "NTLM": "had not asked",
		"DIGEST-MD5": "has not shown", "SCRAM-SHA-1": "has not shown", "SCRAM-SHA-256-PLUS": "has not shown",
	} {
		if err := begin(t, name, me()).Done(); !matches(err, want) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
	e, err := New("PLAIN", me())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Start(Never); err != nil || !matches(e.Done(), "before it was told anything") {
		t.Error(err, e.Done())
	}
}

// TestLogin has the prompts that servers have.
func TestLogin(t *testing.T) {
	const name, pass = "me@example.com", password
	for _, v := range []struct {
		when    Initial
		prompts []string
		answers []string
		notes   int
	}{
		{Auto, []string{"Username:", "Password:"}, []string{name, pass}, 0},
		{Auto, []string{"User Name\x00", "Password\x00"}, []string{name, pass}, 0},
		{Auto, []string{"username", "password"}, []string{name, pass}, 0},
		{Auto, []string{"", ""}, []string{name, pass}, 0},
		{Auto, []string{"Benutzer", "Kennwort"}, []string{name, pass}, 0},
		{Auto, []string{"Password for your user name:", "Password:"}, []string{name, pass}, 0},
		{Always, []string{"Password:"}, []string{pass}, 0},
		{Always, []string{"UGFzc3dvcmQ6"}, []string{pass}, 0}, // base64 twice
		{Always, []string{"Username:", "Password:"}, []string{name, pass}, 1},
		{Never, []string{"Username:", "Password:"}, []string{name, pass}, 0},
	} {
		e, err := New("login", me())
		if err != nil {
			t.Fatal(err)
		}
		r, has, err := e.Start(v.when)
		if err != nil || has != (v.when == Always) || has && (string(r.Octets) != name || r.Secret) {
			t.Fatal(v.when, r, has, err)
		}
		for i, prompt := range v.prompts {
			r, err := e.Next([]byte(prompt))
			if err != nil || string(r.Octets) != v.answers[i] {
				t.Errorf("%q: %q, %v; want %q", prompt, r.Octets, err, v.answers[i])
			}
			if string(r.Octets) == pass && !r.Secret {
				t.Errorf("%q: the password is not masked", v.prompts)
			}
		}
		if e.Done() != nil || len(e.Notes()) != v.notes {
			t.Errorf("%q: %v, notes %q", v.prompts, e.Done(), e.Notes())
		}
	}
}

// TestInitial has what goes with the AUTH command.
func TestInitial(t *testing.T) {
	long := me()
	long.Password = strings.Repeat("t", 10000)
	for _, v := range []struct {
		mechanism           string
		c                   Credentials
		auto, always, never bool
	}{
		{"PLAIN", me(), true, true, false},
		{"SCRAM-SHA-1", me(), true, true, false},
		{"EXTERNAL", Credentials{}, true, true, false},
		{"XOAUTH2", me(), true, true, false},
		{"XOAUTH2", long, false, true, false}, // RFC 4954 4: 12288 octets in a line
		{"LOGIN", me(), false, true, false},
		{"NTLM", me(), false, true, false},
		{"CRAM-MD5", me(), false, false, false},
		{"DIGEST-MD5", me(), false, false, false},
	} {
		for when, want := range map[Initial]bool{Auto: v.auto, Always: v.always, Never: v.never} {
			v.c.Rand = nil
			e, err := New(v.mechanism, v.c)
			if err != nil {
				t.Fatal(err)
			}
			initial, has, err := e.Start(when)
			if err != nil || has != want {
				t.Errorf("%s %s: %v, %v; want %v", v.mechanism, when, has, err, want)
			}
			if e.Pending() != (v.always && !has) {
				t.Errorf("%s %s: Pending %v", v.mechanism, when, e.Pending())
			}
			if e.Pending() {
				if initial, err = e.Next([]byte("what?")); err != nil || e.Pending() {
					t.Error(v.mechanism, err)
				}
				if late := v.mechanism == "LOGIN" || v.mechanism == "NTLM"; late != (len(e.Notes()) == 0) {
					t.Errorf("%s %s: notes %q", v.mechanism, when, e.Notes())
				}
			}
			if v.always && initial.Octets == nil || initial.Secret != (v.always && Secret(v.mechanism, 0, nil)) {
				t.Errorf("%s %s: %q, secret %v", v.mechanism, when, initial.Octets, initial.Secret)
			}
			if _, _, err := e.Start(when); err == nil {
				t.Errorf("%s: begins twice", v.mechanism)
			}
		}
	}
}

// TestRefused has credentials that a mechanism cannot carry.
func TestRefused(t *testing.T) {
	set := func(f func(*Credentials)) Credentials { c := me(); f(&c); return c }
	for _, v := range []struct {
		mechanism string
		c         Credentials
		want      string
	}{
		{"GSSAPI", me(), `"GSSAPI" is not a login mechanism that is known here: EXTERNAL, SCRAM-SHA-256-PLUS`},
		{"", me(), `"" is not`},
		{"PLAIN", Credentials{}, "needs a user name"},
		{"PLAIN", set(func(c *Credentials) { c.Password += "\x00" }), "NUL"},
		{"PLAIN", set(func(c *Credentials) { c.Identity = "a\x00b" }), "NUL"},
		{"EXTERNAL", Credentials{Identity: "a\x00b"}, "NUL"},
		{"ANONYMOUS", Credentials{User: strings.Repeat("x", 256)}, "255"},
		{"LOGIN", set(func(c *Credentials) { c.Identity = "you" }), "authorization identity"},
		{"CRAM-MD5", set(func(c *Credentials) { c.Identity = c.User }), ""},
		{"NTLM", set(func(c *Credentials) { c.User = strings.Repeat("x", 1025) }), "of more than 1024"},
		{"XOAUTH2", set(func(c *Credentials) { c.Password += "\x01" }), "there is one at 16"},
		{"XOAUTH2", set(func(c *Credentials) { c.Password += "\n" }), "there is one at 16"},
		{"OAUTHBEARER", set(func(c *Credentials) { c.Host += "\x01" }), "cannot send a control character"},
		{"DIGEST-MD5", set(func(c *Credentials) { c.User += "\n" }), "cannot send a control character"},
		{"SCRAM-SHA-1", set(func(c *Credentials) { c.Password += "\x07" }), "cannot prepare the password by SASLprep: it has a control character in it"},
		{"SCRAM-SHA-1-PLUS", set(func(c *Credentials) { c.Binding = Binding{} }), "does not have"},
		{"SCRAM-SHA-1-PLUS", set(func(c *Credentials) { c.Binding, c.TLS = Binding{}, false }), "and so TLS"},
		{"SCRAM-SHA-1-PLUS", set(func(c *Credentials) { c.Binding.Type = "a,b" }), "cannot send"},
	} {
		if _, err := New(v.mechanism, v.c); !matches(err, v.want) || err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v; want %q", v.mechanism, err, v.want)
		}
	}
	c := me()
	c.Rand = iotest.ErrReader(errors.New("empty"))
	e, err := New("SCRAM-SHA-1", c)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Start(Auto); !matches(err, "no random octets: empty") {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s %v %#v", c, c, c, &c, e, e); strings.Contains(text, password) {
		t.Error(text)
	}
}

// TestDigestNames has names and realms that need care.
func TestDigestNames(t *testing.T) {
	for _, v := range []struct{ user, challenge, want, note string }{
		{`a"b\`, `nonce="n",algorithm=md5-sess,charset=utf-8`, `charset=utf-8,username="a\"b\\",nonce="n",`, ""},
		{"ü", `nonce="n",algorithm=md5-sess`, "username=\"\xfc\",nonce", ""},
		{"ü", `nonce="n",algorithm=md5-sess,charset=utf-8`, "charset=utf-8,username=\"ü\"", ""},
		{"x", `realm="a,b", realm="c" ,,nonce="n" , algorithm=md5-sess, qop="auth-int , auth"`, `realm="a,b",nonce`, "2 realms"},
	} {
		c := me()
		c.User, c.Identity = v.user, "you"
		e := begin(t, "DIGEST-MD5", c)
		r, err := e.Next([]byte(v.challenge))
		if err != nil || !strings.Contains(string(r.Octets), v.want) || !strings.HasSuffix(string(r.Octets), `,authzid="you"`) {
			t.Errorf("%q: %q, %v; want %q", v.challenge, r.Octets, err, v.want)
		}
		if !strings.Contains(strings.Join(e.Notes(), ""), v.note) {
			t.Errorf("notes %q", e.Notes())
		}
	}
	c := me()
	c.User = "ł"
	if _, err := begin(t, "DIGEST-MD5", c).Next([]byte(`nonce="n",algorithm=md5-sess`)); !matches(err, "not Latin-1") {
		t.Error(err)
	}
}
