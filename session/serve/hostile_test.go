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
	"ehlo/session/script"
	"ehlo/session/serve"
)

// play serves a script once on a connection, and returns what it tells.
func play(t *testing.T, o serve.Options, text string, client func(c *client)) (events []event.Event, err error) {
	t.Helper()
	if o.Script, err = script.Parse("script", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	o.Sink = func(e event.Event) { events = append(events, e) }
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		client(dial(t, l.Addr().String()))
	}()
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	err = s.Play(ctx, l, nil)
	s.Close()
	<-done
	return events, err
}

// TestHostileClients: all of them are done with in time and in constant memory.
func TestHostileClients(t *testing.T) {
	const patience = 100 * time.Millisecond
	flood := func(octets string) func(c *client) {
		return func(c *client) {
			for range 64 << 20 / len(octets) {
				if _, err := c.Conn.Write([]byte(octets)); err != nil {
					break
				}
			}
			_ = c.Close()
		}
	}
	for _, row := range []struct {
		why, script string
		client      func(c *client)
		err         string // in the error; empty: none
	}{
		{"it stops", "C: a", func(c *client) { c.say("a"); c.gone() }, "got C: a and then nothing within 100ms"},
		{"it talks before it may", "@expect silence 10ms\nS: 220", func(c *client) { c.say("EHLO x\r\n"); _ = c.Close() }, "expected silence for 10ms, got C: EHLO x"},
		{"it floods a line", "C: *", flood(strings.Repeat("a", 64<<10)), "a line of more than 1048576 octets"},
		{"it floods a line of a message", "@data f", flood(strings.Repeat("a", 64<<10)), "a line of more than 1048576 octets"},
		{"it floods lines", "@repeat 1000000\nC: NOOP *\nS: 250\n@end", flood(strings.Repeat("NOOP "+strings.Repeat("a", 1000)+"\r\n", 60)), "script:2:1: expected C:"},
		{"it floods lines that nothing answers", "@repeat 1000000\nC: NOOP *\n@end\nS: 250", flood(strings.Repeat("NOOP "+strings.Repeat("a", 1000)+"\r\n", 60)), "the end of the connection"},
		{"it floods recipients", "@repeat 1000000\nC: RCPT *\nS: 250\n@end", flood(strings.Repeat("RCPT TO:<"+strings.Repeat("a", 1000)+">\r\n", 60)), "script:2:1: expected C:"},
		{"it floods a message", "@data f", flood(strings.Repeat(strings.Repeat("a", 1000)+"\r\n", 60)), "the end of the connection"},
		{"it floods a chunk", "@bdat f", func(c *client) { c.say("BDAT 1000000000000 LAST\r\n"); flood(strings.Repeat("a", 64<<10))(c) }, "expected a chunk of 1000000000000 octets"},
		{"it floods secrets", "@repeat 1000000\nC: AUTH *\nS: 235\n@end", flood(strings.Repeat("AUTH PLAIN "+strings.Repeat("a", 1000)+"\r\n", 60)), "script:2:1: expected C:"},
		{"it floods behind the end", "S: 220\n@close", flood(strings.Repeat("a\r\n", 20000)), ""},
		{"it never reads", "@repeat 1000000\nS: 250-" + strings.Repeat("a", 1000) + "\n@end", func(c *client) { time.Sleep(10 * patience); _ = c.Close() }, "a client that does not read for 100ms"},
		{"it never reads and goes on", "@repeat 1000000\nC: a\nS: 250 " + strings.Repeat("a", 1000) + "\n@end", func(c *client) { flood(strings.Repeat("a\r\n", 1000))(c) }, "script:"},
		{"it goes away in a line", "C: abc", func(c *client) { c.say("ab"); _ = c.Close() }, "got C: ab and then the end of the connection"},
		{"it goes away in a handshake", "@tls", func(c *client) { c.say("\x16\x03\x01"); _ = c.Close() }, "expected a TLS handshake"},
		{"it says nothing in a handshake", "@tls", func(c *client) { c.gone() }, "expected a TLS handshake, got nothing within 100ms"},
		{"it breaks the connection off", "S: 220\nC: a", func(c *client) { _ = c.Conn.(*net.TCPConn).SetLinger(0); c.hear("220"); _ = c.Close() }, "expected C: a, got an error"},
		{"it never closes", "S: 221\n@expect close", func(c *client) { c.hear("221"); c.gone(); time.Sleep(3 * patience); _ = c.Close() }, "expected the client to close the connection, got nothing within 100ms"},
	} {
		t.Run(row.why, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := playQuietly(t, serve.Options{Timeout: patience, TLS: identity(t).Server()}, row.script, row.client)
			runtime.GC()
			runtime.ReadMemStats(&after)
			if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("%v", err)
			}
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
				t.Errorf("%d octets were kept", grown)
			}
			if took := time.Since(began); took > enough/2 {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// playQuietly is play for what tells too much.
func playQuietly(t *testing.T, o serve.Options, text string, client func(c *client)) (events []event.Event, err error) {
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
	c := dial(t, l.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		client(c)
	}()
	err = s.Play(context.Background(), l, nil)
	s.Close()
	<-done
	return nil, err
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
		c := dial(t, l.Addr().String())
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		began := time.Now()
		err = s.Play(ctx, l, nil)
		s.Close()
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > enough/4 {
			t.Errorf("%q: %v after %s", text, err, took)
		}
		_ = c.Close()
	}
}

// TestTold compares what is told with what a client would tell.
func TestTold(t *testing.T) {
	events, err := play(t, serve.Options{}, "S: 220 mx\nC: LHLO *\nS: 250-mx\nS: 250 SIZE 5\nC: MAIL *\nC: RCPT *\nC: RCPT *\nS: 250\nS: 250\nS: 250\nC: DATA\nS: 354\n@data dir/f\nS: 250 one\nS: 450 two\nC: QUIT\nS: 221", func(c *client) {
		c.hear("220")
		c.ask("LHLO x", "250 SIZE")
		c.say("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
		c.hear("250", "250", "250", "354")
		c.say("a\r\n..b\r\n.\r\n")
		c.hear("250 one", "450 two")
		c.ask("QUIT", "221")
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
			events, err := play(t, serve.Options{Timeout: 200 * time.Millisecond, Password: "secret"}, row.script, func(c *client) {
				c.say(row.say)
				_ = c.Conn.(*net.TCPConn).CloseWrite()
				_, _ = c.in.ReadString(0)
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
	_, err := play(t, serve.Options{}, "C: a", func(c *client) { c.say("b\r\n"); c.gone(); _ = c.Close() })
	e, ok := errors.AsType[*event.Error](err)
	if m, mismatch := errors.AsType[*script.Mismatch](err); !ok || e.Kind != event.ExpectationFailed || e.Exit() != 40 || !mismatch || m.Actual != "C: b" {
		t.Errorf("%v", err)
	}
	_, err = play(t, serve.Options{}, "@set d 1x\nS: 220\n@sleep ${d}", func(c *client) { c.hear("220"); c.gone(); _ = c.Close() })
	if e, ok := errors.AsType[*event.Error](err); !ok || e.Kind != event.Input || !bytes.HasPrefix([]byte(e.Message), []byte("script:3:8: expected a duration")) {
		t.Errorf("%v", err)
	}
}
