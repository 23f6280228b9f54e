package tui

import (
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// problem is what went wrong last. It stays until it is dismissed, or until
// what it tells of is over.
type problem struct {
	mark  byte
	lines []string
	reply bool // a refused command, not a failure: the next success ends it
	apart bool // where there is no connection now, how to have one is said too
}

// judge keeps what went wrong in sight.
func (m *screen) judge(e event.Event) {
	switch e := e.(type) {
	case event.Connecting:
		m.ready, m.dialing = false, e
	case event.Failed:
		if e.Error.Kind == event.Skipped || e.Error.Stage == event.Quit && m.problem != nil && !m.problem.reply {
			return // it was asked for; what went wrong before is the cause
		}
		m.problem = &problem{mark: '!', lines: []string{e.Error.Message}}
		if e.Error.Kind == event.ExpectationFailed {
			return
		}
		if e.Error.Kind == event.Interrupted {
			m.problem = &problem{mark: '~', lines: []string{"stopped: the session was not opened"}}
			if m.now.Script.Phase.Live() {
				m.problem.lines[0] = "the script was stopped"
			}
		}
		m.problem.apart = true
	case event.Extensions:
		m.ready, m.problem = true, nil
	case event.Closed:
		if e.By == "server" && m.problem == nil {
			m.problem = &problem{mark: '!', lines: []string{"the server closed the connection", "esc, then r, connects again"}}
			if m.now.Script.Phase.Live() { // it may be what the script expects
				m.problem = &problem{mark: '!', lines: []string{"the server closed the connection"}, reply: true}
			}
		}
	case event.Reply:
		m.asksLogin = m.asksLogin || engine.AsksSecret(false, e)
		m.judgeReply(e)
	}
}

// judgeReply explains a refusal where it stands, and ends one that is over.
func (m *screen) judgeReply(e event.Reply) {
	if e.Reply.Class() < 4 || e.Answer {
		if m.problem != nil && m.problem.reply {
			m.problem = nil
		}
		return
	}
	lines := []string{replyHead(e) + ": " + wire.Explain(e.Verb, e.Reply.Code, e.Reply.Enhanced).String()}
	if len(e.Command) > 0 {
		sent := "sent " + string(e.Command) + ", answered after " + transcript.Milliseconds(e.Elapsed)
		lines = append(lines, sent)
	}
	m.problem = &problem{mark: markOf([]byte{byte('0' + e.Reply.Class())}), lines: lines, reply: true}
}

// replyHead is a reply in a few words: "550 5.1.1 to RCPT".
func replyHead(e event.Reply) string {
	words := []string{}
	if e.Reply.Code != 0 {
		words = append(words, strconv.Itoa(e.Reply.Code))
	}
	if e.Reply.Enhanced != "" {
		words = append(words, e.Reply.Enhanced)
	}
	switch {
	case e.Unasked:
		words = append(words, "unasked")
	case e.Verb == "" && e.Stage != event.Banner:
		words = append(words, "to an empty line")
	case e.Verb == "":
		words = append(words, "as greeting")
	case e.Verb == ".":
		words = append(words, "to the message")
	default:
		words = append(words, "to "+wire.VisibleVerb(e.Verb))
	}
	return strings.Join(words, " ")
}
