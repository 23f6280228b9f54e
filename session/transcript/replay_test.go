package transcript_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// written is the session as each of those writes it who write scripts.
func written(t testing.TB, events []event.Event) map[string]string {
	t.Helper()
	var text, record, exact strings.Builder
	live := transcript.Text{W: &text, Time: true}
	save := func(event.Message) (string, error) { return "saved 1.eml", nil }
	records := []*transcript.Record{{W: &record, Save: save}, {W: &exact, Exact: true, Save: save}}
	for _, e := range stamped(events) {
		live.Apply(e)
		for _, r := range records {
			r.Apply(e)
		}
	}
	for _, r := range records {
		if err := r.Flush(); err != nil {
			t.Error(err)
		}
	}
	return map[string]string{"text": text.String(), "record": record.String(), "exact": exact.String()}
}

// names are what the variables of a recording were.
var names = map[string]string{"helo": "[198.51.100.7]", "date": "Tue, 24 Nov 2026 12:00:00 +0000", "message_id": "1@client.example.net"}

// replay holds a script against the session that it was written from: what the
// client sends, in its order, and the replies, which have to match.
func replay(text string, events []event.Event) error {
	s, err := script.Parse("session", strings.NewReader(text))
	if err != nil {
		return err
	}
	var sent, said []byte
	var replies []wire.Reply
	chunk := false
	for _, e := range events {
		switch e := e.(type) {
		case event.Sent:
			chunk = chunk || e.Chunk
			if !e.Chunk && e.Login != "LOGIN" {
				sent = append(sent, e.Masked()...)
				if !e.Raw {
					sent = append(sent, "\r\n"...)
				}
			}
		case event.Message:
			chunk = false
		case event.Reply:
			if (e.Reply.Code != 334 || e.Verb != "AUTH") && (!chunk || e.Reply.Class() != 2) {
				replies = append(replies, e.Reply)
			}
		}
	}
	for n, item := range s.Items {
		switch i := item.(type) {
		case script.Client:
			line, err := i.Line.Expand(names)
			if err != nil {
				return err
			}
			said = append(append(said, line...), "\r\n"...)
		case script.Raw:
			said = append(said, i.Octets...)
		case script.Server:
			pattern, err := i.Pattern(names)
			if err != nil {
				return err
			}
			if len(replies) == 0 {
				if slices.IndexFunc(s.Items[n+1:], func(i script.Item) bool { _, more := i.(script.Server); return more }) >= 0 {
					return fmt.Errorf("%s: there is no such reply", i.At())
				}
				continue // the last one never came to its end
			}
			if m := pattern.Compare(replies[0]); m != nil {
				return m
			}
			replies = replies[1:]
		case script.Reply:
			octets := []byte(i.Octets)
			for len(octets) > 0 {
				if len(replies) == 0 {
					return fmt.Errorf("%s: there is no such reply: %q", i.At(), octets)
				}
				l := replies[0].Lines[0]
				replies[0].Lines = replies[0].Lines[1:]
				wanted := bytes.Clone(l.Octets)
				wanted = append(wanted, map[wire.Ending]string{wire.CRLF: "\r\n", wire.LF: "\n"}[l.Ending]...)
				if !bytes.HasPrefix(octets, wanted) {
					return fmt.Errorf("%s: %q is not %q", i.At(), octets, wanted)
				}
				octets = octets[len(wanted):]
				if len(replies[0].Lines) == 0 {
					replies = replies[1:]
				}
			}
		}
	}
	if len(replies) > 0 {
		return fmt.Errorf("a reply is not in the script: %s", replies[0])
	}
	if !bytes.Equal(sent, said) {
		return fmt.Errorf("sent %q, and the script sends %q", sent, said)
	}
	return nil
}

// cloned are events whose replies replay may take apart.
func cloned(events []event.Event) []event.Event {
	out := slices.Clone(events)
	for i, e := range out {
		if r, ok := e.(event.Reply); ok {
			r.Reply.Lines = slices.Clone(r.Reply.Lines)
			out[i] = r
		}
	}
	return out
}

