package tui

import (
	"fmt"
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
)

// timing is what stands before a line.
type timing uint8

const (
	timeRelative timing = iota // seconds since the first event
	timeClock                  // the time of day
	timeNone
	timings
)

// prefix is how many columns stand before the text of a line.
func (p *transcriptPane) prefix() int {
	switch {
	case p.narrow:
		return 1 + 3
	case p.times == timeNone:
		return 2 + 3
	case p.times == timeClock:
		return 2 + 12 + 1 + 3
	}
	return 2 + 8 + 1 + 3
}

// rows are the texts of a line's rows.
func (p *transcriptPane) rows(id int64) []string {
	x := p.log.line(id)
	text := p.text(x)
	if p.log.folds(x) {
		text += fmt.Sprintf("   (+%d lines, z unfolds)", x.size-1)
	}
	w := max(p.w-p.prefix(), 1)
	var rows []string
	if id == p.log.first && id > 0 {
		rows = append(rows, p.st.Glyphs.Cut(fmt.Sprintf("(%s earlier lines are no longer kept)", wire.Thousands(uint64(id))), w))
	}
	if p.cut {
		return append(rows, p.st.Glyphs.Cut(text, w))
	}
	return append(rows, face.Wrap(text, w)...)
}

func (p *transcriptPane) text(x *line) string {
	switch e := x.event.(type) {
	case event.Sent:
		if x.from == 'C' {
			return p.st.Glyphs.Octets(e.Masked())
		}
	case event.Received:
		return p.st.Glyphs.Octets(e.Masked())
	}
	return p.st.Glyphs.Words(x.words)
}

// View draws the window: h rows of w cells.
func (p *transcriptPane) View(w, h int) []string {
	out := make([]string, 0, h)
	if !p.log.empty() {
		at := p.window()
		for id := at.line; id < p.log.end() && len(out) < h; id = p.log.next(id) {
			for i, text := range p.rows(id) {
				if (id > at.line || i >= at.row) && len(out) < h {
					out = append(out, p.row(id, i, text, w))
				}
			}
		}
	}
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}

// row draws one row:
//
//	>!   1.866 S: 550 5.1.1 <nobody@example.org>: Recipient address rejected: User
//	           |  unknown in virtual mailbox table
func (p *transcriptPane) row(id int64, i int, text string, w int) string {
	x := p.log.line(id)
	if id == p.log.first && id > 0 {
		i-- // the row that tells what the log has lost
		if i < 0 {
			return p.st.Dim.Render(p.st.Glyphs.Fit(strings.Repeat(" ", p.prefix())+text, w))
		}
	}
	mark := string(x.mark)
	if p.log.folds(x) && x.mark == ' ' {
		mark = "+"
	}
	gutter := " " + mark
	if p.chosen(id) {
		gutter = ">" + mark
	}
	if p.narrow {
		gutter = mark
	}
	at, tag := p.time(x), string(x.from)+": "
	switch {
	case !p.narrow || !p.chosen(id):
	case mark == " ":
		gutter = ">"
	default: // there is one column: the mark stays
		tag = string(x.from) + "> "
	}
	if i > 0 {
		gutter, at, tag = strings.Repeat(" ", face.Cells(gutter)), strings.Repeat(" ", face.Cells(at)), "|  "
	}
	body := p.st.Glyphs.Fit(tag+text, w-face.Cells(gutter)-face.Cells(at))
	s, lead := p.style(x), p.style(x)
	if face.Pale(s) && len(body) > len(tag) { // the line itself has no colour
		tagged := s.Render(tag)
		if p.chosen(id) {
			return p.st.Bold.Render(gutter) + p.st.Dim.Render(at) + tagged + p.find.render(body[len(tag):], p.st.Bold)
		}
		return lead.Render(gutter) + p.st.Dim.Render(at) + tagged + p.find.render(body[len(tag):], p.st.Server)
	}
	if p.chosen(id) {
		s, lead = s.Bold(true), p.st.Bold
	}
	return lead.Render(gutter) + p.st.Dim.Render(at) + p.find.render(body, s)
}

// chosen says that a line is selected, alone or in a range.
func (p *transcriptPane) chosen(id int64) bool {
	if id == p.sel {
		return true
	}
	return p.mark >= 0 && p.sel >= 0 && id >= min(p.mark, p.sel) && id <= max(p.mark, p.sel)
}

func (p *transcriptPane) time(x *line) string {
	switch {
	case p.narrow || p.times == timeNone:
		return ""
	case p.times == timeClock:
		return x.at.Format("15:04:05.000") + " "
	}
	return fmt.Sprintf("%8.3f ", max(x.at.Sub(p.start), 0).Seconds())
}

func (p *transcriptPane) style(x *line) face.Style {
	switch {
	case x.mark == '!':
		return p.st.Bad
	case x.mark == '~':
		return p.st.Warn
	case x.from == 'C':
		return p.st.Client
	case x.from == 'S':
		return p.st.Server
	}
	return p.st.Notes
}
