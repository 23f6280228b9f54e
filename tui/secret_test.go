package tui

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/wire"
)

func TestSecretsOfACommand(t *testing.T) {
	for line, want := range map[string]string{
		"":                            "",
		"AUTH":                        "AUTH",
		"AUTH ":                       "AUTH ",
		"AUTH PLAIN":                  "AUTH PLAIN",
		"AUTH PLAIN ":                 "AUTH PLAIN ",
		"AUTH PLAIN AGEAYg==":         "AUTH PLAIN " + event.Mask,
		" auth\tplain  AGEAYg== more": " auth\tplain  " + event.Mask,
		"AUTH=PLAIN AGEAYg==":         "AUTH=" + event.Mask,
		"AUTH:PLAIN AGEAYg==":         "AUTH:PLAIN " + event.Mask,
		"MAIL FROM:<> AUTH=<>":        "MAIL FROM:<> AUTH=<>",
		"AUTHOR x y":                  "AUTHOR x y",
		"ü AUTH PLAIN x":              "ü AUTH PLAIN x",
	} {
		if got := maskedCommand(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]bool{
		"c0ZSZXQ=": true, "AGEAc2VjcmV0": true, "STARTTLS": false, "NOOP": false, "FOO": false, "MAIL FROM:<>": false, "hello you": false,
	} {
		if maybeSecret(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

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

// TestWarningsRepeatNoSecret: not even of one that no slip of AUTH explains.
func TestWarningsRepeatNoSecret(t *testing.T) {
	const named = "AHVzZXIAaHVudGVyMg=="
	s := rich()
	for line, want := range map[string]string{
		"aHVudGVyMi1zM2NyZXQ=":      "no command that ehlo knows",
		"aHVudGVyMi1zM2":            "no command that ehlo knows",
		named:                       "no command that ehlo knows",
		"AUHT PLAIN " + named:       "no command that ehlo knows: AUHT",
		"AUTH=PLAIN " + named:       "no command that ehlo knows: AUTH=",
		"AUTH PLAIN:" + named:       "",
		"AUTH LOGIN:" + named:       "LOGIN is not offered: PLAIN SCRAM-SHA-256",
		"AUTH aHVudGVyMi1zM2NyZXQ=": "this mechanism is not offered: PLAIN SCRAM-SHA-256",
	} {
		if got := s.warn(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
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
