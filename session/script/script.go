// Package script is the language of transcripts: what `ehlo` prints as text,
// what `ehlo run` plays and `ehlo serve` answers with. The package reads and
// writes it and says whether a reply is the expected one; it sends nothing,
// opens no file and looks at no clock.
//
// A script is UTF-8 text, a line each:
//
//	# a comment                 nothing, like a blank line
//	C: EHLO ${helo}             what the client sends, without its CRLF
//	S: 250-SIZE *               what the server says: a pattern of one line
//	S: 250                      the end of the reply's pattern
//	@sleep 500ms                what a line of SMTP cannot say, see Directives
//
// One space behind the colon belongs to the tag and the rest of the line is
// text, also spaces at its end. Blanks in front of a tag are ignored. In text
// ${name} is a variable, $${ is a literal ${, \xHH is that octet, and all else
// is literal. In the patterns of S: and, for a server, C: lines an asterisk is
// any run of octets; \x2a is an asterisk.
//
// Lines of S: make one group, which is one reply, as they would on the wire:
// up to a line whose code has no hyphen behind it. A line that begins with no
// code is a group of its own. A group also ends at the next C: or @ line, so
// that a script can play a server that stops in the middle of a reply.
//
// Parse makes a Script of text, Script.String the text again: String of what
// Parse made of any text is canonical, and Parse of canonical text is the same
// script. Variables and escapes stay as they are written (Text); Text.Expand
// and the Pattern functions make octets of them when their values are known.
// Script.Check finds unknown names before anything is sent.
package script

import (
	"fmt"
	"time"
)

// Position is a place in a script.
type Position struct {
	File   string // as given to Parse
	Line   int    // from 1
	Column int    // from 1, in characters; 0: the line as a whole
}

// String is "file:line:column", as editors and terminals make a link of it.
func (p Position) String() string {
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// At is the place itself: every item embeds it.
func (p Position) At() Position { return p }

// Error is a script that cannot be understood or expanded. Its text begins
// with the position.
type Error struct {
	Position
	Message string // what was expected, and what stands there
	Err     error  // the cause below, or nil
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Script is a script that was understood.
type Script struct {
	Name  string
	Items []Item
}

// Item is a line of a script, or the lines that belong together. The set is
// closed: Comment, Client, Server, and one type per directive.
type Item interface {
	At() Position
	lines() []string // canonical text
}

// Comment is a comment with its #, a remark in braces, or a blank line.
type Comment struct {
	Position
	Text string
}

// Client is a C: line.
type Client struct {
	Position
	Line Text
}

// Server is a group of S: lines: one reply.
type Server struct {
	Position
	Lines []ServerLine // at least one
}

// ServerLine is one S: line of a group.
type ServerLine struct {
	Position
	Line  Text
	Above []Comment // comments between the line before and this one
}

// The directives. Names, files and values that are a Text may have variables.
type (
	// Connect opens the connection; an empty Target is the one of the run.
	Connect struct {
		Position
		Target Text
	}
	// StartTLS is STARTTLS, its 220 and the handshake.
	StartTLS struct{ Position }
	// TLS is the handshake alone.
	TLS struct{ Position }
	// Auth is a login. Where S: lines follow, they are its final reply.
	Auth struct {
		Position
		Mechanism Text // empty: any that is offered
	}
	// Data is the message in File, made transparent, and the final dot.
	Data struct {
		Position
		File Text
	}
	// BDAT is the message in File in chunks (RFC 3030).
	BDAT struct {
		Position
		File  Text
		Chunk int64 // octets of a chunk; 0: one chunk
	}
	// Raw is octets that the client sends as they are.
	Raw struct {
		Position
		Octets string
	}
	// Reply is what the server says, to the octet: where its lines do not end
	// in CRLF, or make no reply that S: lines could stand for.
	Reply struct {
		Position
		Octets string
	}
	// Flush sends the C: lines collected so far.
	Flush struct{ Position }
	// Sleep does nothing for a time, see its Duration.
	Sleep struct {
		Position
		For Text
	}
	// Timeout bounds every wait from here on.
	Timeout struct {
		Position
		After time.Duration
	}
	// ExpectClose awaits that the other side closes the connection.
	ExpectClose struct{ Position }
	// ExpectSilence awaits that the other side says nothing for a time.
	ExpectSilence struct {
		Position
		For time.Duration
	}
	// Close ends the connection without QUIT.
	Close struct{ Position }
	// Reset breaks the connection off (TCP RST).
	Reset struct{ Position }
	// Set gives a variable a value, unless the person has given it one.
	Set struct {
		Position
		Name  string
		Value Text
	}
	// Capture gives a variable what Regexp finds in the last reply: its first
	// group, or all of it where it has none.
	Capture struct {
		Position
		Name   string
		Regexp string // RE2, as written: no variables, no \xHH but its own
	}
	// Assert compares what is known of the session.
	Assert struct {
		Position
		Subject string // see Subjects
		Op      string
		Value   Text
	}
	// Include stands for the script in File, whose Items are nil until Load has
	// read it.
	Include struct {
		Position
		File  Text
		Items []Item
	}
	// Repeat plays Items Times times.
	Repeat struct {
		Position
		Times int
		Items []Item
	}
)

// All calls yield with every item in the order of the text, those inside of a
// Repeat once and behind it, those of an Include too, until yield returns
// false.
func (s *Script) All(yield func(Item) bool) { all(s.Items, yield) }

func all(items []Item, yield func(Item) bool) bool {
	for _, i := range items {
		if !yield(i) || !all(Inner(i), yield) {
			return false
		}
	}
	return true
}

// Inner are the items that an item stands for: those of a Repeat, once, or of
// an Include.
func Inner(i Item) []Item {
	switch i := i.(type) {
	case Repeat:
		return i.Items
	case Include:
		return i.Items
	}
	return nil
}
