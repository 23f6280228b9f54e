package transcript_test

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// A reply that does not end in time is told, and not waited for again.
func TestRecordOfAReplyWithoutAnEnd(t *testing.T) {
	var b strings.Builder
	r := &transcript.Record{W: &b}
	for _, e := range []event.Event{
		event.Connecting{Host: "mx", Network: "tcp", Address: "192.0.2.1:25", URL: "smtp://mx"},
		event.Connected{Remote: "192.0.2.1:25"},
		event.Received{Line: wire.Line{Octets: []byte("220-odd"), Ending: wire.CRLF}},
		event.Failed{Error: event.Errorf(event.ReplyTimeout, event.Banner, "mx: the greeting did not end within 1s")},
		event.Closed{By: "client"},
	} {
		r.Apply(e)
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "# S: 220-odd\n# failed: mx: the greeting did not end within 1s\n@close\n"
	if got := b.String(); !strings.HasSuffix(got, want) {
		t.Errorf("%s", got)
	}
}
