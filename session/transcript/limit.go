package transcript

import (
	"fmt"
	"math"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/wire"
)

// LimitLines are the result of a search for the maximum message size, behind
// what the server declares.
func LimitLines(s *wire.Size, l *event.Limit) []string {
	switch {
	case s == nil || l == nil:
		return SizeLines(s)
	case l.Commands == 0:
		return append(SizeLines(s), "in force:             "+Verdict(*s, *l))
	}
	lines := []string{"maximum message size: " + s.String(), "in force:             " + Verdict(*s, *l)}
	if n, ok := InForce(s, l); ok {
		lines = append(lines, "largest attachment:   "+Attachment(n)+" in base64")
	}
	if l.Nonsense {
		lines = append(lines, "the server accepts a SIZE that is no number: it does not look at it, or not at all of it")
	}
	if n := s.Note(); n != "" {
		lines = append(lines, n)
	}
	return append(lines, Cost(*l))
}

// Verdict is in words what is in force.
func Verdict(s wire.Size, l event.Limit) string {
	const later = "; it may still refuse a message behind its data"
	switch l.Verdict {
	case event.Enforced:
		return wire.Octet(l.Accepted) + ", as it declares: one octet more is refused"
	case event.Lower:
		return fmt.Sprintf("%s, and %s less than it declares: one octet more is refused", wire.Octet(l.Accepted), wire.Thousands(s.Declared-l.Accepted))
	case event.Higher:
		return fmt.Sprintf("%s, and %s more than it declares: one octet more is refused", wire.Octet(l.Accepted), wire.Thousands(l.Accepted-s.Declared))
	case event.Undeclared:
		return wire.Octet(l.Accepted) + ", which it does not declare: one octet more is refused"
	case event.Unenforced:
		return "not what it declares: it accepts " + wire.Octet(l.Accepted) + " at MAIL" + later
	case event.Unlimited:
		return "no limit at MAIL up to " + wire.Octet(l.Accepted) + ", the most that was asked for" + later
	case event.Ignored:
		return "no limit at MAIL, where it does not look at SIZE" + later
	}
	bounds := Bounds(l)
	if l.Reason != "" {
		bounds += ": " + l.Reason
	}
	return bounds
}

// Bounds are what is known of a limit that is not known to the octet.
func Bounds(l event.Limit) string {
	switch {
	case l.Accepted > 0 && l.Rejected > 0:
		return "at least " + wire.Octet(l.Accepted) + ", below " + wire.Octet(l.Rejected)
	case l.Accepted > 0:
		return "at least " + wire.Octet(l.Accepted)
	case l.Rejected > 0:
		return "below " + wire.Octet(l.Rejected)
	}
	return "unknown"
}

// Cost is what a search took.
func Cost(l event.Limit) string {
	return fmt.Sprintf("asked with %d MAIL, of which %d refused, in %s and %s; no message was sent, no recipient named",
		l.Commands, l.Rejections, counted(l.Connections, "connection"), counted(l.Trips, "round trip"))
}

func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// InForce is the size in octets that a message may have by all that is known,
// what is declared and what was found out; false where nothing limits it, as
// far as is known.
func InForce(s *wire.Size, l *event.Limit) (uint64, bool) {
	switch {
	case l != nil && l.Rejected > 0 && (l.Exact() || s == nil || s.State != wire.SizeDeclared || l.Rejected <= s.Declared):
		return l.Accepted, true
	case s != nil && s.State == wire.SizeDeclared:
		return s.Declared, true
	}
	return 0, false
}

// Attachment is the largest file that fits into a message of so many octets.
func Attachment(limit uint64) string {
	return wire.Octet(uint64(message.LargestAttachment(int64(min(limit, math.MaxInt64)))))
}
