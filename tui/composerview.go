package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"ehlo/session/flow"
	"ehlo/session/wire"
)

// fieldColumn is where the fields begin: behind the cursor, the mark and the
// label.
const fieldColumn = 13

// messageRow is a row of the pane, and the item it belongs to.
type messageRow struct {
	item item
	text string // drawn
}

// messageView draws h rows of w cells:
//
//	>  delivery   accepted, 4,250,344 octets to mx1.example.org      what became of it
//	   message    250 2.0.0 OK: queued as 7F3A0001
//	   OK         user@example.org: 250 2.1.5 ok
//	   MAIL FROM  probe@example.net                                  the draft
//	   RCPT TO    user@example.org, abuse@example.org            2
//	   Subject    test
//	   Attach     report.pdf                      3,145,728 octets
//	              + a file's name
//	   From …     (as MAIL FROM)
//	   Body       2 lines --------------------------------------
//	 This is a test message.
//	 1,204 of 52,428,800 octets (50.0 MiB)
func (m *screen) messageView(w, h int) []string {
	c, g := m.composer, m.st.glyphs
	foot := m.footRows(w, h)
	h -= len(foot)
	var rows []messageRow
	for _, x := range c.items() {
		if x.part != partBody {
			rows = append(rows, m.itemRows(x, w)...)
		}
	}
	// The body takes what the fields leave, and all where it is being typed and
	// they leave little.
	body := 0
	if c.file == "" {
		body = max(h-len(rows), 1)
		if c.at.part == partBody {
			body = max(body, min(h, max(len(c.body)+1, 4)))
		}
	}
	first, last := len(rows), len(rows)+body-1 // of the cursor
	if c.at.part != partBody {
		first, last = -1, -1
		for i, r := range rows {
			if r.item == c.at {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
	}
	c.top = min(max(c.top, last-h+1), first)
	c.top = max(min(c.top, len(rows)+body-h), 0)
	out := make([]string, 0, h+len(foot))
	for i := c.top; i < len(rows) && len(out) < h; i++ {
		out = append(out, rows[i].text)
	}
	if n := min(body, h-len(out)); n > 0 {
		out = append(out, m.bodyRows(w, n)...)
	}
	for len(out) < h {
		out = append(out, g.fit("", w))
	}
	return append(out, foot...)
}

// footRows are what the draft comes to, and what keeps it from being sent.
func (m *screen) footRows(w, h int) []string {
	c, g := m.composer, m.st.glyphs
	mark, s, text := byte(' '), m.st.bold, ""
	switch n := &c.count; {
	case n.err != nil:
		mark, s, text = '~', m.st.warn, n.err.Error()
	case n.revision == 0:
		text = "counting"
	default:
		words, over := m.sizeWords(n.octets)
		if text = words; over > 0 {
			mark, s = '!', m.st.bad
		}
	}
	var out []string
	for _, r := range wrap(g.words(text), w-2) {
		if len(out) < max(h/3, 1) {
			out = append(out, s.Render(g.fit(string(mark)+" "+r, w)))
		}
		mark = ' '
	}
	return out
}

// itemRows draws an item.
func (m *screen) itemRows(x item, w int) []messageRow {
	c, g := m.composer, m.st.glyphs
	here := x == c.at && m.pane == messageAt
	cursor := byte(' ')
	if here && (m.mode == modeBrowse || m.mode == modeField) {
		cursor = '>'
	}
	room := max(w-fieldColumn, 1)
	if x.part == partResult {
		return m.resultRows(x, cursor, w)
	}
	label := partNames[x.part]
	if x.n > 0 {
		label = ""
	}
	if here && m.mode == modeField {
		row := m.st.bold.Render(fmt.Sprintf("%c %-11s", cursor, label)) + c.f.view(&m.st, room, true, false)
		return []messageRow{{x, g.fit(row, w)}}
	}
	mark, text, right, s := m.fieldWords(x)
	if n := cells(right); n > 0 && n+8 < room {
		if cells(text) > room-n-2 && x.part == partAttach {
			text = filepath.Base(text)
		}
		text = g.apart(text, right, room-1)
	}
	lead := fmt.Sprintf("%c%c%-11s", cursor, mark, label)
	if cursor == '>' {
		s = s.Bold(true)
		lead = m.st.bold.Render(lead)
	}
	return []messageRow{{x, lead + s.Render(g.fit(text, room))}}
}

// fieldWords are what a field shows: its text, or what it is when it is empty.
func (m *screen) fieldWords(x item) (mark byte, text, right string, s style) {
	c, g := m.composer, m.st.glyphs
	mark, s = ' ', m.st.server
	none := func(words string) (byte, string, string, style) { return ' ', words, "", m.st.dim }
	list := c.list(x.part)
	switch {
	case x.part < single:
		if text = c.one[x.part]; text == "" {
			return none(m.placeholderOf(x.part))
		}
		if n := len(addresses(text)); x.part == partTo && n > 1 {
			right = fmt.Sprint(n)
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
				mark, text, right, s = '!', f.err.Error(), "", m.st.bad
			}
		}
	case x.part == partFile:
		text, right = c.file, "x: compose one"
	default:
		return none(m.optionWords(x.part))
	}
	return mark, g.words(text), right, s
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
		return "(RCPT, and not in the header)"
	}
	return "(Name: value)"
}

