package flow_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// faultRow is one thing that a server does wrong while a message is sent, and
// what has to come of it.
type faultRow struct {
	why        string
	stage      string                              // of the server, where do takes the place of its reply; "*": everywhere
	do         func(s *faultServer, good string)   //
	pipelining bool                                // the server offers it
	tls        bool                                // the server offers STARTTLS
	octets     int                                 // of the message; 0: a few
	kind       event.Kind                          // empty: the message is sent
	at         event.Stage                         // where the failure is
	exit       int                                 //
	delivery   transcript.Delivery                 // empty: not looked at
	took       time.Duration                       // of the clock in the bubble; -1: within the timeouts
	words      string                              // in the output
	check      func(t *testing.T, r *faultOutcome) // what else there is to see; nil: nothing
}

// faultStages are the server's turns in the order of a session, and what a
// failure there comes to.
var faultStages = []struct {
	name  string
	at    event.Stage
	exit  int
	tls   bool
	reply string // a good one
}{
	{"greeting", event.Banner, 21, false, "220 mx.example.test ESMTP\r\n"},
	{"EHLO", event.Helo, 22, false, ""},
	{"STARTTLS", event.StartTLS, 29, true, "220 go\r\n"},
	{"handshake", event.StartTLS, 29, true, ""},
	{"EHLO again", event.HeloTLS, 32, true, ""},
	{"MAIL", event.Mail, 23, false, "250 ok\r\n"},
	{"RCPT", event.Rcpt, 24, false, "250 ok\r\n"},
	{"DATA", event.Data, 25, false, "354 go\r\n"},
	{"dot", event.Dot, 26, false, "250 queued\r\n"},
	{"QUIT", event.NoStage, 0, false, "221 bye\r\n"},
}

// maxGrown is how much memory a server may cost.
const maxGrown = 64 << 20

// faultOutcome is what a session with a fault came to.
type faultOutcome struct {
	err     error
	took    time.Duration
	text    strings.Builder
	report  transcript.Report
	events  []event.Event
	sent    atomic.Int64
	dials   int
	grown   uint64 // octets of memory
	hidden  string // output that is not visible text, if any
	ordinal atomic.Int64
}

// now is a clock that never shows the same time twice: what came before a
// command is earlier than it, as in the world.
func (r *faultOutcome) now() time.Time {
	return time.Now().Add(time.Duration(r.ordinal.Add(1)))
}

// visible checks that output is text that a terminal only shows.
func (r *faultOutcome) visible(out string) {
	for i := 0; i < len(out) && r.hidden == ""; {
		c, n := utf8.DecodeRuneInString(out[i:])
		if c == utf8.RuneError && n == 1 || c != '\n' && !unicode.IsPrint(c) {
			r.hidden = fmt.Sprintf("%q in %.200q", out[i:i+n], out)
		}
		i += n
	}
}

// said finds words in what a person or a program reads.
func (r *faultOutcome) said(words string) bool {
	if e, ok := errors.AsType[*event.Error](r.err); ok && strings.Contains(e.Message, words) {
		return true
	}
	return strings.Contains(r.text.String(), words)
}

func (r *faultOutcome) unasked() (n int) {
	for _, e := range r.events {
		if reply, ok := e.(event.Reply); ok && reply.Unasked {
			n++
		}
	}
	return n
}

