package tui

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ehlo/resolver/dnstest"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/smtptest"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// probed plays a probing of the hosts of route(): the first is good, the second
// refuses, the third is silent; over says that it was stopped then.
func (p *drawing) probed(over bool) {
	p.m.probed = newMatrix("example.org", zero.Add(p.at))
	p.m.mode = modeMatrix
	var seq int64
	news := func(at int, events ...event.Event) (news []engine.ProbeNews) {
		for _, e := range events {
			seq++
			p.at += time.Millisecond
			news = append(news, engine.ProbeNews{At: at, Event: event.Stamp(e, event.Head{Seq: seq, At: zero.Add(p.at), Conn: 1})})
		}
		return news
	}
	lookedUp := route()[:2]
	for _, host := range []string{"mx1.example.org.", "mx2.example.org.", "mx3.example.org."} {
		lookedUp = append(lookedUp[:len(lookedUp)-1], event.DNS{Name: host, Type: "A", Server: "192.0.2.53:53", Network: "udp", Rcode: "NOERROR", Answers: []string{"192.0.2.1"}, Elapsed: 21 * time.Millisecond}, lookedUp[len(lookedUp)-1])
	}
	to := func(at int, host, address string, events ...event.Event) {
		begin := []event.Event{event.Connecting{Host: host, Network: "tcp", Address: address, Timeout: 30 * time.Second}}
		p.m.applyProbes(append([]engine.ProbeNews{{At: at, To: session.Candidate{Host: host, Network: "tcp", Address: address}}}, news(at, append(begin, events...)...)...))
	}
	connected := event.Connected{Elapsed: 44 * time.Millisecond}
	p.m.applyProbes(news(engine.LookUp, lookedUp...))
	good := append([]event.Event{connected}, asked("", "", "220 mx1.example.org ESMTP")...)
	good = append(good, asked("EHLO", "EHLO probe.example.net", clearList)...)
	good = append(append(good, offered(clearList)...), asked("STARTTLS", "STARTTLS", "220 2.0.0 go")...)
	good = append(append(good, handshake()), asked("EHLO", "EHLO probe.example.net", secureList)...)
	good = append(append(good, offered(secureList)...), append(asked("QUIT", "QUIT", "221 2.0.0 bye"), event.Closed{By: "client"})...)
	to(0, "mx1.example.org", "192.0.2.25:25", good...)
	small := append([]event.Event{connected}, asked("", "", "220 mx1.example.org ESMTP")...)
	small = append(small, asked("EHLO", "EHLO probe.example.net", "250-mx1\n250 SIZE 14680064")...)
	to(1, "mx1.example.org", "[2001:db8::25]:25", append(append(small, offered("250-mx1\n250 SIZE 14680064")...), event.Closed{By: "client"})...)
	refused := asked("", "", "554 5.7.1 go away")
	reply := refused[len(refused)-1].(event.Reply).Reply
	to(2, "mx2.example.org", "192.0.2.26:25", append(append([]event.Event{connected}, refused...),
		event.Failed{Error: &event.Error{Kind: event.Rejected, Stage: event.Banner, Message: "mx2.example.org refuses the session: 554 5.7.1 go away", Reply: &reply}},
		event.Closed{By: "server"})...)
	to(3, "mx3.example.org", "192.0.2.27:25", connected, event.Waiting{For: "the greeting", Timeout: time.Minute})
	p.m.applyProbes([]engine.ProbeNews{{At: 0, Done: true}, {At: 1, Done: true}, {At: 2, Done: true}})
	p.at += 3100 * time.Millisecond
	if over {
		p.m.applyProbes(append(news(3, event.Failed{Error: event.Errorf(event.Interrupted, event.Banner, "interrupted")}), engine.ProbeNews{At: 3, Done: true}, engine.ProbeNews{At: engine.Whole, Done: true, Err: context.Canceled}))
	}
}

