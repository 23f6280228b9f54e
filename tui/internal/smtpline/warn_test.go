package smtpline

import (
	"strings"
	"testing"

	"ehlo/session/transcript"
)

func TestWarn(t *testing.T) {
	as := func(change ...func(*Situation)) Situation {
		s := rich()
		for _, c := range change {
			c(&s)
		}
		return s
	}
	mail := func(line string) func(*Situation) {
		return func(s *Situation) { s.Open = transcript.Transaction{Mail: []byte(line)} }
	}
	recipient := func(s *Situation) { s.Open.Accepted++ }
	list := func(list string) func(*Situation) {
		return func(s *Situation) { s.Offers = offersOf(list); s.Size = s.Offers.Size() }
	}
	text := func(s *Situation) { s.Text = true }
	clear := func(s *Situation) { s.Secure = false }
	ready, inMail := as(), as(mail("MAIL FROM:<a@b>"))
	withRcpt := as(mail("MAIL FROM:<a@b>"), recipient)
	inText := as(mail("MAIL FROM:<a@b>"), recipient, text)
	for _, c := range []struct {
		in   Situation
		line string
		want string // a part of the warning; empty: there is none
	}{
		// What may still become right is let alone.
		{ready, "", ""},
		{ready, "M", ""},
		{ready, "MAIL", ""},
		{ready, "mail fr", ""},
		{ready, "MAIL FROM:<a@b", ""},
		{ready, "MAIL FROM:<a@b>", ""},
		{ready, "MAIL FROM:<> SI", ""},
		{ready, "MAIL FROM:<> SIZE=", ""},
		{ready, "MAIL FROM:<> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=x AUTH=<>", ""},
		{ready, `MAIL FROM:<"a> b"@c> SMTPUTF8`, ""},
		{ready, "MAIL FROM:<@a,@b:c@d>", ""},
		{inMail, "RCPT TO:<postmaster>", ""},
		{inMail, "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b", ""},
		{withRcpt, "DATA", ""},
		{withRcpt, "BDAT 20 LA", ""},
		{ready, "AUTH", ""},
		{ready, "AUTH SCR", ""},
		{ready, "AUTH PLAIN AGEAYg==", ""},
		{ready, "EHLO x", ""},
		{ready, "NOOP anything", ""},
		{ready, "X-ODD thing", ""},
		{ready, "quit", ""},

		// The form.
		{ready, "FOO", "no command that ehlo knows: FOO"},
		{ready, "MAI FROM:<>", "no command that ehlo knows: MAI"},
		{ready, " NOOP", "a blank before the verb"},
		{ready, "MAIL\tFROM:<>", "a blank belongs behind MAIL"},
		{ready, "MAIL TO:<a@b>", "FROM: belongs behind MAIL"},
		{ready, "MAIL FROM <a@b>", "FROM: belongs behind MAIL"},
		{ready, "MAIL a@b", "FROM: belongs behind MAIL"},
		{ready, "MAIL FROM: <a@b>", "no blank belongs behind FROM:"},
		{ready, "MAIL FROM:a@b", "no angle brackets"},
		{inMail, "RCPT TO:a@b", "no angle brackets"},
		{ready, "MAIL FROM:<a@b SIZE=1", "not closed"},
		{ready, "MAIL FROM:<a@b>SIZE=1", "a blank belongs behind the address"},
		{ready, "MAIL FROM:<a b@c>", "must stand in quotes"},
		{inMail, "RCPT TO:<>", "RCPT needs a recipient"},
		{ready, "RSET now", "RSET takes no argument"},
		{withRcpt, "DATA now", "DATA takes no argument"},
		{withRcpt, "BDAT many", "BDAT has a number of octets"},
		{withRcpt, "BDAT 20 FIRST", "BDAT has a number of octets"},
		{ready, "NOOP \x1b[2J", "a control character: ^["},
		{ready, "NOOP " + strings.Repeat("x", 600), "607 octets with CRLF, a line may have 512"},
		{ready, "MAIL FROM:<" + strings.Repeat("x", 600) + "@b>", ""}, // with all that the extensions add
		{as(list("SIZE")), "MAIL FROM:<" + strings.Repeat("x", 600) + "@b>", "a line may have 538"},

		// What is not offered.
		{as(list("PIPELINING")), "MAIL FROM:<> SIZE=1", "SIZE=: SIZE is not offered"},
		{as(list("SIZE 1000")), "MAIL FROM:<> BODY=8BITMIME", "BODY=: 8BITMIME is not offered"},
		{ready, "MAIL FROM:<> BODY=BINARYMIME", "BODY=: BINARYMIME is not offered"},
		{as(list("SIZE")), "MAIL FROM:<> FOO=1", "no extension that is offered has FOO="},
		{ready, "MAIL FROM:<> FOO=1", ""}, // it may be of X-ODD
		{ready, "MAIL FROM:<> NOTIFY=NEVER", "NOTIFY= belongs to RCPT"},
		{inMail, "RCPT TO:<a@b> SIZE=1", "SIZE= belongs to MAIL"},
		{ready, "MAIL FROM:<> SIZE=1001", "over the maximum, 1,000 octets"},
		{ready, "MAIL FROM:<> SIZE=99999999999999999999", "over the maximum"},
		{ready, "MAIL FROM:<> SIZE=1k", "SIZE= takes a number"},
		{as(list("SIZE 0")), "MAIL FROM:<> SIZE=1001", ""},
		{as(list("SIZE")), "BDAT 20", "CHUNKING is not offered"},
		{as(func(s *Situation) { s.Protocol, s.Offers = "SMTP", nil }), "BDAT 20", "extensions need EHLO"},
		{as(clear), "STARTTLS", "STARTTLS is not offered"},
		{ready, "STARTTLS", "under TLS already"},
		{as(clear, list("STARTTLS")), "STARTTLS", ""},
		{ready, "AUTH LOGIN", "LOGIN is not offered: PLAIN SCRAM-SHA-256"},
		{as(list("SIZE")), "AUTH PLAIN", "AUTH is not offered"},
		{as(clear, list("STARTTLS")), "AUTH", "AUTH is not offered before STARTTLS"},
		{as(clear), "AUTH plain", "no TLS: others can read what PLAIN sends"},
		{as(clear, func(s *Situation) { s.Network = "unix" }), "AUTH PLAIN", ""},
		{as(clear), "AUTH SCRAM-SHA-256", ""},

		// The order.
		{as(func(s *Situation) { s.Protocol = "" }), "MAIL FROM:<>", "EHLO comes first"},
		{as(func(s *Situation) { s.Protocol = "" }), "NOOP", ""},
		{as(func(s *Situation) { s.Protocol = "LMTP" }), "EHLO x", "LHLO"},
		{ready, "LHLO x", "LHLO is of LMTP"},
		{inMail, "MAIL FROM:<a@b>", "MAIL was accepted already"},
		{ready, "RCPT", "RCPT before MAIL"},
		{ready, "DATA", "DATA before MAIL"},
		{inMail, "DATA", "DATA before a recipient"},
		{inMail, "BDAT 3", "BDAT before a recipient"},
		{as(mail("MAIL FROM:<>"), recipient, func(s *Situation) { s.Open.Chunked = true }), "DATA", "DATA behind BDAT"},
		{as(func(s *Situation) { s.LoggedIn = true }), "AUTH PLAIN", "logged in already"},
		{inMail, "AUTH PLAIN", "AUTH within a transaction"},
		{as(func(s *Situation) { s.Due = "the reply to MAIL" }), "RCPT TO:<a@b>", ""},
		{as(list("SIZE"), func(s *Situation) { s.Due = "the reply to MAIL" }), "RCPT TO:<a@b>", "the reply to MAIL is still due, and PIPELINING is not offered"},
		// Where no session is open, only the form is judged.
		{as(func(s *Situation) { *s = Situation{} }), "RCPT TO:<a@b> NOTIFY=NEVER", ""},
		{as(func(s *Situation) { *s = Situation{} }), "RCPT TO:a@b", "no angle brackets"},

		// Beyond ASCII.
		{as(list("SIZE")), "MAIL FROM:<ü@b>", "SMTPUTF8 is not offered"},
		{ready, "MAIL FROM:<ü@b>", "SMTPUTF8 belongs behind the address"},
		{ready, "MAIL FROM:<ü@b", ""},
		{ready, "MAIL FROM:<ü@b> SMTPUTF8", ""},
		{inMail, "RCPT TO:<ü@b>", "MAIL had no SMTPUTF8"},
		{as(mail("MAIL FROM:<a@b> smtputf8")), "RCPT TO:<ü@b>", ""},
		{ready, "NOOP ü", "ASCII characters only"},

		// Message text.
		{inText, "RCPT before MAIL", ""},
		{inText, ".", ""},
		{inText, "..", ""},
		{inText, ".sig", "takes the first dot away"},
		{inText, "a\tb", ""},
		{inText, "a\x00b", "a control character: ^@"},
		{inText, strings.Repeat("x", 998), ""},
		{inText, strings.Repeat("x", 999), "1,001 octets with CRLF, a line may have 1,000"},
		{inText, "." + strings.Repeat(".", 998), ""}, // the first dot does not count
		{inText, "grün", "MAIL had no BODY=8BITMIME"},
		{as(mail("MAIL FROM:<a@b> BODY=8BITMIME"), recipient, text), "grün", ""},
		{as(mail("MAIL FROM:<a@b> BODY=BINARYMIME"), text), "\x00" + strings.Repeat("x", 2000), ""},
		{as(mail("MAIL FROM:<a@b>"), text, func(s *Situation) { s.Chunk = true }), ".sig", ""},
	} {
		got := c.in.Warn(c.line)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%.60q: warns %q, want %q", c.line, got, c.want)
		}
	}
}
