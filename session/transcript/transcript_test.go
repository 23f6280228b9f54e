package transcript_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

var update = flag.Bool("update", false, "write the goldens")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s", name, got)
	}
}

var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// stamped gives events heads, a millisecond apart.
func stamped(events []event.Event) []event.Event {
	out := make([]event.Event, len(events))
	for i, e := range events {
		h := event.Head{Seq: int64(i + 1), At: start.Add(time.Duration(i) * time.Millisecond), Conn: 1}
		switch e.(type) {
		case event.DNS, event.Route:
			h.Conn = 0
		}
		out[i] = event.Stamp(e, h)
	}
	return out
}

func TestEveryEventInEveryEncoder(t *testing.T) {
	var text, events bytes.Buffer
	script := transcript.Text{W: &text, Time: true, DNS: true}
	report := transcript.Report{Version: "v1", Command: "probe", Target: "example.com"}
	names := map[string]bool{}
	for _, e := range stamped(event.All()) {
		script.Apply(e)
		report.Apply(e)
		line := transcript.EventJSON(e, start)
		events.Write(line)
		var parsed struct {
			Seq   int64  `json:"seq"`
			Event string `json:"event"`
		}
		if err := json.Unmarshal(line, &parsed); err != nil || parsed.Seq != e.Header().Seq || parsed.Event == "" {
			t.Errorf("%T: %s (%v)", e, line, err)
		}
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Errorf("%T is not one line: %q", e, line)
		}
		names[parsed.Event] = true
	}
	if len(names) != len(event.All()) {
		t.Errorf("%d names for %d events", len(names), len(event.All()))
	}
	golden(t, "all.smtp", text.Bytes())
	golden(t, "all.events", events.Bytes())
	golden(t, "all.json", report.JSON())
}

// hostile is what a server may send to do something to a terminal, to a
// script or to a reader of JSON.
const hostile = "250 \x1b]0;owned\x07 \x9b2J \u202e ${helo} <script> \"quoted\" \\x41 \x00\r end"

func TestNothingHostileGetsThrough(t *testing.T) {
	line := wire.Line{Octets: []byte(hostile)}
	var reply wire.Reply
	reply.Add(line)
	events := stamped([]event.Event{
		event.DNS{Name: hostile, Type: "MX", Rcode: "SERVFAIL", Answers: []string{hostile}, Error: hostile},
		event.Route{Domain: hostile, Source: "mx", Exchangers: []event.Exchanger{{Host: hostile, Notes: []string{hostile}, Error: event.Errorf(event.NoAddress, event.Lookup, hostile)}}, Reason: hostile},
		event.Connecting{Host: "mx", URL: "smtp://mx"},
		event.Connected{Remote: hostile},
		event.Received{Line: line},
		event.Reply{Reply: reply, Stage: event.Helo, Verb: "EHLO", Unasked: true},
		event.TLS{Mode: "starttls", Problem: hostile, Certificates: []event.Certificate{{Subject: hostile, Issuer: hostile, Names: []string{hostile}}}},
		event.Sent{Line: []byte(hostile)},
		event.Note{Text: hostile},
		event.Failed{Error: &event.Error{Kind: event.Rejected, Stage: event.Connect, Message: hostile, Reply: &reply}},
		event.Closed{By: "server", Problem: hostile},
	})
	var out bytes.Buffer
	text := transcript.Text{W: &out, Time: true, DNS: true}
	record := transcript.Record{W: &out}
	report := transcript.Report{Target: hostile}
	for _, e := range events {
		text.Apply(e)
		record.Apply(e)
		report.Apply(e)
		out.Write(transcript.EventJSON(e, start))
	}
	report.Failure = event.Errorf(event.Rejected, event.Rcpt, hostile)
	out.Write(report.JSON())
	for _, line := range strings.Split(out.String(), "\n") {
		for _, c := range line {
			if c < 0x20 || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e || c == 0xfffd {
				t.Errorf("%q in %q", c, line)
				break
			}
		}
	}
	if !strings.Contains(out.String(), `S: 250 \x1b]0;owned\x07 \x9b2J \xe2\x80\xae $${helo} <script> "quoted" \x5cx41 \x00\x0d end`) {
		t.Errorf("the line is not in the script as it should be:\n%s", out.String())
	}
}

