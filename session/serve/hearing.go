package serve

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/wire"
)

// hearing is how far the client is in what it says: whether its next octets are
// a command, text of a message, octets of a chunk, or part of a login.
type hearing struct {
	part  []byte // of a line that has not ended; no more of it than matters
	long  int    // octets of that line
	text  bool   // a 354 was said, and the message has no end yet
	chunk int64  // octets of a chunk that are to come
	bdat  command
	login login
}

// login is an AUTH command that has no final reply yet.
type login struct {
	mechanism string
	open      bool
	asked     bool // the server waits for a response
	left      int  // responses that may come before it asks
}

// command is what a reply is due for.
type command struct {
	verb      string
	line      []byte // as it may be shown, and not all of a long one
	at        time.Time
	recipient string // whom the reply is about (RFC 2033 4.2)
}

// endOfText is the verb of the end of a message.
const endOfText = "."

// mostOfLine is how much of a line is kept for the reply to it.
const mostOfLine = 1 << 10

// take hears octets: the commands that are complete with them, and which of the
// octets nobody may see.
func (h *hearing) take(octets []byte) (commands []command, secret []event.Span) {
	for at := 0; at < len(octets); {
		if h.chunk > 0 {
			n := min(h.chunk, int64(len(octets)-at))
			at += int(n)
			if h.chunk -= n; h.chunk == 0 {
				commands = append(commands, h.bdat)
			}
			continue
		}
		end := bytes.IndexByte(octets[at:], '\n') + 1
		line, begin := octets[at:], at-h.long
		if end > 0 {
			line = line[:end]
		}
		at += len(line)
		long := h.long + len(line)
		if h.long > 0 {
			line = slices.Concat(h.part, line)
		}
		// What nobody may see of a line goes to its end.
		hide := func(from, to int) {
			secret = append(secret, event.Span{Start: max(begin+from, 0), End: max(to, 0)})
		}
		if end == 0 {
			h.part, h.long = bytes.Clone(line[:min(len(line), mostOfLine)]), long
			if span, ok := h.secret(bytes.TrimRight(line, "\r")); ok && !h.text {
				hide(span.Start, at)
			}
			break
		}
		h.part, h.long = nil, 0
		l, _ := wire.CutLine(line)
		if h.text {
			if l.Ending == wire.CRLF && string(l.Octets) == "." {
				h.text = false
				commands = append(commands, command{verb: endOfText, line: l.Octets})
			}
			continue
		}
		span, hidden := h.secret(l.Octets)
		if hidden {
			hide(span.Start, at-(len(line)-len(l.Octets)))
		}
		if c, complete := h.command(l.Octets, span, hidden); complete {
			commands = append(commands, c)
		}
	}
	return commands, secret
}

// command follows a line that is no text. It is complete if a reply is due now.
func (h *hearing) command(line []byte, secret event.Span, hidden bool) (c command, complete bool) {
	shown := line
	if hidden {
		shown = event.Sent{Line: line, Secret: []event.Span{secret}}.Masked()
	}
	c = command{verb: wire.Verb(shown[:min(len(shown), mostOfLine)]), line: bytes.Clone(shown[:min(len(shown), mostOfLine)])}
	if h.login.responding() {
		c.verb, h.login.asked = "AUTH", false
		h.login.left--
		return c, true
	}
	if mechanism, initial, ok := parseAuth(line); ok {
		c.verb = "AUTH"
		h.login = login{mechanism: mechanism, open: true, left: sasl.Responses(mechanism)}
		if initial > 0 {
			h.login.left--
		}
	}
	size, last, ok := wire.ParseBDAT(line)
	if !ok {
		return c, true
	}
	if last {
		c.verb = endOfText
	}
	h.chunk, h.bdat = size, c
	return c, size == 0
}

// responding says that a line is a response of a login. A client may send it
// before it is asked for, where it knows the mechanism.
func (l login) responding() bool { return l.open && (l.asked || l.left > 0) }

// secret is what nobody may see of a line.
func (h *hearing) secret(line []byte) (event.Span, bool) {
	if h.login.responding() {
		return event.Span{Start: 0, End: len(line)}, len(line) > 0 && string(line) != "*"
	}
	if _, initial, ok := parseAuth(line); ok && initial > 0 {
		return event.Span{Start: initial, End: len(line)}, true
	}
	from := wire.SecretFrom(line)
	return event.Span{Start: from, End: len(line)}, from < len(line)
}

// parseAuth reads an AUTH command; initial is where its response begins, or 0.
// "AUTH=PLAIN …" is a slip, and what follows may be a password all the same.
func parseAuth(line []byte) (mechanism string, initial int, ok bool) {
	verb := wire.Verb(line[:min(len(line), mostOfLine)])
	if verb != "AUTH" && !strings.HasPrefix(verb, "AUTH=") {
		return "", 0, false
	}
	rest := bytes.TrimLeft(line, " \t")[len("AUTH"):]
	rest = bytes.TrimLeft(rest, " \t:=")
	word := bytes.IndexAny(rest, " \t")
	if word < 0 {
		return strings.ToUpper(string(rest[:min(len(rest), mostOfLine)])), 0, true
	}
	response := bytes.TrimLeft(rest[word:], " \t")
	if len(response) > 0 {
		initial = len(line) - len(response)
	}
	return strings.ToUpper(string(rest[:word])), initial, true
}
