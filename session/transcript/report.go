package transcript

import (
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// Schema is the version of the JSON report. Keys may be added within one.
const Schema = 1

// Report is the JSON report of one target: what a View knows, with the
// transcript, which it keeps.
type Report struct {
	View
	Version string
	Command string
	Target  string
	Exit    int
	Failure *event.Error // nil: all went well

	Script       *ScriptResult // of `ehlo run`
	Files        []File        // of `ehlo size --file`: whether they fit
	ByAddress    bool          // an entry for each address, not for each connection
	NoTranscript bool          // leave the transcripts out, and keep none

	lines map[int][]entry // by connection
}

// ScriptResult is what became of a script's expectations.
type ScriptResult struct {
	File         string
	Expectations int // that were looked at
	Failed       []Expectation
}

// Expectation is one that did not come true.
type Expectation struct {
	Address  string // with --all, whose run it was
	File     string
	Line     int
	Expected string
	Actual   string
}

// entry is one line of the transcript.
type entry struct {
	T      float64 `json:"t_ms"`
	From   string  `json:"from"`
	Text   *string `json:"text,omitempty"`
	Octets *int64  `json:"octets,omitempty"`
}

// Apply takes the next event.
func (r *Report) Apply(e event.Event) {
	r.View.Apply(e)
	h := e.Header()
	c := r.of(h.Conn)
	if c == nil || r.NoTranscript {
		return
	}
	line := entry{T: milliseconds(h.At.Sub(c.Started)), From: "C"}
	var text string
	switch e := e.(type) {
	case event.Sent:
		text = wire.Text(e.Masked())
		line.Text = &text
	case event.Received:
		text = wire.Text(e.Masked())
		line.From, line.Text = "S", &text
	case event.Message:
		if e.Shown {
			return
		}
		line.Octets = &e.Octets
	default:
		return
	}
	if r.lines == nil {
		r.lines = map[int][]entry{}
	}
	r.lines[h.Conn] = append(r.lines[h.Conn], line)
}

// Interruption is the stage in which a session of the report was interrupted.
func (r *Report) Interruption() event.Stage {
	for _, c := range r.Sessions {
		if c.Error != nil && c.Error.Kind == event.Interrupted {
			return c.Error.Stage
		}
	}
	if r.Error != nil && r.Error.Kind == event.Interrupted {
		return r.Error.Stage
	}
	return event.Quit // where a failure changes no session
}

// Adopt takes over the connections of another report of the same target.
func (r *Report) Adopt(other *Report) {
	if r.Sessions = append(r.Sessions, other.Sessions...); len(other.Sessions) > 0 {
		r.Lookup = time.Time{}
	}
	for conn, lines := range other.lines {
		if r.lines == nil {
			r.lines = map[int][]entry{}
		}
		r.lines[conn] = lines
	}
	if other.Last.After(r.Last) {
		r.Last = other.Last
	}
}
