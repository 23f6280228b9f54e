package resolver_test

import (
	"strings"
	"testing"

	"ehlo/resolver"
)

func TestASCII(t *testing.T) {
	for _, test := range []struct{ why, in, ascii, unicode string }{
		{"as it is", "example.com", "example.com", ""},
		{"lower case, no final dot", "EXAMPLE.com.", "example.com", ""},
		{"U-labels", "BÜCHER.example", "xn--bcher-kva.example", "bücher.example"},
		{"the German sharp s is a letter of its own", "straße.example", "xn--strae-oqa.example", "straße.example"},
		{"full stops of other scripts, full width", "例え。テスト．ｃｏｍ", "xn--r8jz45g.xn--zckzah.com", "例え.テスト.com"},
		{"right to left", "דוגמה.example", "xn--6dbbec0c.example", "דוגמה.example"},
		{"a joiner where Persian wants one", "نامه\u200cای.example", "xn--mgba3gch31f060k.example", "نامه\u200cای.example"},
		{"underscores and hyphens that hosts have", "_dmarc.r3---sn.a-.example", "_dmarc.r3---sn.a-.example", ""},
		{"the same beside U-labels", "_a.r3---sn.bücher.example", "_a.r3---sn.xn--bcher-kva.example", "_a.r3---sn.bücher.example"},
		{"A-labels that stand for nothing are asked for, not shown", "xn--a.example", "xn--a.example", ""},
	} {
		got, err := resolver.ASCII(test.in)
		if err != nil || got != test.ascii {
			t.Errorf("%s: %q, %v, want %q", test.why, got, err, test.ascii)
		}
		if got := resolver.ToUnicode(got); got != test.unicode {
			t.Errorf("%s: U-labels %q, want %q", test.why, got, test.unicode)
		}
	}
}

// FuzzName: what comes out of a domain is printable ASCII within the limits of
// the DNS, comes out of itself, and of its U-labels.
func FuzzName(f *testing.F) {
	for _, s := range []string{"example.com", "Bücher.example.", "a_b.r3---sn.example", "xn--bcher-kva.example", "例え。テスト", "\x1b[31m", "a\u200db", strings.Repeat("ü", 70), "..", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := resolver.ASCII(s)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("the error is not fit for a terminal: %q", err)
			}
			return
		}
		if len(name) == 0 || len(name) > 253 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q gives %q", s, name)
		}
		if again, err := resolver.ASCII(name); err != nil || again != name {
			t.Errorf("%q gives %q, that gives %q, %v", s, name, again, err)
		}
		if shown := resolver.ToUnicode(name); shown != "" {
			if back, err := resolver.ASCII(shown); err != nil || back != name {
				t.Errorf("%q gives %q, shown as %q, that gives %q, %v", s, name, shown, back, err)
			}
		}
	})
}
