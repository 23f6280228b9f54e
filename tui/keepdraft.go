package tui

import (
	"fmt"
	"os"
	"path/filepath"
)

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
	path, err := m.writeDraft()
	if err != nil {
		r.Summary = append(r.Summary, "the draft could not be kept: "+err.Error())
		return
	}
	r.Saved = append(r.Saved, path)
	r.Summary = append(r.Summary, fmt.Sprintf("the draft is in %s (:compose FILE opens it)", m.st.glyphs.words(path)))
}

// writeDraft writes the draft to a new file, readable by its owner alone.
func (m *screen) writeDraft() (string, error) {
	dir := filepath.Join(m.o.Dir, "drafts")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, fileName(m.shortHost(), m.o.Now(), "-*.draft")) // 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(m.composer.text())
	if closed := f.Close(); err == nil {
		err = closed
	}
	return f.Name(), err
}
