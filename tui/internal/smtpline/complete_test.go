package smtpline

import (
	"slices"
	"strings"
	"testing"

	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// offersOf is an EHLO list, one line a keyword.
func offersOf(list string) wire.Offers {
	var o wire.Offers
	for l := range strings.SplitSeq(list, "\n") {
		words := strings.Fields(l)
		o = append(o, wire.Offer{Keyword: words[0], Params: words[1:]})
	}
	return o
}

const richList = "PIPELINING\nSIZE 1000\n8BITMIME\nSMTPUTF8\nDSN\nCHUNKING\nAUTH PLAIN SCRAM-SHA-256\nX-ODD\nXCLIENT NAME ADDR"

func rich() Situation {
	o := offersOf(richList)
	return Situation{
		Offers: o, Size: o.Size(), Protocol: "ESMTP", Network: "tcp", Secure: true, Live: true,
		Senders: []string{"me@example.net", "Both@example.org"}, Recipients: []string{"you@example.org", "Both@example.org"}, Names: []string{"client.example.net"},
	}
}

func TestComplete(t *testing.T) {
	all := func(s *Situation) {}
	open := func(s *Situation) { s.Open.Mail = []byte("MAIL FROM:<>") }
	for _, c := range []struct {
		line string // | is the cursor
		when func(*Situation)
		want string // the lines it may become, in order, or the first of them and ...
	}{
		// Verbs: what is next comes first, the case is kept.
		{"|", all, "MAIL FROM:<| ..."},
		{"|", open, "RCPT TO:<| ..."},
		{"|", func(s *Situation) { s.Open = transcript.Transaction{Mail: []byte{}, Accepted: 1} }, "DATA| ..."},
		{"|", func(s *Situation) { s.Open = transcript.Transaction{Mail: []byte{}, Accepted: 1, Chunked: true} }, "BDAT | ..."},
		{"|", func(s *Situation) { s.Protocol, s.Offers = "", nil }, "EHLO | ..."},
		{"M|", all, "MAIL FROM:<|"},
		{"m|", all, "mail from:<|"},
		{"Ma|", all, "MaIL FROM:<|"},
		{" m|", all, " mail from:<|"},
		{"r|", all, "rcpt to:<| rset|"},
		{"DATA|", all, ""},
		{"B|", all, "BDAT |"},
		{"B|", func(s *Situation) { s.Offers = offersOf("SIZE") }, ""},
		{"A|", all, "AUTH |"},
		{"A|", func(s *Situation) { s.LoggedIn = true }, ""},
		{"ST|", all, ""},
		{"ST|", func(s *Situation) { s.Offers, s.Secure = offersOf("STARTTLS"), false }, "STARTTLS|"},
		{"E|", func(s *Situation) { s.Protocol = "LMTP" }, "EXPN |"},
		{"L|", func(s *Situation) { s.Protocol = "LMTP" }, "LHLO |"},
		{"X|", all, "XCLIENT |"},
		{"Q|", all, "QUIT|"},
		{"FOO|", all, ""},
		{"ü|", all, ""},
		{"M| FROM:<>", all, "MAIL| FROM:<>"},
		// Message text is nobody's command.
		{"M|", func(s *Situation) { s.Text = true }, ""},

		// Addresses: closed, each once, with their case.
		{"MAIL |", all, "MAIL FROM:<|"},
		{"mail f|", all, "mail from:<|"},
		{"MAIL T|", all, ""},
		{"RCPT |", all, "RCPT TO:<|"},
		{"MAIL FROM:|", all, "MAIL FROM:<me@example.net>| MAIL FROM:<Both@example.org>| MAIL FROM:<you@example.org>| MAIL FROM:<| MAIL FROM:<>|"},
		{"MAIL FROM:<|", all, "MAIL FROM:<me@example.net>| MAIL FROM:<Both@example.org>| MAIL FROM:<you@example.org>| MAIL FROM:<>|"},
		{"RCPT TO:<|", all, "RCPT TO:<you@example.org>| RCPT TO:<Both@example.org>| RCPT TO:<me@example.net>|"},
		{"RCPT TO:<y|", all, "RCPT TO:<you@example.org>|"},
		{"rcpt to:<y|>", all, "rcpt to:<you@example.org|>"},
		{"RCPT TO:<b|", all, ""}, // Both is another mailbox
		{"RCPT FROM:<|", all, ""},
		{"VRFY y|", all, "VRFY you@example.org|"},
		{"EHLO |", all, "EHLO client.example.net|"},
		{"EHLO a |", all, ""},

		// Parameters: those that are announced, each once.
		{"MAIL FROM:<a@b>|", all, "MAIL FROM:<a@b> SIZE=| MAIL FROM:<a@b> BODY=7BIT| MAIL FROM:<a@b> BODY=8BITMIME| MAIL FROM:<a@b> SMTPUTF8| MAIL FROM:<a@b> RET=FULL| MAIL FROM:<a@b> RET=HDRS| MAIL FROM:<a@b> ENVID=| MAIL FROM:<a@b> AUTH=|"},
		{"MAIL FROM:<a@b> |", func(s *Situation) { s.Offers = offersOf("SIZE") }, "MAIL FROM:<a@b> SIZE=|"},
		{"mail from:<a@b> |", func(s *Situation) { s.Offers = offersOf("SIZE") }, "mail from:<a@b> size=|"},
		{"MAIL FROM:<a@b> s|", all, "MAIL FROM:<a@b> size=| MAIL FROM:<a@b> smtputf8|"},
		{"MAIL FROM:<a@b> SIZE=|", all, ""},
		{"MAIL FROM:<a@b> SIZE=1 S|", all, "MAIL FROM:<a@b> SIZE=1 SMTPUTF8|"},
		{"MAIL FROM:<a@b> BODY=|", all, "MAIL FROM:<a@b> BODY=7BIT| MAIL FROM:<a@b> BODY=8BITMIME|"},
		{"MAIL FROM:<a@b> BODY=7BIT B|", all, ""},
		{"MAIL FROM:<a@b> | SIZE=1", func(s *Situation) { s.Offers = offersOf("SIZE\nSMTPUTF8") }, "MAIL FROM:<a@b> SMTPUTF8| SIZE=1"},
		{"MAIL FROM:<a@b> SMTPUTF8|", func(s *Situation) { s.Offers = offersOf("SIZE\nSMTPUTF8") }, "MAIL FROM:<a@b> SMTPUTF8 SIZE=|"},
		{"MAIL FROM:<a@b> |", func(s *Situation) { s.Offers = nil }, ""},
		{`MAIL FROM:<"a> b"@c> SI|`, all, `MAIL FROM:<"a> b"@c> SIZE=|`},
		{"RCPT TO:<Bob+x@b> O|", all, "RCPT TO:<Bob+x@b> ORCPT=rfc822;Bob+2Bx@b|"},
		{"rcpt to:<Bob@b> o|", all, "rcpt to:<Bob@b> orcpt=rfc822;Bob@b|"},
		{"RCPT TO:<a> NOTIFY=|", all, "RCPT TO:<a> NOTIFY=SUCCESS| RCPT TO:<a> NOTIFY=FAILURE| RCPT TO:<a> NOTIFY=DELAY| RCPT TO:<a> NOTIFY=NEVER|"},
		{"RCPT TO:<a> NOTIFY=success,f|", all, "RCPT TO:<a> NOTIFY=success,failure|"},
		{"RCPT TO:<a> NOTIFY=SUCCESS|", all, "RCPT TO:<a> NOTIFY=SUCCESS,FAILURE| RCPT TO:<a> NOTIFY=SUCCESS,DELAY|"},
		{"RCPT TO:<a> NOTIFY=NEVER|", all, "RCPT TO:<a> NOTIFY=NEVER ORCPT=rfc822;a|"},
		{"RCPT TO:<a> SIZE|", all, ""},

		// The rest.
		{"AUTH |", all, "AUTH PLAIN| AUTH SCRAM-SHA-256|"},
		{"auth s|", all, "auth scram-sha-256|"},
		{"AUTH PLAIN |", all, ""}, // a secret
		{"AUTH PLAIN AG|", all, ""},
		{"BDAT |", all, ""},
		{"BDAT 20 |", all, "BDAT 20 LAST|"},
		{"BDAT 20 l|", all, "BDAT 20 last|"},
		{"BDAT 20 LAST |", all, ""},
		{"HELP da|", all, "HELP data|"},
		{"XCLIENT A|", all, "XCLIENT ADDR=|"},
	} {
		s := rich()
		c.when(&s)
		before, behind, _ := strings.Cut(c.line, "|")
		var got []string
		for _, x := range s.Complete(before, behind) {
			got = append(got, before[:x.From]+x.Text+"|"+behind)
			if !strings.HasPrefix(before[:x.From]+x.Text, before) {
				t.Errorf("%q: %q changes what was typed", c.line, x.Text)
			}
		}
		result := strings.Join(got, " ")
		if first, open := strings.CutSuffix(c.want, " ..."); open && len(got) > 1 {
			result, c.want = got[0], first
		}
		if result != c.want {
			t.Errorf("%q: %q, want %q", c.line, result, c.want)
		}
	}
}

// TestEverySyntaxIsKnown: what is completed has a syntax, and each verb of an
// extension can be typed without a warning that it is unknown.
func TestEverySyntaxIsKnown(t *testing.T) {
	s := rich()
	for _, v := range s.verbs() {
		if !Known(v) {
			t.Errorf("%s has no syntax", v)
		}
	}
	if slices.Contains(s.verbs(), "ETRN") || slices.Contains(s.verbs(), "STARTTLS") {
		t.Errorf("verbs that are not offered: %q", s.verbs())
	}
}

func FuzzComplete(f *testing.F) {
	for _, line := range []string{"", "MAIL FROM:<a@b> SIZE=1", "rcpt to:<", "AUTH PLAIN x", `MAIL FROM:<"\`, "BDAT 1 LAST", " m"} {
		f.Add(line, 3)
	}
	f.Fuzz(func(t *testing.T, line string, at int) {
		s := rich()
		at = max(min(at, len(line)), 0)
		for _, c := range s.Complete(line[:at], line[at:]) {
			if c.From < 0 || c.From > at || !strings.HasPrefix(line[:c.From]+c.Text, line[:at]) {
				t.Errorf("%q at %d: %+v changes what was typed", line, at, c)
			}
		}
		_ = s.Ghost(line)
		_ = s.Warn(line)
	})
}
