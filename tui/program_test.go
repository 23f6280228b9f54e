package tui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/hinshun/vt10x"

	"ehlo/resolver/dnstest"
	"ehlo/session"
	"ehlo/session/flow"
)

// patience is how long a test waits for what must come; only a defect makes it
// wait that long.
const patience = 30 * time.Second

// terminal runs the whole program in a terminal emulator.
type terminal struct {
	t      testing.TB
	vt     vt10x.Terminal
	mu     sync.Mutex
	raw    bytes.Buffer
	drawn  chan struct{} // holds one: something was written
	in     *io.PipeWriter
	p      *tea.Program
	ended  chan struct{}
	result Result
	err    error
	cancel context.CancelFunc
	dir    string

	drawings int
}

// writes is how often something was drawn.
func (x *terminal) writes() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.drawings
}

func (x *terminal) Write(b []byte) (int, error) {
	x.mu.Lock()
	x.drawings++
	x.raw.Write(b)
	_, _ = x.vt.Write(b)
	x.mu.Unlock()
	select {
	case x.drawn <- struct{}{}:
	default:
	}
	return len(b), nil
}

// start runs the program against a server, w by h cells.
func start(t testing.TB, s *fakeServer, w, h int, change func(*Options)) *terminal {
	t.Helper()
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("TERM", "xterm-256color")
	r, in := io.Pipe()
	x := &terminal{t: t, vt: vt10x.New(vt10x.WithSize(w, h)), drawn: make(chan struct{}, 1), in: in, ended: make(chan struct{})}
	ready := make(chan struct{})
	o := Options{
		Session: session.Options{Dial: s.dial, Roots: s.id.Pool(), TLS: session.TLSNever},
		Plan: flow.Plan{
			Target: session.Target{Text: "example.com"},
			Only:   &session.Candidate{Host: "mx1.example.com", Network: "tcp", Address: "192.0.2.1:25", TLS: session.TLSNever},
		},
		Version: "test", Dir: t.TempDir(), Input: r, Output: x, Width: w, Height: h,
		started: func(p *tea.Program) { x.p = p; close(ready) },
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	x.cancel, x.dir = cancel, o.Dir
	go func() {
		defer close(x.ended)
		x.result, x.err = Run(ctx, o)
		_ = r.Close()
	}()
	<-ready
	t.Cleanup(func() {
		cancel()
		_ = in.Close()
		<-x.ended
	})
	return x
}

func (x *terminal) typed(keys string) {
	x.t.Helper()
	if _, err := x.in.Write([]byte(keys)); err != nil {
		x.t.Fatalf("typing %q: %v", keys, err)
	}
}

func (x *terminal) screen() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	w, h := x.vt.Size()
	var b strings.Builder
	for y := range h {
		for i := range w {
			c := x.vt.Cell(i, y).Char
			if c == 0 {
				c = ' '
			}
			b.WriteRune(c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// await waits until the screen is as wanted.
func (x *terminal) await(what string, want func(screen string) bool) string {
	x.t.Helper()
	deadline := time.After(patience)
	for {
		s := x.screen()
		if want(s) {
			return s
		}
		select {
		case <-x.drawn:
		case <-x.ended:
			if s := x.screen(); want(s) {
				return s
			}
			x.t.Fatalf("the program ended (%v) before: %s\n%s", x.err, what, s)
		case <-deadline:
			x.t.Fatalf("never came: %s\n%s", what, x.screen())
		}
	}
}

func (x *terminal) sees(texts ...string) string {
	x.t.Helper()
	return x.await(strings.Join(texts, " and "), func(s string) bool {
		for _, text := range texts {
			if !strings.Contains(s, text) {
				return false
			}
		}
		return true
	})
}

func (x *terminal) seesNo(text string) string {
	x.t.Helper()
	return x.await("no "+text, func(s string) bool { return !strings.Contains(s, text) })
}

// end waits for the program to end by itself.
func (x *terminal) end() Result {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(patience):
		x.t.Fatal("the program does not end\n" + x.screen())
	}
	return x.result
}

const (
	esc   = "\x1b"
	enter = "\r"
	ctrlC = "\x03"
	pgUp  = "\x1b[5~"
)

func TestOpensAndShowsTheMaximumMessageSize(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], nil)
		x.sees("READY", "max 14", "NO TLS", "250 PIPELINING")
		x.cancel()
		x.end()
	}
}

