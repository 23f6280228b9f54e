package tui

import (
	"encoding/base64"
	"strings"

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

// secretFrom is where in a command, in octets, what nobody may see begins:
// behind the mechanism of AUTH (RFC 4954 4). Of a line without it, that is the
// end.
func secretFrom(line string) int {
	verb, _, end := verbOf(line)
	switch {
	case strings.HasPrefix(verb, "AUTH="):
		return strings.IndexByte(line, '=') + 1 // a slip; what follows may be a password all the same
	case verb != "AUTH":
		return len(line)
	}
	rest := strings.TrimLeft(line[end:], " \t")
	mechanism := strings.IndexAny(rest, " \t")
	if mechanism < 0 {
		return len(line)
	}
	return len(line) - len(strings.TrimLeft(rest[mechanism:], " \t"))
}

// maskedCommand is a command as it may be shown.
func maskedCommand(line string) string {
	if n := secretFrom(line); n < len(line) {
		return line[:n] + event.Mask
	}
	return line
}

// maybeSecret says that a line is no command and may be what a login is made
// of: who pastes one does not stop where it is refused.
func maybeSecret(line string) bool {
	const shortest = 8
	verb, _, _ := verbOf(line)
	if _, known := syntaxOf(verb); known || len(line) < shortest {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(line)
	return err == nil
}

// visibleVerb is how the session writes a verb into a sentence.
func visibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return wire.Visible([]byte(verb))
}
