package play

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/script"
)

// server answers each connection by a function, and logs every octet that it
// gets.
type server struct {
	addr string
	mu   sync.Mutex
	log  bytes.Buffer
}

func (s *server) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

type logged struct {
	net.Conn
	s *server
}

func (c logged) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.log.Write(b[:n])
	return n, err
}

// listen calls talk with each connection, and closes it then, one after another.
func listen(t *testing.T, talk func(c net.Conn)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{addr: l.Addr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(30 * time.Second))
			talk(logged{c, s})
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return s
}

// mail is a server that answers well enough: 250 to all, 354 to DATA, 550 to
// what has "no" in it.
func mail(c net.Conn) {
	in := bufio.NewReader(c)
	text := false
	_, _ = io.WriteString(c, "220 mx.test\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer := "250 2.0.0 ok"
		switch word := strings.ToUpper(strings.Fields(line + " .")[0]); {
		case text && line != ".\r\n":
			continue
		case text:
			text, answer = false, "250 2.0.0 queued as 4F3A21"
		case strings.Contains(line, "no@"):
			answer = "550 5.1.1 no such user"
		case word == "EHLO":
			answer = "250-mx.test\r\n250-SIZE 1000\r\n250 PIPELINING"
		case word == "DATA":
			text, answer = true, "354 go"
		case word == "BDAT":
			var size int64
			_, _ = fmt.Sscan(strings.Fields(line)[1], &size)
			_, _ = io.CopyN(io.Discard, in, size)
		case word == "QUIT":
			_, _ = io.WriteString(c, "221 2.0.0 bye\r\n")
			return
		}
		_, _ = io.WriteString(c, answer+"\r\n")
	}
}

