package tui

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ehlo/session"
	"ehlo/session/event"
	lang "ehlo/session/script"
	"ehlo/tui/internal/engine"
)

// talking makes an option: each connection is answered by talk.
func talking(talk func(c net.Conn, in *bufio.Reader)) func(*Options) {
	return func(o *Options) {
		o.Session.Dial = func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				talk(far, bufio.NewReader(far))
			}()
			return near, nil
		}
	}
}

func both(changes ...func(*Options)) func(*Options) {
	return func(o *Options) {
		for _, change := range changes {
			change(o)
		}
	}
}

// bigLetter is a message of so many octets, or a little less.
func bigLetter(t *testing.T, octets int) string {
	path := filepath.Join(t.TempDir(), "big.eml")
	text := "Subject: the only one\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", octets/72)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCtrlCInTheMiddleOfAMessage: the connection ends there, and nothing of the
// message is sent again.
func TestCtrlCInTheMiddleOfAMessage(t *testing.T) {
	big := bigLetter(t, 3<<20)
	for _, twice := range []bool{false, true} {
		got := make(chan string, 2)
		begun, stopped := make(chan struct{}), make(chan struct{})
		x := start(t, newFakeServer(t), 120, 36, both(stepping(t, "S: 220\nC: DATA\nS: 354\n@data "+big+"\nS: 250\nC: NOOP\nS: 250"), talking(func(c net.Conn, in *bufio.Reader) {
			_, _ = io.WriteString(c, "220 slow\r\n")
			_, _ = in.ReadString('\n')
			_, _ = io.WriteString(c, "354 go\r\n")
			text := make([]byte, 100_000)
			_, _ = io.ReadFull(in, text)
			close(begun)
			<-stopped
			rest, _ := io.ReadAll(in)
			got <- string(text) + string(rest)
		})))
		x.sees("held before line 1")
		x.typed(" ")
		<-begun
		x.sees("RUN   4")
		x.typed(ctrlC)
		if twice {
			x.typed(ctrlC)
		}
		x.sees("STOPPED", "CLOSED", "stopped in the middle of the message: the connection was closed", "were transferred, not all of it")
		if !twice {
			x.sees("FAIL   4", "SCRIPT smoke.smtp STOPPED: 2 expectations came true, then: stopped in line 4", "there is no connection", "esc, r, Enter connects again")
		}
		x.typed(".") // there is nothing to go on with
		close(stopped)
		if text := <-got; strings.Count(text, "Subject: ") != 1 || strings.Contains(text, "\r\n.\r\n") || strings.Contains(text, "NOOP") {
			t.Errorf("the server got %d messages in %d octets", strings.Count(text, "Subject: "), len(text))
		}
		x.typed("q")
		x.sees("What was said is not saved")
		x.typed("y")
		if r := x.end(); !twice && (r.Script == nil || r.Script.Kind != event.Interrupted) {
			t.Error(r.Script)
		}
	}
}

func TestAStoppedScriptIsNoSessionThatWasNotOpened(t *testing.T) {
	stop := event.Failed{Error: event.Errorf(event.Interrupted, event.ScriptRun, "interrupted")}
	p := newPlay(80, 24)
	p.load("smoke.smtp", smoke)
	p.went(engine.Status{Doing: engine.Playing, Connected: true, Script: engine.ScriptStatus{Phase: engine.PhasePausing, Row: 6}}, nil)
	p.tell(held(6), stop)
	if view := p.m.View(); !strings.Contains(view, "the script was stopped") || strings.Contains(view, "not opened") {
		t.Error(view)
	}
}

// TestCtrlCWhileLinesAreSent that were collected, to a server that does not read.
func TestCtrlCWhileLinesAreSent(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	x := start(t, newFakeServer(t), 120, 36, both(stepping(t, "S: 220\nC: NOOP\nC: NOOP\nC: NOOP\nS: 250"), talking(func(c net.Conn, in *bufio.Reader) {
		_, _ = io.WriteString(c, "220 deaf\r\n")
		<-over
	})))
	x.sees("held before line 1")
	x.typed("jjjb")
	x.sees(">*  --   4")
	x.typed(" ")
	x.sees("RUN   4")
	x.typed(ctrlC)
	x.sees("STOPPED", "CLOSED", "stopped in the middle of a line")
}

// TestAnEditSurvivesCtrlC: what was stopped is still what takes the item's place.
func TestAnEditSurvivesCtrlC(t *testing.T) {
	s := newFakeServer(t)
	s.set("SLOW", "")
	x := start(t, s, 120, 36, stepping(t, "S: 220\nC: SLOW\nS: 250\nC: RSET"))
	x.sees("held before line 1")
	x.typed("..")
	x.sees("held before line 3")
	x.typed("e\x15S: 354" + enter)
	x.sees("~ 3 S: 354")
	x.typed(".")
	x.sees("RUN", "waiting for the reply to SLOW")
	x.typed(ctrlC)
	x.sees("held before line 3")
	(<-s.conns).say("354 yes")
	x.sees("S: 354 yes")
	x.typed(".")
	x.sees("OK ~ 3 S: 354", "held before line 4")
}

