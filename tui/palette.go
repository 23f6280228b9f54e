package tui

import (
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/smtpline"
)

// looking is a word of the palette that names of files complete, which are being
// looked up.
type looking struct {
	before field // the palette when it was asked for
	way    int   // tab, and shift+tab, since then
	word
}

// word is the one before the cursor, and what completes it.
type word struct {
	from  int // where it begins
	typed string
	list  []smtpline.Candidate
}

// namesFound is the answer.
type namesFound struct {
	*looking
	completed
}

const noneCompletes = "nothing completes this"

// completeCommand completes the word before the cursor.
func (m *screen) completeCommand(way int) tea.Cmd {
	if l := m.looking; l != nil && l.asks(m) {
		l.way += way
		m.hint = "still looking for files"
		return nil
	}
	x, files := m.candidates()
	if !files {
		m.offer(x.ended(&m.palette), way, noneCompletes)
		return nil
	}
	l := &looking{m.palette, way, x}
	m.looking = l
	return m.lookUp(x.typed, func(c completed) tea.Msg { return namesFound{l, c} })
}

// asks says that the palette is as it was when the files were asked for.
func (l *looking) asks(m *screen) bool {
	return m.mode == modePalette && m.palette.at == l.before.at && m.palette.String() == l.before.String()
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
	x, none := f.word, noneCompletes
	dir, _ := filepath.Split(x.typed)
	for _, name := range f.names {
		if !strings.ContainsAny(name, " \t") {
			x.add(dir+name, name)
		}
	}
	if f.err != nil {
		none = f.err.Error()
	}
	m.offer(x.ended(&m.palette), f.way, none)
}

// candidates are what is known of the word before the cursor; files says that
// there are names of files too.
func (m *screen) candidates() (x word, files bool) {
	before, _ := m.palette.around()
	x.from = strings.LastIndexByte(before, ' ') + 1
	x.typed = before[x.from:]
	var known values
	if x.from == 0 {
		for _, c := range commands() {
			known.words = append(known.words, c.name)
		}
	} else if c := findCommand(strings.Fields(before)[0]); c != nil && c.values != nil {
		known = c.values(m, strings.Fields(before[:x.from])[1:])
	}
	for _, v := range known.words {
		x.add(v, v)
	}
	return x, known.files && !strings.HasPrefix(x.typed, "-")
}

// add adds a value, and how it is shown, that what is typed begins, in any case.
func (x *word) add(v, name string) {
	if strings.HasPrefix(strings.ToLower(v), strings.ToLower(x.typed)) && v != x.typed && !slices.ContainsFunc(x.list, func(c smtpline.Candidate) bool { return c.Text == v }) {
		x.list = append(x.list, smtpline.Candidate{From: x.from, Text: v, Name: name})
	}
}

// ended are the candidates. Behind one that is alone another word begins.
func (x *word) ended(f *field) []smtpline.Candidate {
	if len(x.list) == 1 && f.at == len(f.text) && !strings.HasSuffix(x.list[0].Text, "/") {
		x.list[0].Text += " "
	}
	return x.list
}

// usage is what the command in the palette does.
func (m *screen) usage(w int) string {
	g := m.st.glyphs
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
