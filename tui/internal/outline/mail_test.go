package outline

import (
	"strings"
	"testing"

	lang "ehlo/session/script"
)

func TestMailOf(t *testing.T) {
	const open = "S: 220\nC: EHLO x\nS: 250\n"
	const envelope = "C: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<c@d>\nS: 250\nC: RCPT TO:<e@f>\nS: 250\n"
	for why, row := range map[string]struct {
		text string
		want Mail
	}{
		"nothing":               {open + "C: QUIT\nS: 221\n", Mail{}},
		"a message":             {open + envelope + "C: DATA\nS: 354\nC: Subject: x\nC:\nC: RCPT TO:<not@one>\nC: .\nS: 250\nC: QUIT\nS: 221\n", Mail{1, 2, false}},
		"a message of a file":   {open + envelope + "C: DATA\nS: 354\n@data a.eml\nS: 250\n", Mail{1, 2, false}},
		"chunks":                {open + envelope + "@bdat a.eml 1000\nS: 250\n", Mail{1, 2, false}},
		"chunks by hand":        {open + envelope + "C: BDAT 4\nS: 250\nC: BDAT 0 LAST\nS: 250\n", Mail{1, 2, false}},
		"pipelined":             {open + "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nC: DATA\nS: 250\nS: 250\nS: 550\nS: 354\nC: hi\nC: .\nS: 250\n", Mail{1, 1, false}},
		"a recipient refused":   {open + "C: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<c@d>\nS: 550\nC: RCPT TO:<e@f>\nS: 2xx\nC: DATA\nS: 354\nC: .\nS: 250\n", Mail{1, 1, false}},
		"DATA refused":          {open + envelope + "C: DATA\nS: 554\nC: QUIT\nS: 221\n", Mail{}},
		"the message refused":   {open + envelope + "C: DATA\nS: 354\nC: .\nS: 550\n", Mail{}},
		"nothing is expected":   {"C: EHLO x\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: DATA\nC: hi\nC: .\nC: QUIT\n", Mail{1, 1, false}},
		"a reset":               {open + envelope + "C: RSET\nS: 250\n" + "C: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<c@d>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250\n", Mail{1, 1, false}},
		"repeated":              {open + "@repeat 3\n" + envelope + "C: DATA\nS: 354\nC: .\nS: 250\n@end\n", Mail{3, 6, false}},
		"repeated without end":  {open + "@repeat 1000000\nC: NOOP\nS: 250\n@end\n", Mail{0, 0, true}},
		"recipients are looped": {open + "C: MAIL FROM:<a@b>\nS: 250\n@repeat 5\nC: RCPT TO:<c@d>\nS: 250\n@end\nC: DATA\nS: 354\nC: .\nS: 250\n", Mail{1, 5, false}},
	} {
		s, err := lang.Parse("x", strings.NewReader(row.text))
		if err != nil {
			t.Fatal(why, err)
		}
		if got := MailOf(s); got != row.want {
			t.Errorf("%s: %+v, expected %+v", why, got, row.want)
		}
	}
}