// run plays a script, and returns what it came to.
func run(t *testing.T, addr, text string, change func(*Options)) (outcomes []Outcome, events []event.Event, err error) {
	t.Helper()
	s, err := script.Load(filepath.Join(t.TempDir(), "t"), strings.NewReader(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	target, err := session.ParseTarget(addr)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Script: s, Plan: flow.Plan{Target: target}, Known: map[string]string{"from": "me@client.test"},
		Done: func(x Outcome) { outcomes = append(outcomes, x) },
	}
	if change != nil {
		change(&o)
	}
	one := session.New(session.Options{
		Helo: "client.test", Timeouts: session.Timeouts{Reply: 20 * time.Second, Dot: 20 * time.Second},
		Sink: func(e event.Event) { events = append(events, e) },
	})
	err = Run(t.Context(), one, o)
	if one.Connected() && !o.Open {
		t.Error("the connection was left open")
	}
	return outcomes, events, err
}

// TestOctets compares what is on the wire with what the script says, octet for
// octet.
func TestOctets(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		f, err := os.CreateTemp(dir, "*.eml")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, _ = f.WriteString(text)
		return f.Name()
	}
	const begin, mailed = "S: 220\n", "S: 220\nC: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nS: 250\nS: 250\n"
	const envelope = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
	for _, row := range []struct{ why, script, want string }{
		{"a line and its CRLF", begin + "C: NOOP\nS: 250", "NOOP\r\n"},
		{"spaces", begin + "C:  NOOP  \nS: 250", " NOOP  \r\n"},
		{"an empty line", begin + "C:\nS: 250", "\r\n"},
		{"octets", begin + `C: NOOP \x00\xff\x0d ü \x5cx41` + "\nS: 250", "NOOP \x00\xff\r ü \\x41\r\n"},
		{"variables", begin + "@set a b c\nC: EHLO ${helo} ${a} $${a} ${from}\nS: 250", "EHLO client.test b c ${a} me@client.test\r\n"},
		{"what looks like a pattern", begin + "C: NOOP * 2xx\nS: 250", "NOOP * 2xx\r\n"},
		{"what looks like a directive", begin + "C: @close\nC: # no\nC: S: 250\nS: 250\nS: 250\nS: 250", "@close\r\n# no\r\nS: 250\r\n"},
		{"raw octets", begin + `@raw "NO"` + "\n" + `@raw "OP\nRSET\r\n\xff\x00\r\n"` + "\nS: 250\nS: 250\nS: 250", "NOOP\nRSET\r\n\xff\x00\r\n"},
		{"raw octets and lines in their order", begin + `@raw "NO"` + "\nC: OP\nS: 250", "NOOP\r\n"},
		{"captured", begin + "C: EHLO x\nS: 250\n@capture n SIZE (\\d+)\n@capture all ^...-mx\nC: NOOP ${n} ${all}\nS: 250", "EHLO x\r\nNOOP 1000 250-mx\r\n"},
		{"a message line by line", mailed + "C: DATA\nS: 354\nC: a: b\nC:\nC: ..\nC: .\nS: 250 *queued*", envelope + "DATA\r\na: b\r\n\r\n..\r\n.\r\n"},
		{"@data", mailed + "C: DATA\nS: 354\n@data " + file("a: b\n\n.\n..\r\nend") + "\nS: 250", envelope + "DATA\r\na: b\r\n\r\n..\r\n...\r\nend\r\n.\r\n"},
		{"@data that nobody waits for", mailed + "C: DATA\n@data " + file("a\r\n") + "\nC: QUIT\nS: 354\nS: 250\nS: 221", envelope + "DATA\r\na\r\n.\r\nQUIT\r\n"},
		{"@bdat", mailed + "@bdat " + file("a\n.b\r\nc") + "\nS: 250", envelope + "BDAT 10 LAST\r\na\r\n.b\r\nc\r\n"},
		{"@bdat in chunks", mailed + "@bdat " + file("abcdefg") + " 4\nS: 250", envelope + "BDAT 4\r\nabcdBDAT 4\r\nefg\rBDAT 1 LAST\r\n\n"},
		{"@bdat of octets", begin + "C: MAIL FROM:<a@b> BODY=BINARYMIME\nS: 250\n@bdat " + file("a\n\x00\rb") + "\nS: 250", "MAIL FROM:<a@b> BODY=BINARYMIME\r\nBDAT 5 LAST\r\na\n\x00\rb"},
		{"an empty @bdat", mailed + "@bdat " + file("") + "\nS: 250", envelope + "BDAT 0 LAST\r\n"},
		{"BDAT line by line", mailed + "C: BDAT 3\nC: a\nS: 250\nC: BDAT 2 LAST\n@raw \"b\\n\"\nS: 250\nC: NOOP\nS: 250", envelope + "BDAT 3\r\na\r\nBDAT 2 LAST\r\nb\nNOOP\r\n"},
		{"nothing at the end", begin + "C: NOOP\nS: 250\n", "NOOP\r\n"},
		{"what nobody waits for", begin + "C: NOOP\nC: QUIT\n", "NOOP\r\nQUIT\r\n"},
		{"repeated", begin + "@repeat 2\nC: NOOP\n@repeat 2\nC: RSET\n@end\nS: 250\nS: 250\nS: 250\n@end", "NOOP\r\nRSET\r\nRSET\r\nNOOP\r\nRSET\r\nRSET\r\n"},
	} {
		t.Run(row.why, func(t *testing.T) {
			s := listen(t, mail)
			if _, _, err := run(t, s.addr, row.script, nil); err != nil {
				t.Fatal(err)
			}
			if got := s.said(); got != row.want {
				t.Errorf("\n got %q\nwant %q", got, row.want)
			}
		})
	}
}