// TestAFloodWhileHeld: the server is listened to up to a bound, and the script
// still gets all that it says.
func TestAFloodWhileHeld(t *testing.T) {
	const replies = 400_000
	var said atomic.Int64
	x := start(t, newFakeServer(t), 120, 36, both(stepping(t, "S: 220\nC: GO\nS: 250\n@repeat 100\nS: 250 2.0.0 flood\n@end\n@sleep 1ms\nC: NOOP"), talking(func(c net.Conn, in *bufio.Reader) {
		_, _ = io.WriteString(c, "220 flood\r\n")
		_, _ = in.ReadString('\n')
		go func() { _, _ = io.Copy(io.Discard, in) }()
		_, _ = io.WriteString(c, "250 2.0.0 it comes\r\n")
		block := strings.Repeat("250 2.0.0 flood\r\n", 100)
		for range replies / 100 {
			n, err := io.WriteString(c, block)
			if said.Add(int64(n)); err != nil {
				return
			}
		}
	})))
	x.sees("held before line 1")
	x.typed("..")
	x.sees("held before line 3", "a lot that nothing has asked for")
	// What is on its way: the bound, and what the connection reads ahead.
	if n := said.Load(); n > 1<<20 {
		t.Errorf("%d octets were read while the script was held", n)
	}
	x.typed(".")
	x.sees("held before line 5", "1/100")
	x.typed("b")
	x.sees(">*NEXT   5")
	x.typed(" ")
	x.sees("breakpoint before line 5", "2/100")
	n := said.Load()
	for lap := 3; lap < 20; lap++ {
		x.typed(".")
		x.sees("held before line 5", fmt.Sprintf(" %d/100", lap))
	}
	if more := said.Load() - n; more > 1<<16 {
		t.Errorf("%d octets more were read while the script was held again", more)
	}
	x.typed("b")
	x.seesNo(">*")
	x.typed(" ")
	x.sees("all 102 expectations came true")
}

// TestNothingIsHeardBehindTheEnd: an engine that ends later than the screen tells
// nobody.
func TestNothingIsHeardBehindTheEnd(t *testing.T) {
	over, dialling, release := atomic.Bool{}, make(chan struct{}), make(chan struct{})
	late := make(chan event.Event, 100)
	near, far := net.Pipe()
	x := start(t, newFakeServer(t), 80, 24, func(o *Options) {
		o.Session.Sink = func(e event.Event) {
			if over.Load() {
				late <- e
			}
		}
		o.Session.Dial = func(context.Context, string, string) (net.Conn, error) {
			close(dialling)
			<-release // and no context ends it
			return near, nil
		}
	})
	<-dialling
	x.cancel()
	x.end()
	over.Store(true)
	close(release)
	_, _ = io.ReadAll(far) // it has connected, and closed
	if len(late) > 0 {
		t.Errorf("the sink was called behind the end: %#v", <-late)
	}
}

