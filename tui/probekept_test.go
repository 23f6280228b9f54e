package tui

import (
	"encoding/json"
	"strings"
	"testing"

	lang "ehlo/session/script"
)

// TestAProbingIsSaved: the table that shows which exchanger fails, why, and what
// each said; in JSON its sessions stand behind the others.
func TestAProbingIsSaved(t *testing.T) {
	p := newPlay(40, 12)
	scenes["probed all"](p)
	write := func(f format) string {
		var b strings.Builder
		if err := f.write(p.m.script(), &b, nil); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	sees := func(what, text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q:\n%s", what, want, text)
			}
		}
	}
	text := write(formats[1])
	sees("the text", text,
		"Every address of example.org was probed beside this session, 2025-11-24T16:02:",
		"exchanger, address", "mx2.example.org 192.0.2.26", "FAIL",
		"mx2.example.org (192.0.2.26:25)  FAIL at greeting",
		"why        mx2.example.org refuses the session: 554 5.7.1 go away", "S: 554 5.7.1 go away")
	at := strings.Index(text, "Every address")
	sees("the session before it", text[:at], "250 SMTPUTF8")

	smtp := write(formats[0])
	sees("the script", smtp, "# Every address of example.org was probed", "#  ", "S: 554 5.7.1 go away")
	played, err := lang.Parse("saved.smtp", strings.NewReader(smtp))
	if err != nil {
		t.Fatal(err)
	}
	p.m.probed = nil
	alone, err := lang.Parse("saved.smtp", strings.NewReader(write(formats[0])))
	if err != nil || acts(played) != acts(alone) || acts(alone) == 0 {
		t.Errorf("with the probing it plays %d items, without it %d (%v)", acts(played), acts(alone), err)
	}

	p = newPlay(40, 12)
	scenes["probed all"](p)
	var report struct {
		Sessions []struct {
			Host       string
			Address    string
			Transcript []struct{ Text string }
			Error      *struct{ Kind string }
		}
	}
	if err := json.Unmarshal([]byte(write(formats[2])), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Sessions) != 5 {
		t.Fatalf("%d sessions", len(report.Sessions))
	}
	if s := report.Sessions[0]; s.Host != "mx1.example.org" || len(s.Transcript) == 0 || s.Error != nil {
		t.Errorf("its own session is %+v", s)
	}
	if s := report.Sessions[3]; s.Host != "mx2.example.org" || s.Error == nil || s.Error.Kind != "rejected" || len(s.Transcript) != 1 || s.Transcript[0].Text != "554 5.7.1 go away" {
		t.Errorf("that of mx2 is %+v", s)
	}

	p.m.o.Dir = t.TempDir()
	path, err := p.m.crashFile("a test", nil)
	if err != nil {
		t.Fatal(err)
	}
	sees("the crash file", readFile(t, path), "FAIL at greeting")
}

// acts is how many items of a script are no comments.
func acts(s *lang.Script) (n int) {
	for _, item := range s.Items {
		if _, is := item.(lang.Comment); !is {
			n++
		}
	}
	return n
}

// TestAProbingIsSomethingToSave: leaving asks, until it is in a file.
func TestAProbingIsSomethingToSave(t *testing.T) {
	p := newPlay(120, 36)
	scenes["probed all"](p)
	if p.press("esc", "esc", "q"); !strings.Contains(stripped(p.m.prompt()), "not saved") {
		t.Errorf("%q", stripped(p.m.prompt()))
	}
	p.press("n")
	p.m.wrote(saved{path: "x.eml"})
	if p.press("q"); !strings.Contains(stripped(p.m.prompt()), "not saved") {
		t.Errorf("a message is no session: %q", stripped(p.m.prompt()))
	}
	p.press("n")
	p.m.wrote(saved{path: "x.json"})
	if p.press("q"); strings.Contains(stripped(p.m.prompt()), "not saved") {
		t.Errorf("%q", stripped(p.m.prompt()))
	}
}
