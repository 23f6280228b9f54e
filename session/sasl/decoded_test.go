package sasl

import (
	"slices"
	"strings"
	"testing"
)

func TestDecoded(t *testing.T) {
	for _, test := range []struct {
		mechanism string
		n         int
		response  string
		want      []string
	}{
		{"PLAIN", 0, "\x00someone\x00s3cret", []string{"user: someone", "password: ********"}},
		{"plain", 0, "other\x00someone\x00s3cret", []string{"to act as: other", "user: someone", "password: ********"}},
		{"PLAIN", 0, "s3cret", []string{"it is not identity, user and password, with a NUL between them"}},
		{"PLAIN", 0, "\x00a\x00s3\x00cret", []string{"user: a", "password: ********"}},
		{"LOGIN", 0, "someone", []string{"user: someone"}},
		{"LOGIN", 1, "s3cret", []string{"password: ********"}},
		{"CRAM-MD5", 0, "some one s3cret", []string{"user: some one", "digest: ********"}},
		{"SCRAM-SHA-256", 0, "n,,n=user,r=abc", []string{"n", "n=user", "r=abc"}},
		{"SCRAM-SHA-256-PLUS", 1, "c=biws,r=abcd,p=s3cret", []string{"c=biws", "r=abcd", "p=********"}},
		{"XOAUTH2", 0, "user=a@b\x01auth=Bearer s3cret\x01\x01", []string{"user=a@b", "auth=********"}},
		{"OAUTHBEARER", 0, "n,a=a@b,\x01host=h\x01auth=Bearer s3cret\x01\x01", []string{"n,a=a@b,", "host=h", "auth=********"}},
		{"DIGEST-MD5", 0, `username="a",response=s3cret`, []string{`username="a"`, "response=********"}},
		{"NTLM", 0, "s3cret", []string{"6 octets, which are not shown"}},
		{"X-ODD", 0, "s3cret", []string{"6 octets, which are not shown"}},
	} {
		got := Decoded(test.mechanism, test.n, []byte(test.response))
		if !slices.Equal(got, test.want) || strings.Contains(strings.Join(got, " "), "s3") {
			t.Errorf("%s %d %q: %q", test.mechanism, test.n, test.response, got)
		}
	}
	for _, name := range append(Names(), "X-ODD") {
		for _, s := range []string{"v=s3cret", "rspauth=s3cret", "s=salt,v=s3cret", " rspauth =s3cret"} {
			if SecretChallenge(name, []byte(s)) && strings.Contains(strings.Join(DecodedChallenge(name, []byte(s)), " "), "s3") {
				t.Errorf("%s shows %q", name, s)
			}
		}
	}
	if got := DecodedChallenge("LOGIN", []byte("Password:")); !slices.Equal(got, []string{"Password:"}) {
		t.Errorf("%q", got)
	}
}
