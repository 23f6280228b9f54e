package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// mode is who gets the keys.
type mode uint8

const (
	modeLine mode = iota
	modeBrowse
	modePalette
	modePager
	modeQuestion // leave?
	modeEdit     // the next line of a script
	modeFind     // a text to search for
	modeFilter   // a text to filter by
	modeSave     // as what?
	modeSecret   // a password
	modeMatrix   // a probing of all addresses
	modeTime     // where the time went
	modeField    // a field of the message
	modeReview   // send it?
	modeRecall   // the history is searched
	modePaste    // a paste of several lines: how?
)

// panes is how many there always are: the transcript and the facts.
const panes = 5

// exchangersAt is the pane of the exchangers.
const exchangersAt = 1

// limitsAt is the pane of the limits.
const limitsAt = 3

// messageAt is the pane of the message, scriptAt that of the script.
const (
	messageAt = 5
	scriptAt  = 6
)

// where is the context of the keys.
func (m *screen) where() where {
	switch {
	case m.lay.shape == shapeTiny:
		return inTiny
	case m.mode == modeLine:
		return inLine
	case m.mode == modePalette:
		return inPalette
	case m.mode == modePager:
		return inPager
	case m.mode == modeQuestion:
		return inQuestion
	case m.mode == modeEdit:
		return inEdit
	case m.mode == modeFind, m.mode == modeFilter:
		return inFind
	case m.mode == modeSave:
		return inSave
	case m.mode == modeSecret:
		return inSecret
	case m.mode == modeMatrix:
		return inMatrix
	case m.mode == modeTime:
		return inTime
	case m.mode == modeField && m.composer.at.part == partBody:
		return inBody
	case m.mode == modeField:
		return inField
	case m.mode == modeReview:
		return inReview
	case m.pane == messageAt:
		return inMessage
	case m.mode == modeRecall:
		return inRecall
	case m.mode == modePaste:
		return inPaste
	case m.pane == scriptAt:
		return inScript
	case m.pane != 0:
		return inFacts
	}
	return inTranscript
}

// field is the text field that has the focus.
func (m *screen) field() *face.Field {
	switch m.mode {
	case modePalette:
		return &m.palette
	case modeEdit:
		return &m.edit
	case modeFind, modeFilter, modeSecret:
		return &m.asking
	case modeField:
		return &m.composer.f
	case modeRecall:
		return &m.recall.text
	}
	return &m.line
}

// key takes a key message apart: keys that arrive together are one message in
// Bubble Tea v1 ("jjj"), and over a slow line an esc and the letter behind it
// are alt and that letter.
func (m *screen) key(k tea.KeyMsg) tea.Cmd {
	if k.Paste {
		m.pasted(k.Runes)
		return m.fieldTyped()
	}
	if k.Type != tea.KeyRunes && k.Type != tea.KeySpace {
		if k.Alt {
			k.Alt = false
		}
		return m.press(k.String(), 0)
	}
	var cmds []tea.Cmd
	if k.Alt {
		cmds = append(cmds, m.press("esc", 0))
	}
	for _, r := range k.Runes {
		cmds = append(cmds, m.press(string(r), r))
	}
	return tea.Batch(cmds...)
}

// press carries out one key.
func (m *screen) press(name string, r rune) (cmd tea.Cmd) {
	here := m.where()
	if here&(inField|inBody) != 0 {
		defer func() { cmd = tea.Batch(cmd, m.fieldTyped()) }()
	}
	m.hint = ""
	if name != "enter" {
		m.empty = false
	}
	if name != "ctrl+c" && !(here == inTiny && name == "q") {
		m.armed = false
	}
	m.arrange()
	if here&inText == 0 || r == 0 {
		for i := range m.keys {
			b := &m.keys[i]
			if b.in&here != 0 && contains(b.keys, name) && (b.enabled == nil || b.enabled(m)) {
				return b.do(m)
			}
		}
	}
	if here&inText != 0 && r != 0 {
		m.field().Insert(r)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
