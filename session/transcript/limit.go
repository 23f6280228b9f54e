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
	if text := LargestFile(s, l); text != "" {
		lines = append(lines, "largest attachment:   "+text)
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

// Force is what a message may have by all that is known, what is declared and
// what was found out.
type Force struct {
	Octets  uint64
	AtLeast bool   // more may be accepted
	Below   uint64 // a message of so many octets is known to be refused; 0: none is
}

// InForce is what is in force; false where no size is known to be accepted, or
// nothing to limit it.
func InForce(s *wire.Size, l *event.Limit) (Force, bool) {
	declared := uint64(0)
	if s != nil && s.State == wire.SizeDeclared {
		declared = s.Declared
	}
	switch {
	case l == nil:
	case l.Exact():
		return Force{Octets: l.Accepted, Below: l.Rejected}, true
	case l.Rejected > 0 && (declared == 0 || l.Rejected <= declared || l.Accepted > declared),
		declared == 0 && l.Verdict == event.Unknown && l.Accepted > 0:
		return Force{l.Accepted, true, l.Rejected}, l.Accepted > 0
	}
	return Force{Octets: declared, Below: declared + 1}, declared > 0
}

// String is "14,680,064 octets (14.0 MiB)", or that with at least before it.
func (f Force) String() string {
	if f.AtLeast {
		return "at least " + wire.Octet(f.Octets)
	}
	return wire.Octet(f.Octets)
}

// none says that not even an empty file can be attached.
func (f Force) none() bool {
	return !f.AtLeast && f.Octets < uint64(message.AttachedSize(message.ReferenceFile, 0))
}

// LargestFile is the largest file that can be attached, in words; "": no limit
// is known.
func LargestFile(s *wire.Size, l *event.Limit) string {
	f, ok := InForce(s, l)
	if !ok {
		return ""
	}
	most := min(f.Octets, math.MaxInt64)
	if f.none() {
		return "none: the message of an empty file is larger"
	}
	f.Octets = uint64(message.LargestAttachment(int64(most)))
	return f.String() + " in base64"
}

// File is a file, and the message that it makes.
type File struct {
	Name            string
	Octets, Message int64
}

// Fit says whether a file's message is accepted.
type Fit uint8

const (
	FitUnknown Fit = iota
	Fits
	TooLarge
)

// Fit says whether the file fits by what is known, and with how many octets to
// spare, or too many.
func (f File) Fit(s *wire.Size, l *event.Limit) (fit Fit, octets uint64) {
	mail := uint64(f.Message)
	in, known := InForce(s, l)
	switch {
	case !known && l != nil && l.Rejected > 0 && mail >= l.Rejected:
		return TooLarge, mail - l.Rejected + 1
	case !known && l != nil && mail <= l.Accepted:
		return Fits, l.Accepted - mail
	case !known:
		return FitUnknown, 0
	case mail <= in.Octets:
		return Fits, in.Octets - mail
	case in.AtLeast && (in.Below == 0 || mail < in.Below):
		return FitUnknown, 0
	case in.AtLeast:
		return TooLarge, mail - in.Below + 1
	}
	return TooLarge, mail - in.Octets
}

// Line says the same in words.
func (f File) Line(s *wire.Size, l *event.Limit) string {
	line := fmt.Sprintf("%s, %s, makes a message of %s: ", f.Name, wire.Octet(uint64(f.Octets)), wire.Octet(uint64(f.Message)))
	fit, octets := f.Fit(s, l)
	in, known := InForce(s, l)
	switch {
	case fit == TooLarge && in.AtLeast, fit == TooLarge && !known:
		return line + "it does not fit: at least " + wire.Octet(octets) + " too many"
	case fit == TooLarge:
		return line + "it does not fit: " + wire.Octet(octets) + " too many"
	case fit == Fits && !known:
		return line + "it fits at MAIL: as much and " + wire.Octet(octets) + " more is accepted"
	case fit == Fits && in.AtLeast:
		return line + "it fits, with at least " + wire.Octet(octets) + " to spare"
	case fit == Fits && l != nil && (!l.Known() || !l.Exact() && uint64(f.Message) > l.Accepted):
		return line + "it fits what is declared, with " + wire.Octet(octets) + " to spare; what is in force is not known"
	case fit == Fits:
		return line + "it fits, with " + wire.Octet(octets) + " to spare"
	case known:
		return line + "it is not known whether it fits: " + Bounds(event.Limit{Accepted: in.Octets, Rejected: in.Below}) + " is accepted"
	case l != nil && l.Accepted > 0 && l.Rejected == 0:
		return line + "it is not known whether it fits: no more than " + wire.Octet(l.Accepted) + " was accepted, and nothing larger asked for"
	}
	return line + "it is not known whether it fits: no limit is"
}
