package sasl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	const is = " is the strongest mechanism offered that can be used"
	unbound := me()
	unbound.Binding = Binding{}
	open := Credentials{User: "me", Password: password}
	acting := open
	acting.Identity = "you"
	many := make([]string, 100000)
	for i := range many {
		many[i] = fmt.Sprint("X-", i)
	}
	for _, v := range []struct {
		offered        string
		c              Credentials
		mechanism, why string
	}{
		{"PLAIN LOGIN", me(), "PLAIN", "PLAIN" + is},
		{"login plain cram-md5", me(), "CRAM-MD5", "CRAM-MD5" + is},
		{"PLAIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS", me(), "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS" + is},
		{"PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", unbound, "SCRAM-SHA-256", "SCRAM-SHA-256" + is + ": SCRAM-SHA-256-PLUS needs channel binding, which this connection does not have"},
		{"PLAIN SCRAM-SHA-256-PLUS", open, "PLAIN", "PLAIN" + is + ", though all on the way can read what it sends: SCRAM-SHA-256-PLUS needs channel binding, and so TLS"},
		{"SCRAM-SHA-1 PLAIN", Credentials{User: "me", Password: "a\x07", TLS: true}, "PLAIN", "PLAIN" + is + ": SCRAM-SHA-1 cannot prepare the password by SASLprep: it has a control character in it"},
		{"CRAM-MD5 LOGIN PLAIN", acting, "PLAIN", "PLAIN" + is + ", though all on the way can read what it sends: CRAM-MD5 cannot carry an authorization identity"},
		{"LOGIN PLAIN XOAUTH2 OAUTHBEARER", me(), "PLAIN", "PLAIN" + is},
		{"XOAUTH2 OAUTHBEARER", me(), "OAUTHBEARER", "OAUTHBEARER" + is},
		{"XOAUTH2", me(), "XOAUTH2", "XOAUTH2" + is},
		{"EXTERNAL PLAIN", Credentials{User: "me", Password: password, TLS: true, Certificate: true}, "PLAIN", "PLAIN" + is + ": EXTERNAL takes no password, and there is one"},
		{"EXTERNAL PLAIN", Credentials{User: "me", TLS: true, Certificate: true}, "EXTERNAL", "EXTERNAL" + is},
		{"ANONYMOUS", Credentials{}, "ANONYMOUS", "ANONYMOUS" + is},
		{"ANONYMOUS PLAIN", Credentials{}, "ANONYMOUS", "ANONYMOUS" + is + ": PLAIN needs a user name"},
		{"ANONYMOUS EXTERNAL", me(), "", "none of the mechanisms offered can be used: EXTERNAL needs a client certificate; ANONYMOUS takes no user, and there is one"},
		{"GSSAPI \x1b[2J", me(), "", `none of the mechanisms offered can be used: "GSSAPI" is not known here; "\x1b[2J" is not known here`},
		{"", me(), "", "the server offers no login mechanism"},
		{strings.Join(many, " "), me(), "", `"X-7" is not known here; and more`},
	} {
		mechanism, why, ok := Choose(strings.Fields(v.offered), v.c)
		if mechanism != v.mechanism || ok != (v.mechanism != "") || why != v.why && !strings.HasSuffix(why, v.why) || len(why) > 400 {
			t.Errorf("%.60q:\n%s, %s, %v; want\n%s, %s", v.offered, mechanism, why, ok, v.mechanism, v.why)
		}
	}
}

// TestChosen is what each mechanism is chosen from.
func TestChosen(t *testing.T) {
	if n := Names(); len(n) != len(mechanisms) || slices.Compact(slices.Clone(n))[0] != "EXTERNAL" {
		t.Error(n)
	}
	for _, name := range Names() {
		c := me()
		switch name {
		case "EXTERNAL":
			c.Password, c.Certificate = "", true
		case "ANONYMOUS":
			c = Credentials{}
		}
		got, why, ok := Choose([]string{"X-1", strings.ToLower(name)}, c)
		if got != name || !ok {
			t.Errorf("%s: %s, %s", name, got, why)
		}
	}
}

func TestSecret(t *testing.T) {
	for _, v := range []struct {
		mechanism string
		n         int
		challenge string
		want      bool
	}{
		{"plain", 0, "", true},
		{"PLAIN", 1, "", true},
		{"LOGIN", 0, "Username:", false},
		{"LOGIN", 0, "Password:", true},
		{"LOGIN", 1, "Username:", true},
		{"CRAM-MD5", 0, "<a@b>", true},
		{"DIGEST-MD5", 0, "", true},
		{"SCRAM-SHA-1", 0, "", false},
		{"SCRAM-SHA-1", 1, "r=", true},
		{"NTLM", 0, "", false},
		{"NTLM", 1, "", true},
		{"XOAUTH2", 0, "", true},
		{"OAUTHBEARER", 0, "", true},
		{"EXTERNAL", 0, "", false},
		{"ANONYMOUS", 0, "", false},
		{"GSSAPI", 0, "", true},
		{"", 0, "", true},
	} {
		if got := Secret(v.mechanism, v.n, []byte(v.challenge)); got != v.want {
			t.Errorf("%s %d %q: %v", v.mechanism, v.n, v.challenge, got)
		}
	}
	for challenge, want := range map[string]bool{
		"SCRAM-SHA-1 v=rmF9": true, "scram-sha-256-plus v=rmF9": true, "SCRAM-SHA-1 r=abc,s=,i=": false,
		"DIGEST-MD5 rspauth=00": true, `DIGEST-MD5 nonce="x"`: false, "PLAIN v=": false,
	} {
		mechanism, octets, _ := strings.Cut(challenge, " ")
		if SecretChallenge(mechanism, []byte(octets)) != want {
			t.Errorf("%s: %v", challenge, !want)
		}
	}
}
