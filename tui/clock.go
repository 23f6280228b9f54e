package tui

import (
	"cmp"
	"slices"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// The bounds of what the clock keeps: the last steps, and kinds of steps.
const (
	keptSpans  = 500
	keptParts  = 100
	keptTotals = 16
	keptWhat   = 200 // octets of a command
)

// others is the kind of the steps that have none of their own any more.
const others = "others"

// span is a step that was waited for: a look-up, a connection, a handshake, a
// command with its reply.
type span struct {
	kind   string // "dns", "connect", "greeting", "TLS", or the command
	what   string // the command's line, the host
	took   time.Duration
	parts  []piece
	failed bool
	seq    int64 // of its last event
}

// piece is a part of a step.
type piece struct {
	what string
	took time.Duration
}

// total is where the time went, by the kind of step.
type total struct {
	kind  string
	count int
	took  time.Duration
}

// clock keeps how long the steps of the present session took, from its look-up
// on. Attempts at other hosts that have led to it are a part of it.
type clock struct {
	spans  []span
	gone   int // spans that are no longer kept
	totals []total
	all    time.Duration
	since  time.Time // the first event
	last   time.Time

	greeted    bool
	connecting event.Connecting
	lookups    []piece
	waiting    *event.Waiting
	first      time.Time // of the lines of the reply that is coming
	text       time.Time // when the server asked for the message
}

// Apply takes the next event; begins says that it is the first of a look-up.
func (c *clock) Apply(e event.Event, begins bool) {
	h := e.Header()
	if route, found := e.(event.Route); begins && found { // looked up beside a session
		*c = clock{lookups: c.lookups, since: h.At.Add(-route.Elapsed)}
	} else if _, connects := e.(event.Connecting); begins || connects && c.greeted {
		*c = clock{}
	}
	if c.since.IsZero() {
		c.since = h.At
	}
	c.last = h.At
	switch e := e.(type) {
	case event.DNS:
		if c.since = earlier(c.since, h.At.Add(-e.Elapsed)); len(c.lookups) < keptParts {
			c.lookups = append(c.lookups, piece{e.Name + " " + e.Type, e.Elapsed})
		}
	case event.Route:
		c.add(span{kind: "dns", what: cmp.Or(e.Domain, e.Reason), took: e.Elapsed, parts: c.lookups, seq: h.Seq})
		c.lookups = nil
	case event.Connecting:
		c.connecting = e
	case event.Connected:
		c.add(span{kind: "connect", what: hostAndAddress(c.connecting.Host, c.connecting.Address), took: e.Elapsed, seq: h.Seq})
	case event.Waiting:
		c.waiting = &e
	case event.Received:
		if c.first.IsZero() {
			c.first = h.At
		}
	case event.Reply:
		c.reply(e)
	case event.TLS:
		c.waiting = nil
		c.add(span{kind: "TLS", what: "handshake", took: e.Elapsed, seq: h.Seq})
	case event.Message:
		if !c.text.IsZero() {
			c.add(span{kind: "message", what: wire.Octet(uint64(e.Octets)), took: h.At.Sub(c.text), seq: h.Seq})
		}
	case event.Failed:
		c.fail(e)
	case event.Closed:
		c.waiting = nil
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reply is a command that has its reply.
func (c *clock) reply(e event.Reply) {
	begun := c.first
	c.first, c.waiting, c.text = time.Time{}, nil, time.Time{}
	if e.Unasked {
		return
	}
	if e.Reply.Code == 354 {
		c.text = e.At
	}
	kind := e.Verb
	switch {
	case kind == "" && e.Stage == event.Banner:
		kind = "greeting"
	case kind == "":
		kind = "(empty line)"
	}
	s := span{kind: kind, what: wire.VisibleOctets(e.Command[:min(len(e.Command), keptWhat)]), took: e.Elapsed, seq: e.Seq, failed: e.Reply.Class() >= 4 && !e.Answer}
	switch kind {
	case "greeting":
		c.greeted = true
	case ".":
		s.kind, s.what = "final dot", ""
	}
	if n := len(e.Reply.Lines); n > 1 && !begun.IsZero() {
		rest := min(max(e.At.Sub(begun), 0), e.Elapsed)
		s.parts = []piece{{"first line", e.Elapsed - rest}, {count(n-1, "more line"), rest}}
	}
	c.add(s)
}

// fail is a step that did not come to its end.
func (c *clock) fail(e event.Failed) {
	s := span{failed: true, seq: e.Seq}
	switch w := c.waiting; {
	case e.Error.Stage == event.Connect:
		s.kind, s.what = "connect", hostAndAddress(c.connecting.Host, c.connecting.Address)
		s.took = e.At.Sub(c.connecting.At)
	case e.Error.Stage == event.Lookup:
		begun := c.since
		if c.greeted { // a session goes on beside it
			begun = e.At
			for _, p := range c.lookups {
				begun = begun.Add(-p.took)
			}
		}
		s.kind, s.took, s.parts = "dns", e.At.Sub(begun), c.lookups
		c.lookups = nil
	case w != nil:
		s.kind, s.took = e.Error.Stage.Phase(), e.At.Sub(w.At)
		s.what = w.For
	default:
		return
	}
	c.waiting = nil
	c.add(s)
}

// add keeps a step. It forgets the older half at once, so that a step costs the
// same however many there are.
func (c *clock) add(s span) {
	if len(c.spans) == 2*keptSpans {
		c.spans = slices.Delete(c.spans, 0, keptSpans)
		c.gone += keptSpans
	}
	c.spans = append(c.spans, s)
	c.all += s.took
	kind := kindOf(s.kind)
	i := slices.IndexFunc(c.totals, func(t total) bool { return t.kind == kind })
	if i < 0 && len(c.totals) >= keptTotals-1 {
		kind = others
		i = slices.IndexFunc(c.totals, func(t total) bool { return t.kind == kind })
	}
	if i < 0 {
		i, c.totals = len(c.totals), append(c.totals, total{kind: kind})
	}
	c.totals[i].count++
	c.totals[i].took += s.took
}

// kindOf is the kind of step that a step is counted under.
func kindOf(kind string) string {
	switch kind {
	case "STARTTLS", "tls":
		return "TLS"
	case "helo":
		return "EHLO"
	case "message", "final dot":
		return "DATA"
	}
	return wire.VisibleVerb(kind)
}

// largest are the kinds that took the longest, the longest first.
func (c *clock) largest() []total {
	list := slices.Clone(c.totals)
	slices.SortStableFunc(list, func(a, b total) int { return cmp.Compare(b.took, a.took) })
	return list
}