func TestSendsAMessageTypedByHand(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	for _, step := range [][2]string{
		{"MAIL FROM:<a@example.net>", "250 2.1.0 sender ok"},
		{"RCPT TO:<b@example.com>", "250 2.1.5 recipient ok"},
		{"DATA", "a line with only . ends it"},
		{"Subject: hello", "C: Subject: hello"},
		{":q", "C: :q"},
		{"/x", "C: /x"},
		{"..dots", "C: ..dots"},
		{".", "250 2.0.0 queued"},
	} {
		x.typed(step[0] + enter)
		x.sees(step[1])
	}
	x.seesNo("MESSAGE TEXT")
	want := []string{"MAIL FROM:<a@example.net>", "RCPT TO:<b@example.com>", "DATA", "Subject: hello", ":q", "/x", "..dots", "."}
	if got := s.lines()[1:]; !slices.Equal(got, want) {
		t.Errorf("the server got %q", got)
	}
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("qy")
	r := x.end()
	if x.err != nil || r.Signal != nil {
		t.Error(x.err, r.Signal)
	}
	if got := s.lines(); got[len(got)-1] != "QUIT" {
		t.Errorf("it left without QUIT: %q", got)
	}
	if !slices.Contains(r.Summary, "delivery: accepted") {
		t.Errorf("summary %q", r.Summary)
	}
}

func TestRefusesEnterBeforeTheConnectionIsReady(t *testing.T) {
	s := newFakeServer(t)
	s.set("", "") // no greeting yet
	x := start(t, s, 80, 24, nil)
	x.sees("waiting for the greeting", "of 60 s")
	x.typed("NOOP" + enter)
	x.sees("not connected yet", "C: NOOP")
	(<-s.conns).say("220 at last")
	x.sees("READY", "C: NOOP")
	x.typed(enter)
	x.sees("250 2.0.0 ok")
	if got := s.lines(); len(got) != 2 || got[1] != "NOOP" {
		t.Errorf("the server got %q", got)
	}
}

func TestRefusesASecondCommandWhileOneIsAwaited(t *testing.T) {
	s := newFakeServer(t)
	s.set("NOOP", "")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("NOOP" + enter)
	x.sees("waiting for the reply to NOOP")
	x.typed("RSET" + enter)
	x.sees("still awaited", "C: RSET")
	// Stopped, the late reply is taken for what it answers.
	x.typed(ctrlC)
	x.sees("no longer waited for")
	(<-s.conns).say("250 2.0.0 late")
	x.sees("S: 250 2.0.0 late")
	if got := s.lines(); len(got) != 2 {
		t.Errorf("the server got %q", got)
	}
}

func TestSTARTTLSTypedByHand(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 120, 36, nil)
	x.sees("READY", "NO TLS", "in clear; STARTTLS is")
	x.typed("STARTTLS" + enter)
	x.sees("TLS 1.3 VERIFIED", "for mx1.example.com", "send EHLO again")
	s.set("EHLO", "250-mx1.example.com\n250-SIZE 52428800\n250 AUTH PLAIN")
	x.typed("EHLO client.example.net" + enter)
	x.sees("max 50.0 MiB", "AUTH PLAIN", "under TLS", "before TLS 14,680,064 octets")
}

func TestTheServerClosesWhileNothingIsAsked(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	p := <-s.conns
	p.say("421 4.3.2 shutting down")
	x.sees("S: 421 4.3.2 shutting down", "without being asked")
	p.close()
	x.sees("CLOSED", "the server closed the connection", "connects again")
	x.typed("NOOP" + enter)
	x.sees("there is no connection", "C: NOOP")
	// r writes the command, Enter does it.
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("r")
	x.sees(":reconnect")
	if got := len(s.dials); got != 1 {
		t.Fatalf("%d connections before Enter", got)
	}
	x.typed(enter)
	x.sees("READY", "C: NOOP", "SMTP")
	x.typed(enter)
	x.sees("250 2.0.0 ok")
}