func init() {
	scenes["probing all"] = func(p *drawing) {
		sceneDone(p)
		p.press("esc")
		p.probed(false)
	}
	scenes["probed all"] = func(p *drawing) {
		sceneDone(p)
		p.press("esc")
		p.probed(true)
		p.press("j", "j")
	}
	scenes["probe opened"] = func(p *drawing) {
		scenes["probed all"](p)
		p.press("enter")
	}
	scenes["exchangers probed"] = func(p *drawing) {
		scenes["probed all"](p)
		p.press("esc", "2")
	}
	scenes["probe asked"] = func(p *drawing) {
		sceneDone(p)
		p.press("esc", "2", "a")
	}
}

// zone is a domain with three hosts.
const zone = "$ORIGIN example.com.\n$TTL 300\n@ IN SOA ns1 postmaster 1 3600 600 86400 300\n@ IN MX 10 mx1\n@ IN MX 20 mx2\n@ IN MX 30 mx3\nmx1 IN A 192.0.2.1\nmx2 IN A 192.0.2.2\nmx3 IN A 192.0.2.3\n"

// later is by how much the clock of threeHosts is ahead.
var later atomic.Int64

// threeHosts starts the program with a domain of three hosts. dial gets the
// address in place of the server's own, and returns nil for that.
func threeHosts(t *testing.T, s *fakeServer, w, h int, dial func(context.Context, string) (net.Conn, error)) *terminal {
	t.Helper()
	dns, err := dnstest.Start(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	return start(t, s, w, h, func(o *Options) {
		o.Session.Resolver.Servers = []string{dns.Addr}
		o.Session.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if c, err := dial(ctx, address); c != nil || err != nil {
				return c, err
			}
			return s.dial(ctx, network, address)
		}
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
		o.Plan = flow.Plan{Target: session.Target{Text: "example.com", Host: "example.com"}}
	})
}

// refusing answers with 554 and waits for QUIT.
func refusing() net.Conn {
	near, far := net.Pipe()
	go func() {
		smtptest.Refusal("554 5.7.1 you are on a list")(far, nil)
		_ = far.Close()
	}()
	return near
}

// TestProbesAllBesideTheSession: a writes the command, Enter probes; the
// session goes on, and why the second host fails is seen in the table, in the
// transcript of that probe, and in the pane of the exchangers.
func TestProbesAllBesideTheSession(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		s := newFakeServer(t)
		x := threeHosts(t, s, size[0], size[1], func(_ context.Context, address string) (net.Conn, error) {
			if address == "192.0.2.2:25" {
				return refusing(), nil
			}
			return nil, nil
		})
		x.sees("READY")
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("2")
		x.sees("not tried")
		x.typed("a")
		x.sees(":probe all", "Enter connects")
		if n := len(s.lines()); n != 1 {
			t.Fatalf("something was sent before Enter: %q", s.lines())
		}
		x.typed(enter)
		x.sees("3 addresses, 2 OK, 1 FAIL")
		x.typed("j")
		x.sees("FAIL at greeting", "why", "on a list")
		x.typed(enter)
		x.sees("refuses this client")
		x.typed("G")
		x.sees("221 2.0.0 Bye")
		x.typed(esc)
		x.sees("3 addresses")
		x.typed(esc)
		x.sees("FAIL greeting", "READY")
		x.typed("iNOOP" + enter)
		x.sees("250 2.0.0 ok")
		if got := strings.Join(s.lines(), " "); !strings.HasPrefix(got, "EHLO") || !strings.HasSuffix(got, "NOOP") || strings.Count(got, "EHLO") != 3 || strings.Count(got, "QUIT") != 2 {
			t.Errorf("the server got %q", got)
		}
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("qy")
		if r := x.end(); len(r.View.Sessions) != 1 {
			t.Errorf("the session's view has %d connections", len(r.View.Sessions))
		}
	}
}

