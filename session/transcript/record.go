package transcript

import (
	"bytes"
	"io"
	"net/netip"
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// Record writes events as a script that passes again: what Text writes, but
// with what is another each time (dates, queue ids, this host's address) as a
// pattern or a variable, and what it was as a comment above. It holds back a
// reply until all of it has come, and the lines of a message until it is known
// where they are from; Flush writes what is held.
//
// Patterns stand in S: lines, behind the code. The lines that list the
// extensions behind EHLO have none. A reply that S: lines cannot say, since a
// line of it does not end in CRLF or it is malformed, is written as @reply.
type Record struct {
	W     io.Writer
	Time  bool // a comment with the time after each reply
	Exact bool // no patterns and no variables: all as it was
	// Given is that a message without a file is what somebody gave: nothing in
	// it is replaced.
	Given bool
	// Save keeps the message of an event where the script can read it, and says
	// by what name; nil: a message that has no file is a comment.
	Save func(event.Message) (name string, err error)

	text   Text
	login  []event.Event    // that is not over
	lines  []event.Sent     // of message text, up to mostLines
	reply  []event.Received // lines of a reply that has not come to its end
	octets int              // of reply
	aside  bool             // reply is a comment
	bdat   bool             // message text is that of a chunk, whose size was said
	self   self             // what is this session's own
	whimsy bool             // the server's last word on a message is a random one
}

const (
	mostLogin = 100      // events of a login
	mostLines = 65       // of a message that is told line by line, with its dot
	mostReply = 64 << 10 // octets of a reply that are held back
)

// Apply takes the next event.
func (r *Record) Apply(e event.Event) {
	r.text.W, r.text.Time = r.W, r.Time
	for _, e := range r.text.order.take(e) {
		r.apply(e)
	}
}

// apply is Apply for events in their order. A login is held back until it is
// over: only one that was let in, or whose user or password was refused, is a
// login that @auth can say again. Any other (not offered, cancelled, malformed)
// is written line by line, without its secrets, and will be refused again.
func (r *Record) apply(e event.Event) {
	sent, _ := e.(event.Sent)
	if len(r.login) == 0 && (sent.Login == "" || r.text.login != noLogin) {
		r.write(e)
		return
	}
	r.login = append(r.login, e)
	answer, replied := e.(event.Reply)
	over := replied && answer.Verb == "AUTH" && answer.Reply.Code != 334
	if over && answer.Reply.Code != 235 && answer.Reply.Code != 535 {
		r.text.login = asLines
	}
	if _, closed := e.(event.Closed); over || closed || len(r.login) > mostLogin {
		r.loggedIn()
	}
}

// loggedIn writes the login that is held back.
func (r *Record) loggedIn() {
	held := r.login
	r.login = nil
	for _, e := range held {
		r.write(e)
	}
}

// write writes an event, or holds back what has to be judged as a whole.
func (r *Record) write(e event.Event) {
	switch e := e.(type) {
	case event.Sent:
		if e.Text && !e.Raw {
			r.hold(e)
			return
		}
		r.release(false)
		r.sent(e)
	case event.Message:
		r.release(e.Shown && e.Complete && e.File == "" && !r.Given)
		r.message(e)
	case event.Received:
		r.release(false)
		r.received(e)
	case event.Reply:
		r.release(false)
		r.replied(e)
	case event.Waiting, event.Note, event.DNS, event.Route:
		// They come in the middle of a reply too.
		r.release(false)
		r.text.apply(e)
	case event.Connected:
		r.flush()
		r.self = self{}
		if local, err := netip.ParseAddrPort(e.Local); err == nil {
			r.self.address, r.self.port = local.Addr().Unmap().WithZone(""), strconv.Itoa(int(local.Port()))
		}
		r.whimsy = false
		r.text.apply(e)
	case event.Failed:
		if e.Error.Kind == event.ReplyTimeout {
			// A reply that did not end is none that a script could wait for.
			for _, l := range r.reply {
				r.text.remark(l)
			}
			r.reply, r.octets = nil, 0
		}
		r.flush()
		r.text.apply(e)
		// Why a session ended is evidence: without it a time-out would look like a
		// client that had enough.
		if s := e.Error.Stage; e.Error.Kind != event.ExpectationFailed && s > event.Connect && s != event.Quit {
			r.text.comment("failed: %s", e.Error.Message)
		}
	default:
		r.flush()
		r.text.apply(e)
	}
}

// Flush writes what is held back. It returns the first error of W.
func (r *Record) Flush() error {
	r.text.W, r.text.Time = r.W, r.Time
	for _, e := range r.text.order.release() {
		r.apply(e)
	}
	r.loggedIn()
	r.flush()
	return r.text.Err
}

func (r *Record) flush() {
	r.release(false)
	for _, e := range r.reply {
		r.text.apply(e)
	}
	r.reply, r.octets = nil, 0
}

// hold keeps a line of message text until it is known what the message is.
func (r *Record) hold(e event.Sent) {
	r.lines = append(r.lines, e)
	if len(r.lines) > mostLines {
		r.release(false)
	}
}

// release writes the lines of message text that are held. In the header of a
// message that was composed, date and id are new each time.
func (r *Record) release(composed bool) {
	lines := r.lines
	r.lines = nil
	header := true
	// What stands in their place may be longer or shorter, which a chunk is not.
	date := composed && !r.Exact && !r.bdat
	id := date
	for i, e := range lines {
		name, value, _ := strings.Cut(string(e.Line), ":")
		value = strings.TrimSpace(value)
		folded := i+1 < len(lines) && len(lines[i+1].Line) > 0 && strings.IndexByte(" \t", lines[i+1].Line[0]) >= 0
		header = header && len(e.Line) > 0
		isID := header && strings.EqualFold(name, "Message-ID") && strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">")
		if isID {
			r.self.message = strings.Trim(value, "<>")
		}
		switch {
		case isID && id:
			id = false
			r.instead(e, name+": <${message_id}>")
		case header && date && !folded && strings.EqualFold(name, "Date"):
			date = false
			r.instead(e, name+": ${date}")
		default:
			r.text.apply(e)
		}
	}
}

