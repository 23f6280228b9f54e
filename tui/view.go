package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// arrange tells the transcript the size of its window; it is so for the keys
// as well as for drawing.
func (m *screen) arrange() {
	if f := m.focused(); f != m.focus {
		m.focus = f
		m.facts[exchangersAt-1].stale()
	}
	m.transcript.resize(m.lay.main, max(m.lay.body-len(m.notices()), 1), m.lay.shape == shapeSmall)
}

// View draws the screen. At 120x36 (the parts, not to scale):
//
//	 example.org > mx1.example.org [192.0.2.25]:25  READY     TLS 1.3 VERIFIED  max 50.0 MiB  0.252 s   header
//	─1 Transcript───────────────────────────────────FOLLOW─┬─2 MX (3)─────────────────────────────────   tabs
//	     0.101 S: 220 mx1.example.org ESMTP Postfix        │*   10 mx1.example.org        OK  44 ms
//	     0.102 C: EHLO probe.example.net                   ├─3 Caps (9)───────────────────────────────   body:
//	                                                       │ PIPELINING  several commands at once        main
//	                                                       ├─4 Limits─────────────────────────────────   and side
//	! 550 5.1.1 to RCPT: permanent: no such mailbox        ├─5 TLS────────────────────────────────────   notices
//	─SMTP──line 16/16──FOLLOW──errors 0───────────────────────────────────────────────────────────────   status
//	C: _                                                                                                 prompt
//	Enter send  up history  esc browse  PgUp scroll  F1 help  ctrl+c stop                                hints
//
// The middle shape has one pane at a time and tabs; the small one has neither
// tabs nor status; below 20x5 there is one word.
func (m *screen) View() string {
	if m.lay.w <= 0 || m.lay.h <= 0 {
		return ""
	}
	if m.lay.shape == shapeTiny {
		return m.tooSmall()
	}
	m.arrange()
	rows := make([]string, 0, m.lay.h)
	rows = append(rows, m.header()...)
	if m.lay.tabs > 0 {
		rows = append(rows, m.tabs())
	}
	rows = append(rows, m.body()...)
	if m.lay.status > 0 {
		rows = append(rows, m.status())
	}
	rows = append(rows, m.prompt())
	if m.lay.hints > 0 {
		rows = append(rows, m.lastRow())
	}
	return strings.Join(rows, "\n")
}

func (m *screen) tooSmall() string {
	text := "too small"
	if m.hint != "" {
		text = m.hint
	}
	rows := make([]string, m.lay.h)
	for i := range rows {
		rows[i] = m.st.glyphs.fit("", m.lay.w)
	}
	rows[0] = m.st.glyphs.fit(text, m.lay.w)
	return strings.Join(rows, "\n")
}

// body is the panes and, below the transcript, what went wrong.
func (m *screen) body() []string {
	g := m.st.glyphs
	if m.reading() {
		return m.pager.View(&m.st, m.lay.w, m.lay.body)
	}
	if m.mode == modeMatrix {
		return m.matrixView()
	}
	if m.mode == modeTime {
		return m.timeView()
	}
	notices := m.notices()
	h := m.lay.body - len(notices)
	if m.mode == modeReview {
		return append(m.reviewView(m.lay.w, h), notices...)
	}
	var left []string
	switch {
	case m.pane == messageAt:
		left = m.messageView(m.lay.main, h)
	case m.pane == scriptAt && m.lay.side == 0:
		left = m.played.View(&m.st, m.lay.main, h, m.mode == modeBrowse, m.now.script)
	case m.pane > 0 && m.lay.side == 0:
		p := m.facts[m.pane-1]
		p.refresh(m.builder(m.lay.main))
		left = p.View(&m.st, m.lay.main, h, m.mode == modeBrowse)
	default:
		left = m.transcript.View(m.lay.main, h)
	}
	left = append(left, notices...)
	if m.lay.side == 0 {
		return left
	}
	for i, row := range m.side() {
		join := g.vertical
		if row.title {
			join = g.right
		}
		left[i] += m.st.dim.Render(join) + row.text
	}
	return left
}

func (m *screen) builder(w int) builder {
	return builder{v: &m.view, st: &m.st, w: w, now: m.o.Now(), side: m.lay.side > 0 && w == m.lay.side, focus: m.focused() == exchangersAt-1, hosts: &m.hosts, probed: m.probed}
}

