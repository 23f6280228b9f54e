package tui

import (
	"fmt"
	"strings"

	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// prompt is the row for typing.
func (m *screen) prompt() string {
	g := m.st.Glyphs
	w := m.lay.w
	switch m.mode {
	case modePalette:
		return m.st.Bold.Render(":") + m.palette.View(&m.st, w-1, true, false)
	case modeEdit:
		label := strings.TrimPrefix(m.played.x.Place(m.now.Script.Row), "line ") + "> "
		label = g.Cut(g.Words(label), w/3)
		return m.st.Bold.Render(label) + m.edit.View(&m.st, w-face.Cells(label), true, false)
	case modeSecret:
		label := g.Cut(g.Words("password of "+m.asks.Credentials.User+": "), w/2)
		return m.st.Bold.Render(label) + m.asking.View(&m.st, w-face.Cells(label), true, true)
	case modeSave:
		return m.st.Reverse.Render(g.Fit(saveQuestion(w), w))
	case modeFind:
		return m.st.Bold.Render("/") + m.asking.View(&m.st, w-1, true, false)
	case modePager:
		return m.pagerRow(w)
	case modeRecall:
		return m.recallRow(w)
	case modePaste:
		return m.pastePrompt(w)
	case modeFilter:
		return m.st.Bold.Render("&") + m.asking.View(&m.st, w-1, true, false)
	case modeField:
		label := partNames[m.composer.at.part] + ": "
		return m.st.Bold.Render(label) + m.st.Dim.Render(g.Fit(g.Words(m.fieldHelp()), max(w-face.Cells(label), 0)))
	case modeReview:
		return m.st.Reverse.Render(g.Fit(m.reviewQuestion(), w))
	case modeQuestion:
		return m.st.Reverse.Render(g.Fit(m.leaveQuestion(w), w))
	}
	label := "C: "
	switch {
	case m.now.Chunk > 0:
		label = fmt.Sprintf("CHUNK(%s): ", wire.Thousands(uint64(m.now.Chunk)))
	case m.now.InText && w < middleWidth:
		label = "TEXT(. ends): "
	case m.now.InText:
		label = "TEXT: "
	case m.secretLine():
		label = "SECRET: "
	}
	if l := m.queue.label(); l != "" && !m.secretLine() {
		if label = l; m.now.InText {
			label = "TEXT " + l
		}
	}
	focus := m.mode == modeLine && !m.leaving
	row := m.st.Bold.Render(label)
	if !focus {
		row = m.st.Dim.Render(label)
	}
	room := w - face.Cells(label)
	if len(m.line.Text) == 0 {
		return row + m.placeholder(room, focus)
	}
	return row + m.typedLine(room, focus)
}

// placeholder is what stands in an empty line.
func (m *screen) placeholder(w int, focus bool) string {
	text := ""
	switch {
	case m.now.Script.Phase.Goes() && w < middleWidth:
		text = "(locked)"
	case m.now.Script.Phase.Goes() && focus:
		text = "(locked while the script runs: esc, then space holds it)"
	case m.now.Script.Phase.Goes():
		text = "(locked while the script runs: space holds it)"
	case m.pane == messageAt && m.composer.at.part.isOption():
		text = "(" + m.fieldHelp() + "; Enter changes it)"
	case m.pane == messageAt:
		text = "(esc, then i: type SMTP)"
	case !focus:
		text = "(i: type SMTP)"
	case m.now.Chunk > 0:
		text = "(a chunk: " + m.chunkWords() + "; the end of a line counts for two)"
	case m.now.InText:
		text = "(message text; a line with only . ends it)"
	case m.now.Doing == engine.Opening && m.ready:
		text = "(the session is still being opened: Enter does not send)"
	case m.now.Doing == engine.Opening:
		text = "(not connected yet: Enter does not send)"
	case !m.now.Connected:
		text = "(no connection: esc, r, Enter connects again)"
	}
	cursor := " "
	if focus {
		cursor = m.st.Reverse.Render(" ")
	}
	if text != "" && w > len(text)+3 {
		return cursor + "  " + m.st.Dim.Render(m.st.Glyphs.Fit(text, w-3))
	}
	return m.st.Glyphs.Fit(cursor, w)
}
