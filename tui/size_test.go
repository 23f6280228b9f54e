package tui

import (
	"context"
	"net"
	"testing"

	"ehlo/session/smtptest"
)

// TestExactSize is S: it writes the command, Enter carries it out in the open
// session, and the pane of the limits has the result. The session goes on.
func TestExactSize(t *testing.T) {
	server := &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: func(int) uint64 { return 10485760 }, Greeting: "mx1.example.com ESMTP Postfix"}
	x := start(t, newFakeServer(t), 120, 36, func(o *Options) {
		o.Session.Dial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go server.Serve(theirs)
			return ours, nil
		}
	})
	x.sees("READY")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("S")
	x.sees(":size --exact")
	if c := server.Connections()[0]; c.Mails > 0 {
		t.Errorf("something was asked before Enter: %+v", c)
	}
	x.typed(enter)
	x.sees("in force", "4,194,304 less")
	x.sees("max 10.0 MiB")
	// The refusals of the search were answers.
	for _, text := range []string{"to MAIL: permanent", "last 552", "1 error", "3 errors"} {
		x.seesNo(text)
	}
	x.typed("i")
	x.typed("MAIL FROM:<a@b.test>" + enter)
	x.sees("C: MAIL FROM:<a@b.test>")
	x.sees("READY")
	c := server.Connections()
	if len(c) != 1 || c[0].Errors > 9 || len(c[0].Others) > 0 {
		t.Errorf("%+v", c)
	}

	// It is refused while a transaction is open, with the reason.
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("S" + enter)
	x.sees("is a transaction open?")
}
