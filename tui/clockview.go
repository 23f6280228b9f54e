package tui

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/tui/internal/face"
)

// timePane is where the time went, over the whole body:
//
//	 0.320 s of waiting in 9 steps, 41.9 s between them
//	 dns--connect====greet-EHLO======TLS-----------------
//	 TLS 96 ms, EHLO 64 ms, connect 44 ms, greeting 32 ms, dns 18 ms
//
//	   dns       example.org                     18 ms  ###########
//	   connect   mx1.example.org (192.0.2.25)    44 ms  ###########################
//	>  EHLO      EHLO probe.example.net          32 ms  ###################
//	-EHLO probe.example.net: 32 ms, 10% of all-----------
//	 first line                                  31 ms  ##################
//	 7 more lines                                 1 ms  #
type timePane struct {
	clock
	list  *factPane
	shown int // rows of the list that were drawn last
}

func newTimePane() *timePane {
	p := &timePane{list: &factPane{title: "Time"}}
	p.list.build = p.build
	return p
}

// Apply takes the next event.
func (p *timePane) Apply(e event.Event, begins bool) {
	gone := p.gone
	p.clock.Apply(e, begins)
	if n := p.gone - gone; n > 0 {
		p.list.sel, p.list.top = max(p.list.sel-n, 0), max(p.list.top-n, 0)
	}
	p.list.stale()
}

// filling are the marks that a bar is made of.
func filling(g face.Glyphs, other bool) string {
	switch {
	case g.Unicode && other:
		return "░"
	case g.Unicode:
		return "█"
	case other:
		return "-"
	}
	return "#"
}

// barOf is a share of w cells, at least one where there is anything.
func barOf(g face.Glyphs, took, most time.Duration, w int) string {
	if took <= 0 || most <= 0 || w <= 0 {
		return ""
	}
	n := int(math.Round(float64(took) / float64(most) * float64(w)))
	return strings.Repeat(filling(g, false), min(max(n, 1), w))
}

// strip is where the time went, in the order of the steps and to scale: w
// cells, which the kinds share, each under its name, or the beginning of it. A
// cell of the bar at least stands behind it, so that no two names run together.
func (c *clock) strip(st *face.Styles, w int) string {
	if c.all <= 0 {
		return st.Glyphs.Fit("", w)
	}
	row, used := "", 0
	var sum time.Duration
	for i, t := range c.totals {
		sum += t.took
		end := int(math.Round(float64(sum) / float64(c.all) * float64(w)))
		n := min(end, w) - used
		if n <= 0 {
			continue
		}
		name := st.Glyphs.Words(t.kind)
		if name = ansi.Truncate(name, n-1, ""); face.Cells(name) < 2 {
			name = "" // one letter says nothing
		}
		s := st.Bold
		if i%2 == 1 {
			s = st.Dim
		}
		row += s.Render(name + strings.Repeat(filling(st.Glyphs, i%2 == 1), n-face.Cells(name)))
		used += n
	}
	return row + strings.Repeat(" ", w-used)
}

