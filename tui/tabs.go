package tui

import (
	"fmt"
	"strings"

	"ehlo/tui/internal/face"
)

// paneTitle is "2 MX (3)---------" in w cells.
func (m *screen) paneTitle(pane, w int) string {
	g := m.st.Glyphs
	name := fmt.Sprintf("%d %s", pane+1, m.paneName(pane))
	lead := g.Horizontal
	fill := strings.Repeat(g.Horizontal, max(w-face.Cells(name)-1, 0))
	if m.mode == modeBrowse && m.pane == pane {
		return g.Fit(m.st.Dim.Render(lead)+m.st.Reverse.Render(name)+m.st.Dim.Render(fill), w)
	}
	return g.Fit(m.st.Dim.Render(lead)+m.st.Bold.Render(name)+m.st.Dim.Render(fill), w)
}

func (m *screen) paneName(pane int) string {
	switch {
	case pane == 0:
		return "Transcript"
	case pane == messageAt:
		return "Message"
	case pane == scriptAt && m.lay.side > 0:
		name := "Script "
		if end := m.now.Script.End; end != nil && !m.live() {
			name += string(end.How) + " "
		}
		name += m.st.Glyphs.Words(m.played.name())
		if !m.played.follow && m.live() {
			name += " (G follows)"
		}
		return name
	case pane == scriptAt:
		return "Script"
	}
	p := m.facts[pane-1]
	if r := m.hosts.shown(); pane == exchangersAt && m.lay.side > 0 && r != nil && r.Domain != "" && r.Source != "server" {
		return fmt.Sprintf("MX of %s (%d)", m.st.Glyphs.Words(domainOf(*r)), len(r.Exchangers))
	}
	if n := p.tab(&m.view); n != "" {
		return p.title + " " + n
	}
	return p.title
}

// tabs is the row of the panes: their titles in the wide shape, else the names
// of which one is shown.
func (m *screen) tabs() string {
	g := m.st.Glyphs
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
		room := m.lay.main - face.Cells(follow) - 1
		left := m.paneTitle(shown, room)
		first := 1
		if m.played != nil {
			first = scriptAt
		}
		return left + m.followStyle().Render(follow) + m.st.Dim.Render(g.Horizontal+g.Down) + m.paneTitle(first, m.lay.side)
	}
	row := m.tabRow(3)
	for gap := 2; gap > 0 && face.Cells(row) > m.lay.w; gap-- {
		row = m.tabRow(gap)
	}
	return g.Fit(row, m.lay.w)
}

// tabRow is the names of the panes, with gaps between them.
func (m *screen) tabRow(gap int) string {
	row := " "
	for i := range scriptAt + 1 {
		if i == scriptAt && m.played == nil {
			continue
		}
		name := fmt.Sprintf("%d %s", i+1, m.paneName(i))
		if i == m.pane && m.overTitle() == "" {
			row += m.st.Reverse.Render("["+name+"]") + strings.Repeat(" ", max(gap-2, 0))
		} else {
			row += " " + name + strings.Repeat(" ", gap-1)
		}
	}
	return row
}

// fullTitle is the row of the tabs above what fills the whole body.
func (m *screen) fullTitle(name string) string {
	g := m.st.Glyphs
	fill := strings.Repeat(g.Horizontal, max(m.lay.w-face.Cells(name)-3, 0))
	return g.Fit(m.st.Dim.Render(g.Horizontal)+m.st.Reverse.Render(" "+name+" ")+m.st.Dim.Render(fill), m.lay.w)
}

// overTitle is the title of what is shown in place of the panes, if anything.
func (m *screen) overTitle() string {
	switch {
	case m.reading():
		return m.pager.title
	case m.mode == modeReview:
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

func (m *screen) followStyle() face.Style {
	if m.transcript.follow {
		return m.st.Dim
	}
	return m.st.Bold
}
