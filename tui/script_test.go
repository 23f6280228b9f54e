package tui

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/play"
	lang "ehlo/session/script"
	"ehlo/session/smtptest"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/outline"
)

const smoke = `# A mail, from one end to the other.
S: 220 * ESMTP *
C: EHLO ${helo}
S: 250-SIZE *
S: 250 SMTPUTF8
C: MAIL FROM:<probe@example.net>
S: 250
@repeat 3
  C: NOOP
  S: 250 2.0.0 *
@end
C: RCPT TO:<postmaster@example.org>
S: 250 2.1.5 *
C: AUTH PLAIN AGEAc2VjcmV0
S: 235
@sleep 1s
C: QUIT
S: 221
`

func parsed(t testing.TB, name, text string) *lang.Script {
	t.Helper()
	s, err := lang.Parse(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// load gives the screen a script, as for a run that has just begun.
func (p *drawing) load(name, text string) *scriptPane {
	s, err := lang.Parse(name, strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	p.m.load(engine.NewRun(outline.New(s), play.Options{Script: s}), "")
	return p.m.played
}

// went says that rows are done.
func (p *drawing) went(now engine.Status, marks map[int32]engine.Mark) { p.m.Apply(nil, marks, now) }

func ok(rows ...int32) map[int32]engine.Mark {
	marks := map[int32]engine.Mark{}
	for _, n := range rows {
		marks[n] = engine.Mark{State: engine.StateOK}
	}
	return marks
}

func held(row int32) engine.Status {
	return engine.Status{Doing: engine.Holding, Connected: true, Script: engine.ScriptStatus{Phase: engine.PhaseHeld, Row: row}}
}

func init() {
	scenes["script held"] = func(p *drawing) {
		p.load("smoke.smtp", smoke)
		p.tell(held(1), route()...)
	}
	scenes["script stepped"] = func(p *drawing) {
		pane := p.load("smoke.smtp", smoke)
		sceneDone(p)
		marks := ok(1, 2, 3, 5)
		marks[6] = engine.Mark{State: engine.StateFail, Why: "expected S: 250, got 451 4.3.0 later"}
		marks[7] = engine.Mark{Lap: 2}
		p.went(held(8), marks)
		pane.breaks[12] = true
		p.press("e")
		p.m.edit.Set("C: VRFY someone")
		pane.edited[8] = parsedItem(p.m, 8, "C: VRFY someone")
		p.press("esc")
	}
	scenes["script edit"] = func(p *drawing) {
		p.load("smoke.smtp", smoke)
		sceneDone(p)
		p.went(held(13), ok(1, 2, 3, 5, 6, 7, 8, 9, 11, 12))
		p.press("e")
	}
	scenes["script waits"] = func(p *drawing) {
		p.load("smoke.smtp", smoke)
		sceneDone(p)
		now := engine.Status{Doing: engine.Playing, Connected: true, Script: engine.ScriptStatus{Phase: engine.PhasePausing, Row: 6}}
		p.went(now, ok(1, 2, 3, 5))
		p.tell(now, event.Sent{Line: []byte("MAIL FROM:<probe@example.net>")}, event.Waiting{For: "the reply to MAIL", Timeout: time.Minute})
		p.at += 3100 * time.Millisecond
	}
	scenes["script failed"] = func(p *drawing) {
		p.load("smoke.smtp", smoke)
		sceneDone(p)
		why := "smoke.smtp:13:1: expected S: 250 2.1.5 *, got 550 5.1.1 no such user"
		failed := event.Errorf(event.ExpectationFailed, event.ScriptRun, "%s", why)
		marks := ok(1, 2, 3, 5, 6, 7, 8, 9, 11)
		marks[7] = engine.Mark{State: engine.StateOK, Lap: 3}
		marks[12] = engine.Mark{State: engine.StateFail, Why: "expected S: 250 2.1.5 *, got 550 5.1.1 no such user"}
		p.tell(engine.Status{Doing: engine.Playing, Connected: true, Script: engine.ScriptStatus{Phase: engine.PhaseRunning, Row: 12}},
			append(asked("RCPT", "RCPT TO:<postmaster@example.org>", "550 5.1.1 no such user"), event.Failed{Error: failed}, event.Note{Text: "smoke.smtp: 1 of 7 expectations failed"})...)
		p.went(engine.Status{Connected: true, Script: engine.ScriptStatus{Phase: engine.PhaseEnded, Row: 12, End: &engine.End{How: engine.EndedIll, Count: "1 of 7 expectations failed", Text: "smoke.smtp: 1 of 7 expectations failed", Err: failed}}}, marks)
	}
	scenes["script that sends mail"] = func(p *drawing) {
		p.load("mail.smtp", "S: 220\nC: EHLO ${helo}\nS: 250\nC: MAIL FROM:<a@example.net>\nS: 250\nC: RCPT TO:<b@example.org>\nS: 250\nC: DATA\nS: 354\n@data a.eml\nS: 250\nC: QUIT\nS: 221\n")
		p.tell(held(0), route()...)
	}
	scenes["script ended"] = func(p *drawing) {
		scenes["script failed"](p)
		p.press("i")
	}
	scenes["script pane"] = func(p *drawing) {
		scenes["script stepped"](p)
		p.press("7", "j", "j")
	}
}

func parsedItem(m *screen, row int32, line string) lang.Item {
	item, err := m.parseEdit(row, line)
	if err != nil {
		panic(err)
	}
	return item
}

func TestWhatRunIsGiven(t *testing.T) {
	for argument, want := range map[string][]string{
		"a.smtp": {"a.smtp"}, "my file.smtp to=a@b x=": {"my file.smtp", "to=a@b", "x="}, "a=b": {"a=b"}, "dir/a=1.smtp b=2": {"dir/a=1.smtp", "b=2"},
		"my file.smtp here x=1": {"my file.smtp", "here", "x=1"}, "here": {"here"},
	} {
		file, here, sets := runArguments(argument)
		got := []string{file}
		if here {
			got = append(got, "here")
		}
		if got = append(got, sets...); !slices.Equal(got, want) {
			t.Errorf("%q is %q", argument, got)
		}
	}
}

// stepping is the option of a script that the screen is opened with.
func stepping(t *testing.T, text string) func(*Options) {
	return func(o *Options) { o.Script = &play.Options{Script: parsed(t, "smoke.smtp", text)} }
}

// startMail is a server that takes mail, mx1.example.com, and where it listens.
func startMail(t *testing.T) (server *smtptest.Mail, address string) {
	t.Helper()
	server, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.com", Domain: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	address, err = server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return server, address
}

// TestStepsThroughAMail: with a real server, and all that a person does on the
// way.
func TestStepsThroughAMail(t *testing.T) {
	server, address := startMail(t)
	const mail = "S: 220\nC: EHLO ${helo}\nS: 250\nC: MAIL FROM:<a@example.net>\nS: 250\nC: RCPT TO:<b@example.com>\nS: 250\nC: DATA\nS: 354\nC: Subject: from a script\nC:\nC: hello\nC: .\nS: 250\nC: QUIT\nS: 221\n"
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], func(o *Options) {
			stepping(t, mail)(o)
			o.Session = session.Options{Roots: server.Pool()}
			o.Plan.Only.Address = address
		})
		x.sees("1/16", "space go on")
		x.typed(".")
		x.sees("2/16")
		x.typed("..") // EHLO, and its reply
		x.sees("4/16", "S: 250")
		x.typed("e")
		x.sees("4> C: MAIL FROM:<a@example.net>")
		x.typed("\x15C: MAIL FROM:<${nope}>" + enter)
		x.sees("column 15", "${nope}")
		x.typed("\x15C: MAIL FROM:<edited@example.net>" + enter)
		x.seesNo("4> ")
		x.typed("i")
		x.typed("NOOP" + enter)
		x.sees("C: NOOP", "S: 250 2.0.0")
		x.typed(esc)
		x.sees("space go on")
		x.typed(" ")
		x.sees("S: 221", "all 7")
		x.seesNo("SCRIPT smoke.smtp 16/16")
		x.seesNo("RUN 16/16")
		x.typed("q")
		if r := x.end(); r.Script != nil || !slices.Contains(r.Summary, "smoke.smtp: all 7 expectations came true") {
			t.Errorf("%v, %q", r.Script, r.Summary)
		}
	}
	messages := server.Messages()
	if len(messages) != 3 {
		t.Fatalf("%d messages", len(messages))
	}
	if m := messages[0]; m.From != "edited@example.net" || !strings.Contains(string(m.Data), "hello") {
		t.Errorf("the server got %+v", m)
	}
}