func (row faultRow) run(t *testing.T) *faultOutcome {
	t.Helper()
	body := "hi\r\n"
	if row.octets > 0 {
		body = strings.Repeat(strings.Repeat("x", 62)+"\r\n", row.octets/64)
	}
	m, err := message.Compose(message.Draft{From: "a@example.net", To: []string{"b@example.test"}, Body: []byte(body), Date: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	l := flow.Letter{From: wire.Address{Local: "a", Domain: "example.net"}, To: []wire.Address{{Local: "b", Domain: "example.test"}}, Message: m}
	r := &faultOutcome{}
	text := transcript.Text{W: &r.text}
	s := session.New(session.Options{
		Helo: "client.example.net", Now: r.now,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			link := &faultLink{Conn: client}
			r.dials++
			go (&faultServer{Conn: server, raw: server, in: bufio.NewReader(server), link: link, row: &row, sent: &r.sent}).play()
			return link, nil
		},
		Sink: func(e event.Event) {
			text.Apply(e)
			r.report.Apply(e)
			r.visible(string(transcript.EventJSON(e, time.Time{})))
			if _, ok := e.(event.Received); !ok {
				r.events = append(r.events, e)
			}
		},
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	started := time.Now()
	plan := flow.Plan{Only: &session.Candidate{Host: "mx.example.test", Network: "tcp", Address: "192.0.2.1:25", TLS: session.TLSAuto}}
	r.err = flow.Send(t.Context(), s, plan, l)
	r.took = time.Since(started)
	runtime.ReadMemStats(&after)
	// All that was allocated is more than what was in use at any time. Where it
	// is too much to say so, what is kept has to do.
	if r.grown = after.TotalAlloc - before.TotalAlloc; r.grown > maxGrown {
		runtime.GC()
		runtime.ReadMemStats(&after)
		r.grown = max(after.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
	}
	if e, ok := errors.AsType[*event.Error](r.err); ok {
		r.report.Failure, r.report.Exit = e, e.Exit()
	}
	r.visible(r.text.String())
	r.visible(string(r.report.JSON()))
	if s.Connected() {
		t.Error("the connection was left open")
	}
	return r
}

func (row faultRow) test(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := row.run(t)
		e, _ := errors.AsType[*event.Error](r.err)
		if r.err != nil && e == nil {
			t.Fatal(r.err)
		}
		kind, at := event.Kind(""), event.NoStage
		if e != nil {
			kind, at = e.Kind, e.Stage
		}
		if kind != row.kind || at != row.at || e.Exit() != row.exit {
			t.Errorf("got %q at %s, exit %d; want %q at %s, exit %d: %v", kind, at, e.Exit(), row.kind, row.at, row.exit, r.err)
		}
		now := r.report.Now()
		if now == nil {
			t.Fatal("no session in the report")
		}
		if got := now.Delivery(); got != row.delivery && row.delivery != "" {
			t.Errorf("delivery %s, want %s", got, row.delivery)
		}
		if d := r.took - row.took; (d < -time.Second || d > time.Second) && row.took >= 0 || r.took > session.DefaultDot+time.Second {
			t.Errorf("it took %s, want %s", r.took, row.took)
		}
		if row.words != "" && !r.said(row.words) {
			t.Errorf("no %q in: %v\n%.2000s", row.words, r.err, r.text.String())
		}
		if r.hidden != "" {
			t.Error("not visible: " + r.hidden)
		}
		if r.grown > maxGrown {
			t.Errorf("%d octets of memory", r.grown)
		}
		// What was learnt before stays.
		if row.at != event.Banner && now.Greeting == nil {
			t.Error("the greeting was forgotten")
		}
		offers := now.Offers
		if row.at == event.HeloTLS || row.at == event.StartTLS && offers == nil {
			offers = now.OffersBeforeTLS
		}
		if row.at != event.Banner && row.at != event.Helo && !offers.Has("SIZE") {
			t.Error("the offers were forgotten")
		}
		if row.check != nil {
			row.check(t, r)
		}
		time.Sleep(2 * time.Hour) // for the server to come to its end
	})
}

// each makes a row for each stage of the server, in clear with pipelining and
// without, and over TLS; change makes of it what is true there, or returns
// false.
func each(why string, do func(*faultServer, string), change func(row *faultRow) bool) (rows []faultRow) {
	for _, st := range faultStages {
		for _, pipelining := range []bool{false, true} {
			if st.tls && pipelining {
				continue
			}
			row := faultRow{why: why + " at " + st.name, stage: st.name, do: do, pipelining: pipelining, tls: st.tls, at: st.at, exit: st.exit, delivery: "none"}
			switch st.name {
			case "dot":
				row.delivery = "unknown"
			case "QUIT":
				row.delivery = "accepted"
			}
			if pipelining {
				row.why += ", pipelined"
			}
			if !change(&row) {
				continue
			}
			if st.name == "QUIT" {
				row.kind, row.at, row.exit = "", event.NoStage, 0
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// waits is how long a silent server is waited for.
func waits(row *faultRow) time.Duration {
	if row.at == event.Dot {
		return session.DefaultDot
	}
	return session.DefaultReply
}

// fatal are the faults of one kind that end a session at any stage; in the
// handshake they are failures of TLS.
func fatal(kind event.Kind, exit int) func(*faultRow) bool {
	return func(row *faultRow) bool {
		if row.kind = kind; row.stage == "handshake" {
			row.kind = event.TLSFailed
			return true
		}
		if exit != 0 {
			row.exit = exit
		}
		return true
	}
}

func timesOut(row *faultRow) bool {
	row.took = waits(row)
	return fatal(event.ReplyTimeout, 0)(row)
}

func runFaults(t *testing.T, rows []faultRow) {
	for _, row := range rows {
		t.Run(row.why, row.test)
	}
}

func TestFaultSilence(t *testing.T) {
	runFaults(t, each("silence", func(s *faultServer, _ string) { s.hold() }, timesOut))
	runFaults(t, each("a reply without an end", func(s *faultServer, good string) {
		if good != "" {
			s.say(good[:3] + "-more\r\n")
		}
		s.hold()
	}, timesOut))
	// The time is for the whole reply, and for the whole handshake.
	runFaults(t, each("an octet a second", func(s *faultServer, good string) {
		if good == "" {
			good = "\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
		}
		s.slowly(good[:min(len(good), 4)] + strings.Repeat("x", 1000))
	}, timesOut))
}

func TestFaultEnd(t *testing.T) {
	runFaults(t, each("a close", func(s *faultServer, _ string) { s.hangUp() }, func(row *faultRow) bool {
		return fatal(event.ConnectionLost, 0)(row)
	}))
	runFaults(t, []faultRow{
		{
			why: "a close without close_notify", stage: "EHLO again", tls: true, do: func(s *faultServer, _ string) { s.hangUp() },
			kind: event.ConnectionLost, at: event.HeloTLS, exit: 32, delivery: "none", words: "without close_notify",
		},
		{
			why: "a close with close_notify", stage: "EHLO again", tls: true, do: func(s *faultServer, _ string) { _ = s.Close(); s.hangUp() },
			kind: event.ConnectionLost, at: event.HeloTLS, exit: 32, delivery: "none",
			check: func(t *testing.T, r *faultOutcome) {
				if r.said("close_notify") {
					t.Error("it is said that there was no close_notify")
				}
			},
		},
	})
	runFaults(t, each("a reset", func(s *faultServer, _ string) {
		s.link.reset.Store(true)
		s.hangUp()
	}, func(row *faultRow) bool {
		row.words = "reset"
		return fatal(event.ConnectionLost, 0)(row)
	}))
	runFaults(t, each("a close in a line", func(s *faultServer, _ string) {
		s.say("2")
		s.hangUp()
	}, func(row *faultRow) bool {
		switch row.stage {
		case "MAIL", "RCPT", "DATA":
			return false
		}
		return fatal(event.ConnectionLost, 0)(row)
	}))
	runFaults(t, each("a close in a reply", func(s *faultServer, good string) {
		s.say(good[:min(len(good), 3)] + "-more\r\n")
		s.hangUp()
	}, func(row *faultRow) bool { return row.stage != "handshake" && fatal(event.ConnectionLost, 0)(row) }))
}

// nasty is what should not reach a terminal.
const nasty = "\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m\u009b31m\x00\x7f\b\u202e\u200b\u2028\xff\xc3"

func TestFaultReplies(t *testing.T) {
	for _, reply := range []string{
		"hello", "099 x", "150 x", "600 x", "999 x", "25 x", "2500 x", "2e0 x", "-250 x", " 250 x", "+250 x", "\x00250 x", "\xef\xbb\xbf250 x",
		"\xd9\xa2\xd9\xa5\xd9\xa0 x", "", "\r", "2", "0x1f x", "250-a\r\n550 b", "250-a\r\nb", "250-a\r\n\r\n250 b", "220-a\r\n250 b", "354-a\r\n220 b",
		nasty, "250-" + nasty + "\r\n" + nasty,
	} {
		runFaults(t, each(fmt.Sprintf("%q", reply), func(s *faultServer, _ string) {
			s.say(reply + "\r\n")
			s.hold()
		}, func(row *faultRow) bool {
			if row.stage == "RCPT" {
				row.delivery = ""
			}
			return row.stage != "handshake" && fatal(event.MalformedReply, 44)(row)
		}))
	}
	for _, code := range []int{421, 450, 550} {
		runFaults(t, each(fmt.Sprint(code), func(s *faultServer, _ string) {
			s.say(fmt.Sprintf("%d 5.0.0 no %s\r\n", code, nasty))
			s.hangUp()
		}, func(row *faultRow) bool {
			kind, delivery := event.Deferred, transcript.DeliveryDeferred
			if code == 550 {
				kind, delivery = event.Rejected, transcript.DeliveryRejected
			}
			switch row.at {
			case event.Mail, event.Rcpt, event.Data, event.Dot:
				row.delivery = delivery
			}
			return row.stage != "handshake" && fatal(kind, 0)(row)
		}))
	}
	runFaults(t, each("421 without a close", func(s *faultServer, _ string) {
		s.say("421 4.3.2 shutting down\r\n")
		s.hold()
	}, func(row *faultRow) bool {
		row.delivery, row.took = "", -1 // nothing answers QUIT
		return row.stage != "handshake" && fatal(event.Deferred, 0)(row)
	}))
	runFaults(t, each("a code for something else", func(s *faultServer, _ string) {
		s.say("334 VXNlcm5hbWU6\r\n")
		s.hold()
	}, func(row *faultRow) bool {
		if row.took = -1; row.stage == "RCPT" {
			row.delivery = ""
		}
		return row.stage != "handshake" && fatal(event.MalformedReply, 44)(row)
	}))
	runFaults(t, []faultRow{
		{
			why: "injection of what should not reach a terminal", stage: "STARTTLS", tls: true, do: func(s *faultServer, good string) { s.say(good + nasty) },
			kind: event.STARTTLSInjection, at: event.StartTLS, exit: 44, delivery: "none",
		},
		{
			why: "plaintext in place of the handshake", stage: "handshake", tls: true, do: func(s *faultServer, _ string) { s.say("\x1b[2J " + nasty + "\r\n"); s.hold() },
			kind: event.TLSFailed, at: event.StartTLS, exit: 29, delivery: "none", words: "answers in plaintext, not TLS",
		},
		{
			why: "offers that should not reach a terminal", stage: "EHLO", do: func(s *faultServer, _ string) {
				s.say("250-mx" + nasty + "\r\n250-SIZE 5" + nasty + "\r\n250-X" + nasty + "\r\n250-AUTH PLAIN" + nasty + "\r\n250 HELP\r\n")
			}, delivery: "accepted",
		},
	})
	// Said behind a good reply, before the next command: the reason why the
	// server has gone.
	runFaults(t, each("421 behind the reply", func(s *faultServer, good string) {
		s.say(good + "421 4.3.2 shutting down\r\n")
		s.hangUp()
	}, func(row *faultRow) bool {
		next := map[string]event.Stage{"greeting": event.Helo, "EHLO": event.Mail, "EHLO again": event.Mail, "MAIL": event.Rcpt, "RCPT": event.Data, "DATA": event.Dot}
		row.kind, row.words = event.Deferred, "421 4.3.2 shutting down"
		at, ok := next[row.stage]
		if row.at = at; at == event.Dot {
			row.delivery = transcript.DeliveryDeferred
		}
		row.exit = (&event.Error{Kind: event.Deferred, Stage: at}).Exit()
		return ok && !row.pipelining
	}))
}

// What still makes sense goes on, at every stage.
func TestFaultHarmless(t *testing.T) {
	sent := func(why string, do func(*faultServer, string), words string) {
		for _, over := range []faultRow{{why: ", pipelined", pipelining: true}, {why: ", one by one"}, {why: ", TLS", tls: true}} {
			over.why, over.stage, over.do, over.words, over.delivery = why+over.why, "*", do, words, "accepted"
			t.Run(over.why, over.test)
		}
	}
	end := func(text string) func(*faultServer, string) {
		return func(s *faultServer, good string) { s.say(strings.TrimSuffix(good, "\r\n") + text + "\r\n") }
	}
	sent("no fault", func(s *faultServer, good string) { s.say(good) }, "")
	sent("no space", func(s *faultServer, good string) {
		i := strings.LastIndexByte(strings.TrimSuffix(good, "\r\n"), '\n') + 1
		s.say(good[:i] + good[i:i+3] + "Ok\r\n")
	}, "anomaly: no space after the code")
	sent("a code alone", func(s *faultServer, good string) {
		i := strings.LastIndexByte(strings.TrimSuffix(good, "\r\n"), '\n') + 1
		s.say(good[:i] + good[i:i+3] + "\r\n")
	}, "")
	sent("bare LF", func(s *faultServer, good string) { s.say(strings.ReplaceAll(good, "\r\n", "\n")) }, "anomaly: line ends in a bare LF")
	sent("lower case", func(s *faultServer, good string) { s.say(strings.ToLower(good)) }, "")
	sent("bare CR", end("a\rb"), "anomaly: bare CR within the line")
	sent("CR CR LF", end("\r"), "anomaly: bare CR within the line")
	sent("NUL", end("a\x00b"), "anomaly: NUL octet in the line")
	sent("Latin-1", end("gr\xfc\xdfe"), "anomaly: 8-bit text in the line")
	sent("a long line", end(strings.Repeat("x", 60000)), "anomaly: line is longer than 512 octets")
	for _, text := range []string{
		"\xc3\x28", "\xe2\x82", "\xf0\x9f\x98", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff\xfe", // no UTF-8
		"\u202e\u202d\u202a\u202b\u202c", "\u2066\u2067\u2068\u2069", "\u200e\u200f\u061c", // direction
		"\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e", "\u2028\u2029", "\U000e0041\U000e007f", "\ufff9\ufffb", "\u3164\u115f", // invisible
	} {
		sent(fmt.Sprintf("%+q", text), end("a"+text+"b"), "8-bit text in the line")
	}
	for c := 1; c < 0xa0; c++ {
		if c == '\n' || c == '\r' || c == '\t' || c >= 0x20 && c < 0x7f {
			continue
		}
		words := "anomaly: control octets in the line"
		if c >= 0x80 {
			words = "anomaly: 8-bit text in the line"
			sent(fmt.Sprintf("U+%04X", c), end("a"+string(rune(c))+"2Jb"), words)
		}
		sent(fmt.Sprintf("octet %02x", c), end("a"+string([]byte{byte(c)})+"2Jb"), words)
	}
	for _, sequence := range []string{
		"\x1b[2J", "\x1b[31m", "\x1b]0;title\x07", "\x1b]2;title\x1b\\", "\x1b]52;c;aGk=\x07", "\x1b]8;;http://x/\x1b\\x", "\x1bP1$q\x1b\\", "\x1b[6n",
		"\x1b[c", "\x1bc", "\x1b#8", "\x1b(0", "\x1b[?1049h", "\x1b_x\x1b\\", "\x1b^x\x1b\\", "\x1b[21t", "\x1b[5i", "\x9b2J", "\x9d0;t\x9c", "\x90q\x9c", "\b\b\b", "\x0e", "\x7f",
	} {
		sent(fmt.Sprintf("%q", sequence), end(sequence), "anomaly: ")
	}
	// Cut at every octet: each reply of a session at the same place.
	for cut := range 80 {
		sent(fmt.Sprintf("cut at %d", cut), func(s *faultServer, good string) {
			at := min(cut, len(good))
			text := strings.HasPrefix(good, "354")
			s.say(good[:at])
			if len(good) > at {
				s.say(good[at:])
			}
			s.text = text
		}, "")
	}
	merged := faultRow{why: "the replies to a group in one packet", stage: "*", pipelining: true, delivery: "accepted", do: func(s *faultServer, good string) {
		if s.turn == "MAIL" || s.turn == "RCPT" {
			s.kept += good
			return
		}
		s.say(s.kept + good)
		s.kept, s.text = "", s.turn == "DATA"
	}}
	t.Run(merged.why, merged.test)
	sent("in single octets", func(s *faultServer, good string) {
		for i := range good {
			s.say(good[i : i+1])
		}
		s.text = strings.HasPrefix(good, "354")
	}, "")
}

func TestFaultUnasked(t *testing.T) {
	unasked := func(t *testing.T, r *faultOutcome) {
		if r.unasked() == 0 || !r.said("without being asked") {
			t.Error("nothing is said of what nobody asked for")
		}
	}
	runFaults(t, each("doubled", func(s *faultServer, good string) { s.say(good + good) }, func(row *faultRow) bool {
		switch {
		case row.stage == "handshake":
			return false
		case row.stage == "STARTTLS":
			row.kind, row.exit = event.STARTTLSInjection, 44
			return true
		case row.pipelining && (row.stage == "MAIL" || row.stage == "RCPT"):
			// The double stands for the reply to the next command, and DATA
			// gets one that makes no sense there. Its 354 comes later.
			row.kind, row.at, row.exit, row.took = event.MalformedReply, event.Data, 44, -1
			return true
		}
		row.kind, row.at, row.exit, row.delivery = "", event.NoStage, 0, transcript.DeliveryAccepted
		if row.stage != "QUIT" && (!row.pipelining || row.stage != "dot") {
			row.check = unasked
		}
		return true
	}))
	// The reply to a command comes before the command: it answers nothing.
	for i, st := range faultStages {
		if st.tls || i+1 == len(faultStages) {
			continue
		}
		next := faultStages[i+1]
		if next.tls {
			next = faultStages[5]
		}
		early := next.reply
		if early == "" {
			early = "250 mx.example.test\r\n"
		}
		row := faultRow{
			why: next.name + " is answered too early", stage: "*",
			kind: event.ReplyTimeout, at: next.at, exit: next.exit, delivery: "none", took: session.DefaultReply, check: unasked,
		}
		row.do = func(s *faultServer, good string) {
			switch s.turn {
			case st.name:
				s.say(good + early)
			case next.name:
				s.hold()
			default:
				s.say(good)
			}
		}
		switch next.name {
		case "dot":
			row.took, row.delivery = session.DefaultDot, transcript.DeliveryUnknown
		case "QUIT":
			row.kind, row.at, row.exit, row.delivery = "", event.NoStage, 0, transcript.DeliveryAccepted
		}
		t.Run(row.why, row.test)
	}
}

func TestFaultLarge(t *testing.T) {
	taken := func(t *testing.T, r *faultOutcome) {
		if n := r.sent.Load(); n > 1<<20 {
			t.Errorf("%d octets were taken", n)
		}
	}
	long := func(row *faultRow) bool {
		row.check = taken
		return row.stage != "handshake" && fatal(event.ReplyTooLong, 44)(row)
	}
	runFaults(t, each("a line of 100 MB", func(s *faultServer, good string) {
		s.say(good[:4])
		s.flood("a")
	}, long))
	runFaults(t, each("100 MB of NUL", func(s *faultServer, _ string) { s.flood("\x00") }, long))
	runFaults(t, each("100 MB without a line feed", func(s *faultServer, _ string) { s.flood("250 \r") }, long))
	runFaults(t, each("an endless reply", func(s *faultServer, good string) { s.flood(good[:3] + "-more\r\n") }, long))
	runFaults(t, each("a list of 100,000 lines", func(s *faultServer, _ string) {
		var list bytes.Buffer
		for i := range 100_000 {
			fmt.Fprintf(&list, "250-X%d\r\n", i)
		}
		s.say(list.String() + "250 HELP\r\n")
	}, func(row *faultRow) bool { return row.stage == "EHLO" && long(row) }))
	runFaults(t, each("100 MB of handshake", func(s *faultServer, _ string) { s.flood("\x16\x03\x03\x40\x00") }, func(row *faultRow) bool {
		row.check, row.kind = taken, event.TLSFailed
		return row.stage == "handshake"
	}))
	// Replies without an end: one answers each command, until one makes no sense.
	runFaults(t, each("100 MB of good replies", func(s *faultServer, _ string) { s.flood("250 ok\r\n") }, func(row *faultRow) bool {
		row.check, row.kind, row.at, row.exit, row.delivery = taken, event.MalformedReply, event.Data, 44, "none"
		return row.stage == "MAIL" || row.stage == "RCPT"
	}))
}

func TestFaultMessage(t *testing.T) {
	const big = 4 << 20
	inTheMiddle := func(t *testing.T, r *faultOutcome) {
		seen := false
		for _, e := range r.events {
			switch e := e.(type) {
			case event.Reply:
				seen = seen || e.Unasked
			case event.Message:
				if !seen {
					t.Error("what was said in the middle of the message was not seen before its end")
				}
			}
		}
	}
	rows := []faultRow{
		{
			why: "the server stops reading", octets: big, do: func(s *faultServer, _ string) { time.Sleep(time.Hour) },
			kind: event.ReplyTimeout, delivery: "none", took: -1, words: "takes no data",
		},
		{
			why: "it closes", octets: big, do: func(s *faultServer, _ string) { s.hangUp() },
			kind: event.ConnectionLost, delivery: "none", words: "the server has no message",
		},
		{why: "it resets", octets: big, do: func(s *faultServer, _ string) {
			s.link.reset.Store(true)
			s.hangUp()
		}, kind: event.ConnectionLost, delivery: "none", words: "the server has no message"},
		{
			why: "a good reply", octets: big, do: func(s *faultServer, _ string) { s.say("250 hm\r\n") },
			delivery: "accepted", words: "S: 250 hm", check: inTheMiddle,
		},
		{
			why: "a bad reply", octets: big, do: func(s *faultServer, _ string) { s.say("452 4.3.1 the disk is full\r\n") },
			delivery: "accepted", words: "S: 452 4.3.1 the disk is full", check: inTheMiddle,
		},
		{why: "a refusal and a close", octets: big, do: func(s *faultServer, _ string) {
			s.say("552 5.3.4 too large\r\n")
			s.hangUp()
		}, kind: event.Rejected, delivery: "rejected", words: "552 5.3.4 too large"},
		{why: "421 and a close", octets: big, do: func(s *faultServer, _ string) {
			s.say("421 4.3.2 shutting down\r\n")
			s.hangUp()
		}, kind: event.Deferred, delivery: "deferred", words: "421 4.3.2 shutting down"},
		{why: "no code", octets: big, do: func(s *faultServer, _ string) {
			s.say("what\r\n")
			s.hold()
		}, kind: event.MalformedReply, exit: 44, delivery: "none"},
		{
			why: "a line of 100 MB", octets: big, do: func(s *faultServer, _ string) { s.flood("a") },
			kind: event.ReplyTooLong, exit: 44, delivery: "none",
		},
		{
			why: "an endless reply", octets: big, do: func(s *faultServer, _ string) { s.flood("250-more\r\n") },
			kind: event.ReplyTooLong, exit: 44, delivery: "none",
		},
		{
			why: "half a reply, which the answer to the message then completes", octets: big, do: func(s *faultServer, _ string) { s.say("250-hm\r\n2") },
			kind: event.MalformedReply, exit: 44, delivery: "unknown",
		},
	}
	for _, row := range rows {
		row.stage = "middle"
		if row.kind != "" {
			if row.at = event.Dot; row.exit == 0 {
				row.exit = 26
			}
		}
		t.Run(row.why, row.test)
		row.pipelining = true
		t.Run(row.why+", pipelined", row.test)
	}
}
