package tui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"ehlo/session/flow"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
)

// fieldColumn is where the fields begin: behind the cursor, the mark and the
// label.
const fieldColumn = 13

// pairsWidth is from which width on short fields stand two in a row.
const pairsWidth = 76

// beside says that a field stands in the row of the one before it, where there
// is room.
func (p part) beside() bool {
	switch p {
	case partTemplate, partHeads, partBlind, partChunks, partReturn, partPRDR:
		return true
	}
	return false
}

// messageView draws h rows of w cells, however many recipients there are:
//
//	>  delivery   accepted, 4,250,344 octets to mx1.example.org      what became of it
//	   message    250 2.0.0 OK: queued as 7F3A0001
//	   OK         user@example.org: 250 2.1.5 ok
//	   MAIL FROM  probe@example.net                                  the draft
//	   RCPT TO    user@example.org, abuse@example.org            2
//	   Envelope   SIZE=4250344 BODY=8BITMIME
//	   Subject    test
//	   Attach     report.pdf                      3,145,728 octets
//	              + a file's name
//	   Pad to     (no)                 Template   plain
//	   From …     (as MAIL FROM)
//	   Body       2 lines --------------------------------------
//	 This is a test message.
//	 1,204 of 52,428,800 octets (50.0 MiB)   longest line 61 of 998
func (m *screen) messageView(w, h int) []string {
	c, g := m.composer, m.st.Glyphs
	foot := m.footRows(w, h)
	h -= len(foot)
	lines := c.lines(w)
	results := c.result.rows()
	at, text := -1, -1 // the entries of the cursor and of the body
	if c.at.part == partResult {
		at = c.at.n
	}
	for i, l := range lines {
		if slices.Contains(l, c.at) {
			at = results + i
		}
		if l[0].part == partBody {
			text = results + i
		}
	}
	body := 1 // its rows
	list := window{n: results + len(lines), h: h, draw: func(i int) []string {
		switch {
		case i < results:
			return m.resultRows(item{partResult, i}, w)
		case i == text:
			return m.bodyRows(w, body)
		}
		return m.lineRows(lines[i-results], w)
	}}
	// The body takes what the fields leave, and all where it is being typed and
	// they leave little.
	if text >= 0 {
		left := h
		for i := 0; i < list.n && left > 0; i++ {
			if i != text {
				left -= len(list.rows(i))
			}
		}
		if body = max(left, 1); text == at {
			body = max(body, min(h, max(len(c.body)+1, 4)))
		}
	}
	var out []string
	c.top, out = list.show(c.top, at)
	for len(out) < h {
		out = append(out, g.Fit("", w))
	}
	return append(out, foot...)
}

// lines are the fields, row by row.
func (c *composer) lines(w int) (lines [][]item) {
	for _, x := range c.fields() {
		switch {
		case w >= pairsWidth && x.part.beside():
			lines[len(lines)-1] = append(lines[len(lines)-1], x)
		default:
			lines = append(lines, []item{x})
		}
	}
	return lines
}

// lineRows draws the fields of a row, and below the recipients what MAIL will
// say. The one that is being typed has the row for itself.
func (m *screen) lineRows(line []item, w int) (rows []string) {
	c, g := m.composer, m.st.Glyphs
	if m.mode == modeField && slices.Contains(line, c.at) {
		line = []item{c.at}
	}
	row := ""
	for i, x := range line {
		n := w / len(line)
		if i == len(line)-1 {
			n = w - n*i
		}
		row += m.itemRow(x, n)
	}
	rows = append(rows, row)
	if words := m.envelopeWords(); line[0].part == partTo && words != "" && m.lay.shape != shapeSmall {
		rows = append(rows, m.st.Dim.Render(g.Fit(fmt.Sprintf("  %-11s%s", "Envelope", g.Words(words)), w)))
	}
	return rows
}

