package wire

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What of a command nobody may see. It is judged as a person types it, with the
// slips that people make.

// IsAuth says that a line is an AUTH command, or means to be one: what follows
// the four letters is no letter, as in "AUTH=PLAIN".
func IsAuth(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	const n = len("AUTH")
	return len(line) >= n && strings.EqualFold(string(line[:n]), "AUTH") && (len(line) == n || !letter(line[n]))
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// ParseAuth reads an AUTH command: its mechanism, upper case, and where its
// initial response begins, which is the end of the line where there is none.
// Where something else than a blank or a colon follows AUTH, all behind that may
// be a password, and no mechanism is known.
func ParseAuth(line []byte) (mechanism string, response int, ok bool) {
	if !IsAuth(line) {
		return "", len(line), false
	}
	skip := func(at int, set string) int { return len(line) - len(bytes.TrimLeft(line[at:], set)) }
	behind := skip(0, " \t") + len("AUTH")
	if c := line[behind:]; len(c) > 0 && strings.IndexByte(" \t:", c[0]) < 0 {
		if c[0] < utf8.RuneSelf {
			behind++
		}
		return "", behind, true
	}
	start := skip(behind, " \t:=")
	end := start
	for end < len(line) && (letter(line[end]) || line[end] >= '0' && line[end] <= '9' || line[end] == '-' || line[end] == '_') {
		end++
	}
	response = skip(end, " \t")
	if response == end {
		response = skip(end, ":= \t")
	}
	if named := NamedPassword(line); named < end {
		return "", named, true // it stands where the mechanism belongs
	}
	return strings.ToUpper(string(line[start:end])), response, true
}

// SecretFrom is where in a command what nobody may see begins: the response of
// AUTH, or in any command what PLAIN sends. Of a line without it, that is the
// end.
func SecretFrom(line []byte) int {
	_, response, _ := ParseAuth(line)
	return min(response, NamedPassword(line))
}

// NamedPassword is where a word begins that is, in base64, a user and a password
// as PLAIN has them (RFC 4616 2), or the beginning of one; the end of the line:
// nowhere.
func NamedPassword(line []byte) int {
	for at := 0; at < len(line); {
		n := 0
		for at+n < len(line) && encodes(line[at+n]) {
			n++
		}
		if word := line[at : at+n]; holdsPassword(word) {
			return at
		}
		at += n + 1
	}
	return len(line)
}

func encodes(c byte) bool {
	return letter(c) || c >= '0' && c <= '9' || c == '+' || c == '/'
}

func holdsPassword(word []byte) bool {
	if len(word)%4 == 1 { // it is being typed
		word = word[:len(word)-1]
	}
	decoded, err := base64.RawStdEncoding.DecodeString(string(word))
	parts := bytes.Split(decoded, []byte{0})
	if err != nil || len(parts) != 3 || len(parts[1]) == 0 || len(parts[2]) == 0 {
		return false
	}
	user := string(parts[1])
	return utf8.ValidString(user) && strings.IndexFunc(user, unicode.IsControl) < 0
}

// shortestResponse is how long a line has to be, in octets, to be taken for a
// response of a login where none is due.
const shortestResponse = 8

// MaybeResponse says that a line is no command and may be what a login is made
// of: who pastes one does not stop where it is over.
func MaybeResponse(line []byte) bool {
	if !BeginsResponse(line) {
		return false
	}
	_, err := base64.StdEncoding.DecodeString(string(line))
	return err == nil
}

// BeginsResponse says the same of a line that is still being typed.
func BeginsResponse(line []byte) bool {
	if _, known := VerbExtension(string(line)); known || len(line) < shortestResponse {
		return false
	}
	return len(bytes.TrimLeftFunc(bytes.TrimRight(line, "="), func(r rune) bool { return r < utf8.RuneSelf && encodes(byte(r)) })) == 0
}
