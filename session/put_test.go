package session_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
)

// put sends lines.
func put(lines ...string) session.Put {
	var p session.Put
	for _, l := range lines {
		p.Pieces = append(p.Pieces, session.Piece{Octets: []byte(l)})
	}
	return p
}

// raw sends octets as they are.
func raw(octets string) session.Put {
	return session.Put{Pieces: []session.Piece{{Octets: []byte(octets), Raw: true}}}
}

// listening greets, reads all, and says that at once.
func listening(said string) func(net.Conn) {
	return func(c net.Conn) {
		say(c, "220 mx\r\n")
		go say(c, said)
		_, _ = io.Copy(io.Discard, c)
	}
}

func TestPutTakesRepliesLiterally(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 mx\r\n250 too early\r\n")
			_, _ = io.ReadFull(c, make([]byte, len("QUIT\r\n")))
			say(c, "hello\r\n221 bye\r\n")
			time.Sleep(time.Minute)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		var got []string
		for _, a := range []session.Action{put("QUIT"), session.Next{}, session.Next{}, session.Next{}} {
			if err := c.Do(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			for _, r := range c.Replies() {
				got = append(got, string(r.Lines[0].Octets))
			}
		}
		if strings.Join(got, "|") != "250 too early|hello|221 bye" {
			t.Errorf("%q", got)
		}
		if !c.Connected() {
			t.Error("the reply to QUIT ended the connection")
		}
	})
}

func TestListen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, row := range []struct {
			why, said string
			gone      bool // the server closes
			took      time.Duration
			reply     string
		}{
			{"silence", "", false, 3 * time.Second, ""},
			{"a reply", "421 go\r\n", false, 0, "421 go"},
			{"half a line makes the wait no longer", "42", false, 3 * time.Second, ""},
			{"the end", "", true, 0, ""},
		} {
			c := converse(session.Options{}, func(c net.Conn) {
				say(c, "220 mx\r\n")
				time.Sleep(time.Second)
				say(c, row.said)
				if !row.gone {
					time.Sleep(time.Hour)
				}
			})
			if err := c.open(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Do(context.Background(), session.Close{}) }()
			time.Sleep(2 * time.Second)
			began := time.Now()
			err := c.Do(t.Context(), session.Listen{For: 3 * time.Second})
			if e, ok := errors.AsType[*event.Error](err); err != nil && (!ok || e.Kind != event.ReplyTimeout || row.said != "42") {
				t.Errorf("%s: %v", row.why, err)
			}
			if took := time.Since(began); took != row.took {
				t.Errorf("%s: it took %s", row.why, took)
			}
			if got := c.Reply().String(); got != row.reply {
				t.Errorf("%s: %q", row.why, got)
			}
			if c.Connected() == row.gone {
				t.Errorf("%s: connected %v", row.why, c.Connected())
			}
		}
	})
}

// What goes out in the background outlasts the wait of another action.
func TestPutOutlastsAnInterruption(t *testing.T) {
	bubble(t, func(t *testing.T) {
		read := make(chan int, 1)
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 mx\r\n")
			time.Sleep(2 * time.Second)
			var all bytes.Buffer
			go func() {
				time.Sleep(2 * time.Second)
				say(c, "250 ok\r\n")
			}()
			_, _ = io.CopyN(&all, c, 1<<20+2)
			read <- all.Len()
			time.Sleep(time.Hour)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		if err := c.Do(t.Context(), put(strings.Repeat("x", 1<<20))); err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := c.Do(short, session.Next{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), session.Next{}); err != nil || c.Reply().Code != 250 {
			t.Errorf("%v %v", err, c.Reply())
		}
		if n := <-read; n != 1<<20+2 {
			t.Errorf("%d octets arrived", n)
		}
	})
}

func TestPutTellsNothingThatWasNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, listening(""))
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		over, stop := context.WithCancel(t.Context())
		stop()
		if err := c.Do(over, put("NOOP")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if c.Due() != 0 || strings.Contains(c.text.String(), "NOOP") {
			t.Errorf("%d due\n%s", c.Due(), c.text.String())
		}
	})
}

// The connection ends while much is still to be sent, at every action.
func TestTheServerGoesWhileMuchIsSent(t *testing.T) {
	for _, a := range []session.Action{
		session.Close{Gently: true},
		session.Close{},
		session.Reset{},
		session.StartTLS{},
		session.Command{Line: []byte("NOOP")},
		session.Listen{For: time.Second},
		session.Next{},
		session.Handshake{},
		session.Text{Line: []byte(".")},
	} {
		bubble(t, func(t *testing.T) {
			c := converse(session.Options{}, func(c net.Conn) {
				say(c, "220 mx\r\n354 go\r\n")
				time.Sleep(time.Second)
			})
			if err := c.open(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Do(context.Background(), session.Close{}) }()
			for _, before := range []session.Action{put("DATA"), session.Next{}, put(strings.Repeat("x", 1<<20))} {
				limited, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
				_ = c.Do(limited, before)
				stop()
			}
			time.Sleep(5 * time.Second)
			err := c.Do(t.Context(), a)
			if e, ok := errors.AsType[*event.Error](err); err != nil && (!ok || e.Kind == event.Internal) {
				t.Errorf("%T: %v", a, err)
			}
		})
	}
}

