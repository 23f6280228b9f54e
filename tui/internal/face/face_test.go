package face

import (
	"testing"
	"unicode"
)

// TestNoLetterJoins: a terminal gives every letter cells of its own; what the
// clusters of Unicode would join to another is not drawn as it is.
func TestNoLetterJoins(t *testing.T) {
	g := New(false, true).Glyphs
	for _, base := range []string{"a", "น", "न", "각"} {
		alone := Cells(g.Octets([]byte(base)))
		for r := rune(0xa0); r <= 0x1ffff; r++ {
			if !unicode.IsPrint(r) {
				continue
			}
			one := Cells(g.Octets([]byte(string(r))))
			if got := Cells(g.Octets([]byte(base + string(r)))); got != alone+one {
				t.Errorf("%s%c (%U) takes %d cells, %d and %d apart", base, r, r, got, alone, one)
			}
		}
	}
}
