package tui

import (
	"slices"
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
)

// TestWhatWasTypedIsInTheCrashFile: the line and the rest of a paste, and no
// secret.
func TestWhatWasTypedIsInTheCrashFile(t *testing.T) {
	for _, row := range []struct {
		line, paste string
		asked       bool // the server asks for a line of a login
		closed      bool // and is gone since
		want        []string
	}{
		{line: "VRFY half", want: []string{"VRFY half"}},
		{line: "VRFY half", paste: "NOOP\nAUTH PLAIN AGEAc2VjcmV0\nc0ZSZXQ=", want: []string{"VRFY half", "NOOP", "AUTH PLAIN " + event.Mask, event.Mask}},
		{line: "swordfish", asked: true, want: []string{event.Mask}},
		{line: "HELP me", asked: true, want: []string{event.Mask}},
		{line: "swordfish", asked: true, closed: true, want: []string{event.Mask}},
		{line: "VRFY half", asked: true, closed: true, want: []string{"VRFY half"}},
		{},
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.m.o.Dir = t.TempDir()
		if row.asked {
			p.tell(engine.Status{Connected: true, Asked: true}, asked("AUTH", "AUTH LOGIN", "334 VXNlcm5hbWU6")...)
		}
		p.m.line.Set(row.line)
		if row.closed {
			p.tell(engine.Status{}, event.Closed{By: "server"})
		}
		if row.paste != "" {
			p.m.paste([]rune(row.paste))
			p.press("e") // the first is in the line
		}
		path, err := p.m.crashFile("a test", nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for l := range strings.Lines(readFile(t, path)) {
			if typed, ok := strings.CutPrefix(l, "# typed and not sent: "); ok {
				got = append(got, strings.TrimSuffix(typed, "\n"))
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%+v: %q", row, got)
		}
	}
}

func TestLeavingNamesThePaste(t *testing.T) {
	for paste, want := range map[string]string{"NOOP\nNOOP\nNOOP": "3 pasted lines are not sent", "NOOP\nRSET": "2 pasted lines are not sent"} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.m.paste([]rune(paste))
		p.press("esc", "esc", "q")
		if got := p.m.View(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, stripped(got))
		}
	}
}