// reading says that a text stands in place of the panes.
func (m *screen) reading() bool { return m.mode == modePager || m.mode == modePaste }

// notices are the rows below the transcript: what went wrong and stays, and
// what the last key came to. They take a third of the body at most, and a row
// more for what a script does next. While the
// scrolling is paused, what the server does takes no row from the window: the
// header and the count of errors tell of it, and it is there on G.
func (m *screen) notices() []string {
	if m.reading() || m.mode == modeMatrix || m.mode == modeTime {
		return nil
	}
	g := m.st.glyphs
	var rows []string
	w := m.lay.main
	if p := m.problem; p != nil && (m.transcript.follow || m.pane > 0) {
		s := m.st.bad
		if p.mark == '~' {
			s = m.st.warn
		}
		lines := p.lines
		if p.apart && !m.now.connected && m.now.doing.still() {
			lines = append(slices.Clone(lines), "there is no connection: esc, r, Enter connects again")
		}
		for i, l := range lines {
			lead := "  "
			if i == 0 {
				lead = string(p.mark) + " "
			}
			for _, r := range wrap(g.words(l), w-2) {
				rows = append(rows, s.Render(g.fit(lead+r, w)))
				lead = "  "
			}
		}
	}
	most := max(m.lay.body/3, 1)
	var hint []string
	if m.hint != "" {
		lead := "* "
		for _, r := range wrap(g.words(m.hint), w-2) {
			hint = append(hint, m.st.bold.Render(g.fit(lead+r, w)))
			lead = "  "
		}
		hint = hint[:min(len(hint), most)]
	} else if m.lay.status == 0 && m.lay.hints == 0 {
		if row := m.lineRow(w); row != "" { // it has no other place
			hint = []string{row}
		}
	}
	if m.mode == modePalette && m.hint == "" {
		hint = []string{m.offered(w)}
	}
	rows = append(rows[:min(len(rows), most-len(hint))], hint...)
	if next, elapsed := m.nextRow(); next != "" && m.lay.body > len(rows)+1 {
		rows = append([]string{m.st.bold.Render(g.apart(g.words(next), elapsed, w))}, rows...)
	}
	return rows
}

// paneTitle is "2 MX (3)---------" in w cells.
func (m *screen) paneTitle(pane, w int) string {
	g := m.st.glyphs
	name := fmt.Sprintf("%d %s", pane+1, m.paneName(pane))
	lead := g.horizontal
	fill := strings.Repeat(g.horizontal, max(w-cells(name)-1, 0))
	if m.mode == modeBrowse && m.pane == pane {
		return g.fit(m.st.dim.Render(lead)+m.st.reverse.Render(name)+m.st.dim.Render(fill), w)
	}
	return g.fit(m.st.dim.Render(lead)+m.st.bold.Render(name)+m.st.dim.Render(fill), w)
}

func (m *screen) paneName(pane int) string {
	switch {
	case pane == 0:
		return "Transcript"
	case pane == messageAt:
		return "Message"
	case pane == scriptAt && m.lay.side > 0:
		name := "Script " + m.st.glyphs.words(m.played.name())
		if !m.played.follow && m.live() {
			name += " (G follows)"
		}
		return name
	case pane == scriptAt:
		return "Script"
	}
	p := m.facts[pane-1]
	if r := m.hosts.shown(); pane == exchangersAt && m.lay.side > 0 && r != nil && r.Domain != "" && r.Source != "server" {
		return fmt.Sprintf("MX of %s (%d)", m.st.glyphs.words(domainOf(*r)), len(r.Exchangers))
	}
	if n := p.tab(&m.view); n != "" {
		return p.title + " " + n
	}
	return p.title
}

// tabs is the row of the panes: their titles in the wide shape, else the names
// of which one is shown.
func (m *screen) tabs() string {
	g := m.st.glyphs
	if m.mode == modeMatrix {
		return m.fullTitle("Every address, at once")
	}
	if m.mode == modeTime {
		return m.fullTitle("Where the time went")
	}
	if title := m.overTitle(); title != "" && m.lay.side > 0 {
		return m.fullTitle(title)
	}
	if m.lay.side > 0 {
		follow, shown := m.followWord(), 0
		if m.pane == messageAt {
			follow, shown = m.messageWord(), messageAt
		}
		room := m.lay.main - cells(follow) - 1
		left := m.paneTitle(shown, room)
		first := 1
		if m.played != nil {
			first = scriptAt
		}
		return left + m.followStyle().Render(follow) + m.st.dim.Render(g.horizontal+g.down) + m.paneTitle(first, m.lay.side)
	}
	row := ""
	for i := range scriptAt + 1 {
		if i == scriptAt && m.played == nil {
			continue
		}
		name := fmt.Sprintf("%d %s", i+1, m.paneName(i))
		if i == m.pane && m.overTitle() == "" {
			row += m.st.reverse.Render("["+name+"]") + " "
		} else {
			row += " " + name + "  "
		}
	}
	return g.fit(" "+row, m.lay.w)
}

