package engine

import (
	"ehlo/session/event"
	"ehlo/session/flow"
)

// Status is what the engine is doing.
type Status struct {
	// Plan is how the session was opened, or is to be; it is replaced, and not
	// changed. Seeking says that its target is looked up, while the session before
	// goes on.
	Plan    *flow.Plan
	Seeking bool

	Doing     Doing
	Connected bool
	InText    bool  // the server waits for message text
	Chunk     int64 // octets of it that a chunk (BDAT) still has; 0: it ends with a dot
	Asked     bool  // the server has asked for a secret (334)
	Over      int   // lines behind a login that is over that may belong to it
	Owes      bool  // the server has not answered all that was sent
	Left      int   // addresses that are still to be tried, while a session is opened
	mailing   bool  // a transaction is open, and not a search's
	Script    ScriptStatus
	Posted    Posted
	Pasted    Pasted
}

// Doing is what the engine does.
type Doing uint8

const (
	Idle    Doing = iota // watching the connection, if there is one
	Opening              // look-up, connection, greeting, EHLO, TLS
	Asking               // a line was sent and its reply is awaited
	Playing              // a script goes on
	Holding              // a script waits for the person
	leaving              // QUIT
)

// Still says that nothing is under way.
func (d Doing) Still() bool { return d == Idle || d == Holding }

// AsksSecret says whether the server waits for a line of a login after this
// event, where it waited or not before: then what is typed is drawn as stars
// (RFC 4954 4). What of it is secret in the transcript the session has marked.
func AsksSecret(before bool, e event.Event) bool {
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
