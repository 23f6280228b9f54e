package tui

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// TestStraySecrets types passwords where no login asks for them.
func TestStraySecrets(t *testing.T) {
	const secret, named = "aHVudGVyMi1zM2NyZXQ=", "AHVzZXIAaHVudGVyMg=="
	s := newFakeServer(t)
	s.set("AUTH", "504 5.5.4 no")
	var dir string
	x := start(t, s, 120, 36, func(o *Options) { dir = o.Dir })
	x.sees("READY")
	x.typed("AUTH LOGIN" + enter)
	x.sees("504 5.5.4 to AUTH")
	x.typed(secret)
	x.sees("C: "+strings.Repeat("*", len(secret))+" ", "~ no command that ehlo knows ─")
	x.typed(enter)
	x.sees("C: ********", "500 5.5.1 to ********")
	for _, slip := range []string{"AUHT PLAIN ", "AUTHPLAIN ", "AUTH PLAIN:", "AUTH:PLAIN "} {
		x.typed(slip + named)
		x.sees("C: " + slip + strings.Repeat("*", len(named)) + " ")
		x.typed(enter)
		x.sees("C: " + slip + "********")
	}
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("T")
	x.sees("AUHT")
	x.typed(esc + "qy")
	x.end()
	if h := readFile(t, dir+"/history"); h != "AUTH LOGIN\nAUHT PLAIN\nAUTHPLAIN\nAUTH PLAIN:\nAUTH:PLAIN\n" {
		t.Errorf("the history is %q", h)
	}
	for _, hidden := range []string{secret, named} {
		if strings.Contains(strings.ToUpper(x.raw.String()), strings.ToUpper(hidden[:12])) {
			t.Errorf("%s was on the screen", hidden)
		}
	}
}

// TestLinesBehindALogin: so many may belong to it.
func TestLinesBehindALogin(t *testing.T) {
	n := 0
	for i, step := range []struct {
		e    event.Event
		want int
	}{
		{event.Sent{}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 334}}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 250}}, 2},
		{event.Sent{Text: true}, 2},
		{event.Sent{}, 1},
		{event.Reply{Verb: "NOOP", Reply: wire.Reply{Code: 500}}, 1},
		{event.Sent{}, 0},
		{event.Reply{Verb: "AUTH", Reply: wire.Reply{Code: 504}}, 2},
		{event.Closed{}, 0},
	} {
		if n = over(n, step.e); n != step.want {
			t.Errorf("step %d: %d, want %d", i, n, step.want)
		}
	}
}

// TestAPasswordBehindAuth: it is not repeated, and not left in the palette.
func TestAPasswordBehindAuth(t *testing.T) {
	p := newPlay(120, 36)
	sceneDone(p)
	p.press("esc", ":")
	p.m.palette.set("auth PLAIN user hunter2")
	p.press("enter")
	if strings.Contains(p.m.hint, "hunter2") || !strings.Contains(p.m.hint, "too many words: the password is asked for") {
		t.Error(p.m.hint)
	}
	if text := p.m.palette.String(); strings.Contains(text, "hunter2") || !strings.HasPrefix(text, "auth PLAIN ") {
		t.Error(text)
	}
}
