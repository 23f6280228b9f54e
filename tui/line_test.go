package tui

import (
	"slices"
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

func init() {
	scenes["completed"] = func(p *drawing) {
		sceneDone(p)
		p.m.history.Add("RCPT TO:<abuse@example.org>")
		p.press("m", "tab")
		p.press("tab")
	}
	scenes["completed verbs"] = func(p *drawing) {
		sceneDone(p)
		p.press("tab", "tab", "tab")
	}
	scenes["ghost"] = func(p *drawing) {
		sceneDone(p)
		for _, r := range "MAIL FROM:<a@b> " {
			p.press(string(r))
		}
	}
	scenes["warned"] = func(p *drawing) {
		sceneDone(p)
		for _, r := range "MAIL FROM:<a@b> SIZE=99999999" {
			p.press(string(r))
		}
	}
	scenes["recalled"] = func(p *drawing) {
		sceneDone(p)
		for _, l := range []string{"EHLO x", "MAIL FROM:<probe@example.net> SIZE=1204", "RCPT TO:<nobody@example.org>", "NOOP"} {
			p.m.history.Add(l)
		}
		p.press("d", "ctrl+r", "f", "r", "o", "m")
	}
	scenes["recalled nothing"] = func(p *drawing) {
		scenes["recalled"](p)
		p.press("x")
	}
}

func TestCompletesOnTheScreen(t *testing.T) {
	s := newFakeServer(t)
	s.set("EHLO", "250-mx1.example.com\n250-SIZE 1000\n250-8BITMIME\n250-SMTPUTF8\n250 PIPELINING")
	x := start(t, s, 80, 24, nil)
	x.sees("READY", "tab complete")
	x.typed("m\t")
	x.sees("C: mail from:<  (address> [SIZE=octets]")
	x.typed("a@b> s\t")
	x.sees("C: mail from:<a@b> size=", "1/2 [SIZE=] SMTPUTF8", "esc as typed")
	x.typed("\t")
	x.sees("C: mail from:<a@b> smtputf8", "2/2  SIZE= [SMTPUTF8]")
	x.typed("\x1b[Z") // shift+tab
	x.sees("C: mail from:<a@b> size=", "1/2 [SIZE=]")
	x.typed(esc)
	x.sees("C: mail from:<a@b> s  (ize=octets)")
	x.seesNo("1/2")
	x.typed("\t10" + enter)
	x.sees("250 2.1.0 sender ok")
	// What was sent is what was typed and completed, without a ghost.
	if got := s.lines()[1:]; !slices.Equal(got, []string{"mail from:<a@b> size=10"}) {
		t.Errorf("the server got %q", got)
	}
	x.typed("\t")
	x.sees("C: RCPT TO:<", "right take it")
	x.typed("\x1b[C\t")
	x.sees("C: RCPT TO:<a@b>") // it was used before
}

func TestNothingIsCompletedInTextAndSecrets(t *testing.T) {
	s := newFakeServer(t)
	s.set("AUTH", "334 VXNlcm5hbWU6")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	for _, line := range []string{"MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"} {
		x.typed(line + enter)
		x.sees("S: " + map[string]string{"MAIL": "250 2.1.0", "RCPT": "250 2.1.5", "DATA": "354"}[line[:4]])
	}
	x.sees("MESSAGE TEXT")
	x.typed("m\t")
	x.sees("message text is not completed", "TEXT: m ")
	x.typed("\x15." + enter)
	x.sees("250 2.0.0 queued")
	x.typed("AUTH LOGIN" + enter)
	x.sees("SECRET")
	x.typed("m\t")
	x.sees("a secret is not completed", "SECRET: * ")
	x.typed("\x12") // ctrl+r
	x.sees("a secret is not kept")
}

// TestAWarningStopsNothing: the line goes out as it was typed.
func TestAWarningStopsNothing(t *testing.T) {
	s := newFakeServer(t)
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}, {30, 6}} {
		x := start(t, s, size[0], size[1], nil)
		x.sees("READY")
		x.typed("RCPT TO:x")
		x.sees("~ RCPT before MAIL")
		x.typed(enter)
		x.seesNo("~ RCPT before MAIL")
		x.cancel()
		x.end()
	}
	if got := strings.Count(strings.Join(s.lines(), "\n"), "RCPT TO:x"); got != 4 {
		t.Errorf("it was sent %d times: %q", got, s.lines())
	}
}

