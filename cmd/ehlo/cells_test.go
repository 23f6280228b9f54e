package main

import (
	"strings"
	"testing"

	"ehlo/tui"
)

// TestColumnsAreOfCells: a character of two cells moves no column.
func TestColumnsAreOfCells(t *testing.T) {
	var b strings.Builder
	writeTable(&b, [][]string{{"a", "1"}, {"世界", "2"}, {"e\u0301e", "3"}})
	if got, want := b.String(), "a     1\n世界  2\ne\u0301e    3\n"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
	// So a row of a live table never breaks.
	if got := tui.Cut("世界世界", 6); got != "世界…" {
		t.Errorf("%q is cut to 6 cells", got)
	}
}
