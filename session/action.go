package session

import (
	"time"

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
type Command struct {
	Line []byte
	Asks bool // it is a question: a refusal is an answer like any other
}

// Group sends several lines at once (RFC 2920) and reads a reply to each. The
// caller sees to it that the server offers PIPELINING and that only the last
// line is a command that must end a group.
type Group struct {
	Lines [][]byte
	Asks  bool // as in Command
}

// StartTLS sends STARTTLS, and after a 220 makes TLS of the connection. The
// session then knows nothing that it learnt before (RFC 3207 4.2).
type StartTLS struct {
	Line []byte // the command as typed; empty: STARTTLS
}

// Text sends a line of message text as it is, with CRLF. A line that is only
// a dot ends the message, and its replies are read.
type Text struct{ Line []byte }

// Send sends a whole message and reads the replies to it: after a 354, made
// transparent, with the final dot, or in chunks (BDAT, RFC 3030). Each chunk
// but the last is sent when the one before has its reply; a refused one is the
// last that is sent.
type Send struct {
	Message *message.Message
	// Quit sends QUIT in the same group (RFC 2920 3.1 lets it follow the
	// message, and RFC 3030 4.2 the last chunk) and reads its reply too.
	Quit bool
	// Chunk is how many octets a chunk has at most; 0: DATA, no chunks.
	Chunk int64
	// Binary sends the octets as they are (BINARYMIME). Otherwise every line of
	// the message ends in CRLF. For chunks only.
	Binary bool
	// Unanswered leaves the replies that the end of the message has to Next.
	Unanswered bool
}

// What a script is played with. Put, Next, Listen and Send.Unanswered take
// octets and replies literally, in their order: a reply answers what the script
// says that it does, also where the server was too early or there is one too
// many; a malformed one is a reply; and the reply to QUIT does not end the
// connection.

// Put sends octets in one go and waits for nothing. Where they are many it goes
// on sending in the background while the next actions read.
type Put struct{ Pieces []Piece }

// Piece is octets of a Put.
type Piece struct {
	Octets []byte
	Raw    bool // they go out as they are; otherwise they are a line, and CRLF follows
}

// Next reads the next reply, whatever it answers.
type Next struct{}

// Listen waits for what the server does of itself, For at most. Replies has
// what it said, if it said something; if it closed the connection, there is
// none any more. Silence is no error.
type Listen struct{ For time.Duration }

// Handshake makes TLS of the connection now, without STARTTLS.
type Handshake struct{}

// Limit bounds the waits from here on in place of Options.Timeouts: those that
// are not 0.
type Limit struct{ Timeouts Timeouts }

// LimitAll bounds every wait but that for a connection.
func LimitAll(after time.Duration) Limit { return Limit{Timeouts{Reply: after, Dot: after}} }

// Reset breaks the connection off: the server sees a reset (TCP RST), where
// there is TCP.
type Reset struct{}

// Watch waits for what the server says without being asked, or for its
// closing the connection, until its context ends; that is no error.
type Watch struct{}

// Close ends the connection without QUIT.
type Close struct {
	// Gently lets what was sent arrive: the end is told first, and what the
	// server still says is read away for a moment. A connection that is closed
	// while something is unread is reset by the system, and what is under way to
	// the server may be lost with it.
	Gently bool
}

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

func (Put) action()       {}
func (Next) action()      {}
func (Listen) action()    {}
func (Handshake) action() {}
func (Limit) action()     {}
func (Reset) action()     {}
