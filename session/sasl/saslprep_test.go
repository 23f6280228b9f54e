package sasl

import (
	"strings"
	"testing"

	"github.com/xdg-go/stringprep"
)

// TestSASLprep has the examples of RFC 4013 3 and a few more.
func TestSASLprep(t *testing.T) {
	for _, v := range []struct{ in, out, err string }{
		{in: "I\u00adX", out: "IX"},
		{in: "user", out: "user"},
		{in: "USER", out: "USER"},
		{in: "\u00aa", out: "a"},
		{in: "\u2168", out: "IX"},
		{in: "\u0007", err: "a control character"},
		{in: "\u0627\u0031", err: "directions"},
		{in: ""},
		{in: "a\u00a0b\u3000c", out: "a b c"},
		{in: "\u0627\u0628", out: "\u0627\u0628"},
		{in: "a\u0627", err: "directions"},
		{in: "nul\x00", err: "a control character"},
		{in: "ü\U0001F512", out: "ü\U0001F512"}, // not in Unicode 3.2
		{in: "ü\ufffe", err: "no character"},
		{in: "ü\ue000", err: "private use"},
		{in: "ü\u202e", err: "changes the direction"},
		{in: "ü\xff", err: "not UTF-8"},
	} {
		out, err := saslPrep(v.in)
		if out != v.out && v.err == "" || !matches(err, v.err) {
			t.Errorf("%+q: %+q, %v; want %+q, %q", v.in, out, err, v.out, v.err)
		}
	}
}

// TestSASLprepPeer compares every character with another implementation. Ours
// passes what Unicode 3.2 did not have; otherwise they agree.
func TestSASLprepPeer(t *testing.T) {
	later := func(s string) bool {
		for _, r := range s {
			if stringprep.TableA1.Contains(r) {
				return true
			}
		}
		return false
	}
	for r := rune(0); r <= 0x2FFFF; r++ {
		if 0xD800 <= r && r <= 0xDFFF {
			continue
		}
		if r > 0x3000 && r < 0xA000 && r%64 != 0 { // ideographs are all alike
			continue
		}
		if r == 0x1806 { // in table B.1 of the RFC, not in theirs
			continue
		}
		in := string(r)
		ours, err := saslPrep(in)
		theirs, theirErr := stringprep.SASLprep.Prepare(in)
		if err == nil && (later(in) || later(ours)) {
			continue
		}
		if (err == nil) != (theirErr == nil) || err == nil && ours != theirs {
			t.Errorf("%U: %+q, %v; theirs is %+q, %v", r, ours, err, theirs, theirErr)
		}
	}
}

// TestPrepared looks for the prepared forms on the wire.
func TestPrepared(t *testing.T) {
	e, err := New("SCRAM-SHA-256", Credentials{User: "I\u00adX", Password: "\u2168", Identity: "a,b=c"})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := e.Start(Auto)
	if err != nil || !strings.HasPrefix(string(r.Octets), "n,a=a=2Cb=3Dc,n=IX,r=") {
		t.Errorf("%q, %v", r.Octets, err)
	}
	if notes := strings.Join(e.Notes(), "; "); notes != "SASLprep changed the user name; SASLprep changed the password" {
		t.Error(notes)
	}
}
