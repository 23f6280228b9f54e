package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
)

// The words for how far an exchanger is, in the header, the pane MX and the
// table of a probing alike. FAIL is a session that could not be opened, and at
// which stage; OK one that could. One that was open and is over, by whoever
// ended it, is CLOSED in the header, and in the others still OK: they tell of
// the exchanger.
const (
	wordOK      = "OK"
	wordWait    = "WAIT"
	wordFail    = "FAIL"
	wordClosed  = "closed" // before there was an EHLO, and nothing failed
	wordNone    = "--"     // of what there is none
	wordUntried = "not tried"
	wordSkipped = "skipped"
	wordStopped = "stopped"
	wordQueued  = "queued"
	wordOpen    = "open" // connected, and no EHLO yet
)

// The stages of the opening of a session, in the order of the columns.
const (
	stageDNS = iota
	stageConnect
	stageGreeting
	stageHelo
	stageTLS
	stageCount
)

var stageNames = [stageCount]string{"dns", "connect", "greeting", "ehlo", "tls"}

// stageOf is the column that a failure belongs to; stageCount where it is none
// of the opening.
func stageOf(s event.Stage) int {
	switch s {
	case event.Lookup:
		return stageDNS
	case event.Connect:
		return stageConnect
	case event.Banner:
		return stageGreeting
	case event.Helo, event.HeloTLS, event.XClient, event.HeloXClient:
		return stageHelo
	case event.StartTLS:
		return stageTLS
	}
	return stageCount
}

// stages is how far a session has come in its opening.
type stages struct {
	took   [stageCount]time.Duration
	done   [stageCount]bool
	failed int // the stage; stageCount: none
	waits  int // the stage that goes on; stageCount: none
}

func stagesOf(c *transcript.Conversation) stages {
	s := stages{failed: stageCount, waits: stageCount}
	t := c.Timings
	s.took = [stageCount]time.Duration{0, t.Connect, t.Greeting, t.Helo, t.TLS}
	said := c.Protocol != "" || len(c.OffersBeforeTLS) > 0
	s.done = [stageCount]bool{false, c.State != transcript.Connecting && (t.Connect > 0 || c.Greeting != nil), c.Greeting != nil, said, c.TLS != nil}
	switch {
	case c.Error != nil:
		s.failed = stageOf(c.Error.Stage)
	case !c.Ended.IsZero():
	case c.State == transcript.Connecting:
		s.waits = stageConnect
	case c.Waiting != nil && strings.Contains(c.Waiting.For, "TLS"):
		s.waits = stageTLS
	case c.State == transcript.Greeting:
		s.waits = stageGreeting
	case c.Protocol == "" && c.Waiting != nil:
		s.waits = stageHelo
	}
	return s
}

// opened is how long the opening took, up to what has come of it.
func (s stages) opened() (d time.Duration) {
	for _, t := range s.took {
		d += t
	}
	return d
}

// stateOf is the word for how far a host is, the stage where that is no word
// of its own, and how it stands out.
func stateOf(st *face.Styles, c *transcript.Conversation) (word, stage string, s face.Style) {
	at := stagesOf(c)
	switch {
	case c.State == transcript.Failing && at.done[stageHelo] && at.failed == stageCount:
		return wordOK, "", st.Good // it was open
	case c.Error != nil && c.Error.Kind == event.Skipped:
		return wordSkipped, "", st.Warn
	case c.Error != nil && c.Error.Kind == event.Interrupted:
		return wordStopped, "", st.Warn
	case c.State == transcript.Failing && at.failed < stageCount:
		return wordFail, stageNames[at.failed], st.Bad
	case c.State == transcript.Failing:
		return wordFail, c.Error.Stage.Phase(), st.Bad
	case at.waits < stageCount:
		return wordWait, stageNames[at.waits], st.Warn
	case c.State == transcript.Closed && !at.done[stageHelo]:
		return wordClosed, "", st.Warn
	case !at.done[stageHelo]:
		return wordOpen, "", st.Warn // nothing is awaited
	}
	return wordOK, "", st.Good
}

// reason says in words why a host fails, and what that means.
func reason(e *event.Error) (why, means string) {
	if e == nil || e.Kind == event.Skipped || e.Kind == event.Interrupted {
		return "", ""
	}
	switch {
	case e.Reply != nil && e.Reply.Class() >= 4:
		x := wire.Explain(verbAt(e.Stage), e.Reply.Code, e.Reply.Enhanced)
		means = x.String()
		if x.Who != "" {
			means += "; to act: " + x.Who
		}
	case e.Kind == event.Refused:
		means = "nothing listens at this port there, or a firewall says so"
	case e.Kind == event.ConnectTimeout:
		means = "the host is down, or a firewall drops what is sent to this port"
	case e.Kind == event.Unreachable:
		means = "there is no way to this address from here"
	case e.Kind == event.ReplyTimeout:
		means = "the connection stands, and the server does not speak"
	}
	return e.Message, means
}

// verbAt is the command that a reply of a stage answers; empty: none, it is the
// greeting.
func verbAt(s event.Stage) string {
	switch s {
	case event.Helo, event.HeloTLS, event.HeloXClient:
		return "EHLO"
	case event.StartTLS:
		return "STARTTLS"
	case event.XClient:
		return "XCLIENT"
	}
	return ""
}

// short is a duration in a narrow column: milliseconds, or seconds with an s.
func short(d time.Duration) string {
	ms := max(float64(d)/float64(time.Millisecond), 0) // a clock may be set back
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f", ms)
	case ms < 100_000:
		return fmt.Sprintf("%.1fs", ms/1000)
	}
	return fmt.Sprintf("%.0fs", ms/1000)
}

// sizeOf is the maximum message size of a session in few words, and the number
// where there is one.
func sizeOf(c *transcript.Conversation) (word string, n uint64, known bool) {
	if c == nil || c.Size == nil {
		return "", 0, false
	}
	if f, ok := transcript.InForce(c.Size, c.Limit); ok && f.AtLeast {
		return wire.Binary(f.Octets) + "+", 0, false
	} else if ok {
		return wire.Binary(f.Octets), f.Octets, true
	}
	switch c.Size.State {
	case wire.SizeUnlimited:
		return "no limit", 0, false
	case wire.SizeUnspecified:
		return "not stated", 0, false
	}
	return "unknown", 0, false
}
