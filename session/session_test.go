package session_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/transcript"
)

// peer is a server made of a function, behind an in-memory connection: time
// stands still in a synctest bubble until both sides wait.
func peer(serve func(net.Conn)) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			serve(server)
		}()
		return client, nil
	}
}

// bubble runs a test in a time of its own, and at its end lets the servers of
// the test come to theirs.
func bubble(t *testing.T, test func(*testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(2 * time.Hour)
	})
}

// say writes and ignores that nobody may read any more.
func say(c net.Conn, s string) { _, _ = io.WriteString(c, s) }

// conversation is a session under test and what it told.
type conversation struct {
	*session.Session
	text strings.Builder
	view transcript.View
	all  []event.Event
}

func converse(opt session.Options, serve func(net.Conn)) *conversation {
	c := &conversation{}
	text := transcript.Text{W: &c.text}
	opt.Dial = peer(serve)
	opt.Helo = "client.example.net"
	opt.Sink = func(e event.Event) {
		text.Apply(e)
		c.view.Apply(e)
		c.all = append(c.all, e)
	}
	c.Session = session.New(opt)
	return c
}

func (c *conversation) open(ctx context.Context) error {
	if err := c.Do(ctx, session.Connect{Candidate: session.Candidate{Host: "mx1.example.com", Network: "tcp", Address: "192.0.2.1:25"}}); err != nil {
		return err
	}
	return c.Do(ctx, session.Await{})
}

// fails checks that an error has a kind, and says what a person should read.
func fails(t *testing.T, err error, kind event.Kind, stage event.Stage, words string) {
	t.Helper()
	e, ok := errors.AsType[*event.Error](err)
	if !ok {
		t.Fatalf("error %v, not an event.Error", err)
	}
	if e.Kind != kind || e.Stage != stage || !strings.Contains(e.Message, words) {
		t.Errorf("%s at %s: %s", e.Kind, e.Stage, e.Message)
	}
}

func TestTimeouts(t *testing.T) {
	for _, row := range []struct {
		why    string
		serve  func(net.Conn)
		within time.Duration
		words  string
	}{
		{"silence instead of a greeting", func(net.Conn) { time.Sleep(time.Hour) }, time.Minute, "no answer within 1m0s, waiting for the greeting"},
		{"an octet a second: the time is for the whole reply", func(c net.Conn) {
			for range 3600 {
				say(c, "2")
				time.Sleep(time.Second)
			}
		}, time.Minute, "no answer within 1m0s"},
		{"a greeting without its last line", func(c net.Conn) {
			say(c, "220-one\r\n220-two\r\n")
			time.Sleep(time.Hour)
		}, time.Minute, "did not end within 1m0s (2 lines came)"},
	} {
		t.Run(row.why, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := converse(session.Options{}, row.serve)
				started := time.Now()
				err := c.open(t.Context())
				fails(t, err, event.ReplyTimeout, event.Banner, row.words)
				if took := time.Since(started); took != row.within {
					t.Errorf("it took %s", took)
				}
				if c.Connected() {
					t.Error("the connection was left open")
				}
			})
		})
	}
}

func TestCancelEndsAWaitAndKeepsStep(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 hi\r\n")
			lines := bufio.NewReader(c)
			_, _ = lines.ReadString('\n')
			time.Sleep(10 * time.Second)
			say(c, "250 first\r\n")
			_, _ = lines.ReadString('\n')
			say(c, "250 second\r\n")
			time.Sleep(time.Second)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Do(ctx, session.Command{Line: []byte("NOOP 1")}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error %v", err)
		}
		if err := c.Do(t.Context(), session.Command{Line: []byte("NOOP 2")}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(c.Replies()[0], " ", c.Replies()[1]); got != "250 first 250 second" {
			t.Error(got)
		}
		_ = c.Do(t.Context(), session.Close{})
	})
}

