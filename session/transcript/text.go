package transcript

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/message"
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

	Err  error // the first error of W; nothing is written after it
	last event.Connecting

	quit      bool             // the last command was QUIT
	login     loginForm        // of an AUTH that is not answered for good
	chunks    int              // BDAT commands of a message told as a whole, not answered and not the last
	refused   bool             // one of them is refused
	refusal   []event.Received // by this, which is written behind the @bdat that it answers
	greeted   bool             // a reply has come
	handshake bool             // TLS was begun and has not come to its end
	reply     replyState       // of the reply that is coming
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
	if len(t.refusal) > 0 {
		switch e.(type) {
		case event.Received, event.Reply, event.Note, event.Message:
		default:
			t.answer()
		}
	}
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
		*t = Text{W: t.W, Time: t.Time, Color: t.Color, DNS: t.DNS, Err: t.Err, last: t.last}
		if t.last.URL != "" {
			t.directive("@connect " + scriptWord(t.last.URL))
		}
		t.comment("connected to %s in %s", e.Remote, Milliseconds(e.Elapsed))
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
		t.comment("%s", TLSLine(e))
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
		if _, last, _ := wire.ParseBDAT(e.Line); !last {
			t.chunks++
		}
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
		t.comment("S: %s", wire.Text(e.Masked()))
		return
	}
	code := codeOf(e.Line.Octets)
	if t.chunks > 0 {
		t.refused, t.refusal = true, append(t.refusal, e)
		return
	}
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
	return t.login == asDirective && e.Login && codeOf(e.Line.Octets) == 334 || t.chunks > 0 && codeOf(e.Line.Octets)/100 == 2
}

// answer writes what refused a chunk.
func (t *Text) answer() {
	lines := t.refusal
	t.chunks, t.refused, t.refusal = 0, false, nil
	for _, e := range lines {
		t.received(e)
	}
	t.reply = replyState{}
}

func (t *Text) replied(e event.Reply) {
	t.greeted, t.reply = true, replyState{}
	if e.Verb == "AUTH" && e.Reply.Code != 334 {
		t.login = noLogin
	}
	if e.Verb == "BDAT" && t.chunks > 0 && !t.refused {
		t.chunks--
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
	defer t.answer()
	if e.Shown && e.Complete {
		return
	}
	if e.File != "" && (e.Complete || t.refused) {
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

// Milliseconds writes a duration for people: "12 ms", "0.4 ms", "3.1 s".
func Milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// DNSLine says in one line what was asked and what came.
func DNSLine(e event.DNS) string {
	s := fmt.Sprintf("dns: %s %s: ", strings.TrimSuffix(e.Name, "."), e.Type)
	switch {
	case e.Rcode == "NOERROR" && len(e.Answers) == 0 && e.Error == "":
		s += "no such record"
	case len(e.Answers) > 0:
		s += strings.Join(e.Answers, ", ")
	default:
		s += e.Rcode
	}
	if e.Error != "" {
		s = strings.TrimSuffix(s, ": ") + ": " + e.Error
	}
	s += fmt.Sprintf(" (%s, %s", e.Server, Milliseconds(e.Elapsed))
	if e.Network == "tcp" {
		s += ", tcp"
	}
	if e.Authenticated {
		s += ", authenticated"
	}
	return s + ")"
}

// RouteLines say where the mail goes: the first in one line, then what is
// wrong with single exchangers.
func RouteLines(e event.Route) []string {
	name := e.Domain
	if e.Unicode != "" {
		name = fmt.Sprintf("%s (%s)", e.Unicode, e.Domain)
	}
	var parts, more []string
	for _, x := range e.Exchangers {
		at := ""
		if len(x.Addresses) > 0 {
			at = " (" + strings.Join(x.Addresses, ", ") + ")"
		}
		switch e.Source {
		case "mx":
			parts = append(parts, fmt.Sprintf("MX %d %s%s", x.Preference, x.Host, at))
		case "srv":
			parts = append(parts, fmt.Sprintf("SRV %d %s:%d%s", x.Preference, x.Host, x.Port, at))
		case "address":
			parts = append(parts, "no MX, its own address"+at)
		case "literal", "socket", "pipe":
			return nil
		default:
			name = x.Host
			parts = append(parts, strings.Trim(at, " ()"))
		}
		for _, n := range x.Notes {
			more = append(more, x.Host+": "+n)
		}
		if x.Error != nil {
			more = append(more, x.Error.Message)
		}
	}
	if len(parts) == 0 && e.Reason == "" {
		return more
	}
	if len(parts) == 0 {
		return append([]string{name + ": " + e.Reason}, more...)
	}
	return append([]string{name + ": " + strings.Join(parts, ", ")}, more...)
}

// TLSLine says in one line what the handshake came to.
func TLSLine(e event.TLS) string {
	verdict := "certificate verified for " + e.Expected
	if !e.Verified {
		verdict = "certificate NOT verified: " + e.Problem
	}
	return fmt.Sprintf("%s %s, %s (%s)", e.Version, e.Cipher, verdict, Milliseconds(e.Elapsed))
}

// SizeLines are the result of asking for the maximum message size.
func SizeLines(s *wire.Size) []string {
	if s == nil {
		return nil
	}
	lines := []string{"maximum message size: " + s.String()}
	if s.State == wire.SizeDeclared {
		lines = append(lines, "largest attachment:   "+wire.Octet(uint64(LargestAttachment(*s)))+" in base64")
	}
	if n := s.Note(); n != "" {
		lines = append(lines, n)
	}
	return lines
}

// LargestAttachment is the largest file, in octets, that attached in base64
// makes a message of the declared size.
func LargestAttachment(s wire.Size) int64 {
	return message.LargestAttachment(int64(min(s.Declared, math.MaxInt64)))
}

// ExtensionLines list what a server offers, with what it means.
func ExtensionLines(offers wire.Offers) []string {
	var lines []string
	for _, o := range offers {
		said := strings.Join(append([]string{o.Keyword}, o.Params...), " ")
		meaning := "not in the registry"
		if x, ok := wire.LookupExtension(o.Keyword); ok {
			meaning = x.Meaning
			if x.RFC != "" {
				meaning += " (" + x.RFC + ")"
			}
		}
		lines = append(lines, fmt.Sprintf("%-24s %s", said, meaning))
	}
	return lines
}
