package tui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// bodyMost bounds a text that comes from an editor: it is kept in memory. A
// larger message is sent from a file (:send FILE).
const bodyMost = 16 << 20

// editor is a text in the person's editor. It is in a file that only its owner
// can read, in a directory of its own. Run removes both, whatever the way out,
// unless the file has a text that is not taken: nothing that was typed is lost.
type editor struct {
	*lent
	before string
	after  string // before, unless the editor ended well
	done   bool
}

func (e *editor) Run() error {
	e.after = e.before
	defer func() { e.done = true }()
	dir, err := os.MkdirTemp("", "ehlo-") // 0700
	if err != nil {
		return err
	}
	left := false
	defer func() {
		if !left {
			_ = os.RemoveAll(dir)
		}
	}()
	path := filepath.Join(dir, "message.txt")
	if err := os.WriteFile(path, []byte(e.before), 0o600); err != nil {
		return err
	}
	program := strings.Join(e.words, " ")
	e.words = append(e.words, path)
	refuse := func(err error) error {
		if left = e.wrote(path); left {
			err = fmt.Errorf("%w; what it wrote is in %s", err, path)
		}
		return err
	}
	if err := e.lent.Run(); err != nil && e.ctx.Err() == nil { // where ehlo ends, what was saved counts
		return refuse(fmt.Errorf("%s: %w", program, err))
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: no regular file any more", path) // to open it may wait for ever
	}
	if err == nil && info.Size() > bodyMost {
		return refuse(errors.New("the text is larger than 16 MiB: :send FILE sends a message of any size"))
	}
	text, err := os.ReadFile(path)
	if err == nil {
		e.after = string(text)
	}
	return err
}

// wrote says that there is a text in the file that was not there before.
func (e *editor) wrote(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return false
	}
	if info.Size() != int64(len(e.before)) {
		return true
	}
	text, err := os.ReadFile(path)
	return err == nil && string(text) != e.before
}

// editorCommand is the person's editor, with what belongs to it ("code -w").
func editorCommand() []string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if words := strings.Fields(os.Getenv(name)); len(words) > 0 {
			return words
		}
	}
	return []string{"vi"}
}

// edited is the end of an editor.
type edited struct {
	e   *editor
	err error
}

// editBody opens the body in the editor.
func (m *screen) editBody() tea.Cmd {
	c := m.composer
	if c.file != "" {
		m.hint = "the message is a file: x takes it away, then there is a body"
		return nil
	}
	if m.mode == modeField {
		c.take()
	}
	m.mode = modeBrowse
	e := &editor{lent: m.lend(editorCommand()), before: strings.Join(c.body, "\n")}
	c.editor = e
	return m.lendTo(e, func(err error) tea.Msg { return edited{e, err} })
}

// edited takes the text back. An editor that failed has changed nothing.
func (m *screen) edited(x edited) tea.Cmd {
	m.composer.takeBack()
	if x.err != nil {
		m.hint = "the draft is as it was: " + x.err.Error()
	}
	return tea.Batch(m.recount(), m.awaken())
}

// takeBack takes the text of an editor that has ended.
func (c *composer) takeBack() {
	e := c.editor
	if e == nil || !e.done {
		return
	}
	c.editor = nil
	if e.after != e.before {
		c.setBody(e.after)
	}
}