// legend are the kinds that took the longest.
func (c *clock) legend(g face.Glyphs) string {
	var parts []string
	for _, t := range c.largest() {
		text := g.Words(t.kind) + " " + transcript.Milliseconds(t.took)
		if t.count > 1 {
			text += fmt.Sprintf(" (%d)", t.count)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// sideTime is the strip at the side, under its title; nothing where there is no
// side, or nothing was waited for.
func (m *screen) sideTime() (rows []sideRow) {
	w, g := m.lay.side, m.st.Glyphs
	if w == 0 || m.clock.all <= 0 {
		return nil
	}
	name := "Time: " + transcript.Milliseconds(m.clock.all) + " of waiting (T)"
	title := m.st.Dim.Render(g.Horizontal) + m.st.Bold.Render(name) + m.st.Dim.Render(strings.Repeat(g.Horizontal, max(w-face.Cells(name)-1, 0)))
	return []sideRow{
		{g.Fit(title, w), true},
		{" " + m.clock.strip(&m.st, w-2) + " ", false},
		{g.Fit(" "+m.clock.legend(g), w), false},
	}
}

// showTime opens the pane, at the step of the selected line.
func (m *screen) showTime() tea.Cmd {
	spans := m.clock.spans
	if len(spans) == 0 {
		m.hint = "nothing was waited for yet"
		return nil
	}
	list := m.clock.list
	list.sel = len(spans) - 1
	if id := m.transcript.selected(); id >= 0 && m.transcript.sel >= 0 {
		seq := m.log.line(id).event.Header().Seq
		if i := slices.IndexFunc(spans, func(s span) bool { return s.seq >= seq }); i >= 0 {
			list.sel = i
		}
	}
	m.mode = modeTime
	m.steps().reveal(max(m.clock.shown, 1))
	return nil
}

// steps is the list of the steps, as it is drawn.
func (m *screen) steps() *factPane {
	m.clock.list.refresh(m.builder(m.lay.w))
	return m.clock.list
}

// openStep goes to the step's lines in the transcript.
func (m *screen) openStep() tea.Cmd {
	s := m.clock.selected()
	if s == nil || m.log.end() == m.log.first {
		return nil
	}
	i := sort.Search(len(m.log.lines), func(i int) bool { return m.log.lines[i].event.Header().Seq > s.seq })
	m.mode, m.pane = modeBrowse, 0
	m.arrange()
	m.transcript.choose(m.log.first + int64(max(i-1, 0)))
	return nil
}

// selected is the step under the cursor, or nil.
func (p *timePane) selected() *span {
	if p.list.sel < len(p.spans) {
		return &p.spans[p.list.sel]
	}
	return nil
}

// The widths of the columns of the list: the kind, the time, and the least of
// the bars, which have what is left, up to barMost.
const (
	kindWidth = 10
	tookWidth = 8
	barLeast  = 12
	barMost   = 60
)

// barWidth is the room for the bars in rows of w cells.
func barWidth(w int) int { return min(max(w*2/5, barLeast), barMost) }

// build makes the rows of the list, the bars to the scale of the longest.
func (p *timePane) build(b builder) []fact {
	var most time.Duration
	for i := range p.spans {
		most = max(most, p.spans[i].took)
	}
	facts := make([]fact, len(p.spans))
	for i, s := range p.spans {
		facts[i] = fact{text: b.step(s.kind, s.what, s.took, most), style: b.st.Server}
		if s.failed {
			facts[i].style = b.st.Bad
			facts[i].text = "!" + facts[i].text[1:]
		}
	}
	return facts
}

// step is a row of the list: what, how long, and its bar.
func (b builder) step(kind, what string, took, most time.Duration) string {
	g := b.st.Glyphs
	bar := barWidth(b.w)
	name := g.Fit(" "+g.Words(kind), kindWidth+1) + " "
	room := b.w - 2 - tookWidth - 2 - bar
	switch what = g.Words(what); {
	case kind == "":
		name = " " + what
	case room <= kindWidth+8: // a narrow screen
	case strings.HasPrefix(what, g.Words(kind)):
		name = " " + what // a command says what it is
	default:
		name += what
	}
	return g.Fit(name, room) + fmt.Sprintf("%*s", tookWidth, transcript.Milliseconds(took)) + "  " + barOf(g, took, most, bar)
}

// timeView draws the pane over the whole body.
func (m *screen) timeView() []string {
	p, w, h, g := m.clock, m.lay.w, m.lay.body, m.st.Glyphs
	b := m.builder(w)
	p.list.refresh(b)
	rows := []string{
		m.st.Bold.Render(g.Fit(" "+p.verdict(w), w)),
		" " + p.strip(&m.st, w-2) + " ",
	}
	legend := face.Wrap(p.legend(g), w-2)
	if h < 12 {
		legend = nil
	}
	for _, r := range legend[:min(len(legend), 2)] {
		rows = append(rows, m.st.Dim.Render(g.Fit(" "+r, w)))
	}
	below := m.stepParts(b)
	if wait := m.waitRow(b); wait != "" {
		below = append(below, wait)
	}
	if m.hint != "" {
		below = append(below, m.st.Bold.Render(g.Fit("* "+g.Words(m.hint), w)))
	}
	left := max(h-len(rows), 0)
	below = below[:min(len(below), max(left-len(p.spans), left/3))]
	p.shown = max(left-len(below), 1)
	rows = append(rows, p.list.View(&m.st, w, min(max(left-len(below), 0), max(len(p.spans), 1)), true)...)
	rows = append(rows, below...)
	for len(rows) < h {
		rows = append(rows, g.Fit("", w))
	}
	return rows[:h]
}

// verdict is how long was waited, and how long nothing was awaited.
func (p *timePane) verdict(w int) string {
	steps := 0
	for _, t := range p.totals {
		steps += t.count
	}
	text := transcript.Milliseconds(p.all) + " of waiting in " + count(steps, "step")
	if between := p.last.Sub(p.since) - p.all; between > time.Millisecond && w >= middleWidth {
		text += ", " + transcript.Milliseconds(between) + " between them"
	}
	return text
}

// stepParts is what the step under the cursor consists of.
func (m *screen) stepParts(b builder) (rows []string) {
	s := m.clock.selected()
	if s == nil {
		return nil
	}
	g := b.st.Glyphs
	name := g.Words(s.what)
	if !strings.HasPrefix(name, g.Words(s.kind)) {
		name = strings.TrimSpace(g.Words(s.kind) + " " + name)
	}
	share := ""
	if m.clock.all > 0 {
		share = fmt.Sprintf(", %.0f%% of all", 100*float64(s.took)/float64(m.clock.all))
	}
	tail := ": " + transcript.Milliseconds(s.took) + share
	title := " " + g.Cut(name, max(b.w-face.Cells(tail)-6, 1)) + tail + " "
	fill := strings.Repeat(g.Horizontal, max(b.w-face.Cells(title)-1, 0))
	rows = append(rows, g.Fit(b.st.Dim.Render(g.Horizontal)+b.st.Bold.Render(title)+b.st.Dim.Render(fill), b.w))
	for _, p := range s.parts {
		rows = append(rows, g.Fit(" "+b.step("", p.what, p.took, s.took), b.w))
	}
	return rows
}

// waitRow is the wait that goes on, with a bar of how much of its time is over.
func (m *screen) waitRow(b builder) string {
	what, since, most := m.awaited()
	if what == "" || since.IsZero() {
		return ""
	}
	g, waited := b.st.Glyphs, b.now.Sub(since)
	text := fmt.Sprintf(" %s, %.1f s", g.Words(what), waited.Seconds())
	bar := ""
	if most > 0 {
		text += fmt.Sprintf(" of %g s", most.Seconds())
		bar = barOf(g, waited, most, barWidth(b.w))
		bar += strings.Repeat(filling(g, true), max(barWidth(b.w)-face.Cells(bar), 0))
	}
	room := b.w - 1 - barWidth(b.w)
	if room < face.Cells(text) && b.w < middleWidth {
		return b.st.Bold.Render(g.Fit(text, b.w))
	}
	return b.st.Bold.Render(g.Fit(text, room)) + b.st.Warn.Render(g.Fit(bar, b.w-room))
}
