package tui

import (
	"fmt"
	"strings"
)

// pager shows a text in place of the panes: the help, or all there is to say
// of a line, with its octets behind it.
type pager struct {
	title  string
	text   []string // lines, wrapped when they are drawn
	octets []byte

	top     int
	wrapped []string
	w       int
}

// resize wraps the text for a width.
func (p *pager) resize(w int) {
	if p.w == w {
		return
	}
	p.w, p.wrapped = w, p.wrapped[:0]
	for _, l := range p.text {
		rows := wrap(l, p.textWidth()-4)
		for i, r := range rows {
			if i > 0 {
				r = "  " + r
			}
			p.wrapped = append(p.wrapped, r)
		}
	}
}

// hexWidth is how wide the octets are with their address and as text.
const hexWidth = 2 + 5 + 2 + 3*16 + 1 + 1 + 16

// beside says that the octets stand beside the text, and not below it.
func (p *pager) beside() bool { return len(p.octets) > 0 && p.w >= wideWidth }

func (p *pager) textWidth() int {
	if p.beside() {
		return p.w - hexWidth - 2
	}
	return p.w
}

// across is how many octets stand in a row of the hex view.
func (p *pager) across() int {
	switch {
	case p.w >= 78:
		return 16
	case p.w >= 44:
		return 8
	}
	return 4
}

func (p *pager) rows() int {
	if p.beside() {
		return max(len(p.wrapped), p.hexRows())
	}
	return len(p.wrapped) + p.hexRows()
}

func (p *pager) hexRows() int { return (len(p.octets) + p.across() - 1) / p.across() }

func (p *pager) scroll(n, h int) {
	p.top = max(min(p.top+n, p.rows()-h), 0)
}

func (p *pager) row(i int, g glyphs) string {
	if p.beside() {
		text := ""
		if i < len(p.wrapped) {
			text = p.wrapped[i]
		}
		if i >= p.hexRows() {
			return text
		}
		return g.fit(text, p.textWidth()) + p.hexRow(i)
	}
	if i < len(p.wrapped) {
		return p.wrapped[i]
	}
	return p.hexRow(i - len(p.wrapped))
}

// hexRow is one row of the octets.
func (p *pager) hexRow(i int) string {
	n := p.across()
	from := i * n
	part := p.octets[from:min(from+n, len(p.octets))]
	var hexes, text strings.Builder
	for k, c := range part {
		if k == 8 {
			hexes.WriteByte(' ')
		}
		fmt.Fprintf(&hexes, "%02x ", c)
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		text.WriteByte(c)
	}
	width := 3*n + n/16
	return fmt.Sprintf("  %05x  %-*s %s", from, width, hexes.String(), text.String())
}

// View draws h rows of w cells.
func (p *pager) View(st *styles, w, h int) []string {
	p.resize(w)
	p.scroll(0, h)
	out := make([]string, 0, h)
	for i := p.top; i < p.rows() && len(out) < h; i++ {
		out = append(out, st.glyphs.fit(" "+p.row(i, st.glyphs), w))
	}
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}