// envelopeWords are the parameters of MAIL, as far as the message is counted.
func (m *screen) envelopeWords() string {
	n, v := &m.composer.count, m.view.Now()
	if n.mail == nil || n.err != nil || v == nil || !m.now.Connected {
		return ""
	}
	l := *n.mail
	l.Force = true // the last row says that it is too large
	line, _, refused := flow.MailLine(v.Offers, l)
	if refused != nil {
		return refused.Message
	}
	_, parameters, _ := strings.Cut(string(line), "> ")
	return parameters
}

// footRows are what the draft comes to, and what keeps it from being sent.
func (m *screen) footRows(w, h int) []string {
	c, g := m.composer, m.st.Glyphs
	mark, s, text := byte(' '), m.st.Bold, ""
	n := &c.count
	switch {
	case n.err != nil:
		mark, s, text = '~', m.st.Warn, n.err.Error()
	case n.revision == 0:
		text = "counting"
	default:
		words, over := m.sizeWords(n.octets)
		if text = words; over > 0 {
			mark, s = '!', m.st.Bad
		}
	}
	var out []string
	lead := string(mark) + " "
	for _, r := range face.Wrap(g.Words(text), w-2) {
		if len(out) < max(h/3, 1) {
			out = append(out, m.st.Led(s, lead, g.Fit(r, w-2)))
		}
		lead = "  "
	}
	longest := fmt.Sprintf("longest line %s of %d", wire.Thousands(uint64(n.longest)), longestLine)
	switch {
	case n.err != nil || n.longest == 0:
	case n.longest > longestLine:
		out = append(out, m.st.Led(m.st.Warn, "~ ", g.Fit(longest+": a server may break it, or refuse it", w-2)))
	case len(out) == 1 && face.Cells(text)+face.Cells(longest)+5 <= w:
		out[0] = g.Apart(s.Render(string(mark)+" "+text), m.st.Dim.Render(longest), w-1) + " "
	}
	return out
}

// longestLine is how many octets a line of a message may have (RFC 5322 2.1.1).
const longestLine = 998

// itemRow draws a field.
func (m *screen) itemRow(x item, w int) string {
	c, g := m.composer, m.st.Glyphs
	here := x == c.at && m.pane == messageAt
	cursor := byte(' ')
	if here && (m.mode == modeBrowse || m.mode == modeField) {
		cursor = '>'
	}
	room := max(w-fieldColumn, 1)
	label := partNames[x.part]
	if x.n > 0 {
		label = ""
	}
	if here && m.mode == modeField {
		row := m.st.Bold.Render(fmt.Sprintf("%c %-11s", cursor, label)) + c.f.View(&m.st, room, true, false)
		return g.Fit(row, w)
	}
	mark, text, right, s := m.fieldWords(x, room)
	if n := face.Cells(right); n > 0 && n+8 < room {
		if face.Cells(text) > room-n-2 && x.part == partAttach {
			text = filepath.Base(text)
		}
		text = g.Apart(text, right, room-1)
	}
	lead := fmt.Sprintf("%c%c%-11s", cursor, mark, label)
	if cursor == '>' {
		s = s.Bold(true)
		lead = m.st.Bold.Render(lead)
	}
	return lead + s.Render(g.Fit(text, room))
}

// fieldWords are what a field shows: its text, or what it is when it is empty.
func (m *screen) fieldWords(x item, w int) (mark byte, text, right string, s face.Style) {
	c, g := m.composer, m.st.Glyphs
	mark, s = ' ', m.st.Server
	none := func(words string) (byte, string, string, face.Style) { return ' ', words, "", m.st.Dim }
	list := c.list(x.part)
	switch {
	case x.part < single:
		if text = c.one[x.part]; text == "" {
			return none(m.placeholderOf(x.part))
		}
		if n := c.count.to; x.part == partTo && n > 1 {
			right = wire.Thousands(uint64(n))
		}
	case list != nil && x.n == len(*list):
		return none(m.placeholderOf(x.part))
	case list != nil:
		text = (*list)[x.n]
		if x.part == partAttach && x.n < len(c.count.files) {
			f := c.count.files[x.n]
			right = wire.Octet(uint64(f.octets))
			if m.lay.shape == shapeSmall {
				right = wire.Binary(uint64(f.octets))
			}
			if f.err != nil {
				mark, text, right, s = '!', f.err.Error(), "", m.st.Bad
			}
		}
	case x.part == partFile:
		text, right = c.file, "x: compose one"
	default:
		return none(m.optionWords(x.part))
	}
	return mark, g.Words(beginning(text, w)), right, s
}