// TestAPipelinedLineIsWarnedOf where a reply is due and PIPELINING is not
// offered.
func TestAPipelinedLineIsWarnedOf(t *testing.T) {
	s := newFakeServer(t)
	s.set("EHLO", "250-mx1.example.com\n250 SIZE 14680064")
	s.set("NOOP", "")
	x := start(t, s, 120, 36, nil)
	x.sees("READY")
	x.typed("NOOP" + enter)
	x.sees("waiting for the reply to NOOP")
	x.typed("RSET")
	x.seesNo("PIPELINING is not")
	x.typed(ctrlC)
	x.sees("~ the reply to NOOP is still due, and PIPELINING is not offered")
	x.typed(enter)
	x.sees("C: RSET")
	(<-s.conns).say("250 late")
	x.sees("S: 500 5.5.1", "S: 250 late")
}

// TestAnInitialResponseIsMasked while it is typed; what is sent is not.
func TestAnInitialResponseIsMasked(t *testing.T) {
	s := newFakeServer(t)
	s.set("AUTH", "535 5.7.8 no")
	var dir string
	x := start(t, s, 80, 24, func(o *Options) { dir = o.Dir })
	x.sees("READY")
	x.typed("auth plain AGEA")
	x.sees("C: auth plain ****")
	x.typed("c2VjcmV0")
	x.sees("C: auth plain ************", "~ no TLS: others can read what PLAIN sends")
	x.typed(enter)
	x.sees("535 5.7.8 no")
	x.typed("\x1b[A") // up
	x.sees("C: auth plain  ")
	x.typed("\x15c2VjcmV0" + enter) // as a paste might go on
	x.sees("500 5.5.1")
	x.typed("\x1b[A")
	x.sees("C: auth plain  ")
	x.typed("\x15" + esc)
	x.sees("BROWSE")
	x.typed("qy")
	x.end()
	if got := s.lines(); got[1] != "auth plain AGEAc2VjcmV0" {
		t.Errorf("the server got %q", got)
	}
	if h := readFile(t, dir+"/history"); h != "auth plain\n" {
		t.Errorf("the history is %q", h)
	}
	if strings.Contains(x.raw.String(), "AGEA") {
		t.Error("the secret was on the screen")
	}
}

func TestRecall(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	for _, l := range []string{"NOOP one", "NOOP two", "MAIL FROM:<a@b>"} {
		x.typed(l + enter)
		x.sees("C: "+l, map[bool]string{true: "sender ok", false: "2.0.0 ok"}[l[0] == 'M'])
		x.sees("line ")
	}
	x.typed("draft\x12noop") // ctrl+r
	x.sees("(search)'noop ': NOOP two")
	x.typed("\x12")
	x.sees("': NOOP one")
	x.typed("\x12")
	x.sees("no older line has it", "': NOOP one")
	x.typed("\x1b[B") // down
	x.sees("': NOOP two")
	x.typed("x")
	x.sees("(no such line)'noopx ':")
	x.typed(enter)
	x.sees("no line that was typed has this")
	x.typed(esc)
	x.sees("C: draft")
	x.typed("\x12one" + enter)
	x.sees("C: NOOP one", "SMTP")
	if n := len(s.lines()); n != 4 {
		t.Errorf("taking a line has sent it: %q", s.lines())
	}
	x.typed(enter)
	x.sees("line ")
	x.await("the line", func(string) bool { return len(s.lines()) == 5 })
	if got := s.lines(); got[4] != "NOOP one" {
		t.Errorf("the server got %q", got)
	}
}

// TestTheGhostIsToldApart in every style: it stands in brackets, behind the
// cursor, and never is what is sent.
func TestTheGhostIsToldApart(t *testing.T) {
	for _, color := range []bool{true, false} {
		p := newPlay(80, 24)
		p.m.st = face.New(color, false)
		sceneDone(p)
		for _, r := range "MAIL" {
			p.press(string(r))
		}
		row := p.m.prompt()
		if !strings.HasPrefix(stripped(row), "C: MAIL  (FROM:<address>") || !strings.Contains(row, "\x1b[7m \x1b[0m") {
			t.Errorf("%q", row)
		}
		if faint := strings.Contains(row, "\x1b[2m"); faint != color {
			t.Errorf("faint %v in %q", faint, row)
		}
		p.press("left")
		if row := stripped(p.m.prompt()); strings.Contains(row, "(") {
			t.Errorf("a ghost within the line: %q", row)
		}
		if p.m.line.String() != "MAIL" {
			t.Errorf("the line became %q", p.m.line.String())
		}
	}
}

// TestAListEndsByItself: as soon as the line is another.
func TestAListEndsByItself(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.press("tab")
	if p.m.listed() == nil {
		t.Fatal("no candidates")
	}
	p.tell(engine.Status{Connected: true}, event.All()[13])
	if p.m.listed() == nil {
		t.Error("an event has closed them")
	}
	p.press("x")
	if p.m.listed() != nil {
		t.Error("they stay behind another text")
	}
	p.press("esc")
	if p.m.mode != modeBrowse {
		t.Error("esc does not lead to browsing")
	}
}
