package wire

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Text writes octets as a line of a script or of a report has them: printable
// UTF-8 as it is, every other octet as \xHH, and a backslash that stands
// before an x as \x5c, so that Octets gives the same octets back. No control
// octet, no bidirectional or invisible character is left in it.
func Text(octets []byte) string {
	if plain(octets) {
		return string(octets)
	}
	var b strings.Builder
	for i := 0; i < len(octets); {
		r, n := utf8.DecodeRune(octets[i:])
		switch {
		case r == '\\' && i+1 < len(octets) && octets[i+1] == 'x':
			b.WriteString(`\x5c`)
		case r == utf8.RuneError && n == 1, !unicode.IsPrint(r):
			for _, c := range octets[i : i+n] {
				b.WriteString(`\x`)
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			}
		default:
			b.Write(octets[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Octets is the inverse of Text: \xHH is that octet, all else is literal.
func Octets(text string) []byte {
	if !strings.Contains(text, `\x`) {
		return []byte(text)
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if i+3 < len(text) && text[i] == '\\' && text[i+1] == 'x' {
			hi, lo := unhex(text[i+2]), unhex(text[i+3])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 4
				continue
			}
		}
		out = append(out, text[i])
		i++
	}
	return out
}

// Visible writes octets for a person's eyes: a control octet in caret
// notation (^[), other invisible or direction-changing characters by their
// name (<U+202E>), octets that are not UTF-8 as \x9b. Nothing is left out:
// what a server tried to do to a terminal is evidence. What it gives it leaves
// as it is, so that a sentence may quote what was made visible before.
func Visible(octets []byte) string { return visible(octets, false) }

// VisibleOctets is Visible for octets as they came from outside: a backslash
// before an x is \x5c, as in Text, so that it is not taken for an octet's.
func VisibleOctets(octets []byte) string { return visible(octets, true) }

func visible(octets []byte, raw bool) string {
	if plain(octets) {
		return string(octets)
	}
	var b strings.Builder
	for i := 0; i < len(octets); {
		r, n := utf8.DecodeRune(octets[i:])
		switch {
		case raw && r == '\\' && i+1 < len(octets) && octets[i+1] == 'x':
			b.WriteString(`\x5c`)
		case r < 0x20 || r == 0x7f:
			b.WriteByte('^')
			b.WriteByte(byte(r) ^ 0x40)
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, octets[i])
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.Write(octets[i : i+n])
		}
		i += n
	}
	return b.String()
}

// plain says that octets are printable ASCII without a backslash: the common
// case, which needs no escape in any notation.
func plain(octets []byte) bool {
	for _, c := range octets {
		if c < 0x20 || c > 0x7e || c == '\\' {
			return false
		}
	}
	return true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
