package tui

import (
	"strconv"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// problem is what went wrong last. It stays until esc, until something newer
// goes wrong, or until the person connects anew.
//
//	! 550 5.1.1 to RCPT: permanent: the server says no such mailbox
//	  sent     RCPT TO:<nobody@example.org>, answered after 132 ms
//	  session  READY, MAIL accepted, no recipient so far
//	  next     the sender has to act; the same again will be refused again
//
// Who types by hand has refusals all the time, a slip or the very thing that
// was to be shown, and goes on: a success behind one makes it quiet, one dim
// row. So it neither takes the room of what goes on, nor is it gone before it
// was read.
type problem struct {
	mark  byte
	what  string // what happened
	short string // the same in fewer words, or empty
	sent  string
	next  string // what to do, beside connecting again

	at     time.Time // when it came
	reply  bool      // a refused command, not a failure
	quiet  bool      // something has succeeded since
	aside  bool      // it is not about the session
	behind bool      // it came while the scrolling was paused, see notices
	script bool      // what it tells of may be what the script expects next
}

// fails keeps in sight what went wrong.
func (m *screen) fails(p problem) {
	p.behind = !m.transcript.follow && m.pane == 0
	if n := len(m.o.Intro); n > 0 && m.hint == m.o.Intro[n-1] {
		m.hint = "" // how to begin is not what matters now
	}
	m.problem = &p
}

// succeeds makes what went wrong before quiet.
func (m *screen) succeeds() {
	if m.problem != nil && !m.problem.aside {
		m.problem.quiet = true
	}
}

// judge keeps what went wrong in sight.
func (m *screen) judge(e event.Event) {
	switch e := e.(type) {
	case event.Connecting:
		m.ready, m.dialing, m.lastSent = false, e, ""
	case event.Sent:
		if !e.Text {
			m.lastSent = wire.VisibleOctets(e.Masked())
		}
	case event.Failed:
		m.judgeFailure(e)
	case event.Extensions:
		m.ready = true
		m.succeeds()
	case event.Closed:
		// While a script goes on it is for the script to say whether that is as it
		// should be.
		if e.By == "server" && (m.problem == nil || m.problem.quiet) && !m.now.Script.Phase.Goes() {
			m.fails(problem{mark: '!', what: "the server closed the connection", script: m.live()})
		}
	case event.Reply:
		m.asksLogin = m.asksLogin || engine.AsksSecret(false, e)
		m.judgeReply(e)
	}
}

func (m *screen) judgeFailure(e event.Failed) {
	x := e.Error
	if x.Kind == event.Skipped || x.Stage == event.Quit && m.problem != nil && !m.problem.reply {
		return // it was asked for; what went wrong before is the cause
	}
	p := problem{mark: '!', what: x.Message, next: onScreen(x.Hint)}
	switch {
	case x.Kind == event.Interrupted:
		p = problem{mark: '~', what: "stopped: the session was not opened"}
		if m.live() {
			p.what = "the script was stopped"
		}
	case x.Kind == event.AuthUnavailable: // nothing was sent
	case stageOf(x.Stage) == stageCount:
		p.sent = m.lastSent
	}
	m.fails(p)
}

// judgeReply explains a refusal where it stands. One that a script has is for
// the script to judge: it fails where it did not expect it.
func (m *screen) judgeReply(e event.Reply) {
	switch {
	case e.Reply.Class() < 4 || e.Answer:
		if m.problem != nil && m.problem.reply {
			m.succeeds()
		}
		return
	case m.live() && !e.Unasked && !m.byHand:
		return
	case m.problem != nil && m.problem.reply && !m.problem.quiet && !e.Unasked && e.At.Add(-e.Elapsed).Before(m.problem.at):
		return // it was sent before that was known: a group of commands, and the first refusal is the cause
	}
	x := wire.Explain(e.Verb, e.Reply.Code, e.Reply.Enhanced)
	p := problem{
		mark: markOf([]byte{byte('0' + e.Reply.Class())}), reply: true, at: e.At,
		what: replyHead(e) + ": " + x.String(), short: replyHead(e) + ": " + x.Meaning, next: nextWords(x),
	}
	if len(e.Command) > 0 {
		sent := wire.VisibleOctets(e.Command)
		if e.Verb == "." {
			sent = "the end of the message"
		}
		p.sent = sent + ", answered after " + transcript.Milliseconds(e.Elapsed)
	}
	m.fails(p)
}

// nextWords are who has to act, and whether the same again helps.
func nextWords(x wire.Explanation) string {
	who := ""
	switch x.Who {
	case wire.WhoNobody, wire.WhoWait:
	case wire.WhoClient:
		who = "send another command"
	default:
		who = x.Who + " has to act"
	}
	switch {
	case x.Retry && who != "":
		return who + ", or the same again later"
	case x.Retry:
		return "the same again later may succeed"
	case who != "":
		return who + ": the same again will be refused again"
	}
	return "the same again will be refused again"
}

// sessionWords say what the session is ready for.
func (m *screen) sessionWords() string {
	c := m.view.Now()
	switch {
	case !m.now.Doing.Still() && m.now.Doing != engine.Playing:
		return "waiting: " + m.waiting()
	case c == nil || !m.now.Connected && c.State == transcript.Failing:
		return "there is no connection"
	case !m.now.Connected:
		return "closed, there is no connection"
	case m.now.Chunk > 0:
		return "in a chunk, " + m.chunkWords()
	case m.now.InText:
		return "the message text is awaited, a line with only . ends it"
	case m.now.Asked:
		return "a login goes on; a line with only * gives it up"
	case c.Transaction.Open() && c.Transaction.Accepted > 0:
		return "READY, MAIL accepted, " + count(c.Transaction.Accepted, "recipient")
	case c.Transaction.Open():
		return "READY, MAIL accepted, no recipient so far"
	case c.State == transcript.Ready:
		return "READY, no transaction is open"
	}
	return "connected, no EHLO so far"
}

// problemRows are the rows of what went wrong, room at most. The first is
// always there; what was sent, which the transcript has too, goes first, then
// what to do, or where there is no connection the session.
func (m *screen) problemRows(w, room int) []string {
	p, g := m.problem, m.st.Glyphs
	s := m.st.Bad
	if p.mark == '~' {
		s = m.st.Warn.Bold(true)
	}
	if beside := m.pane > 0 && (m.lay.side == 0 || m.pane == messageAt); p.quiet || beside {
		text := p.what
		if face.Cells(g.Words(text)) > w-2-len(m.endsIt()) && p.short != "" {
			text = p.short
		}
		if !p.quiet {
			return []string{m.st.Led(s, string(p.mark)+" ", g.Fit(g.Words(text), w-2))}
		}
		return []string{m.st.Dim.Render(g.Apart(string(p.mark)+" "+g.Words(text), m.endsIt(), w))}
	}
	head := face.Wrap(g.Words(p.what), w-2)
	if short := face.Wrap(g.Words(p.short), w-2); p.short != "" && (len(short) < len(head) || len(head) > room) {
		head = short
	}
	if len(head) > room {
		rest := strings.Join(head[room-1:], " ")
		head = append(head[:room-1], g.Cut(rest, w-2))
	}
	var rows []string
	lead := string(p.mark) + " "
	for i, r := range head {
		ends := ""
		if i == 0 && face.Cells(lead+r+m.endsIt())+2 <= w {
			ends = m.st.Dim.Render(m.endsIt())
		}
		rows = append(rows, g.Apart(m.st.Led(s, lead, r), ends, w))
		lead = "  "
	}
	next := p.next
	lost := !m.now.Connected && m.now.Doing.Still() && !p.aside
	if lost {
		next = strings.TrimPrefix(next+"; esc, r, Enter connects again", "; ")
	}
	session := ""
	if !p.aside {
		session = m.sessionWords()
	}
	parts := [][]string{m.told("sent", p.sent, w), m.told("session", session, w), m.told("next", next, w)}
	order := []int{1, 2, 0}
	if lost {
		order = []int{2, 1, 0}
	}
	if m.lay.shape == shapeSmall && !lost && m.hint == "" && m.mode != modePalette { // who has to act is worth a row, cut as it is
		parts[2] = parts[2][:min(len(parts[2]), 1)]
		order, room = []int{2, 1, 0}, max(room, min(3, m.lay.body/2))
	}
	room -= len(rows)
	shown := [3]bool{}
	for _, i := range order {
		if room >= len(parts[i]) {
			shown[i] = true
			room -= len(parts[i])
		}
	}
	for i, part := range parts {
		if shown[i] {
			rows = append(rows, part...)
		}
	}
	return rows
}

// endsIt is the key that dismisses what went wrong, where it is the next one.
func (m *screen) endsIt() string {
	switch {
	case m.lay.shape == shapeSmall || m.pane != 0 || m.transcript.mark >= 0 || m.filter.on():
		return ""
	case m.mode == modeLine:
		return "esc esc closes this"
	case m.mode == modeBrowse:
		return "esc closes this"
	}
	return ""
}

// told is a text behind a label, wrapped; none where it is empty.
func (m *screen) told(label, text string, w int) (rows []string) {
	if text == "" {
		return nil
	}
	g := m.st.Glyphs
	column := 11
	if w < middleWidth {
		column = 2 + len(label) + 1
	}
	for i, r := range face.Wrap(g.Words(text), w-column) {
		lead := strings.Repeat(" ", column)
		if i == 0 {
			lead = m.st.Dim.Render(g.Fit("  "+label, column))
		}
		rows = append(rows, lead+m.st.Server.Render(g.Fit(r, w-column)))
	}
	return rows
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
