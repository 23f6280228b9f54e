package wire_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ehlo/session/wire"
)

func TestLookupExtension(t *testing.T) {
	good := []struct{ as, keyword, rfc string }{
		{"SIZE", "SIZE", "RFC 1870"},
		{"size", "SIZE", "RFC 1870"},
		{"8bitmime", "8BITMIME", "RFC 6152"},
		{"StartTLS", "STARTTLS", "RFC 3207"},
		{"AUTH=LOGIN", "AUTH", "RFC 4954"},
		{"auth=", "AUTH", "RFC 4954"},
		{"x-anonymoustls", "X-ANONYMOUSTLS", "Exchange"},
		{"XXXXXXXA", "XXXXXXXA", "Cisco ASA, PIX"},
		{"XXXB", "XXXXXXXA", "Cisco ASA, PIX"},
		{"XXXXXXXXXXXXXXXX", "XXXXXXXA", "Cisco ASA, PIX"},
	}
	for _, g := range good {
		e, ok := wire.LookupExtension(g.as)
		if !ok || string(e.Keyword) != g.keyword || e.RFC != g.rfc {
			t.Errorf("%q is %+v, %v", g.as, e, ok)
		}
	}
	for _, bad := range []string{"", "=", "SIZ", "SIZES", "X", "XXX", "XYZZY", "250"} {
		if e, ok := wire.LookupExtension(bad); ok {
			t.Errorf("%q is taken for %s", bad, e.Keyword)
		}
	}
}

// Every keyword of the IANA registry (2025-08-05), and what servers offer
// besides.
func TestExtensionsAreComplete(t *testing.T) {
	known := `SEND SOML SAML VRFY EXPN HELP TURN 8BITMIME SIZE VERB ONEX CHUNKING BINARYMIME CHECKPOINT
		DELIVERBY PIPELINING DSN ETRN ENHANCEDSTATUSCODES STARTTLS NO-SOLICITING MTRK SUBMITTER ATRN AUTH
		FUTURERELEASE CONPERM CONNEG SMTPUTF8 MT-PRIORITY RRVS REQUIRETLS LIMITS BURL UTF8SMTP
		XCLIENT XFORWARD XVERP PRDR PIPECONNECT PIPE_CONNECT X_PIPE_CONNECT X-ANONYMOUSTLS X-EXPS
		X-LINK2STATE XEXCH50 XSHADOW XRDST XPROXY`
	parameter := regexp.MustCompile(`^[A-Z0-9-]+(=[A-Za-z0-9,;]*)?$`)
	for keyword := range strings.FieldsSeq(known) {
		e, ok := wire.LookupExtension(keyword)
		if !ok {
			t.Errorf("%s is not known", keyword)
			continue
		}
		if string(e.Keyword) != keyword || e.RFC == "" {
			t.Errorf("%s: %+v", keyword, e)
		}
		if m := e.Meaning; !strings.HasSuffix(m, ".") || strings.Contains(m, ". ") || strings.ContainsAny(m, "\n\t") {
			t.Errorf("%s: not one sentence: %s", keyword, m)
		}
		if len(e.Brief) == 0 || len(e.Brief) > 18 {
			t.Errorf("%s: not brief: %q", keyword, e.Brief)
		}
		for _, p := range append(slices.Clone(e.Mail), e.Rcpt...) {
			// What has a value to be typed says which.
			if !parameter.MatchString(p.Text) || strings.ContainsAny(p.Text[len(p.Text)-1:], "=;") != (p.Value != "") {
				t.Errorf("%s: odd parameter %q", keyword, p)
			}
		}
		for _, c := range e.Verbs {
			if got, ok := wire.LookupCommand(strings.ToLower(c.Verb)); !ok || got != c || !parameter.MatchString(c.Verb) {
				t.Errorf("%s: odd command %q", keyword, c)
			}
		}
	}
}

func TestLookupExtensionAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { wire.LookupExtension("x-link2state") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDue(t *testing.T) {
	for _, c := range []struct {
		verb string
		n    int
		want string
	}{
		{"mail", 0, "FROM:<address>"},
		{"MAIL", 1, ""},
		{"DATA", 0, ""},
		{"DATA", 1, ""},
		{"BDAT", 0, "octets [LAST]"},
		{"BDAT", 1, "[LAST]"},
		{"BDAT", 2, ""},
		{"AUTH", 1, "[initial response in base64]"},
		{"AUTH", 2, ""},
		{"XCLIENT", 5, "NAME=value..."},
		{"FOO", 1, ""},
	} {
		x, _ := wire.LookupCommand(c.verb)
		if got := x.Due(c.n); got != c.want {
			t.Errorf("%s, %d: %q, want %q", c.verb, c.n, got, c.want)
		}
	}
}