func TestBreakpointPauseAndStop(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 120, 36, stepping(t, "S: 220\nC: EHLO x\nS: 250\nC: NOOP\nS: 250\nC: SLOW\nS: 250\nC: RSET"))
	s.set("SLOW", "")
	x.sees("held before line 1")
	x.typed("jjjjb")
	x.sees(">*  --   5 S: 250")
	x.typed(" ")
	x.sees("breakpoint before line 5", ">*NEXT   5")
	if got := s.lines(); !slices.Equal(got, []string{"EHLO x", "NOOP"}) {
		t.Errorf("held, and the server has got %q", got)
	}
	x.typed(" ")
	x.sees("waiting for the reply to SLOW", "RUN   7", "locked while the script runs")
	x.typed("iMAIL" + enter)
	x.sees("the script goes on", "C: MAIL")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(ctrlC)
	x.sees("held before line 7")
	// What was due comes while it is held: it is the script's.
	(<-s.conns).say("250 2.0.0 at last")
	x.sees("S: 250 2.0.0 at last")
	x.typed(".")
	x.sees("held before line 8", "OK   7")
	x.typed(ctrlC)
	x.sees("SCRIPT smoke.smtp STOPPED", "then: stopped before line 8", "READY")
	x.typed("i" + enter)
	x.sees("250 2.1.0 sender ok")
	if got := s.lines(); !slices.Equal(got, []string{"EHLO x", "NOOP", "SLOW", "MAIL"}) {
		t.Errorf("the server got %q", got)
	}
}

