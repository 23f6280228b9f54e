package play

import (
	"fmt"

	"ehlo/session/wire"
)

// Tally is how many expectations a script has had so far, and how many of them
// did not come true.
type Tally struct{ Expectations, Failed int }

// Add counts what became of an item.
func (t *Tally) Add(o Outcome) {
	if o.Counts() {
		t.Expectations++
	}
	if o.Mismatch != nil {
		t.Failed++
	}
}

// Counts says that the item was an expectation. One that has none of itself is
// one where it fails all the same: an @auth that the server refuses.
func (o Outcome) Counts() bool { return o.Expects || o.Mismatch != nil }

// String is the tally of a script that came to its end: "all 7 expectations came
// true", "2 of 7 expectations failed".
func (t Tally) String() string {
	if t.Failed == 0 && t.Expectations > 1 {
		return "all " + t.soFar()
	}
	return t.soFar()
}

// Until is the tally of a script that something else ended: "2 expectations came
// true, then: the login failed".
func (t Tally) Until(why string) string { return t.soFar() + ", then: " + why }

func (t Tally) soFar() string {
	all := wire.Thousands(uint64(t.Expectations)) + " expectations"
	if t.Expectations == 1 {
		all = "1 expectation"
	}
	switch {
	case t.Expectations == 0:
		return "nothing was expected"
	case t.Failed == 0:
		return all + " came true"
	}
	return fmt.Sprintf("%s of %s failed", wire.Thousands(uint64(t.Failed)), all)
}
