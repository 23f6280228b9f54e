package event

import "ehlo/session/wire"

// Verdict is what a search for the maximum message size has come to.
type Verdict string

const (
	// Searching: the search goes on.
	Searching Verdict = "searching"
	// Enforced: what SIZE declares is accepted, one octet more is refused.
	Enforced Verdict = "enforced"
	// Unenforced: more than SIZE declares is accepted at MAIL, up to the
	// ceiling. The server may still refuse the message behind its data.
	Unenforced Verdict = "not_enforced"
	// Lower: less than SIZE declares is in force.
	Lower Verdict = "lower_than_declared"
	// Higher: more than SIZE declares is in force.
	Higher Verdict = "higher_than_declared"
	// Undeclared: a limit is in force that SIZE does not declare.
	Undeclared Verdict = "undeclared"
	// Unlimited: nothing is enforced at MAIL up to the ceiling.
	Unlimited Verdict = "unlimited"
	// Ignored: no limit is declared, and the parameter is not looked at: values
	// that are no numbers are accepted too.
	Ignored Verdict = "ignored"
	// Unknown: the search ended before the limit was known; Reason says why.
	// Accepted and Rejected are the bounds, as far as they are known.
	Unknown Verdict = "unknown"
)

// Limit is what a search has found out about the maximum message size that is
// in force at MAIL (RFC 1870 6.1). Sizes are octets.
type Limit struct {
	Verdict  Verdict
	Accepted uint64 // the largest size that was accepted; 0: none
	Rejected uint64 // the smallest that was refused as too large; 0: none
	Ceiling  uint64 // no larger one was asked for
	Nonsense bool   // a size that is no number was accepted

	Commands    int // MAIL
	Rejections  int // MAIL that was refused, for whatever reason
	Connections int
	Trips       int // round trips of the search: without the greeting, EHLO and QUIT

	Reason string      // why the limit is not known, or ""
	Reply  *wire.Reply // the server's words, if they are the reason
}

// Exact says that the limit is known to the octet: it is Accepted. That one
// octet more was refused at some time is not enough for it.
func (l Limit) Exact() bool {
	switch l.Verdict {
	case Enforced, Lower, Higher, Undeclared:
		return true
	}
	return false
}

// Known says that the search has come to its end: the limit is known to the
// octet, or there is none at MAIL, up to the ceiling.
func (l Limit) Known() bool {
	switch l.Verdict {
	case "", Searching:
		return false
	case Unknown:
		return l.Rejected == 0 && l.Accepted > 0 && l.Accepted == l.Ceiling
	}
	return true
}
