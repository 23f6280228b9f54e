package serve

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzHearing: it does not matter in which pieces octets come, and what nobody
// may see of them is the same.
func FuzzHearing(f *testing.F) {
	f.Add([]byte("EHLO x\r\nAUTH PLAIN c2VjcmV0\r\nBDAT 5\r\na\r\nbcNOOP\r\n"), uint8(3))
	f.Add([]byte("AUTH LOGIN\nbWU=\r\n*\r\nMAIL FROM:<>\r\nBDAT 0 LAST\r\n"), uint8(1))
	f.Add([]byte("auth=PLAIN  x y\r\nAUTH\r\nAUTH \t=\r\n"), uint8(7))
	f.Fuzz(func(t *testing.T, octets []byte, size uint8) {
		if len(octets) > mostOfLine {
			return
		}
		var whole, pieces hearing
		want, secret := whole.take(octets)
		hidden := make([]byte, len(octets))
		for _, s := range secret {
			if s.Start < 0 || s.End > len(octets) {
				t.Fatalf("%v is not within %d octets", s, len(octets))
			}
			for i := s.Start; i < s.End; i++ {
				hidden[i] = '*'
			}
		}
		var got []command
		parts := make([]byte, len(octets))
		at := 0
		for part := range slices.Chunk(octets, int(size)+1) {
			commands, secret := pieces.take(part)
			got = append(got, commands...)
			for _, s := range secret {
				for i := s.Start; i < s.End; i++ {
					parts[at+i] = '*'
				}
			}
			at += len(part)
		}
		same := func(a, b command) bool { return a.verb == b.verb && bytes.Equal(a.line, b.line) }
		if !slices.EqualFunc(want, got, same) {
			t.Errorf("%q in pieces of %d: %v, not %v", octets, int(size)+1, got, want)
		}
		// A CR may end a line, and an asterisk may be all of it.
		for i := range hidden {
			if hidden[i] == '*' && parts[i] == 0 && octets[i] > ' ' && octets[i] != '*' {
				t.Errorf("%q in pieces of %d: %q is shown", octets, int(size)+1, octets[i:])
			}
		}
	})
}
