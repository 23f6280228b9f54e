package tui

import (
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// find is a text that is searched for. Where it has no capital letter, it is
// found in either case.
type find struct {
	text string
	fold bool
}

func newFind(text string) find {
	return find{text, !strings.ContainsFunc(text, unicode.IsUpper)}
}

// in is where the text begins in s; -1: it is not there.
func (f find) in(s string) int {
	switch {
	case f.text == "":
		return -1
	case f.fold:
		s = lower(s)
	}
	return strings.Index(s, f.text)
}

// lower makes the letters of ASCII small, and so moves nothing: the others have
// forms of other lengths.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// render draws a text, and what was searched for in it reversed.
func (f find) render(s string, in face.Style) string {
	at := f.in(s)
	if at < 0 {
		return in.Render(s)
	}
	var b strings.Builder
	for ; at >= 0; at = f.in(s) {
		if at > 0 {
			b.WriteString(in.Render(s[:at]))
		}
		b.WriteString(in.Reverse(true).Render(s[at : at+len(f.text)]))
		s = s[at+len(f.text):]
	}
	if s != "" {
		b.WriteString(in.Render(s))
	}
	return b.String()
}

// startFind opens the field for a text to search for, or to filter by.
func startFind(m mode) func(*screen) tea.Cmd {
	return func(s *screen) tea.Cmd {
		s.asking.Set("")
		s.mode = m
		return nil
	}
}

// findDone takes the text that was typed.
func (m *screen) findDone() tea.Cmd {
	f := newFind(m.asking.String())
	if m.pager != nil {
		m.mode, m.pager.find = modePager, f
		return m.findPage(1)
	}
	filter := m.mode == modeFilter
	m.mode = modeBrowse
	if filter {
		m.filter.find = f
		m.applyFilter()
		return nil
	}
	m.transcript.find = f
	if f.text == "" {
		return nil
	}
	return m.findNext(1)
}

// findNext selects the next line (1), or the one before (-1), that has the
// text. Behind the last it begins again.
func (m *screen) findNext(way int) tea.Cmd {
	f := m.transcript.find
	if f.text == "" {
		return startFind(modeFind)(m)
	}
	has := func(x *line) bool { return f.in(m.transcript.text(x)) >= 0 }
	if m.seek(way, has) {
		return nil
	}
	kept := m.transcript.sel
	m.transcript.sel = m.log.end()
	if way > 0 {
		m.transcript.sel = m.log.first - 1
	}
	if !m.seek(way, has) {
		m.transcript.sel = kept
		m.hint = "not found: " + f.text
		return nil
	}
	m.hint = "searched on from the other end"
	return nil
}

// seek selects the next line (1), or the one before (-1), for which ok is true.
// Without a selection it begins at the end, backwards, or at the start.
func (m *screen) seek(way int, ok func(*line) bool) bool {
	l := m.log
	if l.empty() {
		return false
	}
	from := m.transcript.sel
	var id int64
	switch {
	case way > 0 && (from < l.first || m.transcript.follow && from < 0):
		id = l.clamp(l.first)
	case way > 0:
		id = l.next(l.clamp(from))
	case from < 0 || from >= l.end():
		id = l.clamp(l.end() - 1)
	default:
		id = l.prev(l.clamp(from))
	}
	for id >= l.first && id < l.end() {
		if ok(l.line(id)) {
			m.transcript.choose(id)
			return true
		}
		if way > 0 {
			id = l.next(id)
		} else {
			id = l.prev(id)
		}
	}
	return false
}

// exchange selects the next command, or the one before.
func (m *screen) exchange(way int) tea.Cmd {
	if !m.seek(way, func(x *line) bool { return x.from == 'C' && x.back == 0 }) {
		m.hint = map[bool]string{true: "no command behind this line", false: "no command before this line"}[way > 0]
	}
	return nil
}

// filter is which lines are shown.
type filter struct {
	find      // those that have this text
	from byte // those of the client ('C') or of the server ('S'); 0: of all
}

func (f filter) on() bool { return f.text != "" || f.from != 0 }

// words name the filter.
func (f filter) words() string {
	var words []string
	if f.from != 0 {
		words = append(words, "only "+string(f.from)+":")
	}
	if f.text != "" {
		words = append(words, "only with "+f.text)
	}
	return strings.Join(words, ", ")
}

// applyFilter shows what passes. The selection stays as near as can be.
func (m *screen) applyFilter() {
	f := m.filter
	p := m.transcript
	if !f.on() {
		m.log.filter(nil)
	} else {
		m.log.filter(func(x *line) bool {
			return (f.from == 0 || x.from == f.from) && (f.text == "" || f.in(p.text(x)) >= 0)
		})
	}
	p.mark = -1
	switch {
	case m.log.empty():
		p.resume()
		if f.on() && len(m.log.lines) > 0 {
			m.hint = "no line passes the filter so far: " + f.words()
		}
	case p.sel >= 0:
		p.choose(p.sel)
	case !p.follow:
		p.top = p.valid(p.top)
	}
}

// whose shows the lines of the client, of the server, of all.
func (m *screen) whose() tea.Cmd {
	next := map[byte]byte{0: 'C', 'C': 'S', 'S': 0}
	m.filter.from = next[m.filter.from]
	m.applyFilter()
	return nil
}
