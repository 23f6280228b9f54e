package tui

import (
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/wire"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/smtpline"
)

// looking is a word of the palette that names of files complete, which are being
// looked up.
type looking struct {
	before face.Field // the palette when it was asked for
	way    int        // tab, and shift+tab, since then
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
	return m.mode == modePalette && m.palette.At == l.before.At && m.palette.String() == l.before.String()
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
	if f.more > 0 {
		m.hint = wire.Thousands(uint64(f.more)) + " more names are not shown: type on"
	}
}

// candidates are what is known of the word before the cursor; files says that
// there are names of files too.
func (m *screen) candidates() (x word, files bool) {
	before, _ := m.palette.Around()
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
func (x *word) ended(f *face.Field) []smtpline.Candidate {
	if len(x.list) == 1 && f.At == len(f.Text) && !strings.HasSuffix(x.list[0].Text, "/") {
		x.list[0].Text += " "
	}
	return x.list
}

// usage says in rows of w cells, most of them at most, what the command in the
// palette does: the arguments from the present one on, and what it is for.
func (m *screen) usage(w, most int) []string {
	g := m.st.Glyphs
	before, _ := m.palette.Around()
	words := strings.Fields(before)
	if before == "" || strings.HasSuffix(before, " ") {
		words = append(words, "")
	}
	head, help := "tab completes", commandNames()
	if x := findCommand(words[0]); x != nil {
		head, help = x.due(len(words)-1), x.help
		if len(words) > 1 && x.name == "set" {
			if s := findSetting(words[1]); s != nil {
				head, help = strings.TrimSpace(s.name+" "+strings.Join(s.values, "|")), s.help
			}
		}
	} else if words[0] != "" {
		head = "no command begins with " + g.Words(words[0])
	}
	var rows []string
	if row := head + ": " + help; face.Cells(row) <= w || most < 2 {
		cut := g.Cut(head, w)
		return []string{m.st.Bold.Render(cut) + m.st.Dim.Render(g.Fit((": "+help), w-face.Cells(cut)))}
	}
	for _, r := range face.Wrap(head, w) {
		rows = append(rows, m.st.Bold.Render(g.Fit(r, w)))
	}
	for _, r := range face.Wrap(help, w) {
		rows = append(rows, m.st.Dim.Render(g.Fit(r, w)))
	}
	if len(rows) > most {
		rows = rows[:most]
		rows[most-1] = g.Fit(g.Cut(rows[most-1], w-face.Cells(g.More))+g.More, w)
	}
	return rows
}

// due is the usage of a command from its n-th word on: what is done is known.
// Flags come in any order.
func (c *command) due(n int) string {
	due := c.usage
	for i := 1; i <= n; i++ {
		next := wire.Command{Args: c.usage}.Due(i)
		if next == "" || strings.HasPrefix(strings.TrimPrefix(due, "["), "--") {
			break
		}
		due = next
	}
	return due
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
