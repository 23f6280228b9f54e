package play

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/sasl"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// stepped is what became of a script behind a gate.
type stepped struct {
	asked []string // the items that the gate was asked for
	notes []string
	open  bool // the connection, at the end
	err   error
}

// step plays a script behind a gate. stop is the context of the step for an item
// that the gate is asked for the nth time; nil: it has none.
func step(t *testing.T, addr, text string, o session.Options, stop func(i script.Item, n int) context.Context) *stepped {
	t.Helper()
	parsed, err := script.Load(filepath.Join(t.TempDir(), "t"), strings.NewReader(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	target, err := session.ParseTarget(addr)
	if err != nil {
		t.Fatal(err)
	}
	x := &stepped{}
	o.Sink = func(e event.Event) {
		if n, ok := e.(event.Note); ok {
			x.notes = append(x.notes, n.Text)
		}
	}
	s := session.New(o)
	login := &session.Auth{Credentials: sasl.Credentials{User: "u", Password: "p"}, Mechanisms: []string{"PLAIN"}, Insecure: true}
	x.err = Run(t.Context(), s, Options{
		Script: parsed, Plan: flow.Plan{Target: target, Login: login}, Open: true,
		Gate: func(_ context.Context, next script.Item) (Step, error) {
			line := Line(next)
			x.asked = append(x.asked, line)
			n := 0
			for _, asked := range x.asked {
				if asked == line {
					n++
				}
			}
			return Step{Items: []script.Item{next}, Now: true, Context: stop(next, n)}, nil
		},
	})
	if x.open = s.Connected(); x.open {
		_ = s.Do(t.Context(), session.Close{})
	}
	return x
}

func letter(t *testing.T, octets int) string {
	path := filepath.Join(t.TempDir(), "big.eml")
	text := "Subject: the only one\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", octets/72)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestStoppedInTheMiddle: what has begun to go out is not said again from its
// start. The connection ends, and no server takes what it has for a message.
func TestStoppedInTheMiddle(t *testing.T) {
	big := letter(t, 4<<20)
	for _, row := range []struct {
		script string
		until  string // the server reads up to here, and then no more until the person has stopped
		note   string
	}{
		{"S: 220\nC: DATA\nS: 354\n@data " + big + "\nS: 250\nC: never", "xxx\r\n", "stopped in the middle of the message: the connection was closed, the server has no message"},
		{"S: 220\n@bdat " + big + "\nS: 250\nC: never", "xxx\r\n", "stopped in the middle of the message: the connection was closed, the server has no message"},
		{"S: 220\n@bdat " + big + " 2000000\nS: 250\nC: never", "xxx\r\n", "stopped in the middle of the message: the connection was closed, the server has no message"},
		{"S: 220\nC: EHLO x\nS: 250\n@auth PLAIN\nS: 235\nC: never", "AUTH PLAIN", "stopped in the middle of the login: the connection was closed"},
		{"S: 220\n@starttls\nC: never", "STARTTLS\r\n", "stopped in the middle of STARTTLS: the connection was closed"},
		{"S: 220\n@tls\nC: never", "\x16\x03\x01", "stopped in the middle of the TLS handshake: the connection was closed"},
		{"@connect smtps://ADDR\nC: never", "\x16\x03\x01", "stopped in the middle of the TLS handshake: the connection was closed"},
		{"S: 220\n@connect smtps://ADDR\nC: never", "\x16\x03\x01", "stopped in the middle of the TLS handshake: the connection was closed"},
	} {
		stopped, begun := make(chan struct{}), make(chan struct{}, 1)
		server := listen(t, func(c net.Conn) {
			if !strings.Contains(row.script, "smtps:") {
				_, _ = io.WriteString(c, "220 mx.test\r\n")
			}
			var got []byte
			one := make([]byte, 4096)
			for !bytes.Contains(got, []byte(row.until)) {
				n, err := c.Read(one)
				if got = append(got, one[:n]...); err != nil {
					return
				}
				switch {
				case bytes.HasSuffix(got, []byte("DATA\r\n")):
					_, _ = io.WriteString(c, "354 go\r\n")
				case bytes.HasSuffix(got, []byte("EHLO x\r\n")):
					_, _ = io.WriteString(c, "250-mx.test\r\n250 AUTH PLAIN\r\n")
				}
			}
			begun <- struct{}{}
			<-stopped
			_, _ = io.Copy(io.Discard, c)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-begun
			time.Sleep(20 * time.Millisecond) // the buffers fill
			cancel()
			close(stopped)
		}()
		addr := server.addr
		if strings.HasPrefix(row.script, "S: 220\n@connect") {
			addr = "smtps://" + addr // it connects by itself
		}
		text := strings.ReplaceAll(row.script, "ADDR", server.addr)
		x := step(t, addr, text, session.Options{}, func(_ script.Item, n int) context.Context {
			if n > 1 {
				return nil
			}
			return ctx
		})
		if e, ok := errors.AsType[*event.Error](x.err); !ok || e.Kind != event.Interrupted || e.Message != row.note {
			t.Errorf("%q: %v", text, x.err)
		}
		if !slices.Contains(x.notes, row.note) {
			t.Errorf("%q: the notes are %q", text, x.notes)
		}
		if x.open {
			t.Errorf("%q: the connection is open", text)
		}
		for i, asked := range x.asked {
			if slices.Contains(x.asked[:i], asked) {
				t.Errorf("%q: the gate was asked for %s again", text, asked)
			}
		}
		got := server.said()
		for _, once := range []string{"Subject: the only one", "AUTH PLAIN", "STARTTLS"} {
			if strings.Count(got, once) > 1 {
				t.Errorf("%q: the server got %q twice", text, once)
			}
		}
		if strings.Contains(got, "\r\n.\r\n") || strings.Contains(got, "QUIT") || strings.Contains(got, "never") {
			t.Errorf("%q: the server got the end of it: %q", text, got[max(len(got)-100, 0):])
		}
	}
}

// TestAskedAgain: an item of which nothing went out is carried out when the gate
// is asked for it once more, and everything is sent once.
func TestAskedAgain(t *testing.T) {
	small := letter(t, 100)
	s := listen(t, mail)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	x := step(t, s.addr, "S: 220\nC: EHLO x\nS: 250\nC: NOOP\n@raw \"NO\"\n@raw \"OP\\r\\n\"\nS: 250\nS: 250\n@sleep 1ms\n@expect silence 1ms\nC: DATA\nS: 354\n@data "+small+"\nS: 250\n@bdat "+small+"\nS: 250\nC: QUIT\nS: 221\n@expect close", session.Options{},
		func(_ script.Item, n int) context.Context {
			if n%2 == 1 {
				return over // ctrl+c came just before the item
			}
			return nil
		})
	if x.err != nil {
		t.Fatal(x.err)
	}
	text, _ := os.ReadFile(small)
	want := "EHLO x\r\nNOOP\r\nNOOP\r\nDATA\r\n" + string(text) + ".\r\nBDAT " + "97 LAST\r\n" + string(text) + "QUIT\r\n"
	if got := s.said(); got != want {
		t.Errorf("the server got %q, not %q", got, want)
	}
}

// TestStoppedInItsWait: what waits is stopped in the middle, and waits anew; a
// reply that was read in part is read to its end.
func TestStoppedInItsWait(t *testing.T) {
	ready, stopped := make(chan struct{}), make(chan struct{})
	s := listen(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		_, _ = io.WriteString(c, "220-a\r\n")
		close(ready)
		<-stopped
		_, _ = io.WriteString(c, "220 b\r\n")
		for range 2 {
			_, _ = in.ReadString('\n')
			_, _ = io.WriteString(c, "250 ok\r\n")
		}
		_, _ = io.ReadAll(c)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-ready
		time.Sleep(20 * time.Millisecond)
		cancel()
		close(stopped)
	}()
	x := step(t, s.addr, "S: 220-a\nS: 220 b\nC: one\nS: 250\n@sleep 20ms\nC: two\nS: 250", session.Options{}, func(i script.Item, n int) context.Context {
		if n > 1 {
			return nil
		}
		switch i.(type) {
		case script.Sleep:
			short, stop := context.WithTimeout(t.Context(), time.Millisecond)
			t.Cleanup(stop)
			return short
		case script.Server:
			return ctx
		}
		return nil
	})
	if x.err != nil || s.said() != "one\r\ntwo\r\n" {
		t.Errorf("%v, and the server got %q", x.err, s.said())
	}
	if got := strings.Join(x.asked, "|"); got != "S: 220 b|S: 220 b|C: one|S: 250|@sleep 20ms|@sleep 20ms|C: two|S: 250" && got != "S: 220 b|S: 220 b|C: one|S: 250|S: 250|@sleep 20ms|@sleep 20ms|C: two|S: 250" {
		t.Error(got)
	}
}

// TestStoppedWhileConnecting: nothing went out, so that the item connects when
// it is its turn again.
func TestStoppedWhileConnecting(t *testing.T) {
	s := listen(t, mail)
	for _, text := range []string{"@connect\nS: 220\nC: QUIT\nS: 221", "S: 220\n@connect\nS: 220\nC: QUIT\nS: 221"} {
		ctx, cancel := context.WithCancel(t.Context())
		dials := 0
		x := step(t, s.addr, text, session.Options{Dial: func(c context.Context, network, address string) (net.Conn, error) {
			if dials++; dials == 1 {
				cancel()
				<-c.Done()
				return nil, c.Err()
			}
			return (&net.Dialer{}).DialContext(c, network, address)
		}}, func(_ script.Item, n int) context.Context {
			if n == 1 {
				return ctx
			}
			return nil
		})
		if x.err != nil || dials != 1+strings.Count(text, "S: 220") {
			t.Errorf("%q: %v, %d connections", text, x.err, dials)
		}
	}
}

// TestStoppedInTheMiddleOfALine: a server that does not read has a part of it.
func TestStoppedInTheMiddleOfALine(t *testing.T) {
	near, far := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan string, 1)
	go func() {
		_, _ = io.WriteString(far, "220 mx.test\r\n")
		two := make([]byte, 2)
		_, _ = io.ReadFull(far, two)
		cancel()
		rest, _ := io.ReadAll(io.LimitReader(&after{far, time.Now().Add(2 * blocked)}, 100))
		got <- string(two) + string(rest)
	}()
	x := step(t, "192.0.2.1:25", "S: 220\nC: NOOP\nS: 250", session.Options{Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }},
		func(i script.Item, _ int) context.Context {
			if _, line := i.(script.Client); line {
				return ctx
			}
			return nil
		})
	if e, ok := errors.AsType[*event.Error](x.err); !ok || e.Kind != event.Interrupted || !strings.Contains(e.Message, "in the middle of a line") {
		t.Error(x.err)
	}
	if text := <-got; x.open || strings.Contains(text, "\n") {
		t.Errorf("the server got %q", text)
	}
}

// after reads from a time on.
type after struct {
	io.Reader
	begin time.Time
}

func (a *after) Read(b []byte) (int, error) {
	time.Sleep(time.Until(a.begin))
	return a.Reader.Read(b)
}

// TestLeft: the gate hears what has come and was not asked for.
func TestLeft(t *testing.T) {
	s := listen(t, mail)
	parsed, err := script.Parse("t", strings.NewReader("S: 220\nC: NOOP\nS: 250\nS: 251\nS: 252"))
	if err != nil {
		t.Fatal(err)
	}
	target, _ := session.ParseTarget(s.addr)
	var left []int
	first := true
	err = Run(t.Context(), session.New(session.Options{}), Options{Script: parsed, Plan: flow.Plan{Target: target}, KeepGoing: true, Gate: func(_ context.Context, next script.Item) (Step, error) {
		step := Step{Items: []script.Item{next}, Left: func(replies []wire.Reply) { left = append(left, len(replies)) }}
		if _, line := next.(script.Client); line && first {
			for _, code := range []int{250, 251, 252} {
				step.Replies = append(step.Replies, wire.Reply{Code: code, Lines: []wire.Line{{Octets: []byte("x")}}})
			}
		}
		return step, nil
	}})
	if err != nil || !slices.Equal(left, []int{0, 3, 2, 1, 0}) {
		t.Error(err, left)
	}
}