// A server that floods and reads nothing fills no memory.
func TestFlushedIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 mx\r\n")
			for range 1 << 20 {
				if _, err := io.WriteString(c, "250 unasked\r\n"); err != nil {
					return
				}
			}
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		if err := c.Do(t.Context(), raw(strings.Repeat("x", 1<<20))); err != nil {
			t.Fatal(err)
		}
		err := c.Do(t.Context(), session.Handshake{})
		fails(t, err, event.ReplyTooLong, event.Banner, "is longer than")
		if n := len(c.Replies()); n > 1<<17 {
			t.Errorf("%d replies were kept", n)
		}
	})
}

// Text that was sent before its 354 came is text, whatever it looks like.
func TestTextBeforeItsReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 mx\r\n")
			go func() { _, _ = io.Copy(io.Discard, c) }()
			time.Sleep(time.Second)
			say(c, "354 go\r\n250 taken\r\n250 noop\r\n")
			time.Sleep(time.Hour)
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		if err := c.Do(t.Context(), put("DATA", "AUTH LOGIN", "MAIL FROM:<x>", ".", "NOOP")); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := c.Do(t.Context(), session.Next{}); err != nil {
				t.Fatal(err)
			}
		}
		if c.Due() != 0 || c.InText() {
			t.Errorf("%d due, in text %v", c.Due(), c.InText())
		}
		want := "C: DATA\nC: AUTH LOGIN\nC: MAIL FROM:<x>\nC: .\nC: NOOP\nS: 354 go\nS: 250 taken\nS: 250 noop\n"
		if !strings.HasSuffix(c.text.String(), want) {
			t.Errorf("the transcript is\n%s", c.text.String())
		}
		var verbs []string
		for _, e := range c.all {
			if r, ok := e.(event.Reply); ok {
				verbs = append(verbs, r.Verb)
			}
		}
		if strings.Join(verbs, " ") != " DATA . NOOP" {
			t.Errorf("%q", verbs)
		}
	})
}

// FuzzPut cuts octets with a login in them anywhere: nothing of its secret is
// told, and no cut makes a span that is none.
func FuzzPut(f *testing.F) {
	const secret = "c2VjcmV0c2VjcmV0"
	f.Add([]byte("AUTH PLAIN "+secret+"\r\n"), []byte{30})
	f.Add([]byte("auth  login "+secret+"\r"), []byte{3, 9, 200})
	f.Add([]byte("NOOP\r\nAUTH CRAM-MD5\r\n"+secret+"\r\nDATA\r\n.\r\n"), []byte{1, 1, 1})
	f.Add([]byte("DATA\r\nAUTH PLAIN "+secret+"\r\n.\r\nBDAT 3\r\nabc"), []byte{40})
	f.Fuzz(func(t *testing.T, octets, cuts []byte) {
		c := converse(session.Options{}, listening(""))
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		for rest := octets; len(rest) > 0; {
			n := len(rest)
			if len(cuts) > 0 {
				n, cuts = min(n, int(cuts[0])+1), cuts[1:]
			}
			if err := c.Do(t.Context(), raw(string(rest[:n]))); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		shown := ""
		for _, e := range c.all {
			if s, ok := e.(event.Sent); ok {
				for _, span := range s.Secret {
					if span.Start < 0 || span.Start >= span.End || span.End > len(s.Line) {
						t.Fatalf("%+v of %q", span, s.Line)
					}
				}
				shown += string(s.Masked())
			}
		}
		// A secret that stands behind AUTH in one line of its own.
		for _, line := range bytes.SplitAfter(octets, []byte("\n")) {
			if before, _, found := bytes.Cut(line, []byte(secret)); found && bytes.Equal(before, []byte("AUTH PLAIN ")) && bytes.HasPrefix(octets, line) {
				if strings.Contains(shown, secret[4:]) {
					t.Fatalf("%q shows %q", octets, shown)
				}
			}
		}
		_ = c.Do(t.Context(), session.Close{})
	})
}

// The lines of a login that are typed on behind its refusal are no secret less.
func TestLinesBehindARefusedLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := converse(session.Options{}, func(c net.Conn) {
			say(c, "220 mx\r\n")
			b := make([]byte, 1000)
			for _, answer := range []string{"504 no\r\n", "500 what\r\n", "500 what\r\n", "250 ok\r\n"} {
				if _, err := c.Read(b); err != nil {
					return
				}
				say(c, answer)
			}
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Do(context.Background(), session.Close{}) }()
		for _, line := range []string{"AUTH LOGIN", "dXNlcm5hbWU=", "aHVudGVyMnNlY3JldA==", "NOOP"} {
			if err := c.Do(t.Context(), session.Command{Line: []byte(line)}); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.text.String(); strings.Contains(got, "aHVudGVyMnNlY3JldA") || !strings.Contains(got, "C: NOOP") {
			t.Error(got)
		}
	})
}
