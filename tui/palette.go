package tui

import (
	"os"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// mostOffered is how many values a completion offers.
const mostOffered = 50

// completion is what tab offers for the word before the cursor of the palette.
type completion struct {
	from   int // where the word begins
	typed  string
	values []string
	at     int // the one that stands in the field; -1: what was typed
}

// complete puts the next value (1), or the one before (-1), in the place of the
// word before the cursor.
func (m *screen) complete(way int) tea.Cmd {
	f := &m.palette
	if m.offers == nil {
		c := m.candidates()
		if len(c.values) == 0 {
			m.hint = "nothing completes this"
			return nil
		}
		m.offers = &c
	}
	c := m.offers
	c.at += way
	switch {
	case c.at < -1:
		c.at = len(c.values) - 1
	case c.at == len(c.values):
		c.at = -1
	}
	word := c.typed
	if c.at >= 0 {
		word = c.values[c.at]
	}
	f.erase(c.from, f.at)
	f.insert(characters(word)...)
	if len(c.values) == 1 { // there is no other: what comes next is another word
		if !strings.HasSuffix(word, "/") && f.at == len(f.text) {
			f.insert(' ')
		}
		m.offers = nil
	}
	return nil
}

// candidates are the values for the word before the cursor.
func (m *screen) candidates() completion {
	before := textOf(m.palette.text[:m.palette.at])
	from := strings.LastIndexByte(before, ' ') + 1
	c := completion{from: len(characters(before[:from])), typed: before[from:], at: -1}
	var all []string
	if from == 0 {
		for _, x := range commands() {
			all = append(all, x.name)
		}
	} else if x := findCommand(strings.Fields(before)[0]); x != nil && x.values != nil {
		all = x.values(m, strings.Fields(before[:from])[1:], c.typed)
	}
	for _, v := range all {
		if strings.HasPrefix(strings.ToLower(v), strings.ToLower(c.typed)) && v != c.typed && len(c.values) < mostOffered {
			c.values = append(c.values, v)
		}
	}
	return c
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

// files completes names of files.
func files(_ *screen, _ []string, typed string) []string {
	path := atHome(typed)
	found, _ := filepath.Glob(globbed(path) + "*")
	var names []string
	for _, f := range found[:min(len(found), 10*mostOffered)] {
		name := typed + strings.TrimPrefix(f, path)
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			name += "/"
		}
		if !strings.ContainsAny(name, " \t") && (!strings.HasPrefix(filepath.Base(f), ".") || strings.HasPrefix(filepath.Base(path), ".")) {
			names = append(names, name)
		}
	}
	return names
}

// globbed is a path in which nothing is a pattern.
func globbed(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// scripts completes what was saved, and names of files.
func scripts(m *screen, done []string, typed string) []string {
	if len(done) > 0 {
		return []string{"here"}
	}
	var all []string
	if m.kept != "" {
		all = append(all, m.kept)
	}
	return append(all, files(m, done, typed)...)
}

// targets completes the exchangers of the route.
func targets(m *screen, done []string, _ string) []string {
	var names []string
	if r := m.hosts.shown(); r != nil && len(done) == 0 {
		for _, x := range r.Exchangers {
			names = append(names, x.Host)
		}
	}
	return names
}

// some completes a first argument by fixed values.
func some(values ...string) func(*screen, []string, string) []string {
	return func(_ *screen, done []string, _ string) []string {
		if len(done) > 0 {
			return nil
		}
		return values
	}
}
