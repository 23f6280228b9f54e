package smtpline

import "testing"

func TestGhost(t *testing.T) {
	const mail = "[SIZE=octets] [BODY=7BIT|8BITMIME] [SMTPUTF8] [RET=FULL|HDRS] [ENVID=text] [AUTH=address or <>]"
	const rcpt = "[NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=rfc822;address]"
	for _, c := range [][2]string{
		{"", ""},
		{"M", "MAIL FROM:<address> " + mail},
		{"mail", "FROM:<address> " + mail},
		{"MAIL ", "FROM:<address> " + mail},
		{"MAIL fr", "om:<address> " + mail},
		{"MAIL FROM:", "<address> " + mail},
		{"MAIL FROM:<", "address> " + mail},
		{"MAIL FROM:<a@b", "> " + mail},
		{`MAIL FROM:<"a>`, "> " + mail},
		{"MAIL FROM:<a@b>", mail},
		{"MAIL FROM:a@b", ""}, // there is a warning instead
		{"MAIL TO:", ""},
		{"MAIL FROM:<> S", "IZE=octets"},
		{"MAIL FROM:<> SIZE=", "octets"},
		{"MAIL FROM:<> body=", "7BIT|8BITMIME"},
		{"MAIL FROM:<> SIZE=1 RET=FULL", "[BODY=7BIT|8BITMIME] [SMTPUTF8] [ENVID=text] [AUTH=address or <>]"},
		{"MAIL FROM:<>x", ""},
		{"RC", "RCPT TO:<address> " + rcpt},
		{"RCPT TO:<a@b> NOTIFY=", "NEVER|SUCCESS,FAILURE,DELAY"},
		{"RCPT TO:<a@b> NOTIFY=NEVER", "[ORCPT=rfc822;address]"},
		{"EHLO", "name or [address] of this host"},
		{"EHLO ", "name or [address] of this host"},
		{"EHLO x", ""},
		{"DATA", ""},
		{"AUTH", "PLAIN|SCRAM-SHA-256 [initial response in base64]"},
		{"AUTH PLAIN", ""},
		{"AUTH PLAIN ", "[initial response in base64]"},
		{"AUTH PLAIN AG", ""},
		{"BDAT", "octets [LAST]"},
		{"BDAT 3", ""},
		{"BDAT 3 ", "[LAST]"},
		{"HELP", "[verb]"},
		{"burl imap://x ", "[LAST]"},
		{"XCLIENT NAME=x ", "NAME=value..."},
		{"MAIL FROM:<> HOLDFOR=", "seconds"}, // also where nobody offers it
		{"FOO", ""},
		{"FOO ", ""},
	} {
		s := rich()
		if got := s.Ghost(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
		s.Text = true
		if got := s.Ghost(c[0]); got != "" {
			t.Errorf("message text %q: %q", c[0], got)
		}
	}
}
