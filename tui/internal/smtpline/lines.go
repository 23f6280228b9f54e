package smtpline

import (
	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// GroupOf is how many commands at the start of some lines may be sent in one go
// (RFC 2920 3.1). STARTTLS stands alone, since a handshake follows it.
func GroupOf(lines []string) int {
	for i, l := range lines {
		switch verb := wire.Verb([]byte(l)); {
		case verb == "STARTTLS":
			return max(i, 1)
		case wire.Ungrouped(verb):
			return i + 1
		}
	}
	return len(lines)
}

// Follow supposes that the server accepts a line. unknown: what comes then
// cannot be said.
func (s *Situation) Follow(line string) (unknown bool) {
	verb := wire.Verb([]byte(line))
	switch {
	case s.Text && line == "." && !s.Chunk:
		s.Text, s.Open = false, transcript.Transaction{}
	case s.Text:
		return s.Chunk
	case verb == "MAIL":
		s.Open = transcript.Transaction{Mail: []byte(line)}
	case verb == "RCPT":
		s.Open.Accepted++
	case verb == "DATA":
		s.Text = true
	case verb == "RSET":
		s.Open = transcript.Transaction{}
	case verb == "EHLO", verb == "HELO", verb == "LHLO", verb == "STARTTLS", verb == "AUTH", verb == "BDAT":
		return true
	}
	return false
}

// Shown are the lines as they may be shown: what follows AUTH and is no
// command answers a 334.
func Shown(lines []string, secret bool) []string {
	shown := make([]string, len(lines))
	text := false
	for i, l := range lines {
		verb := wire.Verb([]byte(l))
		known := Known(verb)
		switch {
		case text:
			text = l != "."
			shown[i] = l
			continue
		case !known && (secret || wire.MaybeResponse([]byte(l))):
			shown[i] = event.Mask
			continue
		}
		text = verb == "DATA"
		secret = wire.IsAuth([]byte(l)) || secret && !known
		shown[i] = masked(l)
	}
	return shown
}

// SecretFrom is where in a command, in octets, what nobody may see begins. Of a
// line without it, that is the end.
func SecretFrom(line string) int { return wire.SecretFrom([]byte(line)) }

// masked is a command as it may be shown.
func masked(line string) string {
	if n := SecretFrom(line); n < len(line) {
		return line[:n] + event.Mask
	}
	return line
}
