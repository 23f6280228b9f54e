package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// pager shows a text in place of the panes: the help, or all there is to say
// of a line, with its octets behind it.
type pager struct {
	title  string
	text   []string // lines, wrapped when they are drawn
	octets []byte
	hang   int  // how far the rows behind the first one of a line stand in
	heads  bool // lines that stand at the edge are headings

	find    find
	found   int // the line with what was found last, from 1; 0: nothing was
	top     int
	first   []int // the first row of each line
	wrapped []string
	w       int
}

// resize wraps the text for a width.
func (p *pager) resize(w int) {
	if p.w == w {
		return
	}
	p.w, p.wrapped, p.first = w, p.wrapped[:0], p.first[:0]
	for _, l := range p.text {
		p.first = append(p.first, len(p.wrapped))
		hang := 2
		if p.hang > 0 && strings.HasPrefix(l, " ") {
			hang = p.hang
		}
		// The rows behind the first have less room.
		rows := face.Wrap(l, p.textWidth()-2)
		p.wrapped = append(p.wrapped, rows[0])
		if len(rows) > 1 {
			rest := strings.TrimPrefix(l[len(rows[0]):], " ")
			for _, r := range face.Wrap(rest, p.textWidth()-2-hang) {
				p.wrapped = append(p.wrapped, strings.Repeat(" ", hang)+r)
			}
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

func (p *pager) row(i int, g face.Glyphs) string {
	if p.beside() {
		text := ""
		if i < len(p.wrapped) {
			text = p.wrapped[i]
		}
		if i >= p.hexRows() {
			return text
		}
		return g.Fit(text, p.textWidth()) + p.hexRow(i)
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
func (p *pager) View(st *face.Styles, w, h int) []string {
	p.resize(w)
	p.scroll(0, h)
	out := make([]string, 0, h)
	for i := p.top; i < p.rows() && len(out) < h; i++ {
		s := st.Server
		if row := p.row(i, st.Glyphs); p.heads && !strings.HasPrefix(row, " ") {
			s = st.Bold
		}
		out = append(out, p.find.render(st.Glyphs.Fit(" "+p.row(i, st.Glyphs), w), s))
	}
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}

// findPage brings the next place (1), or the one before (-1), that has what was
// searched for to the top. Behind the last it begins again.
func (m *screen) findPage(way int) tea.Cmd {
	p := m.pager
	if p.find.text == "" {
		return startFind(modeFind)(m)
	}
	p.resize(m.lay.w)
	n := len(p.text)
	from := p.found - 1
	if p.found == 0 && way < 0 {
		from = 0
	}
	for i := 1; i <= n; i++ {
		k := ((from+way*i)%n + n) % n
		if p.find.in(p.text[k]) < 0 {
			continue
		}
		if p.found > 0 && (k-from)*way <= 0 {
			m.hint = "searched on from the other end"
		}
		p.found, p.top = k+1, p.first[k]
		for row := p.first[k]; row < len(p.wrapped) && (k+1 == n || row < p.first[k+1]); row++ {
			if p.find.in(p.wrapped[row]) >= 0 {
				p.top = row
				break
			}
		}
		p.scroll(0, m.lay.body)
		return nil
	}
	m.hint = "not found: " + p.find.text
	return nil
}

// pagerRow is what stands in the place of the line: the title, and which rows
// are shown.
func (m *screen) pagerRow(w int) string {
	p, g := m.pager, m.st.Glyphs
	if m.hint != "" {
		return m.st.Bold.Render(g.Fit("* "+g.Words(m.hint), w))
	}
	p.resize(m.lay.w)
	p.scroll(0, m.lay.body)
	end := min(p.top+m.lay.body, p.rows())
	where := fmt.Sprintf("rows %d-%d of %d", p.top+1, end, p.rows())
	if p.rows() <= m.lay.body {
		where = "all of it"
	}
	return g.Fit(m.st.Bold.Render(g.Cut(g.Words(p.title), w/2))+"  "+m.st.Dim.Render(where), w)
}
