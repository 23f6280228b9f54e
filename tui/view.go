package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/transcript"
)

// arrange tells the transcript the size of its window; it is so for the keys
// as well as for drawing.
func (m *screen) arrange() {
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
	if m.mode == modePager {
		return m.pager.View(&m.st, m.lay.w, m.lay.body)
	}
	notices := m.notices()
	h := m.lay.body - len(notices)
	var left []string
	if m.pane > 0 && m.lay.side == 0 {
		p := m.facts[m.pane-1]
		p.refresh(m.builder(m.lay.main))
		left = p.View(&m.st, m.lay.main, h, m.mode == modeBrowse)
	} else {
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
	return builder{v: &m.view, st: &m.st, w: w, now: m.o.Now()}
}

// notices are the rows below the transcript: what went wrong and stays, and
// what the last key came to. They take a third of the body at most. While the
// scrolling is paused, what the server does takes no row from the window: the
// header and the count of errors tell of it, and it is there on G.
func (m *screen) notices() []string {
	if m.mode == modePager {
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
		for i, l := range p.lines {
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
	}
	rows = rows[:min(len(rows), most-len(hint))]
	return append(rows, hint...)
}

// sideRow is a row of the facts at the right; a title joins the line between.
type sideRow struct {
	text  string
	title bool
}

// side draws the facts at the right. Their first title stands in the tabs' row.
func (m *screen) side() []sideRow {
	w := m.lay.side
	var rows []sideRow
	for i, h := range m.sideHeights() {
		if i > 0 {
			rows = append(rows, sideRow{m.paneTitle(i+1, w), true})
		}
		focus := m.mode == modeBrowse && m.pane == i+1
		for _, r := range m.facts[i].View(&m.st, w, h, focus) {
			rows = append(rows, sideRow{r, false})
		}
	}
	return rows
}

// sideHeights shares the body's rows among the four panes of facts: to each
// what it needs, and where that is too much, less to the tallest.
func (m *screen) sideHeights() [panes - 1]int {
	var heights [panes - 1]int
	left := m.lay.body - (panes - 2)
	for i, p := range m.facts {
		p.refresh(m.builder(m.lay.side))
		heights[i] = len(p.facts)
		left -= heights[i]
	}
	for left < 0 {
		tallest := 0
		for i := range heights {
			if heights[i] > heights[tallest] {
				tallest = i
			}
		}
		// At once down to the next tallest, so that a list of 100,000 is cut in
		// a few steps.
		second := 1
		for i := range heights {
			if i != tallest {
				second = max(second, heights[i])
			}
		}
		less := min(max(heights[tallest]-second, 1), -left)
		heights[tallest] -= less
		left += less
	}
	heights[panes-2] += left
	return heights
}

// factsHeight is how many rows a pane of facts has.
func (m *screen) factsHeight(i int) int {
	if m.lay.side > 0 {
		return m.sideHeights()[i]
	}
	m.facts[i].refresh(m.builder(m.lay.main))
	return max(m.lay.body-len(m.notices()), 1)
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
	if pane == 0 {
		return "Transcript"
	}
	p := m.facts[pane-1]
	if n := p.tab(&m.view); n != "" {
		return p.title + " " + n
	}
	return p.title
}

// tabs is the row of the panes: their titles in the wide shape, else the names
// of which one is shown.
func (m *screen) tabs() string {
	g := m.st.glyphs
	if m.lay.side > 0 {
		follow := m.followWord()
		left := m.paneTitle(0, m.lay.main-cells(follow)-1)
		if m.mode == modePager {
			left = g.fit(m.st.dim.Render(g.horizontal)+m.st.reverse.Render(m.pager.title)+m.st.dim.Render(strings.Repeat(g.horizontal, m.lay.main)), m.lay.main-cells(follow)-1)
		}
		return left + m.followStyle().Render(follow) + m.st.dim.Render(g.horizontal+g.down) + m.paneTitle(1, m.lay.side)
	}
	row := ""
	for i := range panes {
		name := fmt.Sprintf("%d %s", i+1, m.paneName(i))
		if i == m.pane && m.mode != modePager {
			row += m.st.reverse.Render("["+name+"]") + " "
		} else {
			row += " " + name + "  "
		}
	}
	return g.fit(" "+row, m.lay.w)
}

func (m *screen) followWord() string {
	if m.transcript.follow {
		return "FOLLOW"
	}
	return fmt.Sprintf("PAUSED +%d", m.transcript.unseen())
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
		return d + ": " + what // the end of it may be cut
	}
	return what + ", " + d
}

func (m *screen) awaited() (what string, since time.Time, most time.Duration) {
	c := m.view.Now()
	switch {
	case m.leaving:
		return "leaving", m.since, farewell
	case m.now.doing == idle && c != nil && c.Waiting != nil && m.now.connected:
		return c.Waiting.For + " is still due", time.Time{}, 0
	case m.now.doing == idle:
		return "", time.Time{}, 0
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
	words := []string{m.modeWord()}
	if w := m.waiting(); w != "" {
		words = append(words, g.words(w)+" (ctrl+c stops)")
	}
	if m.lay.side == 0 {
		words = append(words, m.followWord())
	}
	if n := m.log.end(); n > 0 {
		words = append(words, fmt.Sprintf("line %d/%d", m.transcript.selected()+1, n))
	}
	if m.log.errors > 0 {
		words = append(words, count(m.log.errors, "error"))
	}
	row, used := "", 0
	for i, w := range words {
		if used+cells(w)+3 > m.lay.w {
			break
		}
		s := m.st.dim
		if i == 0 {
			s = m.st.bold
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
	case m.mode == modePager:
		return strings.ToUpper(m.pager.title)
	case m.mode == modeQuestion:
		return "LEAVE?"
	case m.mode == modeBrowse:
		return "BROWSE"
	case m.now.inText:
		return "MESSAGE TEXT, a line with only . ends it"
	case m.now.asked:
		return "SECRET, not shown and not kept"
	}
	return "SMTP"
}

// prompt is the row for typing.
func (m *screen) prompt() string {
	g := m.st.glyphs
	w := m.lay.w
	switch m.mode {
	case modePalette:
		return m.st.bold.Render(":") + m.palette.view(&m.st, w-1, true, false)
	case modeQuestion:
		text := "Leave? The session is open: y sends QUIT and leaves, n stays"
		switch {
		case m.now.inText:
			text = "Leave? The message text is not ended: y drops it and leaves, n stays"
		case !m.now.connected && len(m.line.text) > 0:
			text = "Leave? There is text in the line: y leaves, n stays"
		}
		if w < cells(text) {
			text = "Leave? y leaves, n stays"
		}
		return m.st.reverse.Render(g.fit(text, w))
	}
	label := "C: "
	secret := m.now.asked && !m.now.inText
	switch {
	case m.now.inText && w < middleWidth:
		label = "TEXT(. ends): "
	case m.now.inText:
		label = "TEXT: "
	case secret:
		label = "SECRET: "
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
	return row + m.line.view(&m.st, room, focus, secret)
}

// placeholder is what stands in an empty line.
func (m *screen) placeholder(w int, focus bool) string {
	text := ""
	switch {
	case !focus:
		text = "(i: type SMTP)"
	case m.now.inText:
		text = "(message text; a line with only . ends it)"
	case m.now.doing == opening && !m.ready:
		text = "(not connected yet: Enter does not send)"
	case !m.now.connected:
		text = "(no connection: esc, then r, connects again)"
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
		if w := m.waiting(); w != "" {
			return g.fit(g.words(w), m.lay.w)
		}
		if !m.transcript.follow {
			return g.apart(m.hints(m.lay.w-12), m.st.bold.Render(m.followWord()), m.lay.w)
		}
	}
	return g.fit(m.hints(m.lay.w), m.lay.w)
}
