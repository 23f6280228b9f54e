package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
)

func init() {
	scenes["leaving"] = func(p *drawing) {
		sceneError(p)
		p.press("esc", "esc", "q")
	}
	scenes["leaving what has ended"] = func(p *drawing) {
		sceneError(p)
		p.tell(engine.Status{}, event.Closed{By: "server"})
		p.press("esc", "esc", "q")
	}
	scenes["leaving an empty session"] = func(p *drawing) {
		sceneDone(p)
		p.press("esc", "q")
	}
}

// TestLeavingNamesWhatIsNotSaved: behind every other reason to ask, and by itself
// when the session has ended; a session that was only opened is not asked about.
func TestLeavingNamesWhatIsNotSaved(t *testing.T) {
	type row struct {
		what string
		do   func(p *drawing)
		wide string // at 120 cells
		few  string // at 40
	}
	mail := func(p *drawing) {
		p.tell(engine.Status{Connected: true}, asked("MAIL", "MAIL FROM:<a@b.test>", "250 2.1.0 Ok")...)
	}
	for _, r := range []row{
		{"opened", func(*drawing) {}, "Leave? The session is open: y sends QUIT and leaves, n stays", "Leave? The session is open: y/n"},
		{"a mail", mail, "Leave? The session is open, and what was said is not saved: y sends QUIT and leaves, s saves and leaves, n stays", "Leave? session open, not saved: y/s/n"},
		{"saved", func(p *drawing) {
			mail(p)
			p.m.wrote(saved{path: "x.txt", talk: p.m.talk.said})
		}, "Leave? The session is open: y sends QUIT and leaves, n stays", "Leave? The session is open: y/n"},
		{"saved, and more", func(p *drawing) {
			mail(p)
			p.m.wrote(saved{path: "x.txt", talk: p.m.talk.said})
			mail(p)
		}, ", and what was said is not saved: y", ", not saved: y/s/n"},
		{"only the message", func(p *drawing) {
			mail(p)
			p.m.wrote(saved{path: "x.eml"})
		}, ", and what was said is not saved: y", ", not saved: y/s/n"},
		{"recorded", func(p *drawing) {
			mail(p)
			p.m.recording = "x.smtp"
		}, "Leave? The session is open: y sends", "Leave? The session is open: y/n"},
		{"closed", func(p *drawing) {
			mail(p)
			p.tell(engine.Status{}, event.Closed{By: "server"})
		}, "Leave? What was said is not saved: y leaves, s saves and leaves, n stays", "Leave? What was said is not saved: y/s/n"},
		{"failed", func(p *drawing) {
			mail(p)
			p.tell(engine.Status{}, event.Failed{Error: event.Errorf(event.ReplyTimeout, event.Mail, "too late")})
		}, "Leave? What was said is not saved: y leaves, s saves and leaves, n stays", "Leave? What was said is not saved: y/s/n"},
		{"a paste", func(p *drawing) {
			mail(p)
			p.m.paste([]rune("NOOP\nNOOP"))
			p.press("esc")
		}, "Leave? 2 pasted lines are not sent, and what was said is not saved: y drops them and leaves", "Leave? paste unsent, not saved: y/s/n"},
		{"a text", func(p *drawing) {
			mail(p)
			p.tell(engine.Status{Connected: true, InText: true}, asked("DATA", "DATA", "354 go")...)
		}, "Leave? The message text is not ended, and what was said is not saved: y drops it", "Leave? text open, not saved: y/s/n"},
	} {
		for w, want := range map[int]string{120: r.wide, 40: r.few} {
			p := newPlay(w, 36)
			sceneDone(p)
			p.m.o.Dir = ""
			r.do(p)
			p.press("esc", "esc", "q")
			if got := p.m.prompt(); p.m.mode != modeQuestion || !strings.Contains(stripped(got), want) {
				t.Errorf("%s at %d: %q", r.what, w, stripped(got))
			}
		}
	}
	for _, end := range []event.Event{event.Closed{By: "server"}, event.Failed{Error: event.Errorf(event.ReplyTimeout, event.Banner, "too late")}} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.tell(engine.Status{}, end)
		if p.press("esc", "esc", "q"); !p.m.leaving {
			t.Errorf("it asks about a session that was only opened: %s", stripped(p.m.prompt()))
		}
	}
}

// TestSavesAndLeaves: s in the question; what keeps it from being saved keeps it
// from leaving.
func TestSavesAndLeaves(t *testing.T) {
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	x.typed("MAIL FROM:<a@example.net>" + enter)
	x.sees("250 2.1.0 sender ok")
	blocker := filepath.Join(x.dir, "transcripts")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("qs")
	x.sees("not saved: ", "BROWSE")
	if err := os.Remove(blocker); err != nil {
		t.Fatal(err)
	}
	x.typed("q")
	x.sees("s saves first")
	x.typed("s")
	r := x.end()
	if len(r.Saved) != 1 || !strings.Contains(readFile(t, r.Saved[0]), "C: MAIL FROM:<a@example.net>") {
		t.Errorf("saved %q", r.Saved)
	}
	if all := strings.Join(r.Summary, "\n"); !strings.Contains(all, "saved: "+x.dir) {
		t.Errorf("the summary does not say where: %q", all)
	}
}
