package tui

import (
	"os"
	"regexp"
	"testing"
	"unicode/utf8"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", path, info.Mode())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	sequence = regexp.MustCompile(`^(\x1b\[[?0-9;]*[a-zA-Z]|\x1b[78=>])`)
	ours     = regexp.MustCompile(`^\x1b\[(\?(25|1049|2004|100[0-6])[hl]|[0-9;]*[mHJKA])$`)
)

// escapes are the control sequences and control octets of what was written to
// a terminal; what is no sequence comes as its first octet.
func escapes(raw []byte) (all []string) {
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		switch {
		case raw[0] == 0x1b:
			if m := sequence.Find(raw); m != nil {
				all = append(all, string(m))
				raw = raw[len(m):]
				continue
			}
			all = append(all, "\x1b")
		case r == utf8.RuneError && n == 1, r < 0x20 && r != '\r' && r != '\n', r >= 0x7f && r < 0xa0, r == 0x202e, r == 0xfeff, r == 0x301:
			all = append(all, string(raw[:n]))
		}
		raw = raw[n:]
	}
	return all
}

func knownSequence(s string) bool { return ours.MatchString(s) }
