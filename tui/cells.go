package tui

import (
	"github.com/charmbracelet/x/ansi"

	"ehlo/tui/internal/face"
)

// Cells is how many cells of a terminal a text takes: a Chinese character takes
// two, an accent that is a character of its own none.
func Cells(text string) int { return face.Cells(text) }

// Cut shortens a text to w cells, with … where it did.
func Cut(text string, w int) string { return ansi.Truncate(text, w, "…") }