func begun(events ...event.Event) []event.Event {
	return append([]event.Event{event.Connecting{Host: "mx", Network: "tcp", URL: "smtp://mx"}, event.Connected{Local: "198.51.100.7:40123", Remote: "192.0.2.1:25"}}, events...)
}

func sent(lines ...string) (events []event.Event) {
	for _, l := range lines {
		events = append(events, event.Sent{Line: []byte(l)})
	}
	return events
}

func texts(lines ...string) (events []event.Event) {
	for _, l := range lines {
		events = append(events, event.Sent{Line: []byte(l), Text: true})
	}
	return events
}

func said(verb, octets string) []event.Event {
	return heard(event.Reply{Verb: verb, Command: []byte(verb)}, octets)
}

func all(lists ...[]event.Event) []event.Event { return begun(slices.Concat(lists...)...) }

var closedByServer = []event.Event{event.Closed{By: "server"}}

// sessions are what a script has to stand for.
var sessions = []struct {
	name   string
	events []event.Event
	// what has to stand in the script as text and as a record
	text, record []string
}{
	{
		name:   "octets as they were sent",
		events: all([]event.Event{event.Sent{Line: []byte("NOOP\n\xff\x00\x1b é\r\n"), Raw: true}}, said("NOOP", "250 ok\r\n")),
		text:   []string{`@raw "NOOP\n\xff\x00\x1b \u00e9\r\n"`},
		record: []string{`@raw "NOOP\n\xff\x00\x1b \u00e9\r\n"`},
	},
	{
		name:   "the server closes",
		events: all(sent("NOOP"), said("NOOP", "421 bye\r\n"), closedByServer),
		text:   []string{"S: 421 bye", "# the server closed the connection\n@expect close"},
		record: []string{"@expect close"},
	},
	{
		name:   "the server closes in the middle of a reply",
		events: all(sent("NOOP"), said("NOOP", "250-one\r\n250-two\r\n"), closedByServer),
		text:   []string{"S: 250-one\nS: 250-two\n", "@expect close"},
		record: []string{`@reply "250-one\r\n250-two\r\n"`, "@expect close"},
	},
	{
		name:   "the server closes in the middle of a line",
		events: all(sent("NOOP"), said("NOOP", "250-one\r\n25"), closedByServer),
		text:   []string{"S: 250-one\nS: 25\n"},
		record: []string{`@reply "250-one\r\n25"`},
	},
	{
		name:   "a single line that is cut",
		events: all(sent("NOOP"), said("NOOP", "250 o"), closedByServer),
		text:   []string{`@reply "250 o"`},
		record: []string{`@reply "250 o"`},
	},
	{name: "QUIT", events: all(sent("QUIT"), said("QUIT", "221 bye\r\n"), []event.Event{event.Closed{By: "client"}}), text: []string{"S: 221 bye\n# 0.0 ms\n$"}},
	{name: "no QUIT", events: all([]event.Event{event.Closed{By: "client"}}), text: []string{"@close"}, record: []string{"@close"}},
	{name: "a reset", events: all([]event.Event{event.Closed{By: "client", Reset: true}}), text: []string{"@reset"}, record: []string{"@reset"}},
	{
		name:   "line ends are bare LF",
		events: all(sent("NOOP"), said("NOOP", "250-one\n250-two\r\n250 three\n"), sent("NOOP"), said("NOOP", "250 ok\r\n")),
		text:   []string{"@reply \"250-one\\n\"\n@reply \"250-two\\r\\n\"\n@reply \"250 three\\n\"\n", "S: 250 ok"},
		record: []string{`@reply "250-one\n250-two\r\n250 three\n"`, "S: 250 ok"},
	},
	{
		name:   "one line end within a reply is bare LF",
		events: all(sent("NOOP"), said("NOOP", "250-one\r\n250-two\n250 three\r\n")),
		text:   []string{"S: 250-one\nS: 250-two\nS: 250 three\n"},
		record: []string{`@reply "250-one\r\n250-two\n250 three\r\n"`},
	},
	{
		name:   "the code changes",
		events: all(sent("NOOP"), said("NOOP", "250-one\r\n550 two\r\n"), sent("NOOP"), said("NOOP", "250 ok\r\n")),
		text:   []string{"S: 250-one\nS: 550 two\n"},
		record: []string{`@reply "250-one\r\n550 two\r\n"`},
	},
	{
		name:   "no code, and what a script takes for one",
		events: all(said("", "hello\r\n"), said("", "2xx hello\r\n"), said("", "xxx\r\n"), said("", "\r\n"), said("", "150 one\r\n"), said("", "2505\r\n")),
		text:   []string{"S: hello\n", "S: \\x32xx hello\n", "S: \\x78xx\n", "S:\n", "S: 150 one", "S: 2505"},
	},
	{
		name:   "a code alone, without a separator, and blanks at the end",
		events: all(said("", "250\r\n"), said("", "250Ok\r\n"), said("", "250 \r\n"), said("", "250 ok  \t\r\n"), said("", "250-a \r\n250 b\r\n")),
		text:   []string{"S: 250\n", "S: 250Ok\n", "S: 250\\x20\n", "S: 250 ok  \\x09\n", "S: 250-a\\x20\n"},
		record: []string{"S: 250\\x20\n"},
	},
	{
		name:   "what the language has a meaning for",
		events: all(sent("NOOP ${helo} * \\x41 ", "", " x", "*"), said("NOOP", "250 ${helo} * \\x41 \\* é \x80\r\n")),
		text:   []string{"C: NOOP $${helo} * \\x5cx41\\x20\n", "C:\n", "C:  x\n", "S: 250 $${helo} * \\x5cx41 \\* é \\x80\n"},
		record: []string{"S: 250 $${helo} \\x2a \\x5cx41 \\\\x2a é \\x80\n"},
	},
	{
		name:   "this host's address in place of its name",
		events: all(sent("EHLO [198.51.100.7]"), said("EHLO", "250 hello\r\n"), sent("EHLO [198.51.100.8]", "EHLO client.example.net", "RCPT TO:<[198.51.100.7]>")),
		text:   []string{"C: EHLO [198.51.100.7]\n"},
		record: []string{"# was: C: EHLO [198.51.100.7]\nC: EHLO ${helo}\n", "C: EHLO [198.51.100.8]\nC: EHLO client.example.net\nC: RCPT TO:<[198.51.100.7]>\n"},
	},
	{
		name: "a message that was composed",
		events: all(sent("DATA"), said("DATA", "354 go on\r\n"),
			texts("Date: Tue, 24 Nov 2026 12:00:00 +0000", "Message-ID: <1@client.example.net>", "", "Date: in the text", "."),
			[]event.Event{event.Message{Lines: 4, Complete: true, Shown: true}},
			said(".", "250 2.6.0 <1@client.example.net> queued as 4F3A21\r\n")),
		text: []string{"C: Date: Tue, 24 Nov 2026 12:00:00 +0000\n", "C: Message-ID: <1@client.example.net>\n"},
		record: []string{
			"# was: C: Date: Tue, 24 Nov 2026 12:00:00 +0000\nC: Date: ${date}\n# was: C: Message-ID: <1@client.example.net>\nC: Message-ID: <${message_id}>\nC:\nC: Date: in the text\nC: .\n",
			"# was: S: 250 2.6.0 <1@client.example.net> queued as 4F3A21\nS: 250 2.6.0 <*> queued as *\n",
		},
	},
	{
		name:   "a message that was composed, as a chunk",
		events: all(sent("BDAT 41 LAST"), texts("Date: Tue, 24 Nov 2026 12:00:00 +0000", ""), []event.Event{event.Message{Lines: 2, Octets: 41, Chunk: 41, Complete: true, Shown: true}}, said(".", "250 ok\r\n")),
		record: []string{"C: BDAT 41 LAST\nC: Date: Tue, 24 Nov 2026 12:00:00 +0000\nC:\n"},
	},
	{
		name:   "a message from a file",
		events: all(texts("Date: Tue, 24 Nov 2026 12:00:00 +0000", "."), []event.Event{event.Message{Lines: 1, File: "/m.eml", Complete: true, Shown: true}}, said(".", "250 ok\r\n")),
		record: []string{"C: Date: Tue, 24 Nov 2026 12:00:00 +0000\nC: .\n"},
	},
	{
		name:   "a message by hand",
		events: all(texts("Date: Tue, 24 Nov 2026 12:00:00 +0000", "."), said(".", "250 ok\r\n")),
		record: []string{"C: Date: Tue, 24 Nov 2026 12:00:00 +0000\nC: .\n"},
	},
	{
		name:   "a long message",
		events: all(sent("DATA"), said("DATA", "354 go on\r\n"), []event.Event{event.Message{Lines: 100, Octets: 7000, Complete: true}}, said(".", "250 ok\r\n")),
		text:   []string{"S: 354 go on\n# 0.0 ms\n# message: 7,000 octets (6.8 KiB) in 100 lines\nS: 250 ok"},
		record: []string{"@data saved 1.eml\n# message: 7,000 octets (6.8 KiB) in 100 lines\nS: 250 ok"},
	},
	{
		name:   "a long message from a file with blanks",
		events: all([]event.Event{event.Message{Lines: 100, File: " a b ${x} 7 ", Complete: true}}, said(".", "250 ok\r\n")),
		text:   []string{`@data \x20a b $${x} 7\x20` + "\n"},
	},
	{
		name: "a long message in chunks",
		events: all([]event.Event{event.Sent{Line: []byte("BDAT 4000"), Chunk: true}}, said("BDAT", "250 2.0.0 4000 octets\r\n"),
			[]event.Event{event.Sent{Line: []byte("BDAT 3000 LAST"), Chunk: true}, event.Message{Octets: 7000, Lines: 100, File: "a 7", Chunk: 4000, Complete: true}}, said(".", "250 ok\r\n")),
		text:   []string{"# C: BDAT 4000\n# S: 250 2.0.0 4000 octets\n", "# C: BDAT 3000 LAST\n@bdat a\\x207 4000\n# message: 7,000 octets (6.8 KiB) in 100 lines\nS: 250 ok\n"},
		record: []string{"# S: 250 2.0.0 4000 octets\n", "@bdat saved\\x201.eml 4000\n"},
	},
	{
		name: "a long message in one chunk",
		events: all([]event.Event{event.Sent{Line: []byte("BDAT 7000 LAST"), Chunk: true}, event.Message{Octets: 7000, Lines: 100, File: "a", Chunk: 7000, Complete: true}},
			said(".", "250 ok\r\n")),
		text: []string{"# C: BDAT 7000 LAST\n@bdat a\n"},
	},
	{
		name: "a chunk is refused",
		events: all([]event.Event{event.Sent{Line: []byte("BDAT 4000"), Chunk: true}}, said("BDAT", "552-too\r\n552 large\r\n"),
			[]event.Event{event.Message{Octets: 7000, Lines: 100, Transferred: 4000, File: "a", Chunk: 4000}}, sent("QUIT"), said("QUIT", "221 bye\r\n")),
		text:   []string{"@bdat a 4000\n# message: 7,000 octets (6.8 KiB) in 100 lines; 4,000 octets were transferred, not all of it\nS: 552-too\nS: 552 large\n# 0.0 ms\nC: QUIT\n"},
		record: []string{"@bdat saved\\x201.eml 4000\n# message: 7,000 octets (6.8 KiB) in 100 lines; 4,000 octets were transferred, not all of it\nS: 552-too\nS: 552 large\nC: QUIT\n"},
	},
	{
		name: "a small message in a chunk, its last line without an end",
		events: all(sent("BDAT 6 LAST"), texts("a"), []event.Event{event.Sent{Line: []byte("b\nc"), Text: true, Raw: true}, event.Message{Octets: 6, Lines: 2, Chunk: 6, Complete: true, Shown: true}},
			said(".", "250 ok\r\n")),
		text: []string{"C: BDAT 6 LAST\nC: a\n@raw \"b\\nc\"\n"},
	},
	{
		name: "a login",
		events: all([]event.Event{event.Sent{Line: []byte("AUTH LOGIN"), Login: "LOGIN"}}, login(said("AUTH", "334 VXNlcg==\r\n")),
			[]event.Event{event.Sent{Line: []byte("secret"), Login: "LOGIN", Secret: []event.Span{{Start: 0, End: 6}}}}, login(said("AUTH", "235 ok\r\n"))),
		text:   []string{"@auth LOGIN\n# C: AUTH LOGIN\n# S: 334 VXNlcg==\n", "# C: ********\nS: 235 ok\n"},
		record: []string{"@auth LOGIN\n# C: AUTH LOGIN\n# S: 334 VXNlcg==\n", "# C: ********\nS: 235 ok\n"},
	},
	{
		name:   "a login that has no name",
		events: all([]event.Event{event.Sent{Line: []byte("AUTH ${x} y"), Login: "${X}"}}, login(said("AUTH", "504 no\r\n"))),
	},
	{
		name: "a secret comes back",
		events: all(sent("NOOP"), []event.Event{
			event.Received{Line: wire.Line{Octets: []byte("250 you said hunter2, did you?")}, Secret: []event.Span{{Start: 13, End: 20}}},
			event.Reply{Verb: "NOOP", Command: []byte("NOOP"), Reply: reply("NOOP", "NOOP", "250 you said ********, did you?").Reply},
		}),
		text:   []string{"S: 250 you said ********, did you?"},
		record: []string{"# was: S: 250 you said ********, did you?\nS: 250 you said *, did you?"},
	},
	{
		name: "a handshake",
		events: all(said("", "220 hi\r\n"), sent("STARTTLS"), said("STARTTLS", "220 go\r\n"),
			[]event.Event{event.Waiting{For: "the TLS handshake"}, event.TLS{Mode: "starttls"}}, sent("EHLO x")),
		text: []string{"S: 220 go\n# 0.0 ms\n@tls\n"},
	},
	{
		name: "a handshake that fails",
		events: all(said("", "220 hi\r\n"), sent("STARTTLS"), said("STARTTLS", "220 go\r\n"),
			[]event.Event{event.Waiting{For: "the TLS handshake"}, event.Closed{By: "client"}}),
		text: []string{"@tls\n# the handshake failed\n@close"},
	},
	{
		name: "TLS from the first octet",
		events: slices.Concat([]event.Event{event.Connecting{URL: "smtps://mx"}, event.Connected{}, event.Waiting{For: "the TLS handshake"}, event.TLS{Mode: "implicit"}},
			said("", "220 hi\r\n")),
		text: []string{"@connect smtps://mx\n# connected to  in 0.0 ms\n# "},
	},
	{
		name:   "a socket whose path has blanks",
		events: slices.Concat([]event.Event{event.Connecting{URL: "unix:///a b"}, event.Connected{}}, said("", "220 hi\r\n")),
		text:   []string{`@connect unix:///a\x20b`},
	},
	{
		name: "a command in the middle of a reply",
		events: all(sent("NOOP"), []event.Event{event.Received{Line: wire.Line{Octets: []byte("250-one")}}}, sent("RSET"),
			said("NOOP", "250-one\r\n250 two\r\n")[1:], said("RSET", "250 three\r\n")),
		record: []string{"C: NOOP\nC: RSET\nS: 250-one\nS: 250 two\n", "S: 250 three"},
	},
	{
		name:   "a reply without an end",
		events: all(sent("NOOP"), []event.Event{event.Received{Line: wire.Line{Octets: []byte("250-one")}}, event.Closed{By: "client"}}),
		text:   []string{"S: 250-one\n@close\n"},
		record: []string{"S: 250-one\n@close\n"},
	},
}

