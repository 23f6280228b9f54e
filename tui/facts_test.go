package tui

import (
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// loginList is what sceneLogin is offered behind its login.
const loginList = "250-mx1.example.org\n250-PIPELINING\n250-SIZE 157286400\n250-LIMITS MAILMAX=1000 RCPTMAX=50000 RCPTDOMAINMAX=1 X=1\n250-ENHANCEDSTATUSCODES\n250-DSN\n250 SMTPUTF8"

func sceneLogin(p *drawing) {
	sceneDone(p)
	p.tell(engine.Status{Connected: true}, append(asked("AUTH", "AUTH PLAIN ********", "235 2.7.0 ok"), event.Login{Mechanism: "PLAIN", OK: true})...)
	p.tell(engine.Status{Connected: true}, append(asked("EHLO", "EHLO probe.example.net", loginList), offered(loginList)...)...)
	p.tell(engine.Status{Connected: true}, asked("MAIL", "MAIL FROM:<a@example.net>", "250 2.1.0 Ok")...)
	for range 11 {
		p.tell(engine.Status{Connected: true}, asked("RCPT", "RCPT TO:<nobody@example.org>", "550 5.1.1 no")...)
	}
	p.tell(engine.Status{Connected: true}, asked("RSET", "RSET", "250 2.0.0 Ok")...)
}

func init() {
	scenes["caps"] = func(p *drawing) {
		sceneLogin(p)
		p.press("esc", "3", "G", "k")
	}
	scenes["limits"] = func(p *drawing) {
		sceneLogin(p)
		p.press("esc", "4")
	}
	scenes["patience"] = func(p *drawing) {
		scenes["limits"](p)
		p.press("enter")
	}
	scenes["chain"] = func(p *drawing) {
		scenes["tls"](p)
		p.press("enter")
	}
	scenes["script's route"] = sceneScriptRoute
}

// sceneScriptRoute is a script that has gone to a host of the domain by its
// name.
func sceneScriptRoute(p *drawing) {
	sceneDone(p)
	p.tell(engine.Status{Doing: engine.Opening}, event.Closed{By: "client"})
	p.tell(engine.Status{Doing: engine.Opening},
		event.DNS{Name: "mx2.example.org.", Type: "A", Server: "192.0.2.53:53", Network: "udp", Rcode: "NOERROR", Answers: []string{"192.0.2.26"}},
		event.Route{Domain: "mx2.example.org", Source: "server", Exchangers: []event.Exchanger{{Host: "mx2.example.org", Addresses: []string{"192.0.2.26"}}}},
		event.Connecting{Host: "mx2.example.org", Network: "tcp", Address: "192.0.2.26:2525", Timeout: 30 * time.Second},
		event.Connected{Elapsed: 40 * time.Millisecond})
	p.press("esc", "2")
}

// TestAScriptLeavesTheDomainsHosts: the pane goes on to show the hosts of the
// domain when a script goes to one of them, and not when it goes elsewhere.
func TestAScriptLeavesTheDomainsHosts(t *testing.T) {
	p := newPlay(80, 24)
	sceneScriptRoute(p)
	p.sees(t, "2 MX 3", "mx1.example.org", "mx2.example.org", "WAIT greeting", "mx3.example.org")
	if !p.m.exchanger("mx1.example.org") {
		t.Error("mx1 is no exchanger any more")
	}
	p.tell(engine.Status{Doing: engine.Opening}, event.Closed{By: "client"}, event.Route{Domain: "other.test", Source: "server", Exchangers: []event.Exchanger{{Host: "other.test", Addresses: []string{"192.0.2.99"}}}})
	p.sees(t, "2 MX 1", "other.test", "asked for by name")
	p.seesNo(t, "mx3.example.org")
}

func TestLimitWords(t *testing.T) {
	for param, want := range map[string]string{
		"MAILMAX=1000":      "1,000 messages in a session",
		"rcptmax=1":         "1 recipient for a message",
		"RCPTDOMAINMAX=20":  "20 domains of recipients for a message",
		"RCPTMAX=0":         "RCPTMAX=0: not a number of RFC 9422",
		"RCPTMAX=1000000":   "RCPTMAX=1000000: not a number of RFC 9422",
		"RCPTMAX":           "RCPTMAX: not a number of RFC 9422",
		"OTHER=5":           "OTHER=5: not in RFC 9422",
		"MAILMAX=9999999x9": "MAILMAX=9999999x9: not a number of RFC 9422",
	} {
		if got := limitWords(param); got != want {
			t.Errorf("%s: %s, want %s", param, got, want)
		}
	}
}

// TestTheSelectedFactIsInSight: also where the last row says how many more
// there are.
func TestTheSelectedFactIsInSight(t *testing.T) {
	st := face.New(true, false)
	p := &factPane{build: func(builder) []fact {
		facts := make([]fact, 30)
		for i := range facts {
			facts[i].text = " row"
		}
		return facts
	}}
	p.refresh(builder{st: &st, w: 40})
	for range 40 {
		p.step(1, 8)
		found := false
		for _, row := range p.View(&st, 40, 8, true) {
			found = found || stripped(row)[0] == '>'
		}
		if !found {
			t.Fatalf("the cursor at %d is out of sight", p.sel)
		}
	}
}

// TestChangesOfTheList: what STARTTLS and the login did to the list of the
// extensions is told apart.
func TestChangesOfTheList(t *testing.T) {
	p := newPlay(80, 24)
	sceneLogin(p)
	c := p.m.view.Now()
	all := changesOf(c)
	if len(all) != 2 || all[0].by != "STARTTLS" || all[1].by != "the login" {
		t.Fatalf("%+v", all)
	}
	if len(all[0].New) != 4 || len(all[0].Gone) != 2 || len(all[0].Other) != 0 {
		t.Errorf("by STARTTLS: %+v", all[0])
	}
	if x := all[1]; len(x.New) != 1 || len(x.Gone) != 2 || len(x.Other) != 1 || x.Other[0][1].String() != "SIZE 157286400" {
		t.Errorf("by the login: %+v", x)
	}
}