// TestUnaskedWhileHeld: what the server says of itself is shown at once, and is
// what the script reads next; typed lines and their replies are not.
func TestUnaskedWhileHeld(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, stepping(t, "S: 220\nC: EHLO x\nS: 250\n@sleep 1ms\nS: 421\n@expect close"))
	p := <-s.conns
	x.sees("held before line 1")
	x.typed("....")
	x.sees("held before line 5")
	p.say("421 4.3.2 going")
	x.sees("S: 421 4.3.2 going")
	x.typed("iVRFY x" + enter)
	x.sees("500 5.5.1 what?")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(".")
	x.sees("held before line 6")
	p.close()
	x.sees("CLOSED", "the server closed the connection")
	x.typed("ix" + enter)
	x.sees("there is no connection")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(".")
	x.sees("SCRIPT smoke.smtp OK", "all 4 expectations came true")
	x.seesNo("! the server closed")
}

func TestQuitTypedWhileHeld(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 120, 36, stepping(t, "S: 220\nC: EHLO x\nS: 250\nC: NOOP\nS: 250"))
	x.sees("held before line 1")
	x.typed("...")
	x.sees("held before line 4")
	x.typed("iQUIT" + enter)
	x.sees("221 2.0.0 bye", "CLOSED")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(".")
	x.sees("FAIL   4", "smoke.smtp:4:1: expected a connection to send C: NOOP", "SCRIPT smoke.smtp FAIL")
	x.typed("q")
	if r := x.end(); r.Script == nil || r.Script.Exit() != 40 {
		t.Error(r.Script)
	}
}