func TestSecretsAreMasked(t *testing.T) {
	sent := event.Sent{Line: []byte("AUTH PLAIN AGEAc2VjcmV0"), Secret: []event.Span{{Start: 11, End: 23}}}
	var out bytes.Buffer
	text := transcript.Text{W: &out}
	report := transcript.Report{}
	for _, e := range stamped([]event.Event{event.Connecting{Host: "mx"}, event.Connected{}, sent}) {
		text.Apply(e)
		report.Apply(e)
		out.Write(transcript.EventJSON(e, start))
	}
	out.Write(report.JSON())
	if strings.Contains(out.String(), "AGEA") || strings.Count(out.String(), "AUTH PLAIN ********") != 3 {
		t.Error(out.String())
	}
}

func reply(verb, command, text string) event.Reply {
	r, _, _ := wire.ParseReply([]byte(text + "\r\n"))
	return event.Reply{Reply: r, Verb: verb, Command: []byte(command)}
}

func TestDelivery(t *testing.T) {
	mail := reply("MAIL", "MAIL FROM:<>", "250 Ok")
	good, other := reply("RCPT", "RCPT TO:<a@b>", "250 Ok"), reply("RCPT", "RCPT TO:<c@d>", "250 Ok")
	bad, later := reply("RCPT", "RCPT TO:<no@b>", "550 no"), reply("RCPT", "RCPT TO:<grey@b>", "450 later")
	data, dot := reply("DATA", "DATA", "354 go"), event.Sent{Line: []byte("."), Text: true}
	done, refused, deferred := reply(".", ".", "250 queued"), reply(".", ".", "552 large"), reply(".", ".", "452 full")
	lost := event.Failed{Error: event.Errorf(event.ConnectionLost, event.Dot, "lost")}
	final := func(to, text string) event.Reply {
		r := reply(".", ".", text)
		r.Recipient = to
		return r
	}
	for _, row := range []struct {
		why    string
		want   transcript.Delivery
		events []event.Event
	}{
		{"no mail", "none", nil},
		{"accepted", "accepted", []event.Event{mail, good, data, dot, done}},
		{"MAIL refused", "rejected", []event.Event{reply("MAIL", "MAIL FROM:<>", "552 too large")}},
		{"MAIL deferred", "deferred", []event.Event{reply("MAIL", "MAIL FROM:<>", "452 no room")}},
		{"every recipient refused", "rejected", []event.Event{mail, bad, bad}},
		{"every recipient deferred", "deferred", []event.Event{mail, later}},
		{"one recipient of two refused", "partial", []event.Event{mail, good, bad, data, dot, done}},
		{"one refused, then the message too", "rejected", []event.Event{mail, good, bad, data, dot, refused}},
		{"DATA refused", "rejected", []event.Event{mail, good, reply("DATA", "DATA", "554 no")}},
		{"the message deferred", "deferred", []event.Event{mail, good, data, dot, deferred}},
		{"no reply to the final dot", "unknown", []event.Event{mail, good, data, dot, lost}},
		{"lost before the final dot", "none", []event.Event{mail, good, data, lost}},
		{"LMTP, both", "accepted", []event.Event{mail, good, other, data, dot, final("a@b", "250 ok"), final("c@d", "250 ok")}},
		{"LMTP, one", "partial", []event.Event{mail, good, other, data, dot, final("a@b", "250 ok"), final("c@d", "552 full")}},
		{"LMTP, none", "deferred", []event.Event{mail, good, other, data, dot, final("a@b", "452 x"), final("c@d", "452 x")}},
		{"a second transaction counts alone", "none", []event.Event{mail, good, data, dot, done, mail}},
	} {
		var v transcript.View
		for _, e := range stamped(append([]event.Event{event.Connecting{Host: "mx"}, event.Connected{}}, row.events...)) {
			v.Apply(e)
		}
		if got := v.Now().Delivery(); got != row.want {
			t.Errorf("%s: %s", row.why, got)
		}
	}
}

// TestTextOfAServer: a server is connected to, and judges no certificate of its
// own.
func TestTextOfAServer(t *testing.T) {
	var out bytes.Buffer
	text := transcript.Text{W: &out, Server: true}
	for range 2 {
		text.Apply(event.Connecting{Network: "tcp"})
		text.Apply(event.Connected{Remote: "127.0.0.1:4711"})
	}
	text.Apply(event.TLS{Mode: "implicit", Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256"})
	want := "# connection from 127.0.0.1:4711\n# connection from 127.0.0.1:4711\n# TLS 1.3 TLS_AES_128_GCM_SHA256 (0.0 ms)\n"
	if got := strings.ReplaceAll(out.String(), "@tls\n", ""); got != want {
		t.Errorf("%s", got)
	}
}