// TestFailures has scripts that the server does not do as they say.
func TestFailures(t *testing.T) {
	for _, row := range []struct{ why, script, err, said string }{
		{"another code", "S: 220\nC: NOOP\nS: 550", ":3:1: expected S: 550, got 250 2.0.0 ok", "NOOP\r\nQUIT\r\n"},
		{"another line", "S: 220\nC: EHLO x\nS: 250-SIZE 2*\nS: 250", ":3:1: expected S: 250-SIZE 2*, got no such line in the 3 of the reply", "EHLO x\r\nQUIT\r\n"},
		{"the rest of a group is read first", "S: 220\nC: NOOP\nC: NOOP\nS: 251\nS: 250", ":4:1: expected S: 251, got 250 2.0.0 ok", "NOOP\r\nNOOP\r\nQUIT\r\n"},
		{"no QUIT in a message", "S: 220\nC: DATA\nS: 250", ":3:1: expected S: 250, got 354 go", "DATA\r\n"},
		{"no second QUIT", "S: 220\nC: QUIT\nS: 250", ":3:1: expected S: 250, got 221 2.0.0 bye", "QUIT\r\n"},
		{"nothing comes", "@timeout 50ms\nS: 220\nS: 220", ":3:1: expected S: 220, got nothing within 50ms", "QUIT\r\n"},
		{"the server has gone", "S: 220\nC: QUIT\nS: 221\nS: 250", ":4:1: expected S: 250, got the end of the connection", "QUIT\r\n"},
		{"and is spoken to", "S: 220\nC: QUIT\nS: 221\n@expect close\nC: NOOP\nS: 250", ":5:1: expected a connection to send C: NOOP, got it is closed", "QUIT\r\n"},
		{"it does not close", "@timeout 50ms\nS: 220\n@expect close", ":3:1: expected the server to close the connection, got nothing within 50ms", "QUIT\r\n"},
		{"it is not silent", "@expect silence 5s", ":1:1: expected silence for 5s, got S: 220 mx.test", "QUIT\r\n"},
		{"nothing to capture", "S: 220\n@capture a (\\d{9})", ":2:1: expected a reply with (\\d{9}), got S: 220 mx.test", "QUIT\r\n"},
		{"@starttls is refused", "S: 220\n@starttls", ":2:1: expected S: 220 to STARTTLS, got 250 2.0.0 ok", "STARTTLS\r\nQUIT\r\n"},
		{"the size", "S: 220\nC: EHLO x\nS: 250\n@assert size > 1000", ":4:1: expected size > 1000, got 1000", "EHLO x\r\nQUIT\r\n"},
		{"an extension", "S: 220\nC: EHLO x\nS: 250\n@assert extension has STARTTLS", ":4:1: expected extension has STARTTLS, got it is not offered", "EHLO x\r\nQUIT\r\n"},
		{"a parameter of it", "S: 220\nC: EHLO x\nS: 250\n@assert extension has SIZE 5", ":4:1: expected extension has SIZE 5, got SIZE 1000", "EHLO x\r\nQUIT\r\n"},
		{"that it has not", "S: 220\nC: EHLO x\nS: 250\n@assert extension lacks size", ":4:1: expected extension lacks size, got SIZE 1000", "EHLO x\r\nQUIT\r\n"},
		{"the time", "S: 220\n@assert elapsed > 1h", ":2:1: expected elapsed > 1h, got ", "QUIT\r\n"},
		{"the enhanced code", "S: 220\nC: MAIL FROM:<no@b>\nS: 550\n@assert enhanced == 5.7.x", ":4:1: expected enhanced == 5.7.x, got 5.1.1", "MAIL FROM:<no@b>\r\nQUIT\r\n"},
		{"no TLS", "S: 220\n@assert tls.version >= 1.2", ":2:1: expected tls.version >= 1.2, got no TLS", "QUIT\r\n"},
		{"other octets", "@reply \"220 mx.test\\n\"", `:1:1: expected @reply "220 mx.test\n", got "220 mx.test\r\n"`, "QUIT\r\n"},
		{"more octets", "@reply \"220-mx.test\\r\\n220 b\\r\\n\"", `:1:1: expected @reply "220-mx.test\r\n220 b\r\n", got "220 mx.test\r\n"`, "QUIT\r\n"},
	} {
		t.Run(row.why, func(t *testing.T) {
			s := listen(t, mail)
			outcomes, _, err := run(t, s.addr, row.script, nil)
			e, ok := errors.AsType[*event.Error](err)
			if !ok || e.Kind != event.ExpectationFailed || e.Exit() != 40 || !strings.Contains(e.Message, row.err) {
				t.Errorf("%v", err)
			}
			if last := outcomes[len(outcomes)-1]; last.Mismatch == nil {
				t.Errorf("the last outcome is %+v", last)
			}
			if got := s.said(); got != row.said {
				t.Errorf("\n got %q\nwant %q", got, row.said)
			}
		})
	}
}

