package session

import (
	"ehlo/session/message"
)

// Action is one thing that a session can do. It is plain data: a key, a flag
// and a script line become the same actions.
type Action interface{ action() }

// Resolve finds the exchangers of a target; Candidates has them then.
type Resolve struct {
	Target Target
	Server string // connect there instead, HOST[:PORT]; the target stays the mail domain
	Port   uint16 // in place of the target's own; 0: not given
	NoMX   bool   // take the domain's own address
}

// Connect opens a connection to one address of an exchanger, and makes TLS of
// it at once where the candidate says so. It does not wait for the greeting:
// Await does.
type Connect struct{ Candidate Candidate }

// Await reads the reply that is due next: the greeting after Connect.
type Await struct{}

// Command sends a line as it is, with CRLF, and reads its reply.
type Command struct{ Line []byte }

// Group sends several lines at once (RFC 2920) and reads a reply to each. The
// caller sees to it that the server offers PIPELINING and that only the last
// line is a command that must end a group.
type Group struct{ Lines [][]byte }

// StartTLS sends STARTTLS, and after a 220 makes TLS of the connection. The
// session then knows nothing that it learnt before (RFC 3207 4.2).
type StartTLS struct {
	Line []byte // the command as typed; empty: STARTTLS
}

// Text sends a line of message text as it is, with CRLF. A line that is only
// a dot ends the message, and its replies are read.
type Text struct{ Line []byte }

// Send sends a whole message after a 354, made transparent, with the final
// dot, and reads the replies to it.
type Send struct {
	Message *message.Message
	// Quit sends QUIT in the same group (RFC 2920 3.1 lets it follow the
	// message) and reads its reply too.
	Quit bool
}

// Watch waits for what the server says without being asked, or for its
// closing the connection, until its context ends; that is no error.
type Watch struct{}

// Close ends the connection without QUIT.
type Close struct{}

func (Resolve) action()  {}
func (Connect) action()  {}
func (Await) action()    {}
func (Command) action()  {}
func (Group) action()    {}
func (StartTLS) action() {}
func (Text) action()     {}
func (Send) action()     {}
func (Watch) action()    {}
func (Close) action()    {}