func TestReconnectAfterAFailure(t *testing.T) {
	s := newFakeServer(t)
	s.refuse = 1
	x := start(t, s, 80, 24, nil)
	x.sees("FAIL", "TLS --", "connection refused", "there is no connection")
	x.typed(esc + "i") // as a slow line may bring them: alt+i
	x.sees("SMTP")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(":rec" + enter)
	x.sees("READY")
	x.seesNo("connection refused (")
}

func TestScrollingPausesAndCounts(t *testing.T) {
	s := newFakeServer(t)
	var many strings.Builder
	for range 60 {
		many.WriteString("250-line\n")
	}
	s.set("HELP", many.String()+"250 end of help")
	x := start(t, s, 80, 24, nil)
	x.sees("READY", "FOLLOW")
	x.typed("HELP" + enter)
	x.sees("250 end of help")
	x.typed(pgUp)
	before := x.sees("PAUSED")
	p := <-s.conns
	p.say("250 unasked one")
	after := x.sees("PAUSED +2") // the line, and that it was not asked for
	if top := func(s string) string { return strings.Join(strings.Split(s, "\n")[3:15], "\n") }; top(before) != top(after) {
		t.Errorf("what the server said moved the window:\n%s\n%s", before, after)
	}
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("G")
	x.sees("FOLLOW", "250 unasked one")
}

func TestKeysThatArriveTogether(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("kkkj:sa\x7f\x7fquit")
	x.sees(":quit", "PAUSED")
}

func TestResizeAnytime(t *testing.T) {
	x := start(t, newFakeServer(t), 120, 36, nil)
	x.sees("READY", "5 TLS")
	for _, size := range [][2]int{{80, 24}, {1, 1}, {0, 0}, {10, 3}, {20, 5}, {200, 60}, {40, 12}, {80, 24}} {
		x.mu.Lock()
		x.vt.Resize(max(size[0], 1), max(size[1], 1))
		x.mu.Unlock()
		x.p.Send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		if size[0] == 10 {
			x.sees("too small")
		}
	}
	x.sees("READY", "[1 Transcript]")
}

func TestCtrlCTwiceLeaves(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(ctrlC)
	x.sees("ctrl+c again leaves")
	x.typed("N" + ctrlC)
	x.sees("ctrl+c again leaves", "C: N")
	x.typed(ctrlC)
	x.end()
	if got := s.lines(); x.err != nil || got[len(got)-1] != "QUIT" {
		t.Errorf("%v, %q", x.err, got)
	}
}

func TestCtrlCStopsTheOpening(t *testing.T) {
	s := newFakeServer(t)
	s.set("", "")
	x := start(t, s, 80, 24, nil)
	x.sees("waiting for the greeting")
	x.typed(ctrlC)
	x.sees("STOPPED", "the session was not opened", "stopped, as asked")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("q") // no session is open: it need not ask
	x.end()
}

func TestLeavingWhileTheServerIsSilent(t *testing.T) {
	s := newFakeServer(t)
	s.set("QUIT", "")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(ctrlC)
	x.sees("again leaves")
	x.typed(ctrlC)
	x.sees("LEAVING")
	x.typed(ctrlC)
	x.end()
}

