package tui

import (
	"strings"

	"ehlo/tui/internal/face"
)

// arrange tells the transcript the size of its window; it is so for the keys
// as well as for drawing.
func (m *screen) arrange() {
	if f := m.focused(); f != m.focus {
		m.focus = f
		m.facts[exchangersAt-1].stale()
	}
	if m.problem != nil && m.transcript.follow {
		m.problem.behind = false
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
		rows[i] = m.st.Glyphs.Fit("", m.lay.w)
	}
	rows[0] = m.st.Glyphs.Fit(text, m.lay.w)
	return strings.Join(rows, "\n")
}

// body is the panes and, below the transcript, what went wrong.
func (m *screen) body() []string {
	g := m.st.Glyphs
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
		left = m.played.View(&m.st, m.lay.main, h, m.mode == modeBrowse, m.now.Script)
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
		join := g.Vertical
		if row.title {
			join = g.Right
		}
		left[i] += m.st.Dim.Render(join) + row.text
	}
	return left
}

func (m *screen) builder(w int) builder {
	return builder{v: &m.view, st: &m.st, w: w, now: m.o.Now(), side: m.lay.side > 0 && w == m.lay.side, focus: m.focused() == exchangersAt-1, hosts: &m.hosts, probed: m.probed}
}

// reading says that a text stands in place of the panes.
func (m *screen) reading() bool {
	return m.mode == modePager || m.mode == modePaste || m.mode == modeFind && m.pager != nil
}

// notices are the rows below the transcript: what went wrong and stays, and
// what the last key came to. They take a third of the body at most, and a row
// more for what a script does next, and one for the mail that it sends; what the
// key came to goes with the next key, and may take all but one row, or two: the
// path of a file is of use as a whole. What goes wrong while the scrolling is
// paused takes no row from the window: the header and the count of errors tell of
// it, and it is there on G.
func (m *screen) notices() []string {
	if m.reading() || m.mode == modeMatrix || m.mode == modeTime {
		return nil
	}
	g := m.st.Glyphs
	var rows []string
	w := m.lay.main
	failed := m.problem != nil && (!m.problem.behind || m.pane > 0) &&
		!(m.problem.quiet && m.pane > 0 && m.lay.side == 0)
	most := max(m.lay.body/3, 1)
	var hint []string
	if m.hint != "" {
		lead := "* "
		for _, r := range face.Wrap(g.Words(m.hint), w-2) {
			hint = append(hint, m.st.Bold.Render(g.Fit(lead+r, w)))
			lead = "  "
		}
		room := max(m.lay.body-1, most)
		if failed {
			room = max(m.lay.body-2, 1)
		}
		hint = hint[:min(len(hint), room)]
	} else if m.mode == modePalette {
		most = max(m.lay.body-3, 1)
		hint = m.usage(w, most)
	}
	if m.hint == "" && m.lay.status == 0 && m.lay.hints == 0 {
		if row := m.lineRow(w); row != "" { // it has no other place
			hint = append(hint[:min(len(hint), most-1)], row)
		}
	}
	if failed && m.lay.body > len(hint) && (most > 1 || len(hint) == 0) {
		rows = m.problemRows(w, min(max(most-len(hint), 1), max(m.lay.body/3, 1)))
	}
	rows = append(rows, hint...)
	if mail := m.mailRow(); mail != "" && m.lay.body > len(rows)+1 {
		rows = append([]string{m.st.Led(m.st.Warn.Bold(true), mail[:1], g.Fit(mail[1:], w-1))}, rows...)
	}
	if next, elapsed := m.nextRow(); next != "" && m.lay.body > len(rows)+1 {
		rows = append([]string{m.st.Bold.Render(g.Apart(g.Words(next), elapsed, w))}, rows...)
	}
	return rows
}
