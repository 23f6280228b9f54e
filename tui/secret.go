package tui

import (
	"ehlo/session/event"
	"ehlo/session/wire"
)

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
