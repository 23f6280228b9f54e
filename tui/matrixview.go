package tui

import (
	"errors"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// probeAll probes every address of the present target at once, and shows how
// far each one comes.
func (m *screen) probeAll(argument string) (tea.Cmd, error) {
	if argument != "" && argument != "all" {
		return nil, errors.New("probe all: what is " + argument + "?")
	}
	if err := m.prober.Begin(m.plan); err != nil {
		return nil, err
	}
	m.probed = newMatrix(m.title, m.o.Now())
	m.facts[0].stale()
	m.mode = modeMatrix
	return m.awaken(), nil
}

// hasProbed says that there is a probing of the present target, or one that goes
// on.
func (m *screen) hasProbed() bool {
	return m.probed != nil && (m.probed.running() || m.probed.title == m.title)
}

// offerProbe shows the last probing, or writes the command for the first one.
func (m *screen) offerProbe() tea.Cmd {
	if m.hasProbed() && m.mode != modeMatrix {
		m.mode = modeMatrix
		return nil
	}
	m.hint = "Enter connects to every address of " + m.title + " at once, beside this session: EHLO, STARTTLS, QUIT; no mail, no login"
	return prefill("probe all")(m)
}

// probingWords say how far a probing is, for the status: in its table, and
// elsewhere where nothing else is awaited.
func (m *screen) probingWords() string {
	if !m.probed.running() || m.mode != modeMatrix && (m.waiting() != "" || m.leaving) {
		return ""
	}
	done, _, _ := m.probed.counts()
	return fmt.Sprintf("probing: %d of %d done, %.1f s (ctrl+c stops)", done, len(m.probed.rows), m.o.Now().Sub(m.probed.started).Seconds())
}

// table is the list of the rows, as it is drawn.
func (m *screen) table() *factPane {
	m.probed.list.refresh(m.builder(m.lay.w))
	return m.probed.list
}

// applyProbes takes what has come of a probing.
func (m *screen) applyProbes(news []engine.ProbeNews) {
	if m.probed == nil || len(news) == 0 {
		return
	}
	ran := m.probed.running()
	m.probed.Apply(news, m.o.Now())
	if ran && !m.probed.running() {
		m.probingEnds()
	}
	m.facts[0].stale()
}

// openProbe is the transcript of the row under the cursor.
func (m *screen) openProbe() tea.Cmd {
	p := m.probed.selected()
	if p == nil {
		return nil
	}
	m.page("Probe", m.probeLines(p), nil)
	return nil
}

// selected is the row under the cursor, or nil.
func (x *matrix) selected() *probe {
	if x.list.sel < len(x.rows) {
		return x.rows[x.list.sel]
	}
	return nil
}

// where is the host and the address of a row.
func (p *probe) where() string {
	if c := p.view.Now(); c != nil {
		return hostAndAddress(c.Host, c.Address)
	}
	return hostAndAddress(p.exchanger.Host, p.address)
}

// tail is the end of a row's transcript.
func (p *probe) tail(st *face.Styles, w, h int, narrow bool) *transcriptPane {
	t := newTranscriptPane(p.log, st)
	t.resize(w, h, narrow)
	if p.log.end() > p.log.first {
		t.start = p.log.line(p.log.first).at
	}
	return t
}

// The widths of the columns behind the names; what is narrower than wideWidth
// has no totals.
var (
	stateWidth  = len(wordStopped) + 1
	stageWidths = [stageCount]int{6, 8, 9, 6, 6}
	totalWidth  = 7
	sizeWidth   = len("lowest 14.0 MiB")
)

// build makes the rows of the table.
func (x *matrix) build(b builder) []fact {
	facts := make([]fact, 0, len(x.rows))
	least := x.smallest()
	for _, p := range x.rows {
		word, stage, s := p.state(b.st, !x.ended.IsZero())
		size, n, known := sizeOf(p.view.Now())
		if known && n == least {
			size = "lowest " + size
		}
		f := fact{style: s}
		if b.w < middleWidth {
			f.text = p.name(b.st, 0)
			if f.right = strings.TrimSpace(word + " " + stage); size != "" {
				f.right = size + "  " + f.right
			}
		} else {
			f.text, f.word = x.columns(b, p, word, size), word
		}
		facts = append(facts, f)
	}
	return facts
}

// name is the exchanger, and the address where there is room for it.
func (p *probe) name(st *face.Styles, w int) string {
	host := fmt.Sprintf("%4s %s", p.preference, st.Glyphs.Words(p.exchanger.Host))
	address := st.Glyphs.Words(p.address)
	switch {
	case !p.first:
		return "       " + address
	case address == "" || address == host || face.Cells(host)+1+face.Cells(address) > w:
		return host
	}
	return host + " " + address
}

// nameWidth is the room for the names in rows of w cells.
func nameWidth(w int) int {
	room := w - 2 - 1 - stateWidth - 1 - sizeWidth
	for _, n := range stageWidths {
		room -= n
	}
	if w >= wideWidth {
		room -= totalWidth
	}
	return max(room, 12)
}

// columns is a row of the table.
func (x *matrix) columns(b builder, p *probe, state, size string) string {
	g := b.st.Glyphs
	room := nameWidth(b.w)
	row := g.Fit(p.name(b.st, room), room) + " " + g.Fit(state, stateWidth)
	cells, total := p.cells(b.now)
	for i, text := range cells {
		row += fmt.Sprintf("%*s", stageWidths[i], text)
	}
	if b.w >= wideWidth {
		row += fmt.Sprintf("%*s", totalWidth, total)
	}
	return row + " " + fmt.Sprintf("%*s", sizeWidth, size)
}

// head is the row above the table.
func (x *matrix) head(b builder) string {
	g := b.st.Glyphs
	room := nameWidth(b.w)
	name := "     exchanger"
	if room > 30 {
		name += ", address"
	}
	row := " " + g.Fit(name, room) + " " + g.Fit("state", stateWidth)
	for i, name := range stageNames {
		row += fmt.Sprintf("%*s", stageWidths[i], name)
	}
	if b.w >= wideWidth {
		row += fmt.Sprintf("%*s", totalWidth, "total")
	}
	return g.Fit(row+" "+fmt.Sprintf("%*s", sizeWidth, "max size"), b.w)
}

// cells are the times of the stages, FAIL where it failed, and what is still
// awaited, counting up.
func (p *probe) cells(now time.Time) (cells [stageCount]string, total string) {
	for i := range cells {
		cells[i] = "-"
	}
	if p.exchanger.Error != nil {
		cells[stageDNS] = wordFail
		return cells, ""
	}
	if p.dns > 0 {
		cells[stageDNS] = short(p.dns)
	}
	c := p.view.Now()
	if c == nil {
		return cells, ""
	}
	s := stagesOf(c)
	for i := stageConnect; i < stageCount; i++ {
		switch {
		case i == s.failed && c.Error.Kind == event.Interrupted:
			cells[i] = "stop"
		case i == s.failed:
			cells[i] = wordFail
		case i == s.waits:
			cells[i] = short(now.Sub(waitingSince(c))) + ".."
		case s.done[i]:
			cells[i] = short(s.took[i])
		}
	}
	return cells, short(p.dns + s.opened())
}

// waitingSince is when the wait that goes on began.
func waitingSince(c *transcript.Conversation) time.Time {
	if c.Waiting != nil {
		return c.Waiting.At
	}
	return c.Started
}

// remark is a thing to say of a row, behind a label.
type remark struct {
	label, text string
	style       face.Style
}

// headOf is which row the cursor is on, and how far it is.
func (x *matrix) headOf(st *face.Styles, p *probe, narrow bool) remark {
	word, stage, s := p.state(st, !x.ended.IsZero())
	head := p.where()
	if c := p.view.Now(); c != nil && narrow {
		head = c.Address
	}
	if head += "  " + word; stage != "" {
		head += " at " + stage
	}
	return remark{"", head, s.Bold(true)}
}

// details are what there is to say of a row.
func (p *probe) details(st *face.Styles, now time.Time) (lines []remark) {
	c := p.view.Now()
	problem := p.exchanger.Error
	if c != nil && c.Error != nil {
		problem = c.Error
	}
	for _, n := range p.exchanger.Notes {
		lines = append(lines, remark{"note", n, st.Warn})
	}
	why, means := reason(problem)
	if why != "" {
		lines = append(lines, remark{"why", why, st.Bad})
	}
	if means != "" {
		lines = append(lines, remark{"means", means, st.Server})
	}
	switch {
	case c == nil || c.Error != nil:
	case c.Waiting != nil && c.Ended.IsZero():
		text := fmt.Sprintf("%s, %.1f s of %g s", c.Waiting.For, now.Sub(c.Waiting.At).Seconds(), c.Waiting.Timeout.Seconds())
		lines = append(lines, remark{"waits for", text, st.Warn})
	case c.Protocol != "":
		lines = append(lines, remark{"", found(c), st.Server})
	}
	return lines
}

// line is the times of the stages in a sentence, for a narrow screen.
func (p *probe) line(now time.Time) string {
	cells, total := p.cells(now)
	var parts []string
	for i, text := range cells {
		if text != "-" && text != wordFail {
			parts = append(parts, stageNames[i]+" "+text)
		}
	}
	if total != "" {
		parts = append(parts, "total "+total)
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + " ms"
}

// found is what a session has found out, in few words.
func found(c *transcript.Conversation) string {
	text := "no TLS"
	switch {
	case c.TLS != nil && c.TLS.Verified:
		text = c.TLS.Version + ", certificate verified"
	case c.TLS != nil:
		text = c.TLS.Version + ", certificate NOT verified: " + c.TLS.Problem
	}
	text += "; " + c.Protocol + ", " + count(len(c.Offers), "extension")
	if c.Size != nil {
		text += "; maximum message size: " + c.Size.String()
	}
	return text
}

// matrixView draws the probing over the whole body.
func (m *screen) matrixView() []string {
	x, w, h := m.probed, m.lay.w, m.lay.body
	g := m.st.Glyphs
	b := m.builder(w)
	if x.running() {
		x.list.stale() // its waits count up
	}
	x.list.refresh(b)
	rows := []string{m.matrixHead(w)}
	if w >= middleWidth && len(x.rows) > 0 {
		rows = append(rows, m.st.Dim.Render(x.head(b)))
	}
	below := x.below(b)
	if m.hint != "" {
		for _, r := range face.Wrap(g.Words("* "+m.hint), w-1) {
			below = append(below, m.st.Bold.Render(g.Fit(r, w)))
		}
	}
	left := max(h-len(rows), 0)
	below = below[:min(len(below), max(left-len(x.rows), left/2))]
	list := min(max(len(x.rows), 1), max(left-len(below), 0))
	x.shown = max(list, 1)
	rows = append(rows, x.list.View(&m.st, w, list, true)...)
	rows = append(rows, below...)
	if p := x.selected(); p != nil && h-len(rows) >= 4 {
		title := " its transcript (Enter: all of it) "
		rows = append(rows, m.st.Dim.Render(g.Fit(g.Horizontal+title+strings.Repeat(g.Horizontal, max(w-len(title)-1, 0)), w)))
		left := h - len(rows)
		rows = append(rows, p.tail(&m.st, w, left, w < middleWidth).View(w, left)...)
	}
	for len(rows) < h {
		rows = append(rows, g.Fit("", w))
	}
	return rows[:h]
}

// below is what there is to say of the row under the cursor.
func (x *matrix) below(b builder) (rows []string) {
	p := x.selected()
	if p == nil {
		return nil
	}
	narrow := b.w < middleWidth
	head := x.headOf(b.st, p, narrow)
	title := b.st.Glyphs.Fit("  "+b.st.Glyphs.Words(head.text), b.w)
	n := max(strings.LastIndex(strings.TrimRight(title, " "), "  "), 0) // the state stands behind
	rows = []string{b.st.Bold.Render(title[:n]) + head.style.Render(title[n:])}
	lines := p.details(b.st, b.now)
	if t := p.line(b.now); t != "" && narrow {
		lines = append(lines, remark{"", t, b.st.Dim})
	}
	for _, d := range lines {
		for _, f := range b.lines(d.label, d.text, d.style) {
			text := b.st.Glyphs.Fit(" "+f.text, b.w)
			n := face.LabelOf(text)
			rows = append(rows, b.st.Led(f.style, text[:n], text[n:]))
		}
	}
	return rows
}

// matrixHead is what the probing came to, and how long it took.
func (m *screen) matrixHead(w int) string {
	x := m.probed
	end := x.ended
	if x.running() {
		end = m.o.Now()
	}
	took := fmt.Sprintf("%.3f s", end.Sub(x.started).Seconds())
	if x.running() {
		took = fmt.Sprintf("%.1f s", end.Sub(x.started).Seconds())
	}
	if w >= middleWidth {
		took = "times in ms; " + took + " in all"
	}
	title := x.title + ": "
	if w < middleWidth || len(x.rows) == 0 && x.err != nil {
		title = ""
	}
	return m.st.Glyphs.Apart(m.st.Bold.Render(" "+m.st.Glyphs.Words(title+x.verdict())), took, w)
}
