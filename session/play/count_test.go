package play

import (
	"slices"
	"testing"

	"ehlo/session/script"
)

func TestTally(t *testing.T) {
	failed := &script.Mismatch{}
	for _, row := range []struct {
		outcomes     []Outcome
		whole, until string
	}{
		{nil, "nothing was expected", "nothing was expected, then: no"},
		{[]Outcome{{}, {}}, "nothing was expected", "nothing was expected, then: no"},
		{[]Outcome{{Expects: true}, {}}, "1 expectation came true", "1 expectation came true, then: no"},
		{[]Outcome{{Expects: true}, {Expects: true}}, "all 2 expectations came true", "2 expectations came true, then: no"},
		{[]Outcome{{Expects: true, Mismatch: failed}}, "1 of 1 expectation failed", "1 of 1 expectation failed, then: no"},
		{[]Outcome{{Expects: true}, {Mismatch: failed}}, "1 of 2 expectations failed", "1 of 2 expectations failed, then: no"},
		{slices.Repeat([]Outcome{{Expects: true}}, 1200), "all 1,200 expectations came true", "1,200 expectations came true, then: no"},
	} {
		var tally Tally
		for _, o := range row.outcomes {
			tally.Add(o)
		}
		if got := tally.String(); got != row.whole {
			t.Errorf("%q, not %q", got, row.whole)
		}
		if got := tally.Until("no"); got != row.until {
			t.Errorf("%q, not %q", got, row.until)
		}
	}
}
