package serve_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/session/internal/rawclient"
	"ehlo/session/serve"
)

// What a recording of a client that pipelines has as groups.
const group = `S: 220 mx
C: EHLO *
S: 250-mx
S: 250 PIPELINING
C: MAIL FROM:<a@b>
C: RCPT TO:<c@d>
C: RCPT TO:<e@f>
C: DATA
S: 250 mail
S: 250 first
S: 550 second
S: 354 go
C: DATA
C: QUIT
C: .
S: 250 taken
C: QUIT
S: 221`

// TestGroups serves it to clients that send more and less at once.
func TestGroups(t *testing.T) {
	lines := []string{"EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "DATA", "DATA\r\nQUIT\r\n.", "QUIT"}
	replies := []string{"250 PIPELINING", "250 mail", "250 first", "550 second", "354 go", "250 taken", "221"}
	for _, atOnce := range []int{1, 2, 3, len(lines)} {
		s := start(t, group)
		c := rawclient.Dial(t, s.Addr)
		c.Hear("220 mx")
		for from := 0; from < len(lines); from += atOnce {
			to := min(from+atOnce, len(lines))
			c.Say(strings.Join(lines[from:to], "\r\n") + "\r\n")
			for _, want := range replies[from:to] {
				c.Last("a group", want)
			}
		}
		c.Gone()
		_ = c.Close()
		if err := s.Wait(); err != nil {
			t.Errorf("%d at once: %v", atOnce, err)
		}
	}
}

// TestOneAtATime has a client that waits for each reply: it gets them where it
// is certain which is which.
func TestOneAtATime(t *testing.T) {
	for _, row := range []struct {
		why, script string
		dialogue    []string // a line, and what it is answered with, in turn; "-": nothing yet
	}{
		{
			"more replies than commands: LMTP", "C: DATA\nS: 354\nC: hi\nC: .\nC: QUIT\nS: 250 one\nS: 221\nS: 250 three",
			[]string{"DATA", "354", "hi\r\n.", "250 one", "QUIT", "221"},
		},
		{"fewer replies than commands", "C: a\nC: b\nS: 250 b", []string{"a", "-", "b", "250 b"}},
		{"directives among the replies", "C: a\nC: b\nS: 250 one\n@capture n (one)\n@assert size > 5\n@sleep 1ms\nS: 250 ${n}", []string{"a", "250 one", "b", "250 one"}},
		{"a variable of a command is set among the replies", "@set n 1\nC: a ${n}\nC: b ${n}\nS: 250 2\n@capture n (2)\nS: 250 ${n}", []string{"a 1", "-", "b 1", "250 2"}},
		{"a variable is set among the commands", "C: a\n@set n 1\nC: b\nS: 250 x\nS: 250 ${n}", []string{"a", "-", "b", "250 x"}},
		{"silence among the replies", "C: a\nC: b\nS: 250 one\n@expect silence 1ms\nS: 250 two", []string{"a", "250 one", "b", "250 two"}},
		{"repeated", "@repeat 2\nC: a\n@end\n@repeat 2\nS: 250 b\n@end", []string{"a", "250 b", "a", "250 b"}},
		{"@reply", "C: a\nC: b\n@reply \"250-x\\r\\n\"\n@reply \"250 y\\r\\n250 z\\r\\n\"", []string{"a", "250 y", "b", "250 z"}},
		{"@raw", "@raw \"a\\r\\nb\"\n@raw \"c\\r\\n\"\nS: 250 a\nS: 250 bc", []string{"a\r\nbc", "250 a"}},
		{"@raw and C:", "@raw \"NO\"\nC: OP\nS: 250 a", []string{"NOOP", "250 a"}},
		{"a chunk is no command", "C: MAIL\nC: BDAT 4 LAST\n@raw \"a\\nb\\n\"\nS: 250 mail\nS: 250 done", []string{"MAIL", "250 mail", "BDAT 4 LAST\r\na\nb\n", "250 done"}},
		{"@bdat", "C: MAIL\n@bdat f\nS: 250 mail\nS: 250 done", []string{"MAIL", "250 mail", "BDAT 2 LAST\r\nab", "250 done"}},
		{"a login by hand", "C: AUTH LOGIN\nC: dQ==\nC: cA==\nS: 334 a\nS: 334 b\nS: 235 c", []string{"AUTH LOGIN", "334 a", "dQ==", "334 b", "cA==", "235 c"}},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			events, err := play(t, serve.Options{}, row.script, func(c *rawclient.Client) {
				for i := 0; i < len(row.dialogue); i += 2 {
					line := row.dialogue[i]
					if !strings.HasSuffix(line, "ab") && !strings.HasSuffix(line, "\n") {
						line += "\r\n"
					}
					c.Say(line)
					if row.dialogue[i+1] != "-" {
						c.Last(line, row.dialogue[i+1])
					}
				}
				_ = c.Conn.(*net.TCPConn).CloseWrite()
			})
			if err != nil {
				t.Error(err)
			}
			if n := saidBeforeReply(events); row.dialogue[1] == "-" && n != 2 {
				t.Errorf("the first reply came behind %d lines", n)
			}
		})
	}
}

// saidBeforeReply is how many lines the client had said before the first reply.
func saidBeforeReply(events []event.Event) (n int) {
	for _, e := range events {
		switch e.(type) {
		case event.Sent:
			n++
		case event.Reply:
			return n
		}
	}
	return n
}

