package tui

import (
	"strings"
	"time"

	"ehlo/session/transcript"
	"ehlo/tui/internal/face"
)

// fact is one row of what is known, or a few where it is long.
type fact struct {
	text   string
	word   string // of the text: has its colour, where that is a pale one
	note   string // behind the text, in what room is left
	right  string // at the right edge
	style  face.Style
	host   string   // Enter prefills the palette with a connection to it
	detail []string // Enter shows it
	title  string   // of that; empty: "What it means"
	quiet  bool     // the cursor passes over it
}

// factPane is a list of facts: one of the four at the side.
type factPane struct {
	title string
	// build makes the facts of what is known, for rows of w cells; none is
	// formatted before it is in sight.
	build func(b builder) []fact
	// tab is what the tab says behind the title: a number, a word.
	tab func(v *transcript.View) string

	facts []fact
	built int // the width they were built for; 0: not yet
	sel   int
	top   int
}

// noteColumn is where the notes begin, where there is room.
const noteColumn = 22

// builder is what the facts are made of.
type builder struct {
	v   *transcript.View
	st  *face.Styles
	w   int
	now time.Time

	side  bool // beside the transcript, under a title of its own
	focus bool // the pane of the exchangers has the cursor

	hosts  *routes
	probed *matrix // nil: nothing was probed
}

// lines wraps a text behind a label of ten columns.
func (b builder) lines(label, text string, s face.Style) []fact {
	const column = 11
	indent := column
	switch {
	case label == "":
		indent = 1
	case b.w < 30:
		indent = 2
	}
	var facts []fact
	for i, row := range face.Wrap(b.st.Glyphs.Words(text), b.w-indent-1) {
		lead := strings.Repeat(" ", indent)
		if i == 0 && label != "" {
			lead = b.st.Glyphs.Fit(label, column)
		}
		facts = append(facts, fact{text: lead + row, style: s, quiet: true})
	}
	return facts
}

// refresh builds the facts anew where they are stale or the width is new.
func (p *factPane) refresh(b builder) {
	if p.built == b.w {
		return
	}
	p.facts, p.built = p.build(b), b.w
	p.sel = min(p.sel, max(len(p.facts)-1, 0))
}

// stale says that the facts have changed.
func (p *factPane) stale() { p.built = 0 }

// step moves the cursor to the next fact that it can stand on; where there is
// none, it scrolls.
func (p *factPane) step(n, h int) {
	way := 1
	if n < 0 {
		way = -1
	}
	for ; n != 0; n -= way {
		i := p.sel + way
		for i >= 0 && i < len(p.facts) && p.facts[i].quiet {
			i += way
		}
		if i >= 0 && i < len(p.facts) {
			p.sel = i
		} else {
			p.top += way
		}
	}
	p.top = max(min(p.top, len(p.facts)-h), 0)
	p.reveal(h)
}

func (p *factPane) reveal(h int) {
	if p.current() == nil {
		return
	}
	// What belongs to a fact stands in the quiet rows behind it.
	last := p.sel
	for last+1 < len(p.facts) && p.facts[last+1].quiet && last+1-p.sel < h {
		last++
	}
	if last < len(p.facts)-1 && h > 1 {
		h-- // the last row says how many more there are
	}
	p.top = min(max(p.top, last-h+1), p.sel)
}

// ends moves the cursor to the first or the last fact.
func (p *factPane) ends(last bool, h int) {
	if last {
		p.step(len(p.facts), h)
		return
	}
	p.sel, p.top = 0, 0
	if len(p.facts) > 0 && p.facts[0].quiet {
		p.step(1, h)
		p.top = 0
	}
}

// current is the fact under the cursor, or nil.
func (p *factPane) current() *fact {
	if p.sel < len(p.facts) && !p.facts[p.sel].quiet {
		return &p.facts[p.sel]
	}
	return nil
}

// View draws h rows of w cells.
func (p *factPane) View(st *face.Styles, w, h int, focus bool) []string {
	out := make([]string, 0, h)
	p.top = max(min(p.top, len(p.facts)-h), 0)
	for i := p.top; i < len(p.facts) && len(out) < h; i++ {
		if below := len(p.facts) - i; len(out) == h-1 && below > 1 {
			out = append(out, st.Dim.Render(st.Glyphs.Fit("  "+st.Glyphs.More+" "+count(below, "more row"), w)))
			break
		}
		out = append(out, p.row(st, i, w, focus))
	}
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}

// paleRow is a row of which only a word has the colour: the one that is named,
// else what is at the right, else the label.
func (p *factPane) paleRow(st *face.Styles, f fact, s face.Style, text string) string {
	plain := st.Server.Bold(s.GetBold())
	if at := strings.Index(text, f.word); f.word != "" && at >= 0 {
		return plain.Render(text[:at]) + st.Led(s, f.word, text[at+len(f.word):])
	}
	if f.right != "" {
		return plain.Render(text)
	}
	n := face.LabelOf(text)
	return st.Led(s, text[:n], text[n:])
}

func (p *factPane) row(st *face.Styles, i, w int, focus bool) string {
	f := p.facts[i]
	cursor := " "
	s := f.style
	if focus && i == p.sel && !f.quiet {
		cursor, s = ">", s.Bold(true)
	}
	room := w - 1
	if f.right = st.Glyphs.Cut(f.right, w-2); f.right != "" {
		room -= face.Cells(f.right) + 2
	}
	text := st.Glyphs.Cut(f.text, room)
	if f.note != "" && w >= middleWidth {
		text = st.Glyphs.Fit(text, max(face.Cells(text), noteColumn))
	}
	row := s.Render(cursor + text)
	if face.Pale(s) {
		row = p.paleRow(st, f, s, cursor+text)
	}
	used := 1 + face.Cells(text)
	if f.note != "" && room-used >= 6 {
		n := st.Glyphs.Cut(st.Glyphs.Words(f.note), room-used-1)
		row += st.Dim.Render("  " + n)
		used += 2 + face.Cells(n)
	}
	if f.right != "" {
		return row + strings.Repeat(" ", max(w-used-face.Cells(f.right)-1, 0)) + s.Render(f.right) + " "
	}
	return st.Glyphs.Fit(row, w)
}
