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

// over counts the lines behind a login that is over which may belong to it all
// the same, as the session does.
func over(before int, e event.Event) int {
	switch e := e.(type) {
	case event.Connecting, event.Closed:
		return 0
	case event.Sent:
		if !e.Text && e.Login == "" && before > 0 {
			return before - 1
		}
	case event.Reply:
		if !e.Unasked && e.Verb == "AUTH" && e.Reply.Code != 334 {
			return 2
		}
	}
	return before
}

// secretFrom is where in a command, in octets, what nobody may see begins. Of a
// line without it, that is the end.
func secretFrom(line string) int { return wire.SecretFrom([]byte(line)) }

// maskedCommand is a command as it may be shown.
func maskedCommand(line string) string {
	if n := secretFrom(line); n < len(line) {
		return line[:n] + event.Mask
	}
	return line
}

// maybeSecret says that a line is no command and may be what a login is made
// of: who pastes one does not stop where it is refused.
func maybeSecret(line string) bool { return wire.MaybeResponse([]byte(line)) }

// visibleVerb is how the session writes a verb into a sentence.
func visibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return wire.Visible([]byte(verb))
}
