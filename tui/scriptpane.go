package tui

import (
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"strings"

	"ehlo/session/play"
	lang "ehlo/session/script"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/outline"
)

// scriptPane is a window over the lines of a script. Nothing in it depends on
// how long the script is: a frame formats the rows in the window.
type scriptPane struct {
	x      *outline.Outline
	o      play.Options
	run    string // what :run was given, for R
	mail   outline.Mail
	begun  bool // something of it was carried out
	marks  []engine.Mark
	breaks map[int32]bool
	edited map[int32]lang.Item // in place of the item; nil: it was left out
	digits int                 // of the highest line number
	follow bool                // the cursor stays at the next line
	sel    int32               // the selected row, while not following
	top    int32
}

func newScriptPane(r *engine.Run, run string) *scriptPane {
	x := r.Outline
	p := &scriptPane{
		x: x, o: r.Options, run: run, marks: make([]engine.Mark, len(x.Rows)), breaks: maps.Clone(r.Breaks), edited: map[int32]lang.Item{},
		digits: 2, follow: true,
	}
	if r.Options.Script != nil {
		p.mail = outline.MailOf(r.Options.Script)
	}
	for n := len(x.Rows) - 1; n >= 0; n-- {
		if at := x.At(int32(n)); at.File == x.Name && at.Line > 0 {
			p.digits = max(p.digits, len(strconv.Itoa(at.Line)))
			break
		}
	}
	return p
}

// name is the script's, as short as it is known by.
func (p *scriptPane) name() string { return filepath.Base(p.x.Name) }

// Apply takes what became of rows.
func (p *scriptPane) Apply(marks map[int32]engine.Mark) {
	for n, k := range marks {
		p.begun = p.begun || k.State != 0
		if int(n) < len(p.marks) {
			p.marks[n] = k
		}
	}
}

// cursor is the row that a key is about.
func (p *scriptPane) cursor(now engine.ScriptStatus) int32 {
	n := p.sel
	if p.follow {
		n = now.Row
	}
	return min(max(n, 0), int32(len(p.x.Rows)-1))
}

// step moves the cursor, which then no longer follows the script.
func (p *scriptPane) step(n int, now engine.ScriptStatus) {
	p.sel = min(max(p.cursor(now)+int32(n), 0), int32(max(len(p.x.Rows)-1, 0)))
	p.follow = false
}

// window moves the top as little as is needed to have the cursor in h rows,
// with some rows around it.
func (p *scriptPane) window(h int32, now engine.ScriptStatus) {
	at, around := p.cursor(now), min(h/4, 3)
	p.top = min(max(p.top, at-h+1+around), at-around)
	p.top = max(min(p.top, int32(len(p.x.Rows))-h), 0)
}

// View draws h rows of w cells.
func (p *scriptPane) View(st *face.Styles, w, h int, focus bool, now engine.ScriptStatus) []string {
	out := make([]string, 0, h)
	p.window(int32(h), now)
	for n := p.top; int(n) < len(p.x.Rows) && len(out) < h; n++ {
		out = append(out, p.row(st, n, w, focus, now))
	}
	for len(out) < h {
		out = append(out, strings.Repeat(" ", w))
	}
	return out
}

// row draws one row: the cursor, a breakpoint, the state, the number of the
// line (with ~ where it was edited), and the line.
//
//	    OK  11 C: MAIL FROM:<${from}>
//	>*NEXT  12 S: 250
//	    -- ~13 C: RCPT TO:<someone@example.com>
func (p *scriptPane) row(st *face.Styles, n int32, w int, focus bool, now engine.ScriptStatus) string {
	r := &p.x.Rows[n]
	cursor, stop := " ", " "
	if n == p.cursor(now) {
		cursor = ">"
	}
	if p.breaks[n] {
		stop = "*"
	}
	word, s := p.state(st, n, now)
	number, where := "", ""
	if at := p.x.At(n); at.File != p.x.Name {
		if at.Line > 0 {
			where = fmt.Sprintf("%s:%d ", filepath.Base(at.File), at.Line)
		}
	} else if at.Line > 0 {
		number = strconv.Itoa(at.Line)
	}
	edited := " "
	text := p.x.Text(n)
	if item, changed := p.edited[n]; changed {
		edited, text = "~", p.x.Instead(n, item)
	}
	if lap := p.marks[n].Lap; lap > 0 && p.x.Sections[r.Section].Times > 0 {
		text += fmt.Sprintf("  %d/%d", lap, p.x.Sections[r.Section].Times)
	}
	lead := fmt.Sprintf("%s%s%4s %s%*s ", cursor, stop, word, edited, p.digits, number)
	text = st.Glyphs.Fit(st.Glyphs.Words(where+text), w-face.Cells(lead))
	lead = st.Glyphs.Cut(lead, w)
	if n == p.cursor(now) && focus {
		s = s.Bold(true)
	}
	return st.Led(s, lead, text)
}

// state is the word for a row, and how it stands out.
func (p *scriptPane) state(st *face.Styles, n int32, now engine.ScriptStatus) (string, face.Style) {
	r, k := &p.x.Rows[n], p.marks[n]
	section := r.Section >= 0 && p.x.Sections[r.Section].First == n
	switch {
	case !r.Head && !section:
		if _, comment := r.Item.(lang.Comment); comment || r.Item == nil || r.Above > 0 {
			return "", st.Dim
		}
		if r.Back == 0 {
			return "", st.Server
		}
		_, s := p.state(st, n-r.Back, now) // all lines of a group stand out as one
		return "", s
	case n == now.Row && now.Phase == engine.PhaseHeld:
		return "NEXT", st.Bold
	case n == now.Row && now.Phase.Goes():
		return "RUN", st.Warn
	}
	switch k.State {
	case engine.StateOK:
		return wordOK, st.Good
	case engine.StateFail:
		return wordFail, st.Bad
	case engine.StateLeft:
		return "left", st.Dim
	}
	if section && k.Lap > 0 && now.Phase != engine.PhaseEnded {
		return "in", st.Warn
	}
	return wordNone, st.Server
}

// details is all there is to say of a row.
func (p *scriptPane) details(n int32, now engine.ScriptStatus) []string {
	st := face.Styles{}
	text := []string{p.x.Text(n), ""}
	if item, changed := p.edited[n]; changed {
		text = []string{p.x.Instead(n, item), "edited; in the file it is: " + p.x.Text(n), ""}
	}
	add := func(label, value string) {
		if value != "" {
			text = append(text, fmt.Sprintf("%-10s %s", label, value))
		}
	}
	if at := p.x.At(n); at.Line > 0 {
		add("at", at.String())
	}
	word, _ := p.state(&st, n, now)
	if p.x.Rows[n].Head {
		add("state", map[string]string{
			wordNone: "not yet", "NEXT": "next", "RUN": "it runs", wordOK: "carried out, and as expected",
			wordFail: "not as expected", "left": "left out",
		}[word])
	}
	add("why", p.marks[n].Why)
	if p.breaks[n] {
		add("breakpoint", "the script is held before this line")
	}
	return text
}
