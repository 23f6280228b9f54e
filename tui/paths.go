package tui

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/wire"
)

const (
	// lookFor is how long a directory is read, which may have very many names.
	lookFor = time.Second
	// lookWait is how long one is waited for that does not answer.
	lookWait = 3 * time.Second
	// looksMost is how many may not answer at a time.
	looksMost = 4
	// mostOffered is how many names are kept.
	mostOffered = 50
)

// completed is what a path that is being typed may become.
type completed struct {
	before string   // what was typed
	whole  string   // as far as it is the same for all
	names  []string // of several, in their order; a directory's ends with a slash
	more   int      // so many have no room in it
	err    error
}

// looker looks what paths may become. A directory may be on a disk that is far
// away: it is not for Update.
type looker struct {
	slots chan struct{}
	read  func(typed string) completed
}

func newLooker() *looker { return &looker{make(chan struct{}, looksMost), completePath} }

// look waits for a while. What does not answer then is left alone; of those
// there may be a few.
func (l *looker) look(typed string, beside func(func())) completed {
	select {
	case l.slots <- struct{}{}:
	default:
		return completed{before: typed, err: errors.New("too many directories do not answer: no further one is read")}
	}
	done := make(chan completed, 1)
	beside(func() {
		defer func() { <-l.slots }()
		done <- l.read(typed)
	})
	select {
	case c := <-done:
		return c
	case <-time.After(lookWait):
		dir, _ := filepath.Split(typed)
		return completed{before: typed, err: fmt.Errorf("%s does not answer", cmp.Or(dir, "this directory"))}
	}
}

// completePath looks what a path may become. Of a directory that has very many
// names, the first are kept.
func completePath(typed string) completed {
	c := completed{before: typed, whole: typed}
	dir, prefix := filepath.Split(typed)
	where := cmp.Or(atHome(dir), ".")
	d, err := os.Open(where)
	if err != nil {
		c.err = plain(err)
		return c
	}
	defer d.Close()
	found, common := 0, ""
	var kept []fs.DirEntry
	byName := func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }
	for until := time.Now().Add(lookFor); time.Now().Before(until); {
		files, err := d.ReadDir(1000)
		for _, f := range files {
			name := f.Name()
			// What is hidden is meant only where it is asked for; what is no text
			// cannot be typed.
			if !strings.HasPrefix(name, prefix) || prefix == "" && name[0] == '.' || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
				continue
			}
			if found++; found == 1 {
				common = name
			}
			common = commonPrefix(common, name)
			kept = append(kept, f)
		}
		slices.SortFunc(kept, byName)
		kept = slices.Clip(kept[:min(len(kept), mostOffered)])
		if err != nil && len(kept) == 0 && !errors.Is(err, io.EOF) {
			c.err = plain(err)
			return c
		}
		if err != nil {
			break
		}
	}
	for _, f := range kept {
		c.names = append(c.names, f.Name()+slash(where, f))
	}
	switch found {
	case 0:
	case 1:
		c.whole = dir + c.names[0]
	default:
		c.whole, c.more = dir+common, found-len(kept)
	}
	return c
}

// slash is what stands behind the name of a directory.
func slash(where string, f fs.DirEntry) string {
	is := f.IsDir()
	if f.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(filepath.Join(where, f.Name()))
		is = err == nil && info.IsDir()
	}
	if is {
		return string(filepath.Separator)
	}
	return ""
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

// lookUp is the command that looks what a path may become, and answers as it is
// told to.
func (m *screen) lookUp(typed string, answer func(completed) tea.Msg) tea.Cmd {
	l, beside := m.paths, m.o.beside
	return func() tea.Msg { return answer(l.look(typed, beside)) }
}

// completeFile completes the path under the cursor.
func (m *screen) completeFile() tea.Cmd {
	return m.lookUp(m.composer.f.String(), func(c completed) tea.Msg { return c })
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
		f.Set(c.whole)
	}
	if len(c.names) > 1 {
		m.hint = strings.Join(c.names, "  ")
		if c.more > 0 {
			m.hint += "  and " + wire.Thousands(uint64(c.more)) + " more"
		}
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
		c.f.Set(a.path)
	}
	if c.take() {
		c.open()
	} else {
		m.nextField(1)
	}
	return m.recount()
}
