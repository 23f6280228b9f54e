package transcript_test

import (
	"testing"

	"ehlo/session/event"
	"ehlo/session/transcript"
)

// TestTransaction: what is left of MAIL and RCPT after each reply.
func TestTransaction(t *testing.T) {
	type left struct {
		mail     string
		accepted int
		chunked  bool
	}
	var v transcript.View
	step := func(e event.Event, want left) {
		t.Helper()
		v.Apply(event.Stamp(e, event.Head{Conn: 1}))
		got := v.Now().Transaction
		if string(got.Mail) != want.mail || got.Accepted != want.accepted || got.Chunked != want.chunked || got.Open() != (want.mail != "") {
			t.Errorf("after %T: %+v, want %+v", e, got, want)
		}
	}
	const mail, rcpt = "MAIL FROM:<a@b>", "RCPT TO:<c@d>"
	step(event.Connecting{Host: "mx"}, left{})
	step(reply("MAIL", mail, "503 EHLO first"), left{})
	step(reply("RCPT", rcpt, "250 ok"), left{}) // a lenient server
	step(reply("EHLO", "EHLO x", "250 mx"), left{})
	step(reply("MAIL", mail, "250 ok"), left{mail, 0, false})
	step(reply("RCPT", rcpt, "550 no"), left{mail, 0, false})
	step(reply("RCPT", rcpt, "250 ok"), left{mail, 1, false})
	step(reply("MAIL", mail, "503 nested"), left{mail, 1, false})
	step(reply("BDAT", "BDAT 3", "250 ok"), left{mail, 1, true})
	step(reply("RSET", "RSET", "250 ok"), left{})
	step(reply("MAIL", mail, "250 ok"), left{mail, 0, false})
	step(reply("RCPT", rcpt, "250 ok"), left{mail, 1, false})
	step(reply("DATA", "DATA", "354 go"), left{mail, 1, false})
	step(reply(".", ".", "550 spam"), left{})
	step(reply("MAIL", mail, "250 ok"), left{mail, 0, false})
	step(event.TLS{Mode: "starttls"}, left{})
	if v.Now().LoggedIn {
		t.Error("logged in before AUTH")
	}
	step(reply("AUTH", "AUTH PLAIN", "334 "), left{})
	step(reply("AUTH", "AUTH PLAIN", "535 no"), left{})
	if v.Now().LoggedIn {
		t.Error("logged in by a 535")
	}
	step(reply("AUTH", "AUTH PLAIN", "235 ok"), left{})
	if !v.Now().LoggedIn {
		t.Error("not logged in by a 235")
	}
}
