package tui

import (
	"errors"
	"fmt"
	"io"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/wire"
)

// draftMost bounds the file of a draft: its body, and the fields before that.
const draftMost = bodyMost + 1<<20

// opened is a draft that is to take the place of the present one, which is kept
// in a file before that, if something of it is in none.
type opened struct {
	argument string // of :compose; "new", or a file
	next     *draft // nil: a new one
	typed    string // the palette, in which it was asked for
	before   string // the text of the present draft when it was asked for
	kept     string // the file that it is in now, or ""
	err      error
}

// composeCommand is :compose: the draft, a new one, or one that was kept in a
// file.
func (m *screen) composeCommand(argument string) (tea.Cmd, error) {
	c := m.composer
	switch {
	case argument == "":
		return m.compose(), nil
	case c.result.of != nil && !c.result.ended:
		return nil, errors.New("the message is still being sent (ctrl+c stops it)")
	case m.loading != "":
		return nil, errors.New(m.loading + " is still being read")
	case argument == "new" && !c.unsent():
		c.renew(m.o.From, m.usualSubject())
		return m.compose(), nil
	}
	keep := func() (string, error) { return "", nil }
	if c.unsent() {
		keep = m.draftWriter()
	}
	o := opened{argument: argument, typed: m.palette.String(), before: c.text()}
	m.loading, m.hint = argument, "reading "+argument
	return func() tea.Msg {
		if argument != "new" {
			text, err := readSmall(atHome(argument), draftMost, "a draft")
			if err == nil {
				var d draft
				d, err = parseDraft(text)
				o.next = &d
			}
			if err != nil {
				o.err = fmt.Errorf("not opened: %w", err)
				return o
			}
		}
		var err error
		if o.kept, err = keep(); err != nil {
			o.err = fmt.Errorf("not opened, the present draft could not be kept: %w", plain(err))
		}
		return o
	}, nil
}

// openDraft puts the draft that was asked for in the place of the present one,
// unless that is being changed. It leads there only who waits for it.
func (m *screen) openDraft(o opened) tea.Cmd {
	c := m.composer
	m.loading, m.hint = "", ""
	if o.kept != "" {
		m.saved = append(m.saved, o.kept)
	}
	switch {
	case o.err != nil:
		m.hint = o.err.Error()
		return nil
	case m.mode == modeField, m.mode == modeReview, c.editor != nil, c.result.of != nil && !c.result.ended, c.text() != o.before:
		m.hint = o.argument + " is not opened: the present draft was gone on with"
		return nil
	}
	c.renew(m.o.From, m.usualSubject())
	if o.next != nil {
		usual := c.usual
		c.draft, c.usual = *o.next, usual
		c.kept = c.text() // its file has it
		c.changed()
	}
	waits := m.mode == modePalette && m.palette.String() == o.typed
	var cmd tea.Cmd
	switch {
	case waits && o.next == nil:
		cmd = m.compose()
	case waits:
		cmd = m.draftAgain()
	default:
		c.begun, m.hint = true, o.argument+" is open: m leads to it"
	}
	if o.kept != "" {
		m.hint = "the draft before is in " + o.kept + " (:compose FILE opens it)"
	}
	return tea.Batch(cmd, m.recount())
}

// readSmall reads a file of so many octets at most, which is to be something. What
// is no regular file is not opened: that may wait for another program, and never
// end.
func readSmall(path string, most int64, what string) (string, error) {
	large := fmt.Errorf("%s is larger than %s, as %s is not (:send FILE sends a message of any size)", path, wire.Octet(uint64(most)), what)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", plain(err)
	case info.IsDir():
		return "", fmt.Errorf("%s: a directory", path)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: no regular file", path)
	case info.Size() > most:
		return "", large
	}
	f, err := os.Open(path)
	if err != nil {
		return "", plain(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // it may grow meanwhile
	if int64(len(text)) > most {
		return "", large
	}
	return string(text), plain(err)
}
