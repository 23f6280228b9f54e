package wire

import (
	"fmt"
	"slices"
	"testing"
)

func list(lines ...string) Offers {
	var o Offers
	for _, l := range lines {
		o = append(o, Offer{Keyword: l})
	}
	return o
}

func TestWhatOffersBring(t *testing.T) {
	o := list("size", "8BITMIME", "DSN", "CHUNKING", "X-ODD", "DSN", "AUTH=PLAIN")
	if got := o.Verbs(); !slices.Equal(got, []string{"BDAT", "AUTH"}) {
		t.Errorf("verbs %q", got)
	}
	if got := o.Parameters("MAIL"); !slices.Equal(got, []string{"SIZE=", "BODY=7BIT", "BODY=8BITMIME", "RET=FULL", "RET=HDRS", "ENVID=", "AUTH="}) {
		t.Errorf("MAIL has %q", got)
	}
	if got := o.Parameters("rcpt"); !slices.Equal(got, []string{"NOTIFY=NEVER", "NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;"}) {
		t.Errorf("RCPT has %q", got)
	}
	if got := o.Parameters("DATA"); got != nil {
		t.Errorf("DATA has %q", got)
	}
}

func TestParameterExtensions(t *testing.T) {
	for _, c := range []struct {
		verb, parameter string
		want            []Keyword
	}{
		{"MAIL", "SIZE=1", []Keyword{KeywordSize}},
		{"MAIL", "body=8bitmime", []Keyword{Keyword8BitMIME}},
		{"MAIL", "BODY=BINARYMIME", []Keyword{KeywordBinaryMIME}},
		{"MAIL", "BODY=ODD", []Keyword{Keyword8BitMIME, KeywordBinaryMIME}},
		{"MAIL", "SMTPUTF8", []Keyword{KeywordSMTPUTF8}},
		{"RCPT", "NOTIFY=DELAY", []Keyword{KeywordDSN}},
		{"RCPT", "ORCPT=rfc822;a@b", []Keyword{KeywordDSN}},
		{"RCPT", "SIZE=1", nil}, // it belongs to MAIL
		{"MAIL", "ODD", nil},
	} {
		if got := ParameterExtensions(c.verb, c.parameter); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %v", c.verb, c.parameter, got)
		}
	}
	if x, ok := VerbExtension("bdat"); !ok || x.Keyword != KeywordChunking {
		t.Errorf("BDAT comes with %v", x.Keyword)
	}
	if x, ok := VerbExtension("MAIL"); ok {
		t.Errorf("MAIL comes with %v", x.Keyword)
	}
}

func TestCommandLimit(t *testing.T) {
	for _, c := range []struct {
		verb string
		o    Offers
		want int
	}{
		{"MAIL", nil, 512},
		{"mail", list("SIZE"), 512 + 26},
		{"MAIL", list("SIZE", "8BITMIME", "SMTPUTF8", "X-ODD"), 512 + 26 + 17 + 10},
		{"RCPT", list("SIZE"), 512},
		{"RCPT", list("RRVS"), 512 + 59},
		{"AUTH", list("AUTH"), 12288},
		{"NOOP", list("SIZE", "AUTH", "DSN"), 512},
	} {
		if got := c.o.CommandLimit(c.verb); got != c.want {
			t.Errorf("%s: %d octets, want %d (%s)", c.verb, got, c.want, fmt.Sprint(c.o))
		}
	}
	// What DSN adds must be enough for its longest parameters (RFC 3461 4.2, 4.4).
	if n := list("DSN").CommandLimit("RCPT"); n < 512+500 {
		t.Errorf("RCPT with ORCPT: %d", n)
	}
}

func TestUngrouped(t *testing.T) {
	for verb, want := range map[string]bool{"MAIL": false, "RCPT": false, "RSET": false, "DATA": true, "EHLO": true, "NOOP": true, "AUTH": true, "STARTTLS": true, "BDAT": true, "FOO": true} {
		if Ungrouped(verb) != want {
			t.Errorf("%s: %v", verb, !want)
		}
	}
}
