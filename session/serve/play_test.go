package serve_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ehlo/session/internal/rawclient"
	"ehlo/session/script"
	"ehlo/session/smtptest"
)

func start(t *testing.T, text string) *smtptest.Server {
	t.Helper()
	s, err := smtptest.Start(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestEachDirective has a client that says what the script expects.
func TestEachDirective(t *testing.T) {
	for _, row := range []struct {
		why, script string
		client      func(c *rawclient.Client, s *smtptest.Server)
		received    string // * where it is not certain what was read
	}{
		{"lines and patterns", "S: 220-mx\nS: 220 *\nC: EHLO *\nS: 250", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Hear("220-mx\r\n", "220 *\r\n")
			c.Ask("EHLO x", "250")
		}, "EHLO x\r\n"},
		{"octets", `S: 220 \xff\x00${v}`, func(c *rawclient.Client, _ *smtptest.Server) { c.Hear("220 \xff\x00value\r\n") }, ""},
		{"a client that pipelines", "C: a\nS: 250 a\nC: b\nS: 250 b", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Say("a\r\nb\r\n")
			c.Hear("250 a", "250 b")
		}, "a\r\nb\r\n"},
		{"an unfinished reply", "S: 250-a\n@close", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Hear("250-a")
			c.Gone()
		}, ""},
		{"@reply", `@reply "220 a\r\n22"` + "\n@reply \"0 b\\n\"", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Hear("220 a")
			if got, err := io.ReadAll(c.In); string(got) != "220 b\n" || err != nil {
				t.Errorf("%q %v", got, err)
			}
		}, ""},
		{"@close loses nothing that was sent", "S: 220\n@close", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Say("something\r\n")
			c.Hear("220")
			c.Gone()
		}, "*"},
		{"@expect close", "C: QUIT\nS: 221\n@expect close", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("QUIT", "221")
			_ = c.Close()
		}, "QUIT\r\n"},
		{"@expect silence", "S: 220\n@expect silence 10ms\nS: 421", func(c *rawclient.Client, _ *smtptest.Server) { c.Hear("220", "421") }, ""},
		{"@sleep, @flush, @timeout, @assert, comments", "# a\n\n@timeout 9s\n@sleep 1ms\n@flush\n@assert size > 1\nS: 220", func(c *rawclient.Client, _ *smtptest.Server) { c.Hear("220") }, ""},
		{"@repeat", "@repeat 2\nC: NOOP\nS: 250\n@end", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("NOOP", "250")
			c.Ask("NOOP", "250")
		}, "NOOP\r\nNOOP\r\n"},
		{"@set and @capture", "@set a 1${v}\nC: EHLO *\nS: 250 ${a} x7\n@capture h x(\\S+)\nC: NOOP ${h}\nS: 250 ${h}", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("EHLO me", "250 1value x7\r\n")
			c.Ask("NOOP 7", "250 7\r\n")
		}, "EHLO me\r\nNOOP 7\r\n"},
		{"@data", "@data f\nS: 250", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("a\r\n..\r\nb\n.\r\n.", "250")
		}, "a\r\n..\r\nb\n.\r\n.\r\n"},
		{"an empty @data", "@data f\nS: 250", func(c *rawclient.Client, _ *smtptest.Server) { c.Ask(".", "250") }, ".\r\n"},
		{"@bdat", "@bdat f 3\nS: 250 done", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Say("BDAT 3\r\nab\n")
			c.Hear("250 2.0.0 3 octets")
			c.Say("bdat 0 last\r\n")
			c.Hear("250 done")
		}, "BDAT 3\r\nab\nbdat 0 last\r\n"},
		{"@auth with an initial response", "@auth PLAIN", func(c *rawclient.Client, _ *smtptest.Server) { c.Ask("AUTH PLAIN AGEAYg==", "235 ") }, "AUTH PLAIN AGEAYg==\r\n"},
		{"@auth without one", "@auth PLAIN", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("AUTH PLAIN", "334 \r\n")
			c.Ask("AGEAYg==", "235 ")
		}, "AUTH PLAIN\r\nAGEAYg==\r\n"},
		{"@auth with two questions, refused", "@auth\nS: 535 5.7.8 no", func(c *rawclient.Client, _ *smtptest.Server) {
			c.Ask("AUTH LOGIN", "334 VXNlcm5hbWU6\r\n")
			c.Ask("YQ==", "334 UGFzc3dvcmQ6\r\n")
			c.Ask("Yg==", "535 5.7.8 no\r\n")
		}, "AUTH LOGIN\r\nYQ==\r\nYg==\r\n"},
		{"@starttls", "S: 220\n@starttls\nC: EHLO x\nS: 250 secure", func(c *rawclient.Client, s *smtptest.Server) {
			c.Hear("220")
			c.Ask("STARTTLS", "220")
			c.StartTLS(s.Pool(), "localhost").Ask("EHLO x", "250 secure")
		}, "STARTTLS\r\nEHLO x\r\n"},
		{"@tls at once", "@tls\nS: 220 x", func(c *rawclient.Client, s *smtptest.Server) {
			c.StartTLS(s.Pool(), "127.0.0.1").Hear("220 x")
		}, ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			sc, err := script.Parse("script", strings.NewReader(row.script))
			if err != nil {
				t.Fatal(err)
			}
			s, err := smtptest.Play{Script: sc, Vars: map[string]string{"v": "value"}}.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			c := rawclient.Dial(t, s.Addr)
			row.client(c, s)
			_ = c.Close()
			if err := s.Wait(); err != nil {
				t.Errorf("the script says: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if got := string(s.Received()); got != row.received && row.received != "*" {
				t.Errorf("received %q", got)
			}
		})
	}
}

