package tui

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// details opens all there is to say of the selected line.
func (m *screen) details() tea.Cmd {
	id := m.transcript.selected()
	if id < 0 {
		return nil
	}
	x := m.log.line(id)
	title, text, octets := m.explain(id, x)
	m.page(title, append(text, "", "at "+x.at.Format("2006-01-02 15:04:05.000000 -0700")), octets)
	if octets != nil {
		m.pager.text = append(m.pager.text, "")
	}
	return nil
}

// explain is a line in full, what it means, and its octets.
func (m *screen) explain(id int64, x *line) (title string, text []string, octets []byte) {
	switch e := x.event.(type) {
	case event.Received:
		text = append([]string{wire.VisibleOctets(e.Masked())}, endingOf(e.Line)...)
		octets = e.Masked()
		if x.reply != nil { // what it means comes first: a small screen has few rows
			text = append(append(explainReply(*x.reply), ""), text...)
			text = append(text, m.explainChallenge(id, *x.reply)...)
			if octets = nil; len(e.Secret) == 0 { // all of the reply, as it came
				for _, l := range x.reply.Reply.Lines {
					octets = append(append(octets, l.Octets...), ends[l.Ending]...)
				}
			}
		}
		return "A line from the server", text, octets
	case event.Sent:
		shown := e.Masked()
		if x.from == 'C' {
			what := "A command as it was sent"
			if e.Text {
				what = "A line of message text as it was sent"
			}
			text = []string{wire.VisibleOctets(shown), ""}
			switch {
			case len(e.Secret) > 0 || e.Login != "":
				text = append(append(text, "a part of a login"), m.explainLogin(id, e)...)
				return what, text, nil
			case e.Raw:
				text = append(text, count(len(shown), "octet")+", as they are")
			default:
				text = append(text, count(len(shown), "octet")+" and CRLF")
				shown = append(bytes.Clone(shown), "\r\n"...)
			}
			return what, text, shown
		}
	case event.TLS:
		return "The TLS handshake", chainLines(e, x.at), nil
	case event.Failed:
		text = []string{e.Error.Message}
		if e.Error.Hint != "" {
			text = append(text, "", onScreen(e.Error.Hint))
		}
		text = append(text, "", fmt.Sprintf("kind %s, phase %s, exit code %d", e.Error.Kind, e.Error.Stage.Phase(), e.Error.Exit()))
		return "A failure", text, nil
	}
	return "Said by ehlo", []string{x.words}, nil
}

// ends are the octets of line ends.
var ends = map[wire.Ending]string{wire.CRLF: "\r\n", wire.LF: "\n"}

// explainLogin is what a line of a login says, decoded, without what is secret
// in it.
func (m *screen) explainLogin(id int64, e event.Sent) []string {
	if e.Login == "" {
		return nil // it was sent beside the login: what it is nobody knows
	}
	word := string(e.Line)
	mechanism, n := e.Login, 0
	if wire.Verb(e.Line) != "AUTH" {
		mechanism, n = m.loginAt(id)
	}
	if mechanism == "LOGIN" && len(e.Secret) > 0 {
		n = 1 // whatever the order in which the server asks, it is the password
	}
	if wire.Verb(e.Line) == "AUTH" {
		words := strings.Fields(word)
		if len(words) < 3 {
			return nil // it has no response with it
		}
		word = words[2]
	}
	if word == "*" {
		return []string{"", "it gives the login up (RFC 4954 4)"}
	}
	if word == "=" {
		word = "" // an initial response that is empty (RFC 4954 4)
	}
	octets, err := base64.StdEncoding.DecodeString(word)
	if err != nil {
		return []string{"", "it is not base64"}
	}
	return parts(sasl.Decoded(mechanism, n, octets))
}

// explainChallenge is what a server asks for in a login, decoded.
func (m *screen) explainChallenge(id int64, r event.Reply) []string {
	if r.Verb != "AUTH" || r.Reply.Code != 334 {
		return nil
	}
	texts := r.Reply.Texts()
	octets, err := base64.StdEncoding.DecodeString(texts[len(texts)-1])
	if err != nil {
		return []string{"", "its text is not base64"}
	}
	mechanism, _ := m.loginAt(id)
	return parts(sasl.DecodedChallenge(mechanism, octets))
}

func parts(lines []string) []string {
	text := []string{"", "decoded from base64:"}
	for _, l := range lines {
		text = append(text, "  "+l)
	}
	return text
}

// loginAt is the mechanism of the login that a line belongs to, and the number
// of the response that it is, or that comes next.
func (m *screen) loginAt(id int64) (mechanism string, n int) {
	for id--; id >= m.log.first; id-- {
		e, ok := m.log.line(id).event.(event.Sent)
		switch {
		case !ok:
		case e.Login == "":
			return mechanism, n
		case wire.Verb(e.Line) == "AUTH":
			if len(strings.Fields(string(e.Line))) > 2 {
				n++
			}
			return e.Login, n
		default:
			mechanism, n = e.Login, n+1
		}
	}
	return mechanism, n
}

func endingOf(l wire.Line) []string {
	size := count(len(l.Octets), "octet")
	switch l.Ending {
	case wire.LF:
		return []string{"", size + ", then a bare LF instead of CRLF"}
	case wire.Cut:
		return []string{"", size + "; the connection ended in the middle of the line"}
	case wire.TooLong:
		return []string{"", size + " and more: the line is too long"}
	}
	return []string{"", size + " and CRLF"}
}

// explainReply is what a reply means as the answer to its command: class,
// enhanced code, what it means in this command, retry or not.
func explainReply(r event.Reply) []string {
	x := wire.Explain(r.Verb, r.Reply.Code, r.Reply.Enhanced)
	text := []string{replyHead(r)}
	add := func(label, value string) {
		if value != "" {
			text = append(text, fmt.Sprintf("%-10s %s", label, value))
		}
	}
	add("class", x.Class)
	add("meaning", x.Meaning)
	add("also", x.Detail)
	add("who acts", x.Who)
	if r.Reply.Class() >= 4 {
		retry := "no: the same again will be refused again"
		if x.Retry {
			retry = "yes, later: the same may succeed then"
		}
		add("retry", retry)
	}
	if r.Verb == "." {
		add("queue id", wire.QueueID(r.Reply))
	}
	add("defined in", x.RFC)
	if len(r.Command) > 0 {
		add("command", wire.VisibleOctets(r.Command))
	}
	if r.Elapsed > 0 {
		add("took", transcript.Milliseconds(r.Elapsed))
	}
	var wrong []string
	for _, a := range r.Reply.Anomalies {
		if s := a.Kind.String(); !contains(wrong, s) {
			wrong = append(wrong, s)
		}
	}
	add("anomalies", strings.Join(wrong, "; "))
	if n := len(r.Reply.Lines); n > 1 {
		add("lines", fmt.Sprint(n))
	}
	return text
}
