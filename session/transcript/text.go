package transcript

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// Text writes events as a script: the lines of the session behind "S: " and
// "C: ", directives behind "@", all else behind "# ". Saved to a file, it is
// what `ehlo run` plays. Each event is written when it comes, so that a slow
// reply can be watched; what can be said only when more is known is for Record.
type Text struct {
	W     io.Writer
	Time  bool // a comment with the time after each reply
	Color bool // ANSI colours, for a terminal
	DNS   bool // every DNS exchange, not only those that went wrong
	// Server is that the events are told by the server: it is connected to, and
	// whether its certificate verifies is for the client to say.
	Server bool

	Err  error // the first error of W; nothing is written after it
	last event.Connecting

	order     order      // in which the events are written
	quit      bool       // the last command was QUIT
	login     loginForm  // of an AUTH that is not answered for good
	greeted   bool       // a reply has come
	handshake bool       // TLS was begun and has not come to its end
	reply     replyState // of the reply that is coming
}

// loginForm is how a login stands in the script.
type loginForm uint8

const (
	noLogin     loginForm = iota
	asDirective           // as @auth: it is said anew each time, with a password that no script has
	asLines               // as it was said: no @auth could stand for it
)

// replyState is a reply whose lines are being written.
type replyState struct {
	begun bool
	code  int  // of its first line
	exact bool // as @reply
}

// The colours are a help, never the only carrier of a meaning.
const (
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	reset  = "\x1b[0m"
)

// Apply writes what there is to say of an event, as a whole, at once.
func (t *Text) Apply(e event.Event) {
	for _, e := range t.order.take(e) {
		t.apply(e)
	}
}

// apply is Apply for events in their order.
func (t *Text) apply(e event.Event) {
	switch e := e.(type) {
	case event.DNS:
		if t.DNS || e.Error != "" || e.Rcode != "NOERROR" && e.Rcode != "NXDOMAIN" {
			t.comment("%s", DNSLine(e))
		}
	case event.Route:
		for _, l := range RouteLines(e) {
			t.comment("%s", l)
		}
	case event.Connecting:
		t.last = e
	case event.Connected:
		*t = Text{W: t.W, Time: t.Time, Color: t.Color, DNS: t.DNS, Server: t.Server, Err: t.Err, last: t.last}
		if t.last.URL != "" {
			t.directive("@connect " + scriptWord(t.last.URL))
		}
		if t.Server {
			t.comment("connection from %s", e.Remote)
		} else {
			t.comment("connected to %s in %s", e.Remote, Milliseconds(e.Elapsed))
		}
	case event.Waiting:
		t.handshake = strings.HasSuffix(e.For, "TLS handshake")
	case event.Sent:
		t.quit = !e.Text && wire.Verb(e.Line) == "QUIT"
		t.sent(e)
	case event.Received:
		t.received(e)
	case event.Reply:
		t.replied(e)
	case event.Message:
		t.message(e)
	case event.TLS:
		t.tls()
		if t.Server {
			t.comment("%s (%s)", cipherOf(e), Milliseconds(e.Elapsed))
		} else {
			t.comment("%s", TLSLine(e))
		}
	case event.Note:
		t.comment("%s", e.Text)
	case event.Failed:
		for _, l := range e.Error.Lines {
			t.comment("%s", l)
		}
		if e.Error.Stage == event.Connect || e.Error.Stage == event.Quit {
			t.comment("%s", e.Error.Message)
		}
	case event.Closed:
		t.closed(e)
	}
}

// tls writes a handshake, unless it is the one that @connect makes.
func (t *Text) tls() {
	t.handshake = false
	if t.greeted || t.last.URL != "" && !strings.HasPrefix(t.last.URL, "smtps:") {
		t.directive("@tls")
	}
}

// sent writes a line of the client. A login stands in a script as @auth, and
// what was said in it as comments. So do the commands of a message in chunks:
// @bdat says them.
func (t *Text) sent(e event.Sent) {
	switch {
	case e.Chunk:
		t.comment("C: %s", wire.Text(e.Line))
		return
	case e.Login != "" && t.login == noLogin:
		t.login = asLines
		if !e.Raw && isMechanism(e.Login) {
			t.login = asDirective
			t.directive("@auth " + e.Login)
		}
	}
	switch {
	case e.Login != "" && t.login == asDirective:
		t.comment("C: %s", wire.Text(e.Masked()))
	case e.Raw:
		t.write(cyan, "@raw "+quote(e.Masked()))
	default:
		t.line("C:", ScriptText(e.Masked()), cyan)
	}
}