// beginning is as much of a text as may be seen in w cells, and some more.
func beginning(text string, w int) string {
	n := 8 * (w + 8)
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

func (m *screen) placeholderOf(p part) string {
	switch p {
	case partFrom:
		return "(none: the null sender, <>)"
	case partTo:
		return "(addresses, with commas between)"
	case partSubject:
		return "(" + m.composer.usual + ")"
	case partAttach:
		return "(the name of a file)"
	case partAuthor:
		return "(as MAIL FROM)"
	case partHeads:
		return "(as RCPT TO)"
	case partCopies:
		return "(in the header, and RCPT)"
	case partBlind:
		return "(RCPT, not in the header)"
	case partPad:
		return "(as it comes)"
	case partEnvelope:
		return "(none)"
	}
	return "(Name: value)"
}

// resultRows draws a row of the result; a long reply takes several.
func (m *screen) resultRows(x item, w int) []string {
	cursor := byte(' ')
	if x == m.composer.at && m.pane == messageAt && (m.mode == modeBrowse || m.mode == modeField) {
		cursor = '>'
	}
	mark, label, text := m.composer.result.row(x.n)
	s := map[byte]face.Style{' ': m.st.Good, '~': m.st.Warn, '!': m.st.Bad}[mark]
	if x.n == 0 || cursor == '>' {
		s = s.Bold(true)
	}
	return m.labelled(cursor, mark, label, text, w, s)
}

// labelled draws a text behind its label, in as many rows as it takes.
func (m *screen) labelled(cursor, mark byte, label, text string, w int, s face.Style) (rows []string) {
	g := m.st.Glyphs
	lead := fmt.Sprintf("%c%c%-11s", cursor, mark, label)
	for _, r := range face.Wrap(g.Words(text), max(w-fieldColumn, 1)) {
		rows = append(rows, m.st.Led(s, lead, g.Fit(r, w-face.Cells(lead))))
		lead = strings.Repeat(" ", fieldColumn-2) + "| "
	}
	return rows
}

// bodyRows draws the body in h rows, the first of which is its title.
func (m *screen) bodyRows(w, h int) []string {
	c, g := m.composer, m.st.Glyphs
	typing := m.mode == modeField && c.at.part == partBody
	cursor, s := " ", m.st.Dim
	if c.at.part == partBody && (m.mode == modeBrowse || m.mode == modeField) {
		cursor, s = ">", m.st.Bold
	}
	words := count(len(c.body), "line")
	if len(c.body) == 0 && !typing {
		words = "(empty: Enter types, ctrl+e opens $EDITOR)"
	}
	line := strings.Repeat(g.Horizontal, max(w-fieldColumn-face.Cells(words)-1, 0))
	title := s.Render(fmt.Sprintf("%s %-11s", cursor, partNames[partBody])) + m.st.Dim.Render(words+" "+line)
	out := []string{g.Fit(title, w)}
	h--
	if typing {
		c.scroll = max(min(c.scroll, c.row), c.row-h+1)
	}
	c.scroll = max(min(c.scroll, len(c.body)-h), 0)
	for i := c.scroll; len(out) <= h; i++ {
		switch {
		case typing && i == c.row:
			out = append(out, " "+c.f.View(&m.st, w-1, true, false))
		case i < len(c.body):
			out = append(out, g.Fit(" "+g.Words(beginning(c.body[i], w)), w))
		default:
			out = append(out, g.Fit("", w))
		}
	}
	return out
}

// messageWord is what the pane's title says of the draft.
func (m *screen) messageWord() string {
	c := m.composer
	switch {
	case !c.begun:
		return ""
	case c.result.of != nil && !c.result.ended:
		return "sending"
	case c.seemsUnsent():
		return "draft kept"
	case c.result.of != nil:
		return "sent"
	}
	return "draft"
}