// TestExportsAMessageBesideItsScript: what was sent from a file can be played
// elsewhere, and no file is written over.
func TestExportsAMessageBesideItsScript(t *testing.T) {
	s := newFakeServer(t)
	dir := t.TempDir()
	big := filepath.Join(dir, "big.eml")
	if err := os.WriteFile(big, []byte("Subject: big\n\n"+strings.Repeat("x\n.y\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out", "session.smtp")
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out+".1.eml", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, s, 120, 36, stepping(t, "S: 220\n@repeat 2\nC: DATA\nS: 354\n@data "+big+"\nS: 250\n@end"))
	x.sees("held before line 1")
	x.typed(" ")
	x.sees("all 5 expectations came true")
	x.typed(":export " + out + enter)
	x.sees("saved: ", "and 1 message beside it")
	if text := readFile(t, out); strings.Count(text, "\n@data session.smtp.2.eml\n") != 2 || strings.Contains(text, dir) {
		t.Errorf("the script is\n%s", text)
	}
	if text := readFile(t, out+".2.eml"); text != "Subject: big\r\n\r\n"+strings.Repeat("x\r\n.y\r\n", 100) {
		t.Errorf("the message is %q", text)
	}
	if text := readFile(t, out+".1.eml"); text != "mine" {
		t.Errorf("another file became %q", text)
	}
	if _, err := lang.Load(out, strings.NewReader(readFile(t, out)), nil, nil); err != nil {
		t.Error(err)
	}
	// One that is another by now is not kept for what was sent.
	if err := os.WriteFile(big, []byte("Subject: other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x.typed(":export " + out + "2" + enter)
	x.sees("not be kept") // where it wraps depends on the directory
	if _, err := os.Stat(out + "2.1.eml"); err == nil {
		t.Error("something else was kept")
	}
	x.typed("qy")
	if r := x.end(); !slices.Contains(r.Saved, out+".2.eml") {
		t.Errorf("%q", r.Saved)
	}
}

// TestKeepsAMessageAsItWent: with the line ends that it had where it was sent in
// chunks as it is (BINARYMIME).
func TestKeepsAMessageAsItWent(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "m.eml")
	if err := os.WriteFile(file, []byte("a\nb"), 0o600); err != nil {
		t.Fatal(err)
	}
	k := letters{script: filepath.Join(dir, "s")}
	for _, row := range []struct {
		e    event.Message
		want string
	}{
		{event.Message{File: file, Octets: 6, Transferred: 9}, "a\r\nb\r\n"},
		{event.Message{File: file, Octets: 6, Transferred: 6, Chunk: 6}, "a\r\nb\r\n"},
		{event.Message{File: file, Octets: 6, Transferred: 3, Chunk: 6}, "a\nb"},
	} {
		name, err := k.save(row.e)
		if err != nil || filepath.Base(name) != name {
			t.Fatal(name, err)
		}
		if got := readFile(t, filepath.Join(dir, name)); got != row.want {
			t.Errorf("%+v is kept as %q", row.e, got)
		}
	}
	if len(k.files) != 2 {
		t.Errorf("%q were kept", k.files)
	}
	for _, e := range []event.Message{{File: file, Octets: 7}, {File: dir, Octets: 6}, {File: file + "x"}} {
		if name, err := k.save(e); err == nil || name != "" || k.err == nil {
			t.Errorf("%+v is kept as %q", e, name)
		}
	}
	if name, err := k.save(event.Message{Octets: 7}); name != "" || err != nil {
		t.Errorf("a message without a file is kept as %q: %v", name, err)
	}
}

// TestBDATTypedByHand: a chunk ends with its last octet, and no dot ends it.
func TestBDATTypedByHand(t *testing.T) {
	server, address := startMail(t)
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], func(o *Options) {
			o.Session = session.Options{Roots: server.Pool(), TLS: session.TLSNever}
			o.Plan.Only.Address = address
		})
		x.sees("READY")
		for _, line := range [][2]string{
			{"MAIL FROM:<a@example.net>", "S: 250 2.0.0 Roger"},
			{"RCPT TO:<b@example.com>", "S: 250 2.0.0 I'll make sure"},
			{"BDAT 20 LAST", "CHUNK(20): "},
			{"Subject: x", "CHUNK(8): "},
			{".", "CHUNK(5): "},
			{"", "CHUNK(3): "},
		} {
			x.typed(line[0] + enter)
			x.sees(line[1])
			if left, chunk := strings.CutPrefix(line[1], "CHUNK("); chunk && size[0] > 40 {
				x.sees("CHUNK, "+strings.TrimSuffix(left, "): ")+" octets to go", "the end of a line counts for two")
			}
		}
		x.typed("\x04") // ctrl+d
		if size[0] > 40 {
			x.sees("QUIT would be a part of it")
		}
		x.typed("z" + enter)
		x.seesNo("CHUNK(")
		x.sees("queued as")
		x.typed("NOOP" + enter)
		x.sees("C: NOOP", "READY")
		x.typed("BDAT 5" + enter)
		x.sees("CHUNK(5): ")
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("q")
		if size[0] > 60 {
			x.sees("The chunk is not complete")
		}
		x.typed("y")
		x.end()
	}
	for _, m := range server.Messages() {
		if string(m.Data) != "Subject: x\r\n.\r\n\r\nz\r\n" {
			t.Errorf("the server got %q", m.Data)
		}
	}
	if n := len(server.Messages()); n != 3 {
		t.Errorf("%d messages", n)
	}
}

// TestLinesOfAChunkMayQueue: what completes it is known before the server has it.
func TestLinesOfAChunkMayQueue(t *testing.T) {
	s := newFakeServer(t)
	s.set("BDAT", "")
	s.set("*", "")
	x := start(t, s, 120, 36, nil)
	x.sees("READY")
	x.typed("BDAT 9" + enter)
	x.sees("CHUNK(9)")
	x.typed("a" + enter + "b" + enter + "xxxx" + enter)
	x.sees("3 octets more than the chunk had", "waiting for the reply to BDAT")
	x.typed("RSET" + enter)
	x.sees("still awaited", "C: RSET")
}

// TestKeysThatWaitForAScript say so.
func TestKeysThatWaitForAScript(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, stepping(t, "S: 220\nC: NOOP\nS: 250"))
	x.sees("held before line 1")
	for _, key := range []string{"c", "r", "S"} {
		x.typed(key)
		x.sees("not while a script is played")
		x.typed("j")
		x.seesNo("not while a script is played")
	}
}

// TestALongPasteLeavesTheHistory: of its lines only the first are kept.
func TestALongPasteLeavesTheHistory(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	x.typed("NOOP before" + enter)
	x.sees("250 2.0.0 ok")
	x.typed("\x1b[200~" + strings.Repeat("NOOP paste\r", 30) + "NOOP last\r\x1b[201~")
	x.sees("31")
	x.typed("o")
	x.sees("C: NOOP last")
	x.typed(esc + "qy")
	x.end()
	if h := readFile(t, x.dir+"/history"); !strings.HasPrefix(h, "NOOP before\nNOOP paste\n") || strings.Contains(h, "last") {
		t.Errorf("the history is %q", h)
	}
}