func TestServerThatTakesNoData(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 hi\r\n")
			time.Sleep(time.Hour)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := c.Do(t.Context(), session.Command{Line: []byte("NOOP")})
		fails(t, err, event.ReplyTimeout, event.Banner, "takes no data")
	})
}

func TestLimits(t *testing.T) {
	endless := func(piece string) func(net.Conn) {
		return func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, piece); err != nil {
					return
				}
			}
		}
	}
	for _, row := range []struct {
		why   string
		serve func(net.Conn)
		words string
	}{
		{"an endless line", endless(strings.Repeat("2", 1000)), "a line of the greeting is longer than 65,536 octets"},
		{"an endless reply", endless("220-more\r\n"), "the greeting is longer than 262,144 octets"},
	} {
		t.Run(row.why, func(t *testing.T) {
			c := converse(session.Options{}, row.serve)
			fails(t, c.open(t.Context()), event.ReplyTooLong, event.Banner, row.words)
			if c.Connected() {
				t.Error("the connection was left open")
			}
		})
	}
}

func TestInjectionBehindSTARTTLS(t *testing.T) {
	c := converse(session.Options{}, func(c net.Conn) {
		lines := bufio.NewReader(c)
		say(c, "220 hi\r\n")
		_, _ = lines.ReadString('\n')
		say(c, "250-mx\r\n250 STARTTLS\r\n")
		_, _ = lines.ReadString('\n')
		say(c, "220 go\r\n250 injected\x1b[2J\r\n")
		_, _ = lines.ReadString('\n')
	})
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), session.Command{Line: []byte("EHLO x")}); err != nil {
		t.Fatal(err)
	}
	err := c.Do(t.Context(), session.StartTLS{})
	fails(t, err, event.STARTTLSInjection, event.StartTLS, `250 injected\x1b[2J`)
	if e, _ := errors.AsType[*event.Error](err); e.Exit() != 44 {
		t.Errorf("exit %d", e.Exit())
	}
}

func TestWatchSeesWhatNobodyAskedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 hi\r\n")
			time.Sleep(5 * time.Minute)
			say(c, "421 4.4.2 idle too long\r\n")
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), session.Watch{}); err != nil {
			t.Fatal(err)
		}
		want := "S: 421 4.4.2 idle too long\n# the server said this without being asked\n# the server closed the connection\n@expect close\n"
		if !strings.HasSuffix(c.text.String(), want) {
			t.Errorf("the transcript is\n%s", c.text.String())
		}
		if c.Connected() || c.view.Now().State != transcript.Closed {
			t.Error("the end was not seen")
		}
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 hi\r\n")
			time.Sleep(time.Hour)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.Do(ctx, session.Watch{}); err != nil || !c.Connected() {
			t.Errorf("%v, connected %v", err, c.Connected())
		}
		_ = c.Do(t.Context(), session.Close{})
	})
}

func TestLargeGroupDoesNotDeadlock(t *testing.T) {
	const commands = 10_000
	c := converse(session.Options{}, func(c net.Conn) {
		say(c, "220 hi\r\n")
		for lines := bufio.NewReader(c); ; {
			if _, err := lines.ReadString('\n'); err != nil {
				return
			}
			// Answer as it reads: with an in-memory pipe, which buffers
			// nothing, a client that only wrote would never get on.
			say(c, "250 2.0.0 Ok\r\n")
		}
	})
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := make([][]byte, commands)
	for i := range lines {
		lines[i] = []byte("NOOP")
	}
	if err := c.Do(t.Context(), session.Group{Lines: lines}); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Replies()); n != commands {
		t.Errorf("%d replies", n)
	}
	_ = c.Do(t.Context(), session.Close{})
}