// TestHolds has what came true.
func TestHolds(t *testing.T) {
	s := listen(t, mail)
	outcomes, _, err := run(t, s.addr, strings.Join([]string{
		`@reply "220 mx."`, `@reply "test\r\n"`, "C: EHLO x", "S: 250-PIPELINING", "S: 250",
		"@assert size == 1000", "@assert size <= 1000", "@assert size != 1", "@assert extension has size 1000", "@assert extension lacks STARTTLS",
		"@assert elapsed < 20s", "@assert tls.verified == false", "@assert tls.verified != true", "@expect silence 1ms",
		"C: VRFY no@b", "S: 5xx", "@assert enhanced == 5.x.1", "@assert enhanced != 5.7.1",
		"@sleep 1ms", "@flush", "C: QUIT", "S: 221", "@expect close",
	}, "\n"), nil)
	if err != nil {
		t.Error(err)
	}
	n := 0
	for _, x := range outcomes {
		if x.Expects {
			n++
		}
	}
	if n != 16 {
		t.Errorf("%d expectations", n)
	}
}

// TestKeepGoing goes on behind failures, and leaves out what makes no sense
// behind them.
func TestKeepGoing(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		_, _ = io.WriteString(c, "220 a\r\n")
		for {
			line, err := in.ReadString('\n')
			switch {
			case err != nil || line == "DIE\r\n":
				return
			case line == "DATA\r\n":
				_, _ = io.WriteString(c, "554 no\r\n")
			default:
				_, _ = io.WriteString(c, "250 ok\r\n")
			}
		}
	})
	outcomes, _, err := run(t, s.addr, "S: 221\nC: DATA\nS: 354\nC: text\nC: .\nS: 250\nC: NOOP\nS: 250\nC: DIE\nS: 250\nC: never\nS: 250\n@connect\nS: 220\nC: NOOP\nS: 251", func(o *Options) { o.KeepGoing = true })
	if err == nil || !strings.Contains(err.Error(), ":1:1: expected S: 221, got 220 a (and 3 more)") {
		t.Error(err)
	}
	if got := s.said(); got != "DATA\r\nNOOP\r\nDIE\r\nNOOP\r\nQUIT\r\n" {
		t.Errorf("%q", got)
	}
	var failed []int
	for _, x := range outcomes {
		if x.Mismatch != nil {
			failed = append(failed, x.Item.At().Line)
		}
	}
	if fmt.Sprint(failed) != "[1 3 10 16]" {
		t.Errorf("failed: %v", failed)
	}
}

func TestMatchCode(t *testing.T) {
	s := listen(t, mail)
	if _, _, err := run(t, s.addr, "S: 220 another\nC: NOOP\nS: 250-x\nS: 250 y\nC: QUIT\n@reply \"221 z\\n\"", func(o *Options) { o.Codes = true }); err != nil {
		t.Error(err)
	}
}

// TestDeadlock has a group of commands that is larger than all buffers, and a
// server that answers as it reads.
func TestDeadlock(t *testing.T) {
	const commands = 10_000
	for _, row := range []struct{ why, script string }{
		{"with its replies", "S: 220\n" + strings.Repeat("C: NOOP "+strings.Repeat("x", 400)+"\n", commands) + strings.Repeat("S: 250\n", commands)},
		{"without", "S: 220\n" + strings.Repeat("C: NOOP "+strings.Repeat("x", 400)+"\n", commands) + "@close"},
		{"at its end", "S: 220\n" + strings.Repeat("C: NOOP "+strings.Repeat("x", 400)+"\n", commands)},
	} {
		t.Run(row.why, func(t *testing.T) {
			s := listen(t, func(c net.Conn) {
				if tcp, ok := c.(logged).Conn.(*net.TCPConn); ok {
					_, _ = tcp.SetReadBuffer(64<<10), tcp.SetWriteBuffer(64<<10)
				}
				in := bufio.NewReaderSize(c, 512)
				_, _ = io.WriteString(c, "220 a\r\n")
				for {
					if _, err := in.ReadString('\n'); err != nil {
						return
					}
					if _, err := io.WriteString(c, "250 "+strings.Repeat("y", 300)+"\r\n"); err != nil {
						return
					}
				}
			})
			if _, _, err := run(t, s.addr, row.script, nil); err != nil {
				t.Error(err)
			}
			if n := strings.Count(s.said(), "NOOP"); n != commands {
				t.Errorf("%d commands arrived", n)
			}
		})
	}
}