// fullTitle is the row of the tabs above what fills the whole body.
func (m *screen) fullTitle(name string) string {
	g := m.st.glyphs
	fill := strings.Repeat(g.horizontal, max(m.lay.w-cells(name)-3, 0))
	return g.fit(m.st.dim.Render(g.horizontal)+m.st.reverse.Render(" "+name+" ")+m.st.dim.Render(fill), m.lay.w)
}

// overTitle is the title of what is shown in place of the panes, if anything.
func (m *screen) overTitle() string {
	switch m.mode {
	case modePager, modePaste:
		return m.pager.title
	case modeReview:
		return "Review"
	}
	return ""
}

func (m *screen) followWord() string {
	if m.transcript.follow {
		return "FOLLOW"
	}
	if n := m.transcript.unseen(); n > 0 {
		return fmt.Sprintf("PAUSED +%d", n)
	}
	return "PAUSED"
}

func (m *screen) followStyle() style {
	if m.transcript.follow {
		return m.st.dim
	}
	return m.st.bold
}

// waiting is what is awaited, and for how long; empty where nothing is.
func (m *screen) waiting() string {
	what, since, most := m.awaited()
	switch {
	case what == "":
		return ""
	case since.IsZero():
		return what
	}
	d := fmt.Sprintf("%.1f s", max(m.o.Now().Sub(since), 0).Seconds())
	if most > 0 {
		d += fmt.Sprintf(" of %g s", most.Seconds())
	}
	if m.lay.shape == shapeSmall {
		return d + ": " + strings.TrimPrefix(what, "waiting for ") // the end of it may be cut
	}
	return what + ", " + d
}

// soon is how long a line of a script may run before it is said how long.
const soon = time.Second / 2

func (m *screen) awaited() (what string, since time.Time, most time.Duration) {
	c := m.view.Now()
	switch {
	case m.leaving:
		return "leaving", m.since, farewell
	case m.now.doing == idle && c != nil && c.Waiting != nil && m.now.connected && m.now.owes:
		return c.Waiting.For + " is still due", time.Time{}, 0
	case m.now.doing.still():
		return "", time.Time{}, 0
	case c != nil && c.Waiting == nil && m.composer.result.of != nil && !m.composer.result.ended:
		return "sending the message", m.since, 0
	case m.now.doing == playing && (c == nil || c.Waiting == nil || !m.now.connected && c.State != transcript.Connecting):
		if n := m.now.script.row; n >= 0 && m.played != nil {
			since := m.since
			if m.o.Now().Sub(since) < soon {
				since = time.Time{}
			}
			return "running " + m.played.x.place(n), since, 0
		}
		if c != nil && c.State == transcript.Connecting {
			return "connecting to " + c.Name(), c.Started, m.dialing.Timeout
		}
		return "looking up " + m.title, m.since, 0
	case c == nil || c.State == transcript.Closed || c.State == transcript.Failing:
		return "looking up " + m.title, m.since, 0
	case c.Waiting != nil:
		return "waiting for " + c.Waiting.For, c.Waiting.At, c.Waiting.Timeout
	case c.State == transcript.Connecting:
		return "connecting to " + c.Name(), c.Started, m.dialing.Timeout
	}
	return "busy", m.since, 0
}

