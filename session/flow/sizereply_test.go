package flow

import (
	"testing"

	"ehlo/session/wire"
)

func TestMeaningOf(t *testing.T) {
	for _, row := range []struct {
		reply string
		want  Meaning
	}{
		{"250 2.1.0 Ok", Accepted},
		{"552 5.3.4 Message size exceeds fixed limit", TooLarge},
		{"552 5.3.4 Message size exceeds file system imposed limit", TooLarge},
		{"552 Message size exceeds maximum permitted", TooLarge},                           // Exim
		{"552 5.2.3 Message size exceeds fixed maximum message size (14680064)", TooLarge}, // Sendmail
		{"554 5.3.4 too big", TooLarge},
		{"552 5.7.1 not from you", Unrelated},
		{"552-5.7.1 Go away\r\n552 5.7.1 size matters", Unrelated},
		{"552 5.5.2 the size is too large", Unrelated},
		{"552 5.2.2 mailbox full", NoRoom},
		{"552 5.3.1 system full", NoRoom},
		{"452 4.2.2 quota exceeded", NoRoom},
		{"452 4.3.4 too large for now", NoRoom},
		{"552 5.0.0 no", TooLarge},
		{"552 sorry", TooLarge},
		{"452 4.3.1 Insufficient system storage", NoRoom},              // Postfix
		{"452 space shortage, please try later", NoRoom},               // Exim
		{"452 4.4.5 Insufficient disk space; try again later", NoRoom}, // Sendmail
		{"452 4.5.3 Too many recipients", Unrelated},
		{"452 4.7.1 come back later", Unrelated},
		{"452 later", Unrelated},
		{"501 5.5.4 Unable to parse SIZE as an integer", Unread}, // go-smtp
		{"555 5.5.4 Unsupported option: SIZE", Unrelated},
		{"530 5.7.0 Must issue a STARTTLS command first", Unrelated},
		{"550 5.1.0 <>: sender rejected", Unrelated},
		{"553 5.1.8 <a@b>: the domain of the sender does not exist", Unrelated},
		{"503 5.5.1 nested MAIL command", Unrelated},
		{"451 4.3.0 try again", Unrelated},
		{"421 4.7.0 mx.example.test Error: too many errors, message size exceeds", Unrelated},
	} {
		r, _, _ := wire.ParseReply([]byte(row.reply + "\r\n"))
		if got := meaningOf(r); got != row.want {
			t.Errorf("%s: %d, want %d", row.reply, got, row.want)
		}
	}
}
