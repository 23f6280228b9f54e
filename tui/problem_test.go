package tui

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
)

// TestAProblemStaysUntilItIsDismissed: a success behind it makes it one quiet
// row, something newer takes its place, and esc ends it.
func TestAProblemStaysUntilItIsDismissed(t *testing.T) {
	open := engine.Status{Connected: true}
	p := newPlay(80, 24)
	sceneRefused(p)
	p.sees(t, "! 550 5.1.1 to RCPT: permanent", "sent     RCPT TO:<nobody@example.org>, answered after", "session  READY, MAIL accepted, no recipient", "next     the sender has to act")
	p.tell(open, asked("RCPT", "RCPT TO:<full@example.org>", "452 4.2.2 mailbox full")...)
	p.sees(t, "~ 452 4.2.2 to RCPT: temporary", "next     the recipient has to act, or the same again later")
	p.seesNo(t, "! 550 5.1.1 to RCPT")
	p.tell(open, asked("RCPT", "RCPT TO:<postmaster@example.org>", "250 2.1.5 Ok")...)
	p.sees(t, "~ 452 4.2.2 to RCPT: temporary")
	p.seesNo(t, "sent     RCPT", "session  READY", "next     ")
	p.tell(open, asked("RSET", "RSET", "250 2.0.0 Ok")...)
	p.sees(t, "~ 452 4.2.2 to RCPT: temporary")
	p.press("esc")
	p.sees(t, "esc closes this")
	p.press("esc")
	p.seesNo(t, "~ 452 4.2.2 to RCPT")
}

func TestAProblemSaysWhatTheSessionIsIn(t *testing.T) {
	refused := func() []event.Event { return asked("NOOP", "NOOP", "500 5.5.1 what?") }
	for _, row := range []struct {
		why    string
		before []event.Event
		now    engine.Status
		want   string
	}{
		{"an EHLO", nil, engine.Status{Connected: true}, "session  READY, no transaction is open"},
		{"a MAIL", asked("MAIL", "MAIL FROM:<>", "250 ok"), engine.Status{Connected: true}, "session  READY, MAIL accepted, no recipient so far"},
		{"a message text", nil, engine.Status{Connected: true, InText: true}, "session  the message text is awaited"},
		{"a chunk", nil, engine.Status{Connected: true, InText: true, Chunk: 7}, "session  in a chunk, 7 octets to go"},
		{"a login", nil, engine.Status{Connected: true, Asked: true}, "session  a login goes on"},
		{"the end of it", nil, engine.Status{}, "esc, r, Enter connects again"},
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.tell(row.now, append(row.before, refused()...)...)
		p.sees(t, row.want)
		if t.Failed() {
			t.Fatal(row.why)
		}
	}
}

// TestAProblemTakesAThirdAtMost: and its first row is always there.
func TestAProblemTakesAThirdAtMost(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {60, 16}, {40, 12}, {30, 9}, {20, 5}} {
		p := newPlay(size[0], size[1])
		sceneRefused(p)
		p.m.arrange()
		if n := len(p.m.notices()); n > max(p.m.lay.body/3, min(3, p.m.lay.body/2), 1) || n == 0 {
			t.Errorf("%v: %d rows of %d", size, n, p.m.lay.body)
		}
		p.sees(t, "! 550 5.1.1 to")
		p.m.hint = strings.Repeat("something else ", 20)
		if n := len(p.m.notices()); n >= p.m.lay.body && p.m.lay.body > 1 { // it is gone with the next key
			t.Errorf("%v: with a hint %d rows of %d", size, n, p.m.lay.body)
		}
		if size[1] > 9 {
			p.sees(t, "! 550 5.1.1 to")
		}
	}
}

// TestAProblemBehindAPauseTakesNoRow: nothing moves under who reads; one that
// was there before the pause stays.
func TestAProblemBehindAPauseTakesNoRow(t *testing.T) {
	p := newPlay(80, 24)
	sceneError(p)
	p.seesNo(t, "! 550 5.1.1 to RCPT")
	p.press("G")
	p.sees(t, "! 550 5.1.1 to RCPT")
	p.press("k", "k")
	p.sees(t, "PAUSED", "! 550 5.1.1 to RCPT")
}

// TestWhatAScriptExpectsIsNoProblem: it is when the script says so, or when it
// answers what was typed while the script is held.
func TestWhatAScriptExpectsIsNoProblem(t *testing.T) {
	p := newPlay(80, 24)
	p.load("refuses.smtp", "C: RCPT TO:<nobody@example.org>\nS: 550\nC: NOOP\nS: 250\n")
	goes := engine.Status{Doing: engine.Playing, Connected: true, Script: engine.ScriptStatus{Phase: engine.PhaseRunning}}
	refusal := func() []event.Event { return asked("RCPT", "RCPT TO:<nobody@example.org>", "550 5.1.1 no") }
	p.tell(goes)
	p.tell(goes, refusal()...)
	p.seesNo(t, "! 550 5.1.1 to RCPT")
	p.tell(held(1))
	p.tell(held(1), refusal()...)
	p.seesNo(t, "! 550 5.1.1 to RCPT")
	p.m.byHand = true
	p.tell(held(2), refusal()...)
	p.sees(t, "! 550 5.1.1 to RCPT")
	p.press("esc", "esc")
	p.tell(goes, event.Failed{Error: event.Errorf(event.ExpectationFailed, event.ScriptRun, "refuses.smtp:4:1: expected S: 250, got 550")})
	p.sees(t, "! refuses.smtp:4:1: expected S: 250, got 550", "sent     RCPT TO:<nobody@example.org>")
}

// TestALoginThatIsNotTriedEndsNothing: the session is what it was.
func TestALoginThatIsNotTriedEndsNothing(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.tell(engine.Status{Connected: true}, event.Failed{Error: event.Errorf(event.AuthUnavailable, event.Auth, "no login without TLS")})
	p.sees(t, "! no login without TLS")
	p.sees(t, "READY, no transaction is open")
	p.seesNo(t, "sent  ")
	if word := p.m.stateWord(); !strings.Contains(word, "READY") {
		t.Error(word)
	}
}
