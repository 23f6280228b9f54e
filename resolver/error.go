package resolver

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Kind is what went wrong, as a script reads it.
type Kind string

const (
	Usage        Kind = "usage"          // no question was asked: the name or a setting is not one
	NoSuchDomain Kind = "no_such_domain" // NXDOMAIN
	NullMX       Kind = "null_mx"        // the domain says that it takes none: RFC 7505, or an SRV target of "." (RFC 2782)
	NoAddress    Kind = "no_address"     // the name exists, but there is nothing to connect to
	Failure      Kind = "dns_failure"    // SERVFAIL, REFUSED, a broken answer, no server to ask
	Timeout      Kind = "dns_timeout"    // no server answered in time
)

// Error is why there is no route, or why one of its exchangers is of no use.
// Mail, Service and Host return this type or the error of their context.
type Error struct {
	Kind    Kind
	Name    string // the name that was asked for, in presentation form
	Message string // one sentence, with the name and whom was asked
	Err     error  // what is below, where there is something
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// temporary is an error that says nothing of what the DNS has.
func (e *Error) temporary() bool { return e.Kind == Failure || e.Kind == Timeout }

func errorf(kind Kind, name, format string, args ...any) *Error {
	return &Error{Kind: kind, Name: name, Message: fmt.Sprintf(format, args...)}
}

// maxQuoted is the length of foreign text in a message, in octets. It holds the
// longest name of RFC 1035 2.3.4, with some escapes.
const maxQuoted = 300

// quote makes text of anybody's fit for a message. U-labels stay readable.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	cut := maxQuoted
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut] + "…")
}

func number(n uint16) string { return strconv.Itoa(int(n)) }

// plural counts things whose plural has an s.
func plural(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