// TestOneWrite: what is collected goes out together.
func TestOneWrite(t *testing.T) {
	var reads []string
	s := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 a\r\n")
		b := make([]byte, 1000)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			reads = append(reads, string(b[:n]))
			_, _ = io.WriteString(c, strings.Repeat("250 ok\r\n", strings.Count(string(b[:n]), "\n")))
		}
	})
	if _, _, err := run(t, s.addr, "S: 220\nC: a\n@raw \"b\"\nC: c\nS: 250\nS: 250\nC: d\n@flush\nC: e\nS: 250\nS: 250", nil); err != nil {
		t.Error(err)
	}
	if len(reads) < 2 || reads[0] != "a\r\nbc\r\n" || strings.Join(reads[1:], "") != "d\r\ne\r\n" {
		t.Errorf("%q", reads)
	}
}

// TestConnections has several of them, ended in every way.
func TestConnections(t *testing.T) {
	ends := make(chan error, 10)
	s := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 a\r\n")
		_, err := io.ReadAll(c)
		ends <- err
	})
	_, events, err := run(t, s.addr, "@connect\nS: 220\n@close\n@connect\nS: 220\n@reset\n@connect\nS: 220 a\n@connect smtp://"+s.addr+"\nS: 220", nil)
	if err != nil {
		t.Error(err)
	}
	for n, reset := range []bool{false, true, false, false} {
		if got := <-ends; (got != nil) != reset {
			t.Errorf("connection %d ended by %v", n, got)
		}
	}
	routes := 0
	for _, e := range events {
		if _, ok := e.(event.Route); ok {
			routes++
		}
	}
	if routes != 2 {
		t.Errorf("%d look-ups", routes)
	}
}

func TestChecks(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct{ text, err string }{
		{"S: 220 ${no}", ":1:8: the variable ${no} is not known"},
		{"S: 220\n@data nothing.eml", ":2:7: cannot send "},
		{"S: 220\n@bdat " + dir, ":2:7: cannot send "},
	} {
		s := listen(t, func(net.Conn) { t.Error("it was connected") })
		_, _, err := run(t, s.addr, row.text, nil)
		e, ok := errors.AsType[*event.Error](err)
		if !ok || e.Exit() != 1 || !strings.Contains(e.Message, row.err) {
			t.Errorf("%q: %v", row.text, err)
		}
	}
	_, _, err := run(t, "127.0.0.1:1", "S: 220\n@connect", func(o *Options) { o.Plan.Target = session.Target{} })
	if err == nil || !strings.Contains(err.Error(), ":2:1: expected a TARGET") {
		t.Error(err)
	}
}

// TestGate holds, changes and stops a script.
func TestGate(t *testing.T) {
	s := listen(t, mail)
	var seen []string
	_, _, err := run(t, s.addr, "# c\nS: 220\n@repeat 2\nC: NOOP\nS: 250\n@end\nC: RSET\nS: 250\nC: never", func(o *Options) {
		o.Gate = func(_ context.Context, next script.Item) (Step, error) {
			line := Line(next)
			seen = append(seen, line)
			switch line {
			case "C: RSET":
				other, err := script.Parse("typed", strings.NewReader("C: VRFY x"))
				return Step{Items: other.Items, Now: true}, err
			case "C: never":
				return Step{}, ErrStopped
			}
			return Step{Items: []script.Item{next}}, nil
		}
	})
	if err != nil {
		t.Error(err)
	}
	if got := strings.Join(seen, "|"); got != "S: 220|C: NOOP|S: 250|C: NOOP|S: 250|C: RSET|S: 250|C: never" {
		t.Error(got)
	}
	if got := s.said(); got != "NOOP\r\nNOOP\r\nVRFY x\r\n" {
		t.Errorf("%q", got)
	}
}

