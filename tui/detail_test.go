package tui

import (
	"strings"
	"testing"
)

// TestExplainALogin decodes what goes to and fro in a login, and shows no
// secret of it.
func TestExplainALogin(t *testing.T) {
	s := newFakeServer(t)
	s.set("AUTH", "334 VXNlcm5hbWU6")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("AUTH LOGIN" + enter)
	x.sees("SECRET")
	s.set("*", "334 UGFzc3dvcmQ6")
	x.typed("c29tZW9uZQ==" + enter)
	x.sees("334 UGFzc3dvcmQ6")
	s.set("*", "235 2.7.0 welcome")
	x.typed("czNjcmV0" + enter)
	x.sees("235 2.7.0 welcome")
	x.typed(esc + "kk" + enter)
	x.sees("a part of a login", "password: ********")
	x.typed(esc + "k" + enter)
	x.sees("decoded from base64:", "Password:", "55 47 46 7a")
	x.typed(esc + "k" + enter)
	x.sees("user: someone")
	x.typed(esc + "iAUTH PLAIN AHNvbWVvbmUAczNjcmV0" + enter)
	x.sees("C: AUTH PLAIN ********")
	x.typed(esc + "{" + enter)
	x.sees("user: someone", "password: ********")
	x.seesNo("octets and CRLF")
	x.typed(esc + "qy")
	x.end()
	for _, secret := range []string{"s3cret", "czNjcmV0", "AHNvbWVvbmUAczNjcmV0"} {
		if got := x.everything(); strings.Contains(got, secret+"\n") || strings.Count(got, secret) > 1 {
			t.Errorf("%s is shown", secret)
		}
	}
}
