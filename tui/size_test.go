package tui

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"ehlo/session/smtptest"
)

// sizing runs the program against a server whose limit is to be found out.
func sizing(t *testing.T, server *smtptest.Sizes) *terminal {
	t.Helper()
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
	return x
}

func limit(n uint64) func(int) uint64 { return func(int) uint64 { return n } }

// TestExactSize is S: it writes the command, Enter carries it out in the open
// session, and the pane of the limits has the result. The session goes on.
func TestExactSize(t *testing.T) {
	server := &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: limit(10485760), Greeting: "mx1.example.com ESMTP Postfix"}
	x := sizing(t, server)
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
	x.seesNo("552 5.3.4 to MAIL")
	c := server.Connections()
	if len(c) != 1 || c[0].Errors > 9 || len(c[0].Others) > 0 {
		t.Errorf("%+v", c)
	}

	// It is refused while a transaction is open, with the reason, and nothing is
	// sent.
	before := c[0].Mails
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("S" + enter)
	x.sees("a transaction is open (MAIL): RSET first")
	if c := server.Connections()[0]; c.Mails != before {
		t.Errorf("%d MAIL before, %+v", before, c)
	}
}

// TestExactSizeGoesOn asks on several connections: no more on each than the
// budget, MAIL that were refused by hand included, and what is known stays
// known. That a budget is used up is no failure.
func TestExactSizeGoesOn(t *testing.T) {
	server := &smtptest.Sizes{SIZE: "SIZE", Limit: limit(12345678), Errors: 3}
	x := sizing(t, server)
	x.typed("iMAIL FROM:<a@b.test> SIZE=99999999" + enter)
	x.sees("C: MAIL FROM:<a@b.test> SIZE=99999999", "READY")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("S" + enter)
	x.sees("in force", "what this connection may", "r, Enter, esc, S")
	x.sees("READY")
	x.seesNo("FAIL")
	x.seesNo("there is no connection")
	if c := server.Connections()[0]; c.Errors != 2 {
		t.Errorf("%d errors with the one by hand", c.Errors)
	}
	x.typed("S" + enter) // nothing is left
	x.sees("READY", "r, Enter, esc, S")
	if c := server.Connections(); len(c) != 1 || c[0].Errors != 2 {
		t.Errorf("%+v", c)
	}
	for i := 2; i <= 10 && !strings.Contains(x.screen(), "which it does not declare"); i++ {
		x.typed("iQUIT" + enter)
		// The result is seen a moment before the search is over.
		if s := x.await("the end", func(s string) bool {
			return strings.Contains(s, "CLOSED") || strings.Contains(s, "still awaited")
		}); !strings.Contains(s, "CLOSED") {
			x.typed(enter)
		}
		x.sees("CLOSED")
		x.typed(esc)
		x.sees("BROWSE")
		x.typed("r" + enter)
		x.sees("READY", "SMTP ─")
		x.typed(esc)
		x.sees("BROWSE")
		x.typed("S" + enter)
		x.await("the end of the search", func(s string) bool {
			return strings.Contains(s, "r, Enter") || strings.Contains(s, "which it does not declare")
		})
	}
	x.sees("12,345,678 octets", "which it does not declare")
	for i, c := range server.Connections() {
		if c.Errors > 2 {
			t.Errorf("connection %d: %+v", i+1, c)
		}
	}
}

// TestExactSizeEnds is a search that a reply ends: a notice, and the session
// goes on.
func TestExactSizeEnds(t *testing.T) {
	server := &smtptest.Sizes{SIZE: "SIZE 14680064", Sender: "me@client.test", Limit: limit(14680064)}
	x := sizing(t, server)
	x.typed("S" + enter)
	x.sees("does not take this sender", "READY")
	x.seesNo("FAIL")
	x.seesNo("there is no connection")
	x.typed(":size --exact --from me@client.test --budget 3,10 --ceiling 1.5GB" + enter)
	x.sees("14,680,064 octets", "as it declares")
	x.typed(":size --from me@client.test" + enter)
	x.sees("there is no search")
	x.typed(esc + ":size --exact --budget 0,1" + enter)
	x.sees("is not REFUSALS,ACCEPTS")
}

// TestExactSizeStopped stops a search at its first MAIL, which is accepted
// later: the transaction that it opens is ended before anything else is asked.
func TestExactSizeStopped(t *testing.T) {
	answer := make(chan bool)
	server := &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: limit(14680064), Wait: func(now int) time.Duration {
		if now == 0 {
			<-answer
		}
		return 0
	}}
	x := sizing(t, server)
	x.typed("S" + enter)
	x.sees("C: MAIL FROM:<> SIZE=14680064")
	x.typed(ctrlC)
	x.sees("the search was stopped")
	x.seesNo("the session ended")
	x.typed("S" + enter)
	x.sees("the server has still to answer")
	x.typed(esc)
	close(answer)
	x.sees("S: 250 2.1.0 Ok")
	x.typed("S" + enter)
	x.sees("as it declares")
	if c := server.Connections()[0]; c.Errors != 1 || c.Mails != 3 || c.Resets != 2 {
		t.Errorf("%+v", c)
	}
}