func TestRunInAnOpenSession(t *testing.T) {
	s := newFakeServer(t)
	s.set("RCPT", "550 5.1.1 no such user")
	texts := map[string]string{
		"good.smtp": "C: MAIL FROM:<${who}>\nS: 250\nC: RCPT TO:<b@example.com>\nS: 550",
		"bad.smtp":  "C: RCPT TO:<b@example.com>\nS: 250 2.1.5 *\nC: never",
		"elsewhere": "@connect 192.0.2.99:26\nS: 220\nC: NOOP\nS: 250",
		"again":     "@connect\nS: 220\nC: EHLO again\nS: 250",
	}
	x := start(t, s, 120, 36, func(o *Options) {
		o.Load = func(file string, sets []string) (*play.Options, error) {
			text, ok := texts[file]
			if !ok {
				return nil, errors.New("the script: " + file + ": no such file")
			}
			script, err := lang.Parse(file, strings.NewReader(text))
			if err != nil {
				return nil, err
			}
			vars := map[string]string{}
			for _, set := range sets {
				name, value, _ := strings.Cut(set, "=")
				vars[name] = value
			}
			return &play.Options{Script: script, Vars: vars}, nil
		}
	})
	x.sees("READY")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("7")
	x.sees(":run FILE loads one")
	x.typed(":run none.smtp" + enter)
	x.sees("no such file", ":run none.smtp")
	texts["wrong"] = "C: a\n@slep 1s"
	x.typed("\x15run wrong" + enter)
	x.sees(`wrong:2:1: expected a directive`, ":run wrong")
	x.typed("\x15run good.smtp who=a@example.net" + enter)
	x.sees("SCRIPT good.smtp 1/4", "held before line 1")
	x.typed(":run good.smtp" + enter)
	x.sees("a script is being played")
	x.typed(esc + " ")
	x.sees("good.smtp: all 2 expectations came true", "READY", "S: 550")
	x.seesNo("! 550") // it was expected
	x.typed("R")
	x.sees(":run good.smtp who=a@example.net")
	x.typed("\x15run bad.smtp" + enter)
	x.sees("SCRIPT bad.smtp 1/3")
	x.typed(" ")
	x.sees("SCRIPT bad.smtp FAIL: 1 of 1", "! bad.smtp:2:1: expected S: 250 2.1.5 *, got 550 5.1.1 no such user", "R runs the script again", "FAIL   2")
	x.typed("iNOOP" + enter)
	x.sees("S: 250 2.0.0 ok")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed(":run again" + enter)
	x.sees("SCRIPT again 1/4")
	x.typed(" ")
	x.sees("again: all 2 expectations came true")
	x.typed(":run elsewhere here" + enter)
	x.sees("SCRIPT elsewhere 1/4")
	x.typed(" ")
	x.sees("elsewhere: all 2 expectations came true")
	s.mu.Lock()
	if i := slices.Index(s.dials, "192.0.2.99:26"); i >= 0 {
		t.Error("here is not there")
	}
	s.mu.Unlock()
	if got, want := s.lines()[1:], []string{"MAIL FROM:<a@example.net>", "RCPT TO:<b@example.com>", "RCPT TO:<b@example.com>", "NOOP", "EHLO again", "NOOP"}; !slices.Equal(got, want) {
		t.Errorf("the server got %q", got)
	}
	x.typed("ss")
	x.sees("saved: ")
}

// TestNoSecretOfAScript: it is neither on the screen nor in what is kept.
func TestNoSecretOfAScript(t *testing.T) {
	s := newFakeServer(t)
	s.set("AUTH", "334 UGFzc3dvcmQ6")
	s.set("C0ZSZXQ=", "235 ok")
	s.set("NOOP", "")
	var dir string
	x := start(t, s, 120, 36, func(o *Options) {
		stepping(t, "S: 220\nC: EHLO x\nS: 250\nC: AUTH LOGIN\nS: 334\nC: c0ZSZXQ=\nS: 235\nC: NOOP\nS: 250\nC: AUTH PLAIN AGEAc2VjcmV0")(o)
		dir = o.Dir
	})
	x.sees("C: AUTH PLAIN ********", "6 C: ********", "held before line 1")
	x.typed(".....")
	x.sees("held before line 6")
	x.typed("e")
	x.sees("there is a secret in this line", "6> ")
	x.typed(esc)
	x.seesNo("6> ")
	x.typed(enter)
	x.sees("A line of the script", "********")
	x.typed("q")
	x.typed("..")
	x.sees("S: 235 ok", "held before line 8")
	(<-s.conns).close()
	x.sees("CLOSED")
	x.typed("...")
	x.sees("SCRIPT smoke.smtp FAIL")
	x.typed("ss")
	x.sees("saved: ")
	x.typed("q")
	r := x.end()
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, file := range append(files, r.Saved...) {
		for _, secret := range []string{"c0ZSZXQ", "AGEAc2VjcmV0"} {
			if strings.Contains(readFile(t, file), secret) {
				t.Errorf("%s is in %s", secret, file)
			}
		}
	}
	for _, secret := range []string{"c0ZSZXQ", "AGEAc2VjcmV0"} {
		if strings.Contains(x.raw.String(), secret) {
			t.Errorf("%s was on the screen", secret)
		}
	}
}