// TestLongGroup has a client that reads nothing before it has said all.
func TestLongGroup(t *testing.T) {
	const n = 10_000
	var script, said strings.Builder
	fmt.Fprintf(&script, "@repeat %d\nC: NOOP *\n@end\n", n)
	for i := range n {
		fmt.Fprintf(&script, "S: 250 %d %s\n", i, strings.Repeat("a", 200))
		fmt.Fprintf(&said, "NOOP %d %s\r\n", i, strings.Repeat("b", 200))
	}
	s := start(t, script.String())
	c := rawclient.Dial(t, s.Addr)
	c.Say(said.String())
	for i := range n {
		c.Hear(fmt.Sprintf("250 %d ", i))
	}
	c.Gone()
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

// TestEndlessRepeat is a script that is larger than any memory, and one that
// says nothing very often.
func TestEndlessRepeat(t *testing.T) {
	s := start(t, strings.Repeat("@repeat 1000000\n", 8)+"C: NOOP\n"+strings.Repeat("@end\n", 8)+"S: 250")
	c := rawclient.Dial(t, s.Addr)
	c.Say(strings.Repeat("NOOP\r\n", 1000) + "QUIT\r\n")
	if err := s.Wait(); err == nil || !strings.HasSuffix(err.Error(), "expected C: NOOP, got C: QUIT") {
		t.Error(err)
	}
	s = start(t, strings.Repeat("@repeat 1000000\n", 8)+"# nothing\n"+strings.Repeat("@end\n", 8)+"S: 220 a")
	rawclient.Dial(t, s.Addr).Hear("220 a")
}

func TestVariables(t *testing.T) {
	s := start(t, "S: 220 ${host} ${address} ${port} ${helo} ${domain}\nC: EHLO ${helo}\nS: 250 Hello ${helo}\nC: MAIL FROM:<${from}> SIZE=*\nS: 250 ${from}\nC: VRFY ${from}\nS: 250")
	c := rawclient.Dial(t, s.Addr)
	host, port, _ := net.SplitHostPort(s.Addr)
	c.Hear("220 " + host + " " + host + " " + port + " client [127.0.0.1]\r\n")
	c.Ask("EHLO [192.0.2.1]", "250 Hello [192.0.2.1]\r\n")
	c.Ask("MAIL FROM:<a@b> SIZE=5", "250 a@b\r\n")
	c.Say("VRFY c@d\r\n")
	if err := s.Wait(); err == nil || err.Error() != "script:6:1: expected C: VRFY ${from}, got C: VRFY c@d" {
		t.Error(err)
	}
}

// TestShapedReplies: what is looked for behind a reply is in it.
func TestShapedReplies(t *testing.T) {
	s := start(t, "C: EHLO *\nS: 250-SIZE *\nS: 250\nC: MAIL *\nS: 250\n@capture id id=(\\d+)\n@assert size > 99\n@assert extension has AUTH PLAIN\nC: NOOP ${id}\nS: 250 ${id}\n@assert extension has DSN")
	c := rawclient.Dial(t, s.Addr)
	c.Say("EHLO x\r\n")
	c.Hear("250-SIZE *\r\n", "250-SIZE 100\r\n", "250-AUTH PLAIN\r\n", "250-DSN\r\n", "250\r\n")
	c.Ask("MAIL x", "250 id=0\r\n")
	c.Ask("NOOP 0", "250 0\r\n")
	c.Gone()
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

// TestHalfReplies: what a tutorial prints, and what a server does that stops.
func TestHalfReplies(t *testing.T) {
	s := start(t, "S: 220-mx\nC: EHLO x\nS: 250-a\n@sleep 1ms\nS: 250 b\n@expect close")
	c := rawclient.Dial(t, s.Addr)
	c.Hear("220 mx\r\n")
	c.Say("EHLO x\r\n")
	c.Hear("250-a\r\n", "250 b\r\n")
	c.Gone()
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

func TestSilence(t *testing.T) {
	// The client ends it: it may take that much longer.
	s := start(t, "C: go\n@timeout 1s\n@expect silence 1h\nC: a")
	c := rawclient.Dial(t, s.Addr)
	c.Say("go\r\n")
	time.Sleep(10 * time.Millisecond)
	c.Say("a\r\n")
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
	for _, row := range []struct {
		script string
		waits  bool // the client, for the server to end it
		err    string
	}{
		{"C: go\n@expect silence 20ms\n@close", true, ""},
		{"C: go\n@expect silence 20ms", true, ""},
		// The client goes away when it is over, and before.
		{"C: go\n@expect silence 1ns\n@close", false, ""},
		{"C: go\n@expect silence 1ns", false, ""},
		{"C: go\n@expect silence 1h\n@close", false, "script:2:1: expected silence for 1h0m0s, got the end of the connection"},
	} {
		s := start(t, row.script)
		c := rawclient.Dial(t, s.Addr)
		c.Say("go\r\n")
		if row.waits {
			c.Gone()
		}
		_ = c.Close()
		if err := s.Wait(); row.err == "" && err != nil || row.err != "" && (err == nil || err.Error() != row.err) {
			t.Errorf("%q: %v", row.script, err)
		}
	}
}