func TestSecretsOfALoginTypedByHand(t *testing.T) {
	s := newFakeServer(t)
	s.set("AUTH", "334 UGFzc3dvcmQ6")
	s.set("C0ZSZXQ=", "535 5.7.8 no")
	var dir string
	x := start(t, s, 80, 24, func(o *Options) { dir = o.Dir })
	x.sees("READY")
	x.typed("AUTH LOGIN" + enter)
	x.sees("SECRET")
	x.typed("c0ZSZXQ=")
	x.sees("SECRET: ********")
	x.typed(enter)
	x.sees("C: ********", "535 5.7.8 no", "535 5.7.8 to AUTH")
	x.typed("AUTH PLAIN AGEAc2VjcmV0" + enter)
	x.sees("C: AUTH PLAIN ********")
	x.typed(enter) // an empty answer to the 334
	x.sees("500 5.5.1")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("ss")
	x.sees("saved: ")
	x.typed("qy")
	r := x.end()
	for _, file := range append(r.Saved, dir+"/history") {
		if text := readFile(t, file); strings.Contains(text, "c0ZSZXQ") || strings.Contains(strings.ToUpper(text), "C0ZSZXQ") || strings.Contains(text, "AGEAc2VjcmV0") {
			t.Errorf("%s has a secret:\n%s", file, text)
		}
	}
	if raw := strings.ToUpper(x.raw.String()); strings.Contains(raw, "C0ZSZXQ") {
		t.Error("the secret was on the screen")
	}
}

func TestHostileTextMovesNothing(t *testing.T) {
	s := newFakeServer(t)
	s.set("", "220 \x1b[2J\x1b]0;owned\x07\x9b31m \u202edrow \u009bX \x00 e\u0301\u0301\u0301 \U0001f1e9\U0001f1ea \ufeff")
	s.set("EHLO", "250-\x1b[H\n250-SIZE 1\x1b[31m\n250-X\u202eEVIL a\x1bb\n250 STARTTLS")
	x := start(t, s, 120, 36, nil)
	screen := x.sees("READY", "^[[2J", `\x9b31m`, "<U+202E>drow", "^@")
	if x.vt.Title() != "" {
		t.Errorf("the title is %q", x.vt.Title())
	}
	_ = screen
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("g\r")
	x.sees("Said by ehlo")
	x.typed("qjj\r")
	x.sees("A line from the server", "1b 5b 32 4a")
	x.cancel()
	x.end()
	for i, seq := range escapes(x.raw.Bytes()) {
		if !knownSequence(seq) {
			t.Errorf("sequence %d is not one of ours: %q", i, seq)
		}
	}
}

// inZone looks example.com up in the DNS, where it has mx1 and these records.
func inZone(t *testing.T, records string) func(*Options) {
	t.Helper()
	dns, err := dnstest.Start("$ORIGIN example.com.\n$TTL 300\n@ IN SOA ns1 postmaster 1 3600 600 86400 300\n@ IN MX 10 mx1\nmx1 IN A 192.0.2.1\n" + records)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dns.Close() })
	return func(o *Options) {
		o.Session.Resolver.Servers = []string{dns.Addr}
		o.Plan = flow.Plan{Target: session.Target{Text: "example.com", Host: "example.com"}}
	}
}

// TestChoosesAnotherExchanger: from the pane of the exchangers, asked first.
func TestChoosesAnotherExchanger(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 120, 36, inZone(t, "@ IN MX 20 mx2\nmx2 IN A 192.0.2.2\nmx2 IN A 192.0.2.3\n"))
	x.sees("READY", "mx1.example.com [192.0.2.1]:25", "mx2.example.com       not tried")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("2j" + enter)
	x.sees(":connect mx2.example.com")
	if n := len(s.dials); n != 1 {
		t.Fatalf("%d connections before Enter", n)
	}
	s.mu.Lock()
	s.refuse = 1 // its first address
	s.mu.Unlock()
	x.typed(enter)
	x.sees("READY", "example.com > mx2.example.com [192.0.2.", "FAIL")
	if got := s.lines(); got[1] != "QUIT" {
		t.Errorf("the first session was left without QUIT: %q", got)
	}
	if got := s.dials[1:]; len(got) != 2 || got[0] == got[1] {
		t.Errorf("dialled %q", got)
	}
	x.typed("NOOP" + enter)
	x.sees("250 2.0.0 ok")
}

