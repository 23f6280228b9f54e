package wire

import "testing"

func TestParseAddress(t *testing.T) {
	for _, good := range [][3]string{
		{"a@example.com", "a", "example.com"},
		{"<a@example.com>", "a", "example.com"},
		{"<>", "", ""},
		{"", "", ""},
		{`"a b"@example.com`, `"a b"`, "example.com"},
		{`"a@b\"c"@example.com`, `"a@b\"c"`, "example.com"},
		{"postmaster", "postmaster", ""},
		{"a@[192.0.2.1]", "a", "[192.0.2.1]"},
		{"jörg@example.com", "jörg", "example.com"},
		{"a..b@-odd-", "a..b", "-odd-"},
	} {
		a, err := ParseAddress(good[0])
		if err != nil || a.Local != good[1] || a.Domain != good[2] {
			t.Errorf("%s: %+v, %v", good[0], a, err)
		}
	}
	for _, bad := range [][2]string{
		{"a@b\r\nRCPT TO:<c@d>", "a line end would be another command"},
		{"a@b\x00", "NUL"},
		{"a b@c", "a space outside of quotes"},
		{"a@b> SIZE=1", "a bracket would end the path"},
		{`"a@b`, "open quotes"},
		{"@b", "no local part"},
		{"a@", "no domain"},
		{"a,b@c", "a list is not an address"},
		{"\xff@b", "not UTF-8"},
	} {
		if a, err := ParseAddress(bad[0]); err == nil {
			t.Errorf("%s: %q was taken for %+v", bad[1], bad[0], a)
		}
	}
}

func TestPathOf(t *testing.T) {
	for line, want := range map[string]string{
		"RCPT TO:<a@b> NOTIFY=NEVER": "a@b", "rcpt to: <a@b>": "a@b", "RCPT TO:a@b X": "a@b", `RCPT TO:<"a>b"@c>`: `"a>b"@c`, "MAIL FROM:<>": "", "RCPT": "",
	} {
		if got := PathOf([]byte(line)); got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}
