package wire

import (
	"bytes"
	"strings"
	"testing"
)

func parse(t *testing.T, octets string) Reply {
	t.Helper()
	r, rest, done := ParseReply([]byte(octets))
	if !done {
		t.Fatalf("%q: not a whole reply", octets)
	}
	if len(rest) > 0 {
		if _, bad := r.Malformed(); !bad {
			t.Errorf("%q: %q was left", octets, rest)
		}
	}
	return r
}

func TestReplyUnderstood(t *testing.T) {
	for _, good := range []struct {
		why, octets string
		code        int
		enhanced    string
		text        string // String
		anomalies   string
	}{
		{"one line", "220 mx.example ESMTP\r\n", 220, "", "220 mx.example ESMTP", ""},
		{"many lines", "220-mx\r\n220-NO UCE\r\n220 x\r\n", 220, "", "220 mx NO UCE x", ""},
		{"code alone (RFC 5321 4.2)", "250\r\n", 250, "", "250", ""},
		{"empty text", "250 \r\n", 250, "", "250", ""},
		{"enhanced status code", "550 5.1.1 no such user\r\n", 550, "5.1.1", "550 5.1.1 no such user", ""},
		{"enhanced status code on each line", "552-5.3.4 too\r\n552 5.3.4 large\r\n", 552, "5.3.4", "552 5.3.4 too large", ""},
		{"no enhanced status code: three digits at most", "250 2.1000.0 x\r\n", 250, "", "250 2.1000.0 x", ""},
		{"no enhanced status code: no class 3", "250 3.1.1 x\r\n", 250, "", "250 3.1.1 x", ""},
		{"a version number is none", "220 2.0.18 server\r\n", 220, "2.0.18", "220 2.0.18 server", ""},
		{"classes differ", "550 4.1.1 x\r\n", 550, "4.1.1", "550 4.1.1 x", "enhanced status code and reply code are of different classes"},
		{"bare LF", "250 ok\n", 250, "", "250 ok", "line ends in a bare LF"},
		{"bare CR", "250 o\rk\r\n", 250, "", "250 o^Mk", "bare CR within the line"},
		{"NUL", "250 o\x00k\r\n", 250, "", "250 o^@k", "NUL octet in the line"},
		{"escape sequence", "250 \x1b[2J\r\n", 250, "", "250 ^[[2J", "control octets in the line"},
		{"Latin-1", "250 gr\xfc\xdfe\r\n", 250, "", `250 gr\xfc\xdfe`, "8-bit text in the line"},
		{"no space", "250Ok\r\n", 250, "", "250 Ok", "no space after the code"},
		{"long line", "250 " + strings.Repeat("a", 600) + "\r\n", 250, "", "250 " + strings.Repeat("a", 600), "line is longer than 512 octets (RFC 5321 4.5.3.1.5)"},
	} {
		r := parse(t, good.octets)
		if r.Code != good.code || r.Enhanced != good.enhanced || r.String() != good.text {
			t.Errorf("%s: code %d, enhanced %q, text %q", good.why, r.Code, r.Enhanced, r)
		}
		if _, bad := r.Malformed(); bad {
			t.Errorf("%s: malformed", good.why)
		}
		var names []string
		for _, a := range r.Anomalies {
			names = append(names, a.Kind.String())
		}
		if got := strings.Join(names, "; "); got != good.anomalies {
			t.Errorf("%s: anomalies %q", good.why, got)
		}
	}
}

func TestReplyMalformed(t *testing.T) {
	for _, bad := range []struct {
		why, octets string
		kind        AnomalyKind
	}{
		{"no code", "hello\r\n", NoCode},
		{"two digits", "25 ok\r\n", NoCode},
		{"four digits", "2500 ok\r\n", NoCode},
		{"1yz is not used in SMTP", "150 wait\r\n", NoCode},
		{"no class 6", "600 ok\r\n", NoCode},
		{"no class 0", "000 ok\r\n", NoCode},
		{"empty line", "\r\n", NoCode},
		{"another code within the reply", "250-one\r\n550 two\r\n", CodeChanged},
		{"a line without code within the reply", "250-one\r\ntwo\r\n", NoCode},
		{"the connection ends within a line", "250 o", EndedEarly},
	} {
		r := parse(t, bad.octets)
		if a, ok := r.Malformed(); !ok || a.Kind != bad.kind {
			t.Errorf("%s: %v %v", bad.why, a.Kind, ok)
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"220 x\r\n", "250-a\r\n250 b\r\n", "250-a\n550 b\r\n", "\x00", "25\r\n", "250\n", "250-\r\n250-SIZE 1\r\n250 \r\n", "550 5.1.1 \xff\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		r, rest, done := ParseReply(octets)
		if done && len(rest) == len(octets) {
			t.Fatal("a reply of no octets")
		}
		if r.Code != 0 && (r.Code < 200 || r.Code > 599) {
			t.Fatalf("code %d", r.Code)
		}
		for _, text := range append(r.Texts(), r.String()) {
			if i := strings.IndexFunc(text, func(c rune) bool { return c < 0x20 || c == 0x7f }); i >= 0 {
				t.Fatalf("control octet in %q", text)
			}
		}
		ParseEHLO(r).Size()
		ParseEHLO(r).Mechanisms()
	})
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "250 ok", "\x1b[2J", `\x41`, `\\x41`, "grün", "\xff\xfe", "\u202e", `\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		text := Text(octets)
		if got := Octets(text); !bytes.Equal(got, octets) {
			t.Fatalf("%q became %q and %q", octets, text, got)
		}
		for _, shown := range []string{text, Visible(octets)} {
			for _, c := range shown {
				if c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e || c == 0x200b {
					t.Fatalf("%q shows %q", octets, shown)
				}
			}
		}
	})
}

func TestVisible(t *testing.T) {
	for octets, want := range map[string]string{
		"\x1b[2J\x07": "^[[2J^G", "a\u202eb": "a<U+202E>b", "\x9b31m": `\x9b31m`, "\x7f": "^?", "grün": "grün", "a\tb": "a^Ib",
	} {
		if got := Visible([]byte(octets)); got != want {
			t.Errorf("%q is shown as %q", octets, got)
		}
	}
}
