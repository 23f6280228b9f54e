package tui

import (
	"slices"
	"strings"

	"ehlo/tui/internal/face"
)

// The body is edited here line by line; for more there is $EDITOR.

// setBody takes a whole text.
func (c *composer) setBody(text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.TrimSuffix(text, "\n") // each line ends with one, the last too
	c.body = nil
	if text != "" {
		c.body = strings.Split(text, "\n")
	}
	c.row, c.scroll = 0, 0
	if c.at.part == partBody {
		c.open()
	}
	c.changed()
}

// goTo puts a line of the body into the field, with the cursor at a column.
func (c *composer) goTo(row, column int) {
	c.typed()
	c.row = min(max(row, 0), max(len(c.body)-1, 0))
	c.open()
	c.f.Move(column)
}

// breakLine breaks the line at the cursor.
func (c *composer) breakLine() { c.insertLines([]string{"", ""}) }

// insertLines puts a text at the cursor: its first line goes on with what
// stands before the cursor, its last with what stands behind.
func (c *composer) insertLines(lines []string) {
	c.typed()
	if len(c.body) == 0 {
		c.body = []string{""}
	}
	before, behind := c.f.Around()
	added := slices.Clone(lines)
	added[0] = before + added[0]
	last := len(added) - 1
	column := len(face.Characters(added[last]))
	added[last] += behind
	c.body = slices.Replace(c.body, c.row, c.row+1, added...)
	c.row += last
	c.open()
	c.f.Move(column)
	c.changed()
}

// join puts the line behind a row at its end, and the cursor between them.
func (c *composer) join(row int) {
	c.typed()
	if row < 0 || row+1 >= len(c.body) {
		return
	}
	column := len(face.Characters(c.body[row]))
	c.body[row] += c.body[row+1]
	c.body = slices.Delete(c.body, row+1, row+2)
	c.row = row
	c.open()
	c.f.Move(column)
	c.changed()
}

// beyond carries out a key of the field that leads beyond the line: false where
// it does not.
func (c *composer) beyond(id string) bool {
	atStart, atEnd := c.f.At == 0, c.f.At == len(c.f.Text)
	switch {
	case atStart && c.row > 0 && (id == "left" || id == "wordleft"):
		c.goTo(c.row-1, face.FieldMost)
	case atEnd && c.row+1 < len(c.body) && (id == "right" || id == "wordright"):
		c.goTo(c.row+1, 0)
	case atStart && (id == "erase" || id == "word"):
		c.join(c.row - 1)
	case atEnd && (id == "delete" || id == "behind"):
		c.join(c.row)
	default:
		return false
	}
	return true
}
