package script

import "strings"

// Code is the pattern of the code that the reply has to have: three digits or
// x; empty where the last line begins with none.
func (i Server) Code() string {
	code, _, _ := i.Lines[len(i.Lines)-1].split()
	return code
}

// Missing is the mismatch of a reply that did not come; actual says in words
// what there was instead.
func (p Pattern) Missing(actual string) *Mismatch {
	return p.lines[len(p.lines)-1].mismatch(actual)
}

// MatchEnhanced says whether an enhanced status code (RFC 3463) is the one of a
// pattern, in which x is any number: 5.1.x.
func MatchEnhanced(pattern, code string) bool {
	want, have := strings.Split(pattern, "."), strings.Split(code, ".")
	if len(want) != len(have) {
		return false
	}
	for i, w := range want {
		if w != "x" && w != have[i] {
			return false
		}
	}
	return true
}

// Idle says that there is nothing to do in the items: only comments, however
// often they are repeated.
func Idle(items []Item) bool {
	for _, i := range items {
		switch i := i.(type) {
		case Comment:
		case Repeat, Include:
			if !Idle(Inner(i)) {
				return false
			}
		default:
			return false
		}
	}
	return true
}
