package serve_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/session/internal/rawclient"
	"ehlo/session/script"
	"ehlo/session/serve"
)

// play serves a script once on a connection, and returns what it tells.
func play(t *testing.T, o serve.Options, text string, client func(c *rawclient.Client)) (events []event.Event, err error) {
	t.Helper()
	o.Sink = func(e event.Event) { events = append(events, e) }
	err = playQuietly(t, o, text, client)
	return events, err
}

// TestHostileClients: all of them come to an end, and nothing that they say is
// kept.
func TestHostileClients(t *testing.T) {
	const (
		patience = time.Second // where it is the point; elsewhere there is enough
		much     = 24 << 20    // octets of a flood
		most     = 8 << 20     // that may be kept
	)
	flood := func(octets string) func(c *rawclient.Client) {
		return func(c *rawclient.Client) {
			for range much / len(octets) {
				if _, err := c.Write([]byte(octets)); err != nil {
					break
				}
			}
			_ = c.Close()
		}
	}
	says := func(octets string, then func(c *rawclient.Client)) func(c *rawclient.Client) {
		return func(c *rawclient.Client) {
			c.Say(octets)
			then(c)
		}
	}
	leaves := func(c *rawclient.Client) { _ = c.Close() }
	as := strings.Repeat("a", 1000)
	chunk := flood(strings.Repeat("a", 64<<10))
	for _, row := range []struct {
		why, script string
		client      func(c *rawclient.Client)
		err         string // in the error; empty: none
	}{
		{"it stops", "C: a", says("a", (*rawclient.Client).Gone), "got C: a and then nothing within 1s"},
		{"it talks before it may", "@expect silence 1h\nS: 220", says("EHLO x\r\n", leaves), "expected silence for 1h0m0s, got C: EHLO x"},
		{"it floods a line", "C: *", chunk, "a line of more than 1048576 octets"},
		{"it floods a line of a message", "@data f", chunk, "expected a message with its final dot, got"},
		{"it floods lines", "@repeat 1000000\nC: NOOP *\nS: 250\n@end", flood(strings.Repeat("NOOP "+as+"\r\n", 60)), "script:2:1: expected C:"},
		{"it floods lines that nothing answers", "@repeat 1000000\nC: NOOP *\n@end\nS: 250", flood(strings.Repeat("NOOP "+as+"\r\n", 60)), "the end of the connection"},
		{"it floods recipients", "@repeat 1000000\nC: RCPT *\nS: 250\n@end", flood(strings.Repeat("RCPT TO:<"+as+">\r\n", 60)), "script:2:1: expected C:"},
		{"it floods a message", "@data f", flood(strings.Repeat(as+"\r\n", 60)), "the end of the connection"},
		{"it floods a chunk", "@bdat f", says("BDAT 1000000000000 LAST\r\n", chunk), "expected a chunk of 1000000000000 octets"},
		{"it floods secrets", "@repeat 1000000\nC: AUTH *\nS: 235\n@end", flood(strings.Repeat("AUTH PLAIN "+as+"\r\n", 60)), "script:2:1: expected C:"},
		{"it floods behind the end", "S: 220\n@close", flood(strings.Repeat("a\r\n", 20000)), ""},
		{"it never reads", "@repeat 1000000\nS: 250-" + as + "\n@end", nil, "a client that does not read for 1s"},
		{"it never reads and goes on", "@repeat 1000000\nC: a\nS: 250 " + as + "\n@end", flood(strings.Repeat("a\r\n", 1000)), "a client that does not read for 1s"},
		{"it goes away in a line", "C: abc", says("ab", leaves), "got C: ab and then the end of the connection"},
		{"it goes away in a handshake", "@tls", says("\x16\x03\x01", leaves), "expected a TLS handshake"},
		{"it says nothing in a handshake", "@tls", nil, "expected a TLS handshake, got nothing within 1s"},
		{"it breaks the connection off", "S: 220\nC: a", says("", func(c *rawclient.Client) {
			_ = c.Conn.(*net.TCPConn).SetLinger(0)
			c.Hear("220")
			_ = c.Close()
		}), "expected C: a, got an error"},
		{"it never closes", "S: 221\n@expect close", nil, "expected the client to close the connection, got nothing within 1s"},
	} {
		t.Run(row.why, func(t *testing.T) {
			o := serve.Options{Timeout: rawclient.Enough, TLS: identity(t).Server()}
			if strings.HasSuffix(row.err, " 1s") {
				o.Timeout = patience
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			err := playQuietly(t, o, row.script, row.client)
			runtime.GC()
			runtime.ReadMemStats(&after)
			if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("%v", err)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > most {
				t.Errorf("%d octets were kept", grown)
			}
		})
	}
}

// playQuietly is play for what tells too much. A client that is nil does nothing
// until it is over.
func playQuietly(t *testing.T, o serve.Options, text string, client func(c *rawclient.Client)) error {
	t.Helper()
	sc, err := script.Parse("script", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	o.Script = sc
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := rawclient.Dial(t, l.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if client != nil {
			client(c)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), rawclient.Enough)
	defer cancel()
	err = s.Play(ctx, l, nil)
	if client == nil {
		_ = c.Close()
	}
	s.Close()
	<-done
	return err
}

func TestInterrupted(t *testing.T) {
	for _, text := range []string{"C: a", "S: 220\n@sleep 1h", "@close\n@connect", "@expect silence 1h", "@repeat 1000000\nS: 250-" + strings.Repeat("a", 1000) + "\n@end"} {
		sc, err := script.Parse("script", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		s, err := serve.New(serve.Options{Script: sc})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c := rawclient.Dial(t, l.Addr().String())
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		began := time.Now()
		err = s.Play(ctx, l, nil)
		s.Close()
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > rawclient.Enough/4 {
			t.Errorf("%q: %v after %s", text, err, took)
		}
		_ = c.Close()
	}
}

// TestTold compares what is told with what a client would tell.
func TestTold(t *testing.T) {
	events, err := play(t, serve.Options{}, "S: 220 mx\nC: LHLO *\nS: 250-mx\nS: 250 SIZE 5\nC: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250\nS: 250\nS: 250\nC: DATA\nS: 354\n@data dir/f\nS: 250 one\nS: 450 two\nC: QUIT\nS: 221", func(c *rawclient.Client) {
		c.Hear("220")
		c.Ask("LHLO x", "250 SIZE")
		c.Say("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
		c.Hear("250", "250", "250", "354")
		c.Say("a\r\n..b\r\n.\r\n")
		c.Hear("250 one", "450 two")
		c.Ask("QUIT", "221")
		_ = c.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, e := range events {
		if h := e.Header(); h.Seq != int64(i+1) || h.Conn != 1 || h.At.IsZero() {
			t.Errorf("event %d has the head %+v", i, h)
		}
		switch e := e.(type) {
		case event.Sent:
			got = append(got, "C: "+string(e.Masked()))
		case event.Reply:
			got = append(got, e.Stage.Phase()+" "+e.Verb+" "+e.Recipient+" "+e.Reply.String())
		case event.Message:
			got = append(got, "message "+e.File)
			if e.Octets != 7 || e.Lines != 2 || e.Transferred != 11 || !e.Complete || e.Shown {
				t.Errorf("%+v", e)
			}
		case event.Extensions:
			got = append(got, e.Protocol)
		case event.Closed:
			got = append(got, "closed by "+e.By)
		}
	}
	want := `greeting   220 mx
C: LHLO x
helo LHLO  250 mx SIZE 5
LMTP
C: MAIL FROM:<>
mail MAIL  250
C: RCPT TO:<a@b>
rcpt RCPT  250
C: RCPT TO:<c@d>
rcpt RCPT  250
C: DATA
data DATA  354
message dir/f
data . a@b 250 one
data . c@d 450 two
C: QUIT
quit QUIT  221
closed by client`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("%s", text)
	}
}

// TestSecretsAreMasked: neither what is told nor what is complained of has a
// password, whoever says it.
func TestSecretsAreMasked(t *testing.T) {
	const secret = "AGEAc2VjcmV0" // a NUL between a and secret
	for _, row := range []struct{ why, script, say string }{
		{"AUTH by hand", "C: AUTH PLAIN *\nS: 235", "AUTH PLAIN " + secret + "\r\n"},
		{"in the script too", "C: AUTH PLAIN " + secret + "\nS: 235", "auth  plain  " + secret + "\r\n"},
		{"another line was expected", "C: EHLO *", "AUTH PLAIN " + secret + "\r\n"},
		{"a response", "C: AUTH LOGIN\nC: *\nC: MAIL\nS: 334\nS: 334", "AUTH LOGIN\r\n" + secret + "\r\n" + secret + "\r\n"},
		{"a response that comes too late", "C: AUTH LOGIN\nS: 334\nC: QUIT", "AUTH LOGIN\r\n" + secret + "\r\n"},
		{"a slip", "C: *\nS: 500", "AUTH=PLAIN " + secret + "\r\n"},
		{"letters in the wrong order", "C: *\nS: 500", "AUHT PLAIN " + secret + "\r\n"},
		{"a colon behind the mechanism", "C: *\nS: 500", "AUTH PLAIN:" + secret + "\r\n"},
		{"@raw", "@raw \"AUTH PL\"\n@raw \"AIN " + secret + "\\r\\n\"", "AUTH PLAIN " + secret + "\r\n"},
		{"@raw in pieces", "@raw \"AUTH PLAIN " + strings.Repeat("x", 3000) + "\"\n@raw \"" + secret + "\\r\\n\"", "AUTH PLAIN " + strings.Repeat("x", 3000) + secret + "\r\n"},
		{"another @raw", "@raw \"AUTH PLAIN x" + secret + "\\r\\n\"", "AUTH PLAIN " + secret + "\r\n"},
		{"a line that does not end", "C: AUTH *", "AUTH PLAIN " + secret},
		{"an echo", "C: AUTH PLAIN ${user}\nS: 535 ${user} has the password secret", "AUTH PLAIN " + secret + "\r\n"},
		{"@auth", "@auth", "AUTH PLAIN " + secret + "\r\n"},
		{"@auth and another mechanism", "@auth LOGIN", "AUTH PLAIN " + secret + "\r\n"},
		{"@auth and another password", "@auth", "AUTH PLAIN AGEAAHNlY3JldA==\r\n"},
		{"@auth and no base64", "@auth", "AUTH PLAIN " + secret + "=secret\r\n"},
		{"behind the end", "S: 220", "AUTH PLAIN " + secret + "\r\n"},
	} {
		t.Run(row.why, func(t *testing.T) {
			events, err := play(t, serve.Options{Password: "secret"}, row.script, func(c *rawclient.Client) {
				c.Say(row.say)
				_ = c.Conn.(*net.TCPConn).CloseWrite()
				_, _ = c.In.ReadString(0)
				_ = c.Close()
			})
			var told []string
			if err != nil {
				told = append(told, err.Error())
			}
			for _, e := range events {
				switch e := e.(type) {
				case event.Sent:
					told = append(told, string(e.Masked()))
				case event.Received:
					told = append(told, string(e.Masked()))
				case event.Reply:
					told = append(told, e.Reply.String(), string(e.Command))
				case event.Note:
					told = append(told, e.Text)
				case event.Failed:
					told = append(told, e.Error.Message)
				}
			}
			text := strings.Join(told, "\n")
			if strings.Contains(text, secret) || strings.Contains(text, "secret") || !strings.Contains(text, event.Mask) {
				t.Errorf("%s", text)
			}
		})
	}
}

func TestErrorsAreTyped(t *testing.T) {
	_, err := play(t, serve.Options{}, "C: a", func(c *rawclient.Client) { c.Say("b\r\n"); c.Gone(); _ = c.Close() })
	e, ok := errors.AsType[*event.Error](err)
	if m, mismatch := errors.AsType[*script.Mismatch](err); !ok || e.Kind != event.ExpectationFailed || e.Exit() != 40 || !mismatch || m.Actual != "C: b" {
		t.Errorf("%v", err)
	}
	_, err = play(t, serve.Options{}, "@set d 1x\nS: 220\n@sleep ${d}", func(c *rawclient.Client) { c.Hear("220"); c.Gone(); _ = c.Close() })
	if e, ok := errors.AsType[*event.Error](err); !ok || e.Kind != event.Input || !bytes.HasPrefix([]byte(e.Message), []byte("script:3:8: expected a duration")) {
		t.Errorf("%v", err)
	}
}
