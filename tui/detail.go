package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
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
	title, text, octets := m.explain(x)
	m.page(title, append(text, "", "at "+x.at.Format("2006-01-02 15:04:05.000000 -0700")), octets)
	if octets != nil {
		m.pager.text = append(m.pager.text, "")
	}
	return nil
}

// explain is a line in full, what it means, and its octets.
func (m *screen) explain(x *line) (title string, text []string, octets []byte) {
	switch e := x.event.(type) {
	case event.Received:
		text = append([]string{string(e.Masked())}, endingOf(e.Line)...)
		if x.reply != nil {
			text = append(text, explainReply(*x.reply)...)
		}
		return "A line from the server", text, e.Masked()
	case event.Sent:
		shown := e.Masked()
		if x.from == 'C' {
			what := "A command as it was sent"
			if e.Text {
				what = "A line of message text as it was sent"
			}
			return what, []string{string(shown), "", count(len(shown), "octet") + " and CRLF"}, shown
		}
	case event.TLS:
		text = []string{x.words, "", "all of it stands in the pane TLS (5)"}
		return "The TLS handshake", text, nil
	case event.Failed:
		text = []string{e.Error.Message}
		if e.Error.Hint != "" {
			text = append(text, "", e.Error.Hint)
		}
		text = append(text, "", fmt.Sprintf("kind %s, phase %s, exit code %d", e.Error.Kind, e.Error.Stage.Phase(), e.Error.Exit()))
		return "A failure", text, nil
	}
	return "Said by ehlo", []string{x.words}, nil
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
	text := []string{"", replyHead(r), ""}
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
	add("defined in", x.RFC)
	if len(r.Command) > 0 {
		add("command", string(r.Command))
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