func TestEventsAreNumberedWithoutGaps(t *testing.T) {
	c := converse(session.Options{}, func(c net.Conn) {
		say(c, "220-a\r\n220 b\r\n")
		_, _ = bufio.NewReader(c).ReadString('\n')
		say(c, "221 bye\r\n")
	})
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), session.Command{Line: []byte("QUIT")}); err != nil {
		t.Fatal(err)
	}
	for i, e := range c.all {
		if h := e.Header(); h.Seq != int64(i+1) || h.Conn != 1 || h.At.IsZero() {
			t.Errorf("event %d: %+v", i, h)
		}
	}
}

// TestTypedLoginsAreMasked: what is typed by hand is masked as Auth's is, in
// everything that the session tells.
func TestTypedLoginsAreMasked(t *testing.T) {
	c := converse(session.Options{}, func(c net.Conn) {
		say(c, "220 hi\r\n")
		lines := bufio.NewReader(c)
		for _, answer := range []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "535 5.7.8 no", "535 5.7.8 no", "334 x", "501 cancelled", "250 ok"} {
			if _, err := lines.ReadString('\n'); err != nil {
				return
			}
			say(c, answer+"\r\n")
		}
		_, _ = lines.ReadString('\n')
	})
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"AUTH LOGIN", "bWU=", "c2VjcmV0", "auth  plain AG1lAHNlY3JldA==", "AUTH X-UNKNOWN", "*", "NOOP"} {
		if err := c.Do(t.Context(), session.Command{Line: []byte(line)}); err != nil {
			t.Fatal(err)
		}
	}
	// The last command gets no answer: its error must not quote what was typed.
	err := c.Do(t.Context(), session.Command{Line: []byte("AUTH PLAIN AG1lAHNlY3JldA==")})
	told := c.text.String() + fmt.Sprint(err)
	for _, e := range c.all {
		if sent, ok := e.(event.Sent); ok {
			e = event.Sent{Line: sent.Masked()}
		}
		told += fmt.Sprintf("%+v", e)
		told += string(transcript.EventJSON(e, time.Time{}))
	}
	for _, secret := range []string{"c2VjcmV0", "C2VJCMV0", "AG1lAHNlY3JldA"} {
		if strings.Contains(told, secret) {
			t.Errorf("%s is told:\n%s", secret, c.text.String())
		}
	}
	want := "@auth LOGIN\n# C: AUTH LOGIN\n# S: 334 VXNlcm5hbWU6\n# C: bWU=\n# S: 334 UGFzc3dvcmQ6\n# C: ********\nS: 535 5.7.8 no\n" +
		"@auth PLAIN\n# C: auth  plain ********\nS: 535 5.7.8 no\n@auth X-UNKNOWN\n# C: AUTH X-UNKNOWN\n# S: 334 x\n# C: *\nS: 501 cancelled\nC: NOOP\n"
	if !strings.Contains(c.text.String(), want) {
		t.Errorf("the transcript is\n%s", c.text.String())
	}
}

// TestEchoedSecretsAreMasked: a server that repeats what it was sent.
func TestEchoedSecretsAreMasked(t *testing.T) {
	c := converse(session.Options{}, func(c net.Conn) {
		say(c, "220 hi\r\n")
		for lines := bufio.NewReader(c); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			say(c, "535 5.7.8 bad <"+strings.TrimSpace(line)+"> (secret word)\r\n")
		}
	})
	if err := c.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	const sent = "AG1lAHNlY3JldCB3b3Jk" // me, "secret word"
	if err := c.Do(t.Context(), session.Command{Line: []byte("AUTH PLAIN " + sent)}); err != nil {
		t.Fatal(err)
	}
	told := c.text.String()
	for _, e := range c.all {
		told += string(transcript.EventJSON(e, time.Time{}))
	}
	if strings.Contains(told, sent) || strings.Contains(told, "secret word") {
		t.Error(told)
	}
	if want := "S: 535 5.7.8 bad <AUTH PLAIN ********> (********)\n"; !strings.Contains(told, want) {
		t.Error(c.text.String())
	}
	_ = c.Do(t.Context(), session.Close{})
}