// TestCtrlCWhileTheScriptConnects ends the script; so does leaving.
func TestCtrlCWhileTheScriptConnects(t *testing.T) {
	s := newFakeServer(t)
	s.set("", "")
	x := start(t, s, 80, 24, stepping(t, "S: 220\nC: QUIT"))
	x.sees("held before line 1")
	x.typed(".")
	x.sees("waiting for the greeting")
	x.typed(ctrlC)
	x.sees("held before line 1")
	x.typed("i")
	x.typed("NOOP" + enter)
	x.sees("has still to come", "C: NOOP")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("qy")
	if r := x.end(); r.Script != nil {
		t.Error(r.Script)
	}
}

// TestRunsFreelyThroughALongScript: a script of many lines, faster than frames.
func TestRunsFreelyThroughALongScript(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, stepping(t, "S: 220\n@repeat 500\nC: NOOP\nS: 250\n@end\n"+strings.Repeat("C: NOOP\n", 300)+strings.Repeat("S: 250\n", 300)))
	x.sees("held before line 1")
	x.typed("7 ")
	x.sees("SCRIPT smoke.smtp OK: all 801 expectations came true")
	if n := len(s.lines()); n != 800 {
		t.Errorf("%d lines came", n)
	}
}

// longScript is a script of so many lines, with the screen drawn in its middle.
func longScript(lines int) *drawing {
	p := newPlay(120, 36)
	p.load("long.smtp", strings.Repeat("C: NOOP\nS: 250 2.0.0 *\n", lines/2))
	p.went(held(int32(lines/2)), nil)
	return p
}

// TestAFrameDoesNotDependOnTheScript holds the cost of a frame, by what it
// allocates: times vary too much.
func TestAFrameDoesNotDependOnTheScript(t *testing.T) {
	cost := func(lines int) float64 {
		p := longScript(lines)
		return testing.AllocsPerRun(20, func() {
			p.press("j")
			p.m.View()
		})
	}
	if few, many := cost(100), cost(100_000); many > few*1.2 {
		t.Errorf("a frame allocates %.0f times with 100 lines, and %.0f with 100,000", few, many)
	}
}

// BenchmarkScriptFrame is what a frame costs, by the length of the script.
func BenchmarkScriptFrame(b *testing.B) {
	for _, lines := range []int{100, 100_000} {
		b.Run(fmt.Sprint(lines), func(b *testing.B) {
			p := longScript(lines)
			b.ReportAllocs()
			for b.Loop() {
				p.m.View()
			}
		})
	}
}

// BenchmarkScriptIndex is what loading a script costs, beside its parsing.
func BenchmarkScriptIndex(b *testing.B) {
	s := parsed(b, "long", strings.Repeat("C: NOOP\nS: 250 2.0.0 *\n", 50_000))
	for b.Loop() {
		outline.New(s)
	}
}

// TestAScriptThatSendsMailSaysSo: before its first line, and no longer when that
// has been carried out.
func TestAScriptThatSendsMailSaysSo(t *testing.T) {
	p := newPlay(120, 36)
	scenes["script that sends mail"](p)
	p.sees(t, "* this script sends a message to 1 recipient", "held before line 1")
	p.went(held(1), ok(0))
	p.seesNo(t, "it sends a message")
}

// TestAScriptThatHasEndedGivesItsRoomBack: its title says how it ended, and its
// key shows it again.
func TestAScriptThatHasEndedGivesItsRoomBack(t *testing.T) {
	p := newPlay(120, 36)
	scenes["script ended"](p)
	p.sees(t, "7 Script FAIL smoke.smtp")
	p.seesNo(t, "FAIL  13 S: 250")
	p.press("esc", "7")
	p.sees(t, "7 Script FAIL smoke.smtp", "FAIL  13 S: 250")
}
