package sasl

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// saslPrep prepares a name or a password, RFC 4013: so that what looks the same
// is the same. Characters that Unicode 3.2 had not yet (2002: no emoji) pass,
// as they do in the query strings of RFC 3454 7: servers that never prepare
// have users with such passwords. The error names the class of what is refused
// and not the character.
func saslPrep(s string) (string, error) {
	if ascii(s) {
		return s, prohibited(s)
	}
	if !utf8.ValidString(s) {
		return "", errors.New("it is not UTF-8")
	}
	mapped := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case toNothing(r):
		case otherSpace(r):
			mapped = append(mapped, ' ')
		default:
			mapped = append(mapped, r)
		}
	}
	out := norm.NFKC.String(string(mapped))
	if err := prohibited(out); err != nil {
		return "", err
	}
	return out, directions(out)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// toNothing is table B.1 of RFC 3454.
func toNothing(r rune) bool {
	switch r {
	case 0x00AD, 0x034F, 0x1806, 0x180B, 0x180C, 0x180D, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF:
		return true
	}
	return 0xFE00 <= r && r <= 0xFE0F
}

// otherSpace is table C.1.2.
func otherSpace(r rune) bool {
	switch r {
	case 0x00A0, 0x1680, 0x202F, 0x205F, 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200B
}

// refused are tables C.2 to C.9, by what they have in common.
var refused = [...]struct {
	from, to rune
	what     string
}{
	{0x0000, 0x001F, "a control character"},
	{0x007F, 0x009F, "a control character"},
	{0x0340, 0x0341, "a deprecated character"},
	{0x06DD, 0x06DD, "a control character"},
	{0x070F, 0x070F, "a control character"},
	{0x180E, 0x180E, "a control character"},
	{0x200C, 0x200D, "a control character"},
	{0x200E, 0x200F, "a character that changes the direction of text"},
	{0x2028, 0x2029, "a line separator"},
	{0x202A, 0x202E, "a character that changes the direction of text"},
	{0x2060, 0x2063, "a control character"},
	{0x206A, 0x206F, "a control character"},
	{0x2FF0, 0x2FFB, "an ideographic description"},
	{0xD800, 0xDFFF, "a surrogate"},
	{0xE000, 0xF8FF, "a character for private use"},
	{0xFDD0, 0xFDEF, "no character"},
	{0xFEFF, 0xFEFF, "a control character"},
	{0xFFF9, 0xFFFD, "a replacement character"},
	{0x1D173, 0x1D17A, "a control character"},
	{0xE0001, 0xE0001, "a tag"},
	{0xE0020, 0xE007F, "a tag"},
	{0xF0000, 0xFFFFD, "a character for private use"},
	{0x100000, 0x10FFFD, "a character for private use"},
}

func prohibited(s string) error {
	for _, r := range s {
		if r&0xFFFE == 0xFFFE {
			return errors.New("it has a code in it that is no character")
		}
		for i := range refused {
			if refused[i].from <= r && r <= refused[i].to {
				return fmt.Errorf("it has %s in it", refused[i].what)
			}
		}
	}
	return nil
}

// directions is the rule of RFC 3454 6: text that runs from right to left does
// so from the first to the last character.
func directions(s string) error {
	var left, right bool
	for _, r := range s {
		switch direction(r) {
		case bidi.L:
			left = true
		case bidi.R, bidi.AL:
			right = true
		}
	}
	if !right {
		return nil
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if left || !rightToLeft(first) || !rightToLeft(last) {
		return errors.New("it mixes directions of text")
	}
	return nil
}

func rightToLeft(r rune) bool {
	c := direction(r)
	return c == bidi.R || c == bidi.AL
}

func direction(r rune) bidi.Class {
	p, _ := bidi.LookupRune(r)
	return p.Class()
}