func login(events []event.Event) []event.Event {
	for i, e := range events {
		if r, ok := e.(event.Received); ok {
			r.Login = true
			events[i] = r
		}
	}
	return events
}

func TestWhatIsWrittenCanBePlayed(t *testing.T) {
	for _, row := range sessions {
		for form, text := range written(t, row.events) {
			// The words of text as they come are in its order: a reply that is cut
			// in two by a command is two.
			if err := replay(text, cloned(row.events)); err != nil && !(form == "text" && row.name == "a command in the middle of a reply") {
				t.Errorf("%s, as %s: %v\n%s", row.name, form, err, text)
			}
			want := row.text
			if form == "record" {
				want = row.record
			} else if form == "exact" {
				want = nil
			}
			for _, words := range want {
				if !strings.Contains(text+"$", words) {
					t.Errorf("%s, as %s: %q is not in\n%s", row.name, form, words, text)
				}
			}
			if strings.Contains(text, "was:") && form == "exact" || strings.Contains(text, "hunter2") {
				t.Errorf("%s, as %s:\n%s", row.name, form, text)
			}
		}
	}
}

func TestEveryEventIsAScript(t *testing.T) {
	for form, text := range written(t, event.All()) {
		if _, err := script.Parse(form, strings.NewReader(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// A message that cannot be kept, and one that was given and not composed.
func TestMessagesOfARecord(t *testing.T) {
	var out strings.Builder
	r := transcript.Record{W: &out, Given: true, Save: func(event.Message) (string, error) { return "", fmt.Errorf("disk full") }}
	for _, e := range stamped(all([]event.Event{event.Message{Lines: 100, Complete: true}}, texts("Date: today", "."), []event.Event{event.Message{Shown: true, Complete: true}})) {
		r.Apply(e)
	}
	for _, want := range []string{"# the message could not be kept: disk full\n# message: 0 octets in 100 lines\n", "C: Date: today\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// A server that never comes to an end does not fill the memory.
func TestARecordHoldsLittle(t *testing.T) {
	var out strings.Builder
	r := transcript.Record{W: &out}
	for range 100 {
		r.Apply(event.Received{Line: wire.Line{Octets: bytes.Repeat([]byte("250-a"), 1000)}})
	}
	for range 100 {
		r.Apply(event.Sent{Text: true, Line: []byte("a")})
	}
	chunked := transcript.Text{W: &out}
	chunked.Apply(event.Sent{Line: []byte("BDAT 5"), Chunk: true})
	before := out.Len()
	for range 100 {
		chunked.Apply(event.Received{Line: wire.Line{Octets: bytes.Repeat([]byte("552-a"), 1000)}})
	}
	if out.Len()-before < 400_000 {
		t.Errorf("%d octets of a refusal are written", out.Len()-before)
	}
	if out.Len() < 400_000 || strings.Count(out.String(), "C: a") < 50 {
		t.Errorf("%d octets are written", out.Len())
	}
}

func FuzzRecord(f *testing.F) {
	for _, row := range sessions {
		var octets []byte
		for _, e := range row.events {
			if l, ok := e.(event.Received); ok {
				octets = append(append(octets, l.Line.Octets...), "\r\n"...)
			}
		}
		f.Add(octets)
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		if len(octets) == 0 || len(octets) > 32<<10 {
			return
		}
		events := all(said("NOOP", string(octets)), closedByServer)
		// The script cannot tell a line with a code and no text from none.
		bare := slices.ContainsFunc(events, func(e event.Event) bool {
			r, _ := e.(event.Reply)
			a, bad := r.Reply.Malformed()
			return bad && (a.Kind == wire.EndedEarly || a.Kind == wire.CodeChanged) && len(bytes.TrimSpace(r.Reply.Lines[a.Line].Octets)) <= len("250-")
		})
		for form, text := range written(t, events) {
			if err := replay(text, cloned(events)); err != nil && !(form == "text" && bare) {
				t.Errorf("%s: %v\n%s", form, err, text)
			}
		}
	})
}
