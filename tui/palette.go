package tui

import (
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// completion is what tab offers for the word before the cursor of the palette.
type completion struct {
	from   int // where the word begins
	typed  string
	values []string
	at     int // the one that stands in the field; -1: what was typed
}

// looking is a completion by names of files, which are being looked up.
type looking struct {
	before string // the text when it was asked for, and where the cursor was
	at     int
	way    int // tab, and shift+tab, since then
	completion
}

// namesFound is the answer.
type namesFound struct {
	*looking
	completed
}

// complete puts the next value (1), or the one before (-1), in the place of the
// word before the cursor.
func (m *screen) complete(way int) tea.Cmd {
	if m.offers != nil {
		m.offer(*m.offers, way)
		return nil
	}
	if l := m.looking; l != nil && l.asks(m) {
		l.way += way
		m.hint = "still looking for files"
		return nil
	}
	c, files := m.candidates()
	if !files {
		m.offer(c, way)
		return nil
	}
	l := &looking{m.palette.String(), m.palette.at, way, c}
	m.looking = l
	return m.lookUp(c.typed, func(c completed) tea.Msg { return namesFound{l, c} })
}

// asks says that the palette is as it was when the files were asked for.
func (l *looking) asks(m *screen) bool {
	return m.mode == modePalette && m.offers == nil && m.palette.at == l.at && m.palette.String() == l.before
}

// namesFound takes names of files, unless the person went on meanwhile.
func (m *screen) namesFound(f namesFound) {
	if m.looking != f.looking {
		return
	}
	m.looking = nil
	if !f.asks(m) {
		return
	}
	m.hint = ""
	if c := f.completion; f.err != nil && len(c.values) == 0 {
		m.hint = f.err.Error()
		return
	}
	dir, _ := filepath.Split(f.completion.typed)
	c := f.completion
	for _, name := range f.names {
		if len(c.values) < mostOffered && !strings.ContainsAny(name, " \t") {
			c.add(dir + name)
		}
	}
	m.offer(c, f.way)
}

// offer puts a value of a completion into the palette.
func (m *screen) offer(c completion, way int) {
	f := &m.palette
	if len(c.values) == 0 {
		m.hint = "nothing completes this"
		return
	}
	c.at = (c.at+1+way)%(len(c.values)+1) - 1
	if c.at < -1 {
		c.at += len(c.values) + 1
	}
	word := c.typed
	if c.at >= 0 {
		word = c.values[c.at]
	}
	f.erase(c.from, f.at)
	f.insert(characters(word)...)
	m.offers = &c
	if len(c.values) == 1 { // there is no other: what comes next is another word
		if !strings.HasSuffix(word, "/") && f.at == len(f.text) {
			f.insert(' ')
		}
		m.offers = nil
	}
}

// candidates are the values for the word before the cursor that are known; files
// says that there are names of files too.
func (m *screen) candidates() (c completion, files bool) {
	before := textOf(m.palette.text[:m.palette.at])
	from := strings.LastIndexByte(before, ' ') + 1
	c = completion{from: len(characters(before[:from])), typed: before[from:], at: -1}
	var known values
	if from == 0 {
		for _, x := range commands() {
			known.words = append(known.words, x.name)
		}
	} else if x := findCommand(strings.Fields(before)[0]); x != nil && x.values != nil {
		known = x.values(m, strings.Fields(before[:from])[1:])
	}
	for _, v := range known.words {
		c.add(v)
	}
	return c, known.files && !strings.HasPrefix(c.typed, "-")
}

// add adds a value that what is typed begins, in any case.
func (c *completion) add(v string) {
	if strings.HasPrefix(strings.ToLower(v), strings.ToLower(c.typed)) && v != c.typed && !slices.Contains(c.values, v) {
		c.values = append(c.values, v)
	}
}

// offered is the row that has the values, the chosen one reversed; without
// them, what the command in the palette does.
func (m *screen) offered(w int) string {
	g := m.st.glyphs
	if c := m.offers; c != nil {
		row, used := "", 0
		first := max(c.at-2, 0) // the chosen one stays in sight
		for i := first; i < len(c.values); i++ {
			v := g.words(c.values[i])
			if used += cells(v) + 2; used > w {
				row += g.more
				break
			}
			if i == c.at {
				v = m.st.reverse.Render(v)
			}
			row += v + "  "
		}
		return g.fit(row, w)
	}
	name, _, _ := strings.Cut(m.palette.String(), " ")
	if x := findCommand(name); x != nil {
		return m.st.dim.Render(g.fit(x.usage+": "+x.help, w))
	}
	return m.st.dim.Render(g.fit("tab completes: "+commandNames(), w))
}

// values are what may stand for a word.
type values struct {
	words []string
	files bool // names of files too
}

// files are names of files.
func files(*screen, []string) values { return values{files: true} }

// scripts are what was saved, and names of files.
func scripts(m *screen, done []string) values {
	if len(done) > 0 {
		return values{words: []string{"here"}}
	}
	v := values{files: true}
	if m.kept != "" {
		v.words = append(v.words, m.kept)
	}
	return v
}

// targets are the exchangers of the route.
func targets(m *screen, done []string) (v values) {
	if r := m.hosts.shown(); r != nil && len(done) == 0 {
		for _, x := range r.Exchangers {
			v.words = append(v.words, x.Host)
		}
	}
	return v
}

// some are fixed values of a first argument.
func some(words ...string) func(*screen, []string) values {
	return func(_ *screen, done []string) values {
		if len(done) > 0 {
			return values{}
		}
		return values{words: words}
	}
}
