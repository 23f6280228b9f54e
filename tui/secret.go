package tui

import (
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// secrets marks what a login typed by hand must not show: the initial response
// of AUTH, and every line that answers a 334 (RFC 4954 4). What the session has
// marked itself stays as it is.
type secrets struct {
	asked   bool   // the server has sent a 334: the next line is a secret
	line    string // a secret line that has no reply yet, as a verb would be shown
	verb    string // the same as the session takes it for a verb
	running bool   // a login is under way: what comes answers AUTH
}

// Apply returns the event as it may be shown.
func (s *secrets) Apply(e event.Event) event.Event {
	switch e := e.(type) {
	case event.Connecting, event.Closed:
		*s = secrets{}
	case event.Sent:
		return s.sent(e)
	case event.Waiting:
		if s.line != "" {
			e.For = "the reply to AUTH"
		}
		return e
	case event.Failed:
		if s.line != "" {
			failure := *e.Error
			failure.Message = strings.ReplaceAll(failure.Message, s.line, "AUTH")
			e.Error = &failure
		}
		return e
	case event.Reply:
		return s.reply(e)
	}
	return e
}

func (s *secrets) sent(e event.Sent) event.Event {
	switch {
	case e.Text:
	case s.asked && string(e.Line) != "*": // RFC 4954 4: a lone * cancels
		s.asked, s.running, s.verb = false, true, wire.Verb(e.Line)
		s.line = visibleVerb(s.verb)
		if len(e.Secret) == 0 && len(e.Line) > 0 {
			e.Secret = []event.Span{{Start: 0, End: len(e.Line)}}
		}
	default:
		s.asked, s.running = false, wire.Verb(e.Line) == "AUTH"
		if s.running && len(e.Secret) == 0 {
			if from := initialResponse(e.Line); from < len(e.Line) {
				e.Secret = []event.Span{{Start: from, End: len(e.Line)}}
			}
		}
	}
	return e
}

// initialResponse is where the third word of an AUTH line begins. "=" alone,
// the empty response, is one too.
func initialResponse(line []byte) int {
	i, words := 0, 0
	for i < len(line) {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if words++; words == 3 {
			return i
		}
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
	}
	return len(line)
}

func (s *secrets) reply(e event.Reply) event.Event {
	if !s.running || e.Unasked {
		return e
	}
	if s.line != "" {
		e.Verb, e.Command = "AUTH", []byte("AUTH")
	} else if from := initialResponse(e.Command); from < len(e.Command) {
		e.Command = append(append([]byte(nil), e.Command[:from]...), "********"...)
	}
	s.line = ""
	s.asked = e.Reply.Code == 334
	s.running = s.asked
	return e
}

// visibleVerb is how the session writes a verb into a sentence.
func visibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return wire.Visible([]byte(verb))
}
