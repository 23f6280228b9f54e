package tui

import (
	"fmt"
	"os"
	"path/filepath"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/keep"
)

// draftFile is the file that a draft was kept in before leaving, or why it was
// not.
type draftFile struct {
	text string // of the draft
	path string
	err  error
}

// leaveKeeping leaves when the draft is in its file, and stays where that fails.
func (m *screen) leaveKeeping() tea.Cmd {
	m.composer.takeBack()
	if m.o.Dir == "" || !m.composer.unsent() {
		return m.leave()
	}
	if m.keeping { // the answer was given twice
		return nil
	}
	m.keeping = true
	write, text := m.draftWriter(), m.composer.text()
	return func() tea.Msg {
		path, err := write()
		return draftFile{text, path, err}
	}
}

// keptDraft leaves, if the draft was kept and the person still wants to.
func (m *screen) keptDraft(k draftFile) tea.Cmd {
	m.keeping = false
	if k.err == nil {
		m.draftKept = k
	}
	if m.mode != modeQuestion {
		return nil
	}
	if k.err != nil {
		m.back()
		m.hint = "not left, the draft could not be kept: " + plain(k.err).Error() + " (:write FILE writes the message elsewhere; ctrl+c ctrl+c leaves without it)"
		return nil
	}
	return m.leave()
}

// keepDraft keeps a draft that was not sent, however the program ends: nothing
// that was typed is lost.
func (m *screen) keepDraft(r *Result) {
	c := m.composer
	c.takeBack()
	if m.mode == modeField {
		c.take()
	}
	if m.o.Dir == "" || !c.unsent() {
		return
	}
	path, err := m.draftKept.path, error(nil)
	if path == "" || m.draftKept.text != c.text() {
		path, err = m.draftWriter()()
	}
	if err != nil {
		r.Summary = append(r.Summary, "the draft could not be kept: "+err.Error())
		return
	}
	r.Saved = append(r.Saved, path)
	r.Summary = append(r.Summary, fmt.Sprintf("the draft is in %s (:compose FILE opens it)", m.st.Glyphs.Words(path)))
}

// draftWriter writes the draft as it is now to a new file, readable by its owner
// alone: where ehlo keeps them, or where the system keeps files for a while.
func (m *screen) draftWriter() func() (path string, err error) {
	dir, name, text := filepath.Join(m.o.Dir, "drafts"), fileName(m.shortHost(), m.o.Now(), "-*.draft"), m.composer.text()
	if m.o.Dir == "" {
		dir = os.TempDir()
	}
	return func() (string, error) {
		path, err := keep.Create(dir, name, text)
		if err != nil {
			if second, again := keep.Create(os.TempDir(), "ehlo-"+name, text); again == nil {
				return second, nil
			}
			return "", err
		}
		return path, nil
	}
}