// status is the row above the prompt.
func (m *screen) status() string {
	g := m.st.glyphs
	if c := m.listed(); c != nil {
		return m.st.dim.Render(g.horizontal+" ") + m.choiceRow(c, m.lay.w-2)
	}
	words := []string{m.modeWord()}
	warning := m.warning()
	if warning != "" {
		words[0], _, _ = strings.Cut(words[0], ",") // it needs the room
		words = append(words, g.words(warning))
	} else if s := m.scriptWords(); s != "" && (m.live() || m.now.doing.still()) {
		words = append(words, g.words(s))
	} else if w := m.probingWords(); w != "" {
		words = append(words, w)
	} else if w := m.waiting(); w != "" {
		words = append(words, g.words(w)+m.stopWords())
	}
	full := m.mode == modeMatrix || m.mode == modeTime || m.overTitle() != ""
	if m.pane == messageAt && m.messageWord() != "" {
		words = append(words, m.messageWord())
	} else if m.lay.side == 0 && !full {
		words = append(words, m.followWord())
	}
	if m.filter.on() {
		words = append(words, g.words(m.filter.words())+" (esc ends that)")
	}
	if n := m.log.end(); n > 0 && !full && m.pane != messageAt {
		words = append(words, fmt.Sprintf("line %d/%d", m.transcript.selected()+1, n))
	}
	if m.log.errors > 0 {
		words = append(words, count(m.log.errors, "error"))
	}
	row, used := "", 0
	for i, w := range words {
		if room := m.lay.w - used - 3; cells(w) > room {
			if i != 1 || room < 8 {
				break
			}
			w = g.cut(w, room)
		}
		s := m.st.dim
		switch {
		case i == 0:
			s = m.st.bold
		case i == 1 && warning != "":
			s = m.st.warn
		}
		row += m.st.dim.Render(g.horizontal) + s.Render(" "+w+" ")
		used += cells(w) + 3
	}
	return row + m.st.dim.Render(strings.Repeat(g.horizontal, max(m.lay.w-used, 0)))
}

func (m *screen) modeWord() string {
	switch {
	case m.leaving:
		return "LEAVING"
	case m.mode == modePalette:
		return "COMMAND"
	case m.reading():
		return strings.ToUpper(m.pager.title)
	case m.mode == modeMatrix:
		return "PROBE"
	case m.mode == modeTime:
		return "TIME"
	case m.mode == modeQuestion:
		return "LEAVE?"
	case m.mode == modeEdit:
		return "EDIT"
	case m.mode == modeSave:
		return "SAVE"
	case m.mode == modeSecret:
		return "PASSWORD, not shown and not kept"
	case m.mode == modeFind, m.mode == modeRecall:
		return "SEARCH"
	case m.mode == modeFilter:
		return "FILTER: only lines with"
	case m.mode == modeField:
		return "MESSAGE " + partNames[m.composer.at.part]
	case m.mode == modeReview:
		return "SEND?"
	case m.mode == modeBrowse:
		return "BROWSE"
	case m.now.chunk > 0:
		return "CHUNK, " + m.chunkWords()
	case m.now.inText && m.live():
		return "MESSAGE TEXT" // the script's words need the room
	case m.now.inText:
		return "MESSAGE TEXT, a line with only . ends it"
	case m.now.asked:
		return "SECRET, not shown and not kept"
	}
	return "SMTP"
}

// chunkWords say how much of a chunk is still to be typed: "14 octets to go".
func (m *screen) chunkWords() string {
	if m.now.chunk == 1 {
		return "1 octet to go"
	}
	return wire.Thousands(uint64(m.now.chunk)) + " octets to go"
}

