package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"ehlo/session/wire"
)

func TestExplain(t *testing.T) {
	tests := []struct {
		verb     string
		code     int
		enhanced string
		want     string
		retry    bool
		who      string
	}{
		{"RCPT", 550, "5.1.1", "permanent: the server says no such mailbox", false, wire.WhoSender},
		{"RCPT", 550, "", "permanent: no such mailbox, or refused", false, wire.WhoSender},
		{"RCPT", 450, "4.2.0", "temporary: the mailbox is not available now; often greylisting, then a retry after some minutes succeeds", true, wire.WhoWait},
		{"RCPT", 452, "4.5.3", "temporary: too many recipients: the rest in another transaction", true, wire.WhoClient},
		{"RCPT", 552, "5.2.2", "permanent: the mailbox is full", false, wire.WhoRecipient},
		{"RCPT", 552, "", "permanent: the mailbox is full, the message too large for it, or too many recipients", true, wire.WhoRecipient},
		{"RCPT", 554, "5.7.1", "permanent: the recipient is refused: relaying to there is not permitted, or the client is blocked", false, wire.WhoSenderOps},
		{"RCPT", 556, "5.1.10", "permanent: the recipient's domain accepts no mail (null MX)", false, wire.WhoSender},
		{"MAIL", 552, "5.3.4", "permanent: the message is larger than the fixed maximum of the server", false, wire.WhoSender},
		{"MAIL", 552, "", "permanent: the message is larger than the fixed maximum of the server", false, wire.WhoSender},
		{"MAIL", 452, "4.3.1", "temporary: the server has not enough room for this message now", true, wire.WhoWait},
		{"MAIL", 550, "5.7.25", "permanent: the reverse DNS of the client's address is wrong", false, wire.WhoSenderOps},
		{"MAIL", 250, "2.1.0", "success: the sender is accepted", false, wire.WhoNobody},
		{"DATA", 354, "", "go on: the message can be sent now; a line with only a dot ends it", false, wire.WhoNobody},
		{".", 250, "2.0.0", "success: the message is accepted: the server is responsible for it now", false, wire.WhoNobody},
		{".", 554, "5.6.0", "permanent: the message is refused for its content or its sender", false, wire.WhoSender},
		{"", 220, "", "success: the server is ready", false, wire.WhoNobody},
		{"", 554, "", "permanent: no mail service here for this client: often its address is blocked", false, wire.WhoSenderOps},
		{"", 554, "5.7.1", "permanent: the server refuses this client: its address is blocked, by the server or by a list that it asks", false, wire.WhoSenderOps},
		{"EHLO", 502, "5.5.1", "permanent: the command is not valid here", false, wire.WhoClient},
		{"EHLO", 500, "", "permanent: the server does not know EHLO; HELO is the older greeting", false, wire.WhoClient},
		{"STARTTLS", 454, "4.7.0", "temporary: TLS is not available now", true, wire.WhoReceiver},
		{"AUTH", 535, "5.7.8", "permanent: user name or password is wrong", false, wire.WhoSender},
		{"AUTH", 334, "", "go on: the server wants the next part of the login", false, wire.WhoNobody},
		{"MAIL", 530, "5.7.0", "permanent: login or STARTTLS is required first", false, wire.WhoClient},
		{"XYZZY", 500, "5.5.2", "permanent: the command is not written correctly", false, wire.WhoClient},
		{"NOOP", 421, "4.4.2", "temporary: the server closes the channel; a new connection may be tried later", true, wire.WhoWait},
		{"", 421, "", "temporary: the server closes the channel; a new connection may be tried later", true, wire.WhoWait},
		{"MAIL", 499, "", "temporary: refused for now", true, wire.WhoWait},
		{"MAIL", 571, "5.7.606", "permanent: refused", false, wire.WhoSender},
		{"MAIL", 0, "", "not a reply code of SMTP", false, wire.WhoReceiver},
	}
	for _, tt := range tests {
		e := wire.Explain(tt.verb, tt.code, tt.enhanced)
		if e.String() != tt.want || e.Retry != tt.retry || e.Who != tt.who || e.RFC == "" {
			t.Errorf("%s %d %s\n got %+v\nwant %s, retry %v, %s", tt.verb, tt.code, tt.enhanced, e, tt.want, tt.retry, tt.who)
		}
	}
}