// optionWords say what an option does, and where it does nothing here.
func (m *screen) optionWords(p part) string {
	c := m.composer
	words, keyword := "", ""
	switch p {
	case partUTF8:
		words = string(c.utf8)
		switch c.utf8 {
		case flow.UTF8Auto:
			words += ": where an address needs it"
		case flow.UTF8Always:
			keyword = "SMTPUTF8"
		}
	case partDSN:
		if words = "the server's default"; c.notify != "" {
			words, keyword = "NOTIFY="+c.notify, "DSN"
		}
	case partChunks:
		if words = "no: DATA"; c.chunks {
			words, keyword = "yes: BDAT in place of DATA", "CHUNKING"
		}
	}
	if v := m.view.Now(); keyword != "" && v != nil && m.now.Connected && !v.Offers.Has(keyword) {
		words += " (not offered)"
	}
	return words
}

// resultRows draws a row of the result; a long reply takes several.
func (m *screen) resultRows(x item, cursor byte, w int) (rows []messageRow) {
	mark, label, text := m.composer.result.row(x.n)
	s := map[byte]style{' ': m.st.good, '~': m.st.warn, '!': m.st.bad}[mark]
	if x.n == 0 || cursor == '>' {
		s = s.Bold(true)
	}
	for _, r := range m.labelled(cursor, mark, label, text, w, s) {
		rows = append(rows, messageRow{x, r})
	}
	return rows
}

// labelled draws a text behind its label, in as many rows as it takes.
func (m *screen) labelled(cursor, mark byte, label, text string, w int, s style) (rows []string) {
	g := m.st.glyphs
	lead := fmt.Sprintf("%c%c%-11s", cursor, mark, label)
	for _, r := range wrap(g.words(text), max(w-fieldColumn, 1)) {
		rows = append(rows, s.Render(g.fit(lead+r, w)))
		lead = strings.Repeat(" ", fieldColumn-2) + "| "
	}
	return rows
}

// bodyRows draws the body in h rows, the first of which is its title.
func (m *screen) bodyRows(w, h int) []string {
	c, g := m.composer, m.st.glyphs
	typing := m.mode == modeField && c.at.part == partBody
	cursor, s := " ", m.st.dim
	if c.at.part == partBody && (m.mode == modeBrowse || m.mode == modeField) {
		cursor, s = ">", m.st.bold
	}
	words := count(len(c.body), "line")
	if len(c.body) == 0 && !typing {
		words = "(empty: Enter types, ctrl+e opens $EDITOR)"
	}
	line := strings.Repeat(g.horizontal, max(w-fieldColumn-cells(words)-1, 0))
	title := s.Render(fmt.Sprintf("%s %-11s", cursor, partNames[partBody])) + m.st.dim.Render(words+" "+line)
	out := []string{g.fit(title, w)}
	h--
	if typing {
		c.scroll = max(min(c.scroll, c.row), c.row-h+1)
	}
	c.scroll = max(min(c.scroll, len(c.body)-h), 0)
	for i := c.scroll; len(out) <= h; i++ {
		switch {
		case typing && i == c.row:
			out = append(out, " "+c.f.view(&m.st, w-1, true, false))
		case i < len(c.body):
			out = append(out, g.fit(" "+g.words(c.body[i]), w))
		default:
			out = append(out, g.fit("", w))
		}
	}
	return out
}

// fieldHelp is what the prompt says of the field that is being typed.
func (m *screen) fieldHelp() string {
	switch m.composer.at.part {
	case partFrom:
		return "the envelope's sender; bounces go there"
	case partTo:
		return "to whom it goes: addresses, with commas between"
	case partSubject:
		return "empty: " + m.composer.usual
	case partAttach:
		return "the name of a file: tab completes it, Enter attaches it"
	case partAuthor, partHeads:
		return "in the header; empty: as the envelope"
	case partCopies:
		return "in the header, and recipients too"
	case partBlind:
		return "recipients that are not in the header"
	case partHeader:
		return "a further header field, Name: value"
	case partFile:
		return "a file that is a complete message; tab completes it"
	}
	return "the text; ctrl+e opens $EDITOR"
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