// TestASessionGoesOnWhereALookUpFails: it ends only when it is known where the
// other target is.
func TestASessionGoesOnWhereALookUpFails(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 120, 36, inZone(t, "other IN MX 10 mx3\nmx3 IN A 192.0.2.3\nnone IN TXT \"x\"\n"))
	x.sees("READY")
	x.typed("MAIL FROM:<a@b>" + enter)
	x.sees("250 2.1.0")
	for _, name := range []string{"nosuch.example.com", "none.example.com"} {
		x.typed(esc + ":connect " + name + enter)
		x.sees("! ", name, " example.com > mx1.example.com", "READY")
		x.typed("NOOP" + enter)
		x.sees("C: NOOP", "250 2.0.0 ok")
	}
	if got := s.lines(); slices.Contains(got, "QUIT") {
		t.Errorf("the session was ended: %q", got)
	}
	x.typed(esc + ":connect other.example.com" + enter)
	x.sees("other.example.com > mx3.example.com [192.0.2.3]:25", "READY")
	if got := s.lines(); !slices.Contains(got, "QUIT") {
		t.Errorf("the session was left without QUIT: %q", got)
	}
}

// BenchmarkPaste is 1,000 commands that are sent one by one, up to the frame that
// says so.
func BenchmarkPaste(b *testing.B) {
	lines := make([]string, 1000)
	for i := range lines {
		lines[i] = fmt.Sprintf("NOOP n%d", i)
	}
	for b.Loop() {
		s := newFakeServer(b)
		x := start(b, s, 80, 24, nil)
		x.sees("READY")
		x.typed(pasted(lines...))
		x.sees("1000 lines, not sent")
		x.typed("o")
		x.sees("all of the paste was sent")
		x.cancel()
		<-x.ended
	}
}

// BenchmarkFlood is 100,000 lines that arrive at once, in the emulator: how
// long after the last one it is seen, how often the screen is drawn a second
// meanwhile, and how long a key takes until it is seen.
func BenchmarkFlood(b *testing.B) {
	var shown, typed time.Duration
	frames, keys, elapsed := 0, 0, time.Duration(0)
	for b.Loop() {
		s := newFakeServer(b)
		x := start(b, s, 120, 36, nil)
		x.sees("READY")
		p := <-s.conns
		arrived := make(chan time.Time, 1)
		before, begun := x.writes(), time.Now()
		go func() {
			block := strings.Repeat("250 2.0.0 flood\r\n", 100)
			for range 1000 {
				if _, err := p.c.Write([]byte(block)); err != nil {
					return
				}
			}
			arrived <- time.Now()
			p.say("250 2.0.0 last")
		}()
		for text, i := "", 0; i < 10; i++ {
			at := time.Now()
			x.typed("x")
			text += "x"
			x.sees("C: " + text)
			typed, keys = typed+time.Since(at), keys+1
		}
		x.sees("S: 250 2.0.0 last")
		shown += time.Since(<-arrived)
		frames, elapsed = frames+x.writes()-before, elapsed+time.Since(begun)
		x.cancel()
		<-x.ended
	}
	b.ReportMetric(float64(shown.Milliseconds())/float64(b.N), "ms-until-shown")
	b.ReportMetric(float64(frames)/elapsed.Seconds(), "redraws/s")
	b.ReportMetric(float64(typed.Microseconds())/1000/float64(keys), "ms/key")
}

// TestAFloodStaysFluid: however much comes at once, what is typed is there, and
// so is the end.
func TestAFloodStaysFluid(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	p := <-s.conns
	go func() {
		block := strings.Repeat("250 2.0.0 flood\r\n", 100)
		for range 1000 {
			if _, err := p.c.Write([]byte(block)); err != nil {
				return
			}
		}
		p.say("250 2.0.0 last")
	}()
	x.typed("NO")
	x.sees("C: NO")
	x.sees("S: 250 2.0.0 last")
	x.typed(pgUp + esc)
	x.sees("BROWSE", "PAUSED")
	x.typed("g")
	x.sees("earlier lines are no longer kept")
	x.typed("G")
	x.sees("S: 250 2.0.0 last")
	x.typed("ss")
	x.sees("saved: ", "-first.smtp")
	x.typed("qy")
	r := x.end()
	lines := 0
	for _, path := range r.Saved {
		lines += strings.Count(readFile(t, path), "\nS: 250 2.0.0 ")
	}
	if lines != 100_001 {
		t.Errorf("%d of 100,001 lines are in %q", lines, r.Saved)
	}
}