// TestStopsAProbing: ctrl+c stops the probing and nothing else.
func TestStopsAProbing(t *testing.T) {
	s := newFakeServer(t)
	x := threeHosts(t, s, 80, 24, func(_ context.Context, address string) (net.Conn, error) {
		if address != "192.0.2.1:25" {
			near, _ := net.Pipe() // says nothing
			return near, nil
		}
		return nil, nil
	})
	x.sees("READY")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("a" + enter)
	x.sees("1 of 3 done", "ctrl+c stop")
	x.typed("j")
	x.sees("waits for  the greeting", "of 60 s")
	x.typed("q")
	x.sees("BROWSE", "READY")
	x.typed("a")
	x.sees("1 of 3 done")
	x.typed(ctrlC)
	x.sees("3 addresses, 1 OK, stopped")
	x.typed("qiNOOP" + enter)
	x.sees("250 2.0.0 ok")
	// A silent session waits for its greeting still, and ctrl+c has left it alone.
	x.typed(ctrlC)
	x.sees("ctrl+c again leaves")
	x.typed(ctrlC)
	x.end()
}

// TestNoEventOfAProbeMovesAnything: not the cursor of the table, nor the
// session's transcript.
func TestNoEventOfAProbeMovesAnything(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.press("esc")
	p.probed(false)
	p.press("j")
	lines, sel := p.m.log.end(), p.m.probed.list.sel
	now := p.m.view.Now()
	p.m.applyProbes([]engine.ProbeNews{
		{At: 3, Event: event.Received{Head: event.Head{Seq: 99, At: zero, Conn: 1}, Line: wire.Line{Octets: []byte("220 late")}}},
		{At: 3, Done: true},
		{At: engine.Whole, Done: true},
	})
	p.m.View()
	if p.m.log.end() != lines || p.m.probed.list.sel != sel || p.m.view.Now() != now || p.m.mode != modeMatrix || p.m.problem != nil {
		t.Error("a probe has moved something")
	}
}

// TestAFloodOfAProbeIsBounded: what a host says without end is kept up to a
// bound.
func TestAFloodOfAProbeIsBounded(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.probed(false)
	for range 10 {
		news := make([]engine.ProbeNews, 1000)
		for i := range news {
			news[i] = engine.ProbeNews{At: 3, Event: event.Received{Head: event.Head{Seq: 99, At: zero, Conn: 1}, Line: wire.Line{Octets: []byte("220-more")}}}
		}
		p.m.applyProbes(news)
	}
	p.press("end")
	p.sees(t, "S: 220-more")
	p.press("enter", "g")
	p.sees(t, "earlier lines are no longer kept")
	if n := len(p.m.probed.rows[3].log.lines); n > 2*probeLines {
		t.Errorf("%d lines are kept", n)
	}
}

// TestSkipsAHost: ctrl+c leaves a silent host for the next one, and at once a
// second time it stops.
func TestSkipsAHost(t *testing.T) {
	silent := func(_ context.Context, address string) (net.Conn, error) {
		if address == "192.0.2.3:25" {
			return nil, nil
		}
		near, _ := net.Pipe()
		return near, nil
	}
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		x := threeHosts(t, newFakeServer(t), size[0], size[1], silent)
		x.sees("the greeting", "ctrl+c skip", "mx1")
		x.typed(ctrlC)
		x.sees("mx1.example.com is skipped", "mx2")
		later.Add(int64(2 * twice)) // what comes sooner stops
		x.sees("ctrl+c skip")
		x.typed(ctrlC)
		x.sees("READY", "mx3.example.com")
		x.typed(esc)
		x.sees("(i: type SMTP)")
		x.typed("2")
		x.sees("skipped", "OK")
		x.cancel()
		x.end()
	}
	x := threeHosts(t, newFakeServer(t), 80, 24, silent)
	x.sees("(ctrl+c skips this host)", "mx1")
	x.typed(ctrlC)
	x.sees("mx1.example.com is skipped", "mx2")
	x.typed(ctrlC)
	x.sees("the session was not opened")
}