// isMechanism says that a name can stand behind @auth (RFC 4422 3.1).
func isMechanism(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 20
}

// received writes a line of the server's. A reply whose first line does not end
// in CRLF is written as @reply to its end, for S: lines all do.
func (t *Text) received(e event.Received) {
	if t.aside(e) {
		t.remark(e)
		return
	}
	code := codeOf(e.Line.Octets)
	if !t.reply.begun {
		t.reply = replyState{begun: true, code: code, exact: e.Line.Ending != wire.CRLF}
	}
	if t.reply.exact {
		t.write(replyColor(e.Line.Octets), "@reply "+quote(asSent(e)))
		return
	}
	t.line("S:", serverText(e.Masked(), code != 0 && code == t.reply.code), replyColor(e.Line.Octets))
}

// aside says that a line of the server's is a comment: a challenge, or what
// answers a chunk that is not the last. @auth and @bdat see to those.
func (t *Text) aside(e event.Received) bool {
	return t.login == asDirective && e.Login && codeOf(e.Line.Octets) == 334 || t.order.taken(e)
}

// remark writes a line of the server's as a comment.
func (t *Text) remark(e event.Received) { t.comment("S: %s", wire.Text(e.Masked())) }

func (t *Text) replied(e event.Reply) {
	t.greeted, t.reply = true, replyState{}
	if e.Verb == "AUTH" && e.Reply.Code != 334 {
		t.login = noLogin
	}
	if e.Unasked {
		t.comment("the server said this without being asked")
	}
	if t.Time {
		t.comment("%s", Milliseconds(e.Elapsed))
	}
}

// closed writes the end of a connection so that it comes again: the server's is
// awaited. One behind an answered QUIT needs no words.
func (t *Text) closed(e event.Closed) {
	if t.handshake {
		t.tls()
		t.comment("the handshake failed")
	}
	t.reply = replyState{}
	switch {
	case e.By == "server":
		t.comment("%s", closing(e))
		t.directive("@expect close")
	case e.Reset:
		t.directive("@reset")
	case !t.quit:
		t.directive("@close")
	}
}

func closing(e event.Closed) string {
	if e.Problem != "" {
		return "the server closed the connection: " + e.Problem
	}
	return "the server closed the connection"
}

// message writes a message that was sent as a whole. One of which a chunk was
// refused is sent by the script as well, to be refused again.
func (t *Text) message(e event.Message) {
	if e.Shown && e.Complete {
		return
	}
	if e.File != "" && (e.Complete || t.order.refused) {
		t.directive(messageDirective(e))
	}
	size := fmt.Sprintf("%s in %s lines", wire.Octet(uint64(e.Octets)), wire.Thousands(uint64(e.Lines)))
	if e.Complete {
		t.comment("message: %s", size)
		return
	}
	t.comment("message: %s; %s octets were transferred, not all of it", size, wire.Thousands(uint64(e.Transferred)))
}

// messageDirective is what sends the message in e.File as it was sent.
func messageDirective(e event.Message) string {
	switch e.Chunk {
	case 0:
		return "@data " + scriptArgument(e.File)
	case e.Octets:
		return "@bdat " + scriptWord(e.File)
	}
	return "@bdat " + scriptWord(e.File) + " " + strconv.FormatInt(e.Chunk, 10)
}

// Summary writes a line of the result.
func (t *Text) Summary(lines ...string) {
	for _, l := range lines {
		t.comment("%s", l)
	}
}

func (t *Text) comment(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	t.write(dim, "# "+shown(s))
}

func (t *Text) directive(s string) { t.write("", s) }

func (t *Text) line(tag, text, color string) {
	if text != "" {
		text = " " + text
	}
	t.write(color, tag+text)
}

func (t *Text) write(color, line string) {
	if t.Err != nil {
		return
	}
	if t.Color && color != "" {
		line = color + line + reset
	}
	_, t.Err = io.WriteString(t.W, line+"\n")
}

func replyColor(line []byte) string {
	if len(line) == 0 {
		return ""
	}
	switch line[0] {
	case '4':
		return yellow
	case '5':
		return red
	}
	return ""
}

// shown makes text for people printable. What it is made of is escaped
// already where that matters, and stays as it is.
func shown(s string) string { return wire.Visible([]byte(s)) }

func shownAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = shown(s)
	}
	return out
}