// instead writes a line of the client with variables in it.
func (r *Record) instead(e event.Sent, text string) {
	r.text.comment("was: C: %s", wire.Text(e.Line))
	r.text.line("C:", text, "")
}

// sent writes a command. This host's address in place of its name is a
// variable: it may have another the next time.
func (r *Record) sent(e event.Sent) {
	if !e.Raw {
		r.bdat = wire.Verb(e.Line) == "BDAT"
	}
	verb, name, _ := bytes.Cut(e.Line, []byte(" "))
	literal, ok := wire.ParseLiteral(string(name))
	if r.Exact || e.Raw || e.Login != "" || !ok || literal.Unmap() != r.self.address {
		r.text.apply(e)
		return
	}
	switch wire.Verb(verb) {
	case "EHLO", "HELO", "LHLO":
		r.instead(e, string(verb)+" ${helo}")
	default:
		r.text.apply(e)
	}
}

// message writes a message that was sent as a whole, and keeps it.
func (r *Record) message(e event.Message) {
	if !e.Shown && (e.Complete || r.text.order.refused) && r.Save != nil {
		if name, err := r.Save(e); err != nil {
			r.text.comment("the message could not be kept: %s", err)
		} else {
			e.File = name
		}
	}
	r.text.apply(e)
}

// received holds a line of the server's back.
func (r *Record) received(e event.Received) {
	if r.octets > mostReply {
		r.text.apply(e)
		return
	}
	if len(r.reply) == 0 {
		r.aside = r.text.aside(e)
	}
	r.reply = append(r.reply, e)
	r.octets += len(e.Line.Octets)
	if r.octets > mostReply {
		for _, e := range r.reply {
			r.text.apply(e)
		}
		r.reply = nil
	}
}

// replied writes a reply.
func (r *Record) replied(e event.Reply) {
	lines := r.reply
	r.reply, r.octets = nil, 0
	_, malformed := e.Reply.Malformed()
	exact := malformed
	for _, l := range lines {
		exact = exact || l.Line.Ending != wire.CRLF
	}
	switch {
	case len(lines) == 0:
	case r.aside:
		for _, l := range lines {
			r.text.remark(l)
		}
	case exact:
		var octets []byte
		for _, l := range lines {
			octets = append(octets, asSent(l)...)
		}
		r.text.directive("@reply " + quote(octets))
	default:
		r.said(lines, e)
	}
	r.text.apply(e)
}

// said writes a reply as S: lines. Where nothing in it varies they are exact.
func (r *Record) said(lines []event.Received, e event.Reply) {
	list := e.Reply.Positive() && (e.Verb == "EHLO" || e.Verb == "LHLO")
	if e.Command == nil && e.Stage == event.Banner {
		// chasquid draws its reply to a message from a list of merry ones.
		r.whimsy = bytes.Contains(lines[0].Line.Octets, []byte(" ESMTP chasquid"))
	}
	for i, l := range lines {
		octets := l.Masked()
		var spans []event.Span
		if !r.Exact && (i == 0 || !list) {
			vary := r.self.varying(octets, e.Command, l.At)
			if r.whimsy && e.Verb == "." && e.Reply.Positive() {
				vary.set(textStart(octets), len(octets))
			}
			for _, s := range masks(l) {
				vary.set(s.Start, s.End)
			}
			spans = vary.spans()
		}
		if len(spans) > 0 {
			r.text.comment("was: S: %s", wire.Text(octets))
		}
		r.text.line("S:", pattern(octets, spans), "")
	}
}

// masks are where a line shows no secret but that there was one.
func masks(e event.Received) (spans []event.Span) {
	at, from := 0, 0
	for _, s := range e.Secret {
		at += s.Start - from
		spans = append(spans, event.Span{Start: at, End: at + len(event.Mask)})
		at, from = at+len(event.Mask), s.End
	}
	return spans
}

// pattern is the text of an S: line in which an asterisk stands for each span.
// One that the server said is none.
func pattern(line []byte, spans []event.Span) string {
	var b strings.Builder
	write := func(text string) { b.WriteString(strings.ReplaceAll(text, "*", `\x2a`)) }
	from := 0
	for _, s := range spans {
		write(plainText(line[from:s.Start]))
		b.WriteByte('*')
		from = s.End
	}
	write(ScriptText(line[from:]))
	return b.String()
}
