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
// what `ehlo run` plays.
type Text struct {
	W     io.Writer
	Time  bool // a comment with the time after each reply
	Color bool // ANSI colours, for a terminal
	DNS   bool // every DNS exchange, not only those that went wrong

	Err   error // the first error of W; nothing is written after it
	last  event.Connecting
	quit  bool // the last command was QUIT
	login bool // an AUTH is not answered for good
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
		t.quit = false
		if t.last.URL != "" {
			t.directive("@connect " + ScriptText([]byte(t.last.URL)))
		}
		t.comment("connected to %s in %s", e.Remote, Milliseconds(e.Elapsed))
	case event.Sent:
		t.quit = !e.Text && wire.Verb(e.Line) == "QUIT"
		t.sent(e)
	case event.Received:
		if e.Login && len(e.Line.Octets) > 2 && string(e.Line.Octets[:3]) == "334" {
			t.comment("S: %s", wire.Text(e.Masked()))
			return
		}
		t.login = t.login && e.Login
		t.line("S:", ScriptText(e.Masked()), replyColor(e.Line.Octets))
	case event.Reply:
		t.login = t.login && e.Reply.Code == 334
		if e.Unasked {
			t.comment("the server said this without being asked")
		}
		if t.Time {
			t.comment("%s", Milliseconds(e.Elapsed))
		}
	case event.Message:
		t.message(e)
	case event.TLS:
		if e.Mode == "starttls" {
			t.directive("@tls")
		}
		t.comment("%s", TLSLine(e))
	case event.Note:
		t.comment("%s", e.Text)
	case event.Failed:
		if e.Error.Stage == event.Connect || e.Error.Stage == event.Quit {
			t.comment("%s", e.Error.Message)
		}
	case event.Closed:
		switch {
		case e.By == "server":
			t.comment("%s", closing(e))
		case !t.quit:
			t.directive("@close")
		}
	}
}

// sent writes a line of the client. A login stands in a script as @auth, and
// what was said in it as comments: it is said anew each time, with a password
// that no script has.
func (t *Text) sent(e event.Sent) {
	switch {
	case e.Login == "":
		t.line("C:", ScriptText(e.Masked()), cyan)
		return
	case !t.login:
		t.login = true
		t.directive("@auth " + ScriptText([]byte(e.Login)))
	}
	t.comment("C: %s", wire.Text(e.Masked()))
}

func closing(e event.Closed) string {
	if e.Problem != "" {
		return "the server closed the connection: " + e.Problem
	}
	return "the server closed the connection"
}

func (t *Text) message(e event.Message) {
	size := fmt.Sprintf("%s in %s lines", wire.Octet(uint64(e.Octets)), wire.Thousands(uint64(e.Lines)))
	switch {
	case e.Shown && e.Complete:
	case !e.Complete:
		t.comment("message: %s; %s octets were transferred, not all of it", size, wire.Thousands(uint64(e.Transferred)))
	case e.File != "":
		t.directive("@data " + ScriptText([]byte(e.File)))
		t.comment("message: %s", size)
	default:
		t.comment("message: %s", size)
	}
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

// ScriptText is the text of a script's line that stands for these octets:
// wire.Text, and "${" written so that it is no variable.
func ScriptText(octets []byte) string {
	return strings.ReplaceAll(wire.Text(octets), "${", "$${")
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
