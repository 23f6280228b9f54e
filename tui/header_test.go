package tui

import (
	"strings"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// sees wants texts on the screen, seesNo none of them.
func (p *drawing) sees(t *testing.T, texts ...string) {
	t.Helper()
	screen := stripped(p.m.View())
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			t.Errorf("there is no %q on\n%s", text, screen)
		}
	}
}

func (p *drawing) seesNo(t *testing.T, texts ...string) {
	t.Helper()
	screen := stripped(p.m.View())
	for _, text := range texts {
		if strings.Contains(screen, text) {
			t.Errorf("there is %q on\n%s", text, screen)
		}
	}
}

// TestAnotherTarget: nothing of the last connection is told of a target that
// was looked up since.
func TestAnotherTarget(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		p := newPlay(size[0], size[1])
		sceneDone(p)
		p.tell(engine.Status{Doing: engine.Opening}, append(asked("QUIT", "QUIT", "221 2.0.0 bye"), event.Closed{By: "client"})...)
		p.m.title = "nosuch.test"
		p.tell(engine.Status{Doing: engine.Opening}, event.DNS{Name: "nosuch.test.", Type: "MX", Server: "192.0.2.53:53", Rcode: "NXDOMAIN"})
		p.sees(t, "nosuch.test", "LOOKUP")
		p.tell(engine.Status{}, event.Failed{Error: event.Errorf(event.NoSuchDomain, event.Lookup, "nosuch.test does not exist")})
		p.sees(t, "FAIL", "TLS --", "max --", "does not exist")
		if head := stripped(strings.Join(p.m.header(), "")); !strings.Contains(head, "nosuch.test ") || strings.Contains(head, "mx1") {
			t.Errorf("the header says %q", head)
		}
		p.press("esc", "2")
		p.sees(t, "does not exist")
		p.seesNo(t, "mx2.example.org")
		if e := p.m.view.Sessions[0].Error; e != nil {
			t.Errorf("the connection before has the error of the look-up: %v", e)
		}
	}
}

// TestTheCauseStays: what goes wrong at QUIT hides nothing.
func TestTheCauseStays(t *testing.T) {
	p := newPlay(80, 24)
	p.tell(engine.Status{Doing: engine.Opening}, route()...)
	p.tell(engine.Status{Doing: engine.Opening}, asked("", "", "554 5.7.1 go away")...)
	refused, _, _ := wire.ParseReply([]byte("554 5.7.1 go away\r\n"))
	p.tell(engine.Status{Doing: engine.Opening},
		event.Failed{Error: &event.Error{Kind: event.Rejected, Stage: event.Banner, Message: "mx1.example.org refuses the session: 554 5.7.1 go away", Reply: &refused}},
		event.Failed{Error: event.Errorf(event.ConnectionLost, event.Quit, "the connection was lost before the reply to QUIT")},
		event.Closed{By: "server"})
	p.tell(engine.Status{})
	p.sees(t, "! mx1.example.org refuses the session: 554", "r, Enter connects again")
}

// TestStopsOnlyWhatRuns: ctrl+c is offered where it stops something.
func TestStopsOnlyWhatRuns(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	hang := []event.Event{event.Sent{Line: []byte("HANG")}, event.Waiting{For: "the reply to HANG", Timeout: time.Minute}}
	p.tell(engine.Status{Connected: true, Doing: engine.Asking, Owes: true}, hang...)
	p.sees(t, "waiting for the reply to HANG", "(ctrl+c stops)")
	p.tell(engine.Status{Connected: true, Owes: true})
	p.sees(t, "the reply to HANG is still due")
	p.seesNo(t, "(ctrl+c stops)")
}

// TestTheQueueIDIsSaid: what the server calls a message that was typed by hand
// stands in the header until the next one begins, in the explanation of the
// reply, and under the prompt at the end.
func TestTheQueueIDIsSaid(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	now := engine.Status{Connected: true}
	for _, x := range [][3]string{
		{"MAIL", "MAIL FROM:<a@example.net>", "250 2.1.0 Ok"},
		{"RCPT", "RCPT TO:<b@example.org>", "250 2.1.5 Ok"},
		{"DATA", "DATA", "354 go on"},
		{".", "", "250 2.0.0 Ok: queued as 4C1F93A5D7"},
	} {
		p.tell(now, asked(x[0], x[1], x[2])...)
	}
	view := stripped(p.m.View())
	if !strings.Contains(view, "queue id 4C1F93A5D7\n") {
		t.Errorf("the header does not tell it:\n%s", view)
	}
	if s := strings.Join(p.m.summary(), "\n"); !strings.Contains(s, "delivery: accepted\nqueue id: 4C1F93A5D7") {
		t.Errorf("the summary does not tell it:\n%s", s)
	}
	p.press("esc", "k", "enter")
	if view := stripped(p.m.View()); !strings.Contains(view, "queue id   4C1F93A5D7") {
		t.Errorf("the explanation does not tell it:\n%s", view)
	}
	p.press("esc")
	p.tell(now, asked("MAIL", "MAIL FROM:<a@example.net>", "250 2.1.0 Ok")...)
	if view := stripped(p.m.View()); strings.Contains(view, "queue id") {
		t.Errorf("it outlives its message:\n%s", view)
	}
}

// TestAStateHasOneWord: the header and the pane MX say the same of a session
// that could not be opened; of one that was open, that it is over, and that the
// exchanger is good.
func TestAStateHasOneWord(t *testing.T) {
	opening, idle := engine.Status{Doing: engine.Opening}, engine.Status{}
	fails := func(kind event.Kind, stage event.Stage) event.Event {
		return event.Failed{Error: event.Errorf(kind, stage, "it went wrong")}
	}
	for _, row := range []struct {
		why        string
		scene      func(p *drawing)
		header, mx string
	}{
		{"no greeting", func(p *drawing) {
			p.tell(opening, route()...)
			p.tell(idle, fails(event.ReplyTimeout, event.Banner))
		}, "FAIL greeting", "FAIL greeting"},
		{"ctrl+c", func(p *drawing) {
			p.tell(opening, route()...)
			p.tell(idle, fails(event.Interrupted, event.Banner))
		}, "STOPPED", "stopped"},
		{"no connection", func(p *drawing) {
			p.tell(opening, route()[:3]...)
			p.tell(idle, fails(event.Refused, event.Connect))
		}, "FAIL connect", "FAIL connect"},
		{"lost at RCPT", func(p *drawing) {
			sceneDone(p)
			p.tell(idle, fails(event.ReplyTimeout, event.Rcpt))
		}, "CLOSED", "OK"},
		{"QUIT", func(p *drawing) {
			sceneDone(p)
			p.tell(idle, append(asked("QUIT", "QUIT", "221 2.0.0 bye"), event.Closed{By: "client"})...)
		}, "CLOSED", "OK"},
	} {
		p := newPlay(120, 36)
		row.scene(p)
		rows := strings.Split(stripped(p.m.View()), "\n")
		if !strings.Contains(rows[0], "  "+row.header+"  ") {
			t.Errorf("%s: the header is %s", row.why, rows[0])
		}
		pane := ""
		for _, r := range rows {
			if strings.Contains(r, "   10 mx1.example.org") {
				pane = r
			}
		}
		if !strings.Contains(pane, " "+row.mx) {
			t.Errorf("%s: the pane has %s", row.why, pane)
		}
	}
}