func TestInterrupted(t *testing.T) {
	s := listen(t, func(c net.Conn) { _, _ = io.ReadAll(c) })
	ctx, cancel := context.WithCancel(t.Context())
	for _, text := range []string{"S: 220", "@sleep 1h", "@expect close", "@expect silence 1h", "C: x\nS: 250"} {
		parsed, err := script.Parse("t", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		target, _ := session.ParseTarget(s.addr)
		one := session.New(session.Options{})
		time.AfterFunc(20*time.Millisecond, cancel)
		if err := Run(ctx, one, Options{Script: parsed, Plan: flow.Plan{Target: target}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%q: %v", text, err)
		}
		if one.Connected() {
			t.Errorf("%q: the connection is open", text)
		}
		ctx, cancel = context.WithCancel(t.Context())
	}
	cancel()
}

// A script of 100,000 lines.
func BenchmarkLongScript(b *testing.B) {
	text := "S: 220\n" + strings.Repeat("C: NOOP\nS: 250 2.0.0 *\n", 50_000)
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := script.Parse("t", strings.NewReader(text)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What is left out behind a failure ends with what it belongs to.
func TestKeepGoingOverAConnection(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		_, _ = io.WriteString(c, "220 a\r\n")
		if line, _ := in.ReadString('\n'); line == "DATA\r\n" {
			_, _ = io.WriteString(c, "554 no\r\n")
			_, _ = in.ReadString('\n')
		}
	})
	outcomes, _, err := run(t, s.addr, "S: 220\nC: DATA\nS: 354\nC: text\n@close\n@connect\nS: 220", func(o *Options) { o.KeepGoing = true })
	if err == nil || len(outcomes) != 6 {
		t.Errorf("%v, %d outcomes", err, len(outcomes))
	}
	for _, x := range outcomes {
		if failed := x.Mismatch != nil; failed != (x.Item.At().Line == 3) {
			t.Errorf("line %d: %v", x.Item.At().Line, x.Mismatch)
		}
	}
}

// Commands that nobody waits for fail nothing, answered or not.
func TestUnansweredAtTheEnd(t *testing.T) {
	for _, hang := range []bool{false, true} {
		s := listen(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 a\r\n")
			if hang {
				_, _ = io.ReadAll(c)
			}
		})
		_, events, err := run(t, s.addr, "@timeout 50ms\nS: 220\nC: NOOP\nC: NOOP", nil)
		if err != nil {
			t.Error(err)
		}
		for _, e := range events {
			if f, ok := e.(event.Failed); ok {
				t.Errorf("hang %v: %v", hang, f.Error)
			}
		}
	}
}

// The server ends its side while a large message is under way to it.
func TestTheServerStopsListening(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 a\r\n354 go\r\n")
		_ = c.(logged).Conn.(*net.TCPConn).CloseWrite()
		time.Sleep(50 * time.Millisecond)
	})
	for _, end := range []string{"@close", "@reset", "@expect close", "C: .\n@flush\n@close", "@tls"} {
		_, _, err := run(t, s.addr, "S: 220\nC: DATA\nS: 354\n"+strings.Repeat("C: "+strings.Repeat("x", 900)+"\n", 10_000)+end, nil)
		if e, ok := errors.AsType[*event.Error](err); err != nil && (!ok || e.Kind == event.Internal) {
			t.Errorf("%s: %v", end, err)
		}
	}
}

// A server that says nothing any more costs its wait twice, not once a line.
func TestASilentServer(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 a\r\n")
		_, _ = io.ReadAll(c)
	})
	began := time.Now()
	outcomes, _, err := run(t, s.addr, "@timeout 100ms\nS: 220\n"+strings.Repeat("C: NOOP\nS: 250\n", 1000)+"@connect\nS: 220", func(o *Options) { o.KeepGoing = true })
	if err == nil || !strings.Contains(err.Error(), "and 1 more") {
		t.Error(err)
	}
	if last := outcomes[len(outcomes)-1]; last.Mismatch != nil || last.Item.At().Line != 2004 {
		t.Errorf("the last is %+v", last)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
