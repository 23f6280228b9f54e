package tui

import (
	"strings"
	"testing"
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

// TestAPasswordBehindAuth: it is not repeated, and not left in the palette.
func TestAPasswordBehindAuth(t *testing.T) {
	p := newPlay(120, 36)
	sceneDone(p)
	p.press("esc", ":")
	p.m.palette.Set("auth PLAIN user hunter2")
	p.press("enter")
	if strings.Contains(p.m.hint, "hunter2") || !strings.Contains(p.m.hint, "too many words: the password is asked for") {
		t.Error(p.m.hint)
	}
	if text := p.m.palette.String(); strings.Contains(text, "hunter2") || !strings.HasPrefix(text, "auth PLAIN ") {
		t.Error(text)
	}
}