func TestExplainDetail(t *testing.T) {
	tests := []struct {
		verb     string
		code     int
		enhanced string
		want     string
	}{
		{"MAIL", 552, "5.3.4", ""},
		{".", 552, "5.3.4", ""},
		{".", 550, "5.7.20", "the message is refused for its content or its sender"},
		{"RCPT", 550, "5.1.1", ""},
		{"RCPT", 550, "4.1.1", "the codes disagree: 550 counts, not 4.1.1"},
		{"MAIL", 550, "5.7.511", "5.7.511 is not in the IANA registry: the server's own code"},
		{"NOOP", 421, "4.4.2", "the connection to the next host failed"},
		{"RCPT", 250, "2.1.5", "the address is valid"},
		{"RCPT", 550, "", ""},
		{"AUTH", 535, "5.7.8", ""},
	}
	for _, tt := range tests {
		if e := wire.Explain(tt.verb, tt.code, tt.enhanced); e.Detail != tt.want {
			t.Errorf("%s %d %s: detail %q, want %q", tt.verb, tt.code, tt.enhanced, e.Detail, tt.want)
		}
	}
}

// Every reply gets a class, a meaning and a source, whatever the command.
func TestExplainEverything(t *testing.T) {
	verbs := []string{"", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", ".", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "ETRN", "XCLIENT", "?"}
	for _, verb := range verbs {
		for code := 200; code < 600; code++ {
			for _, enhanced := range []string{"", fmt.Sprintf("%d.0.0", code/100), fmt.Sprintf("%d.7.1", code/100), "x"} {
				e := wire.Explain(verb, code, enhanced)
				if e.Class == "" || e.Meaning == "" || e.RFC == "" || e.Meaning == e.Detail || code >= 400 && e.Who == "" {
					t.Fatalf("%q %d %s: %+v", verb, code, enhanced, e)
				}
			}
		}
	}
}

func TestExplainEnhanced(t *testing.T) {
	// The registry: the number of details of each subject.
	last := []int{0, 10, 4, 6, 7, 6, 10, 30}
	entries := 0
	for subject, n := range last {
		for detail := 0; detail <= n; detail++ {
			code := fmt.Sprintf("5.%d.%d", subject, detail)
			s, ok := wire.ExplainEnhanced(code)
			if !ok || s.Class != "permanent" || s.Subject == "" || s.Detail == "" || s.RFC == "" {
				t.Errorf("%s: %+v, %v", code, s, ok)
			}
			entries++
		}
		if s, ok := wire.ExplainEnhanced(fmt.Sprintf("4.%d.%d", subject, n+1)); !ok || s.Detail != "" || s.Subject == "" {
			t.Errorf("4.%d.%d is not in the registry: %+v, %v", subject, n+1, s, ok)
		}
	}
	if entries != 81 {
		t.Errorf("%d entries, the registry has 81", entries)
	}
	for _, bad := range []string{"", "5", "5.1", "3.1.1", "5.1.1.1", "5.1.x", "5.1.1 ", "5.1234.1", "550"} {
		if s, ok := wire.ExplainEnhanced(bad); ok {
			t.Errorf("%q is taken for %+v", bad, s)
		}
	}
}

func TestExplainCode(t *testing.T) {
	for code := range strings.FieldsSeq(`211 214 220 221 235 250 251 252 334 354 421 432 450 451 452 454 455
		500 501 502 503 504 521 523 525 530 534 535 538 550 551 552 553 554 555 556`) {
		var n int
		_, _ = fmt.Sscan(code, &n)
		if meaning, rfc := wire.ExplainCode(n); meaning == "" || rfc == "" {
			t.Errorf("%s is not explained", code)
		}
	}
	if meaning, _ := wire.ExplainCode(299); meaning != "" {
		t.Errorf("299 is %s", meaning)
	}
}

func FuzzExplain(f *testing.F) {
	f.Add("RCPT", 550, "5.1.1")
	f.Fuzz(func(t *testing.T, verb string, code int, enhanced string) {
		if e := wire.Explain(verb, code, enhanced); e.Meaning == "" {
			t.Errorf("%+v", e)
		}
		wire.ExplainEnhanced(enhanced)
	})
}
