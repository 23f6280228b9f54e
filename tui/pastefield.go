package tui

import (
	"strings"
	"unicode/utf8"

	"ehlo/tui/internal/face"
)

// listMost bounds a field of the message, in characters: some ten thousands of
// recipients.
const listMost = 1 << 20

// pasteIntoField puts the lines of a paste into the field of the message that is
// being typed: recipients are a list with commas, files and header fields are
// one after another. What does not fit is not taken in part.
func (m *screen) pasteIntoField(lines []string) {
	c, p := m.composer, m.composer.at.part
	if utf8.RuneCountInString(strings.Join(lines, ", ")) > c.f.Room() {
		m.hint = "the paste is more than the field takes: nothing was taken; a file of such a size is a message: :send FILE"
		return
	}
	switch p {
	case partTo, partHeads, partCopies, partBlind:
		var list []string
		for _, l := range lines {
			if l = strings.Trim(l, " \t,;"); l != "" || len(lines) == 1 {
				list = append(list, l)
			}
		}
		if len(lines) == 1 {
			list = lines
		}
		c.f.Insert(face.Characters(strings.Join(list, ", "))...)
	case partAttach, partHeader:
		for i, l := range lines {
			if i > 0 {
				c.take()
				c.at.n = len(*c.list(p))
				c.open()
			}
			c.f.Insert(face.Characters(strings.TrimSpace(l))...)
		}
	default:
		c.f.Insert(face.Characters(lines[0])...)
		if len(lines) > 1 {
			m.hint = "the paste has " + count(len(lines), "line") + ": only the first was taken"
		}
	}
}