// prompt is the row for typing.
func (m *screen) prompt() string {
	g := m.st.glyphs
	w := m.lay.w
	switch m.mode {
	case modePalette:
		return m.st.bold.Render(":") + m.palette.view(&m.st, w-1, true, false)
	case modeEdit:
		label := strings.TrimPrefix(m.played.x.place(m.now.script.row), "line ") + "> "
		label = g.cut(g.words(label), w/3)
		return m.st.bold.Render(label) + m.edit.view(&m.st, w-cells(label), true, false)
	case modeSecret:
		label := g.cut(g.words("password of "+m.asks.Credentials.User+": "), w/2)
		return m.st.bold.Render(label) + m.asking.view(&m.st, w-cells(label), true, true)
	case modeSave:
		text := "Save the session as: s script, t text, j JSON, e the last message, : in a file that you name"
		if w < cells(text) {
			text = "Save as: s script t text j JSON e .eml"
		}
		return m.st.reverse.Render(g.fit(text, w))
	case modeFind:
		return m.st.bold.Render("/") + m.asking.view(&m.st, w-1, true, false)
	case modeRecall:
		return m.recallRow(w)
	case modePaste:
		return m.pastePrompt(w)
	case modeFilter:
		return m.st.bold.Render("&") + m.asking.view(&m.st, w-1, true, false)
	case modeField:
		label := partNames[m.composer.at.part] + ": "
		return m.st.bold.Render(label) + m.st.dim.Render(g.fit(g.words(m.fieldHelp()), max(w-cells(label), 0)))
	case modeReview:
		return m.st.reverse.Render(g.fit(m.reviewQuestion(), w))
	case modeQuestion:
		text := "Leave? The session is open: y sends QUIT and leaves, n stays"
		switch {
		case m.live():
			text = "Leave? The script has not ended: y stops it and leaves, n stays"
		case m.now.chunk > 0:
			text = "Leave? The chunk is not complete: y drops it and leaves, n stays"
		case m.now.inText:
			text = "Leave? The message text is not ended: y drops it and leaves, n stays"
		case m.composer.seemsUnsent() && m.o.Dir != "":
			text = "Leave? The draft is not sent: y keeps it in a file and leaves, n stays"
		case m.composer.seemsUnsent():
			text = "Leave? The draft is not sent: y drops it and leaves, n stays"
		case len(m.queue.lines) == 1:
			text = "Leave? 1 pasted line is not sent: y drops it and leaves, n stays"
		case len(m.queue.lines) > 0:
			text = "Leave? " + count(len(m.queue.lines), "pasted line") + " are not sent: y drops them and leaves, n stays"
		case !m.now.connected && len(m.line.text) > 0:
			text = "Leave? There is text in the line: y leaves, n stays"
		case !m.now.connected:
			text = "Leave? What was said is not saved: y leaves, n stays (s saves it)"
		}
		if w < cells(text) {
			text = "Leave? y leaves, n stays"
		}
		return m.st.reverse.Render(g.fit(text, w))
	}
	label := "C: "
	switch {
	case m.now.chunk > 0:
		label = fmt.Sprintf("CHUNK(%s): ", wire.Thousands(uint64(m.now.chunk)))
	case m.now.inText && w < middleWidth:
		label = "TEXT(. ends): "
	case m.now.inText:
		label = "TEXT: "
	case m.secretLine():
		label = "SECRET: "
	}
	if l := m.queue.label(); l != "" && !m.secretLine() {
		if label = l; m.now.inText {
			label = "TEXT " + l
		}
	}
	focus := m.mode == modeLine && !m.leaving
	row := m.st.bold.Render(label)
	if !focus {
		row = m.st.dim.Render(label)
	}
	room := w - cells(label)
	if len(m.line.text) == 0 {
		return row + m.placeholder(room, focus)
	}
	return row + m.typedLine(room, focus)
}

// placeholder is what stands in an empty line.
func (m *screen) placeholder(w int, focus bool) string {
	text := ""
	switch {
	case m.now.script.phase.goes() && w < middleWidth:
		text = "(locked)"
	case m.now.script.phase.goes() && focus:
		text = "(locked while the script runs: esc, then space holds it)"
	case m.now.script.phase.goes():
		text = "(locked while the script runs: space holds it)"
	case m.pane == messageAt:
		text = "(esc, then i: type SMTP)"
	case !focus:
		text = "(i: type SMTP)"
	case m.now.chunk > 0:
		text = "(a chunk: " + m.chunkWords() + "; the end of a line counts for two)"
	case m.now.inText:
		text = "(message text; a line with only . ends it)"
	case m.now.doing == opening && m.ready:
		text = "(the session is still being opened: Enter does not send)"
	case m.now.doing == opening:
		text = "(not connected yet: Enter does not send)"
	case !m.now.connected:
		text = "(no connection: esc, r, Enter connects again)"
	}
	cursor := " "
	if focus {
		cursor = m.st.reverse.Render(" ")
	}
	if text != "" && w > len(text)+3 {
		return cursor + "  " + m.st.dim.Render(m.st.glyphs.fit(text, w-3))
	}
	return m.st.glyphs.fit(cursor, w)
}

// lastRow is the hints; in the small shape, which has no row for the status,
// what is awaited and the pause of the scrolling take their place.
func (m *screen) lastRow() string {
	g := m.st.glyphs
	if m.lay.shape == shapeSmall {
		if w := m.waiting(); w != "" && !m.live() {
			return g.fit(m.stopKey()+g.words(w), m.lay.w)
		}
		if row := m.lineRow(m.lay.w); row != "" {
			return row
		}
		if !m.transcript.follow {
			return g.apart(m.hints(m.lay.w-12), m.st.bold.Render(m.followWord()), m.lay.w)
		}
	}
	return g.fit(m.hints(m.lay.w), m.lay.w)
}
