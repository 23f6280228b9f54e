package tui

import (
	"ehlo/session/event"
	"ehlo/session/wire"
)

// asksSecret says whether the server waits for a line of a login after this
// event, where it waited or not before: then what is typed is drawn as stars
// (RFC 4954 4). What of it is secret in the transcript the session has marked.
func asksSecret(before bool, e event.Event) bool {
	switch e := e.(type) {
	case event.Connecting, event.Closed, event.Sent:
		return false
	case event.Reply:
		if !e.Unasked {
			return e.Verb == "AUTH" && e.Reply.Code == 334
		}
	}
	return before
}

// visibleVerb is how the session writes a verb into a sentence.
func visibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return wire.Visible([]byte(verb))
}