// TestMismatches has a client that does not.
func TestMismatches(t *testing.T) {
	for _, row := range []struct{ why, script, say, err string }{
		{"another line", "C: EHLO *\nS: 250", "HELO x\r\n", "script:1:1: expected C: EHLO *, got C: HELO x"},
		{"a bare LF", "C: EHLO x", "EHLO x\n", "script:1:1: expected C: EHLO x, got C: EHLO x ended by a bare LF"},
		{"it goes away", "C: a\nC: b", "a\r\n", "script:2:1: expected C: b, got the end of the connection"},
		{"in the middle of a line", "C: abc", "ab", "script:1:1: expected C: abc, got C: ab and then the end of the connection"},
		{"it says more", "C: a\nS: 250\n# end", "a\r\nQUIT\r\n", "script:3:1: expected the end of the session behind this line, got C: QUIT"},
		{"it is not silent", "@expect silence 1h", "a\r\n", "script:1:1: expected silence for 1h0m0s, got C: a"},
		{"it does not close", "@expect close", "a\r\n", "script:1:1: expected the client to close the connection, got C: a"},
		{"no final dot", "@data f", "a\r\n", "script:1:1: expected a message with its final dot, got the end of the connection"},
		{"no BDAT", "@bdat f", "DATA\r\n", "script:1:1: expected C: BDAT size [LAST], got C: DATA"},
		{"half a chunk", "@bdat f", "BDAT 5 LAST\r\nab", "script:1:1: expected a chunk of 5 octets, got 2 and then the end of the connection"},
		{"no STARTTLS", "@starttls", "NOOP\r\n", "script:1:1: expected C: STARTTLS, got C: NOOP"},
		{"no TLS", "@tls", "EHLO x\r\n", "script:1:1: expected a TLS handshake, got an error: tls: first record does not look like a TLS handshake"},
		{"another mechanism", "@auth PLAIN", "AUTH LOGIN\r\n", "script:1:1: expected C: AUTH PLAIN, got C: AUTH LOGIN"},
		{"a login that was cancelled", "@auth PLAIN", "AUTH PLAIN\r\n*\r\n", "script:1:1: expected a response in base64, got C: *"},
		{"nothing to capture", "C: *\nS: 250 ok\nS: 250 no\n@capture a ^x(.)", "abc\r\nabc\r\n", `script:4:1: expected a reply with ^x(.), got S: 250 no`},
		{"nothing to capture from", "C: *\n@capture a ^x(.)", "abc\r\n", `script:2:1: expected a reply with ^x(.), got no reply yet`},
		{"a second connection", "@close\n@timeout 20ms\n@connect", "", "script:3:1: expected a connection, got nothing within 20ms"},
		{"no connection any more", "@close\nS: 220", "", "script:2:1: expected @connect: the connection was ended above"},
		{"an endless line", "C: a", strings.Repeat("a", 1<<20+8<<10), "script:1:1: expected C: a, got an error: a line of more than 1048576 octets"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			s := start(t, row.script)
			c := rawclient.Dial(t, s.Addr)
			c.Say(row.say)
			_ = c.Conn.(*net.TCPConn).CloseWrite()
			if err := s.Wait(); err == nil || err.Error() != row.err {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWaitsAreBounded(t *testing.T) {
	// The clock starts when the client is there, however slow the machine is.
	const hurry = "C: go\n@timeout 20ms\n"
	for _, row := range []struct{ script, err string }{
		{hurry + "C: a", "script:3:1: expected C: a, got nothing within 20ms"},
		{hurry + "@tls", "script:3:1: expected a TLS handshake, got nothing within 20ms"},
		{hurry + "@expect close", "script:3:1: expected the client to close the connection, got nothing within 20ms"},
		{hurry + "@repeat 1000000\nS: 250-" + strings.Repeat("a", 1000) + "\n@end", "a client that does not read for 20ms"},
	} {
		s := start(t, row.script)
		c := rawclient.Dial(t, s.Addr)
		c.Say("go\r\n")
		if err := s.Wait(); err == nil || !strings.Contains(err.Error(), row.err) {
			t.Errorf("%v", err)
		}
		_ = c.Close()
	}
	s := start(t, "@timeout 20ms\nS: 220")
	if err := s.Wait(); err == nil || err.Error() != "script:2:1: expected a connection, got nothing within 20ms" {
		t.Errorf("nobody came: %v", err)
	}
}

func TestReset(t *testing.T) {
	s := start(t, "S: 220\nC: EHLO x\n@reset")
	c := rawclient.Dial(t, s.Addr)
	c.Hear("220")
	c.Say("EHLO x\r\n")
	if _, err := c.In.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v", err)
	}
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

func TestConnections(t *testing.T) {
	s := start(t, "@connect smtp://a\nS: 421 a\n@close\n@connect smtp://b\nS: 220 b\nC: QUIT\n@connect\nS: 220 c")
	a := rawclient.Dial(t, s.Addr)
	a.Hear("421 a")
	a.Gone()
	b := rawclient.Dial(t, s.Addr)
	b.Hear("220 b")
	b.Say("QUIT\r\n")
	c := rawclient.Dial(t, s.Addr)
	c.Hear("220 c")
	b.Gone()
	c.Gone()
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	for _, text := range []string{"S: 220\nC: never", "S: 220\n@sleep 1h", "S: 220\n@close\n@connect", "S: 220\n@expect silence 1h"} {
		s := start(t, text)
		c := rawclient.Dial(t, s.Addr)
		c.Hear("220")
		began := time.Now()
		_ = s.Close()
		if err := s.Wait(); !errors.Is(err, smtptest.ErrClosed) {
			t.Errorf("%q: %v", text, err)
		}
		if took := time.Since(began); took > rawclient.Enough/2 {
			t.Errorf("%q: it took %s", text, took)
		}
	}
}

// The dialogues of the script room, from the other side.
func TestDialogues(t *testing.T) {
	text, err := os.ReadFile("../script/testdata/send.ehlo")
	if err != nil {
		t.Fatal(err)
	}
	sc, err := script.Parse("send.ehlo", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := smtptest.Play{Script: sc, Vars: map[string]string{"helo": "client.example.net", "from": "Smith@example.net"}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c := rawclient.Dial(t, s.Addr)
	c.Hear("220 *")
	c.Ask("EHLO client.example.net", "250\r\n")
	c.Say("MAIL FROM:<Smith@example.net>\r\nRCPT TO:<Jones@example.com>\r\nRCPT TO:<Green@example.com>\r\nDATA\r\n")
	c.Hear("250", "250", "550 5.1.1", "354")
	c.Ask("Subject: ${price} is gr\xc3\xbcn\r\nBlah blah blah...\r\n\r\n..a line with a dot\r\n.", "250 ")
	c.Ask("QUIT", "221")
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
}
