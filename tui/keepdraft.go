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

// writeDraft writes the draft to a new file, readable by its owner alone: where
// ehlo keeps them, or where the system keeps files for a while.
func (m *screen) writeDraft() (string, error) {
	name := fileName(m.shortHost(), m.o.Now(), "-*.draft")
	path, err := createPrivate(filepath.Join(m.o.Dir, "drafts"), name, m.composer.text())
	if err != nil {
		if second, again := createPrivate(os.TempDir(), "ehlo-"+name, m.composer.text()); again == nil {
			return second, nil
		}
		return "", err
	}
	return path, nil
}
