package face

import "unicode/utf8"

// A text field holds characters. An octet that belongs to none in UTF-8, as those
// of a mail in Latin-1 do, is held as a character that has its number, and is that
// octet again in what goes out. Those characters themselves, the last of the
// private use areas, are held as their octets.
const (
	octetRunes = 0x10ff00 // and the octet
	octetFirst = octetRunes + 0x80
)

// Characters are what a field holds of a text.
func Characters(s string) []rune {
	rs := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r >= octetFirst {
			for _, c := range []byte(s[i : i+n]) {
				rs = append(rs, octetRunes+rune(c))
			}
		} else {
			rs = append(rs, r)
		}
		i += n
	}
	return rs
}

// TextOf is the text that characters were made of.
func TextOf(rs []rune) string {
	b := make([]byte, 0, len(rs))
	for _, r := range rs {
		if r >= octetFirst {
			b = append(b, byte(r))
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}
