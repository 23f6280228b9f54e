package tui

import (
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
)

// completed is what a path that is being typed may become.
type completed struct {
	before string   // what was typed
	whole  string   // as far as it is the same for all
	names  []string // of several
	err    error
}

// completePath looks what a path may become.
func completePath(typed string) completed {
	c := completed{before: typed, whole: typed}
	dir, prefix := filepath.Split(typed)
	where := atHome(dir)
	if where == "" {
		where = "."
	}
	files, err := os.ReadDir(where)
	if err != nil {
		c.err = plain(err)
		return c
	}
	common := ""
	for _, f := range files {
		name := f.Name()
		// What is hidden is meant only where it is asked for; what is no text
		// cannot be typed.
		if !strings.HasPrefix(name, prefix) || prefix == "" && name[0] == '.' || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
			continue
		}
		if info, err := os.Stat(filepath.Join(where, name)); err == nil && info.IsDir() {
			name += string(filepath.Separator)
		}
		if len(c.names) == 0 {
			common = name
		}
		c.names = append(c.names, name)
		common = commonPrefix(common, name)
	}
	if len(c.names) > 0 {
		c.whole = dir + common
	}
	return c
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return a[:n]
}

// completeFile completes the path under the cursor.
func (m *screen) completeFile() tea.Cmd {
	typed := m.composer.f.String()
	return func() tea.Msg { return completePath(typed) }
}

// completes takes a completion, unless the person typed on.
func (m *screen) completes(c completed) {
	f := &m.composer.f
	if m.where() != inField || !m.onPath() || f.String() != c.before {
		return
	}
	switch {
	case c.err != nil:
		m.hint = c.err.Error()
	case len(c.names) == 0:
		m.hint = "there is no such file"
	case c.whole != c.before:
		f.set(c.whole)
	}
	if len(c.names) > 1 {
		m.hint = strings.Join(c.names, "  ")
	}
}

// onPath says that the field is the name of a file.
func (m *screen) onPath() bool {
	p := m.composer.at.part
	return p == partAttach || p == partFile
}

// attached is a file that was looked at before it is attached.
type attached struct {
	typed string
	path  string // that it means
	attachment
}

// attach looks at the file whose name was typed.
func (m *screen) attach() tea.Cmd {
	typed := m.composer.f.String()
	return func() tea.Msg {
		a := attached{typed, typed, examine(atHome(typed))}
		if dropped := asDropped(typed); a.err != nil && dropped != typed {
			if b := examine(dropped); b.err == nil {
				return attached{typed, dropped, b}
			}
		}
		return a
	}
}

// asDropped is the path of a file that was drawn onto the terminal: many quote
// it for a shell.
func asDropped(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n > 1 && (s[0] == '\'' || s[0] == '"') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// attaches takes a file that can be attached; one that cannot stays in the
// field, with the reason.
func (m *screen) attaches(a attached) tea.Cmd {
	c := m.composer
	if m.where() != inField || !m.onPath() || c.f.String() != a.typed {
		return nil
	}
	if a.err != nil {
		m.hint = "not attached: " + a.err.Error()
		return nil
	}
	if a.path != a.typed {
		c.f.set(a.path)
	}
	if c.take() {
		c.open()
	} else {
		m.nextField(1)
	}
	return m.recount()
}
