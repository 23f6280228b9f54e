package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// CommandLine is the length in octets that RFC 5321 4.5.3.1.4 allows for a
// command line with its CRLF, without what extensions add to it.
const CommandLine = 512

// Verb is the command of a line, upper case: "MAIL" for "mail from:<>".
func Verb(line []byte) string {
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t:")
	if end < 0 {
		end = len(line)
	}
	return string(bytes.ToUpper(line[:end]))
}

// Argument is what stands behind the verb.
func Argument(line []byte) string {
	_, arg, _ := strings.Cut(strings.TrimLeft(string(line), " \t"), " ")
	return strings.TrimSpace(arg)
}

// PathOf is the address in the angle brackets of a MAIL or RCPT line, or what
// stands behind the colon up to the first space where there are no brackets.
func PathOf(line []byte) string {
	_, path, ok := strings.Cut(string(line), ":")
	if !ok {
		return ""
	}
	path = strings.TrimLeft(path, " ")
	if strings.HasPrefix(path, "<") {
		if end := PathEnd(path); end >= 0 {
			return path[1:end]
		}
		return path[1:]
	}
	path, _, _ = strings.Cut(path, " ")
	return path
}

// PathEnd is where the path that begins with < ends, or -1: a > within quotes
// is a part of it (RFC 5321 4.1.2).
func PathEnd(path string) int {
	quoted := false
	for i := 1; i < len(path); i++ {
		switch {
		case path[i] == '\\' && quoted:
			i++
		case path[i] == '"':
			quoted = !quoted
		case path[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// VisibleVerb is a verb as it may stand in a sentence: escaped, and cut where a
// line is no command at all.
func VisibleVerb(verb string) string {
	if len(verb) > 20 {
		verb = verb[:20] + "…"
	}
	return Visible([]byte(verb))
}

// Address is a mailbox (RFC 5321 4.1.2): local part and domain, both as the
// person wrote them; the empty Address is the null reverse-path.
type Address struct {
	Local  string // quotes included
	Domain string // a name or an address literal with its brackets; may be empty (RCPT TO:<postmaster>)
}

// ErrAddress is what every error of ParseAddress wraps.
var ErrAddress = errors.New("not a mail address")

// ParseAddress reads one address, with or without angle brackets. It refuses
// what could not stand in a command without changing its meaning: control
// octets, spaces and brackets outside of quotes. It does not refuse what a
// server should judge: odd local parts, names that are too long, domains
// without a dot.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	}
	if s == "" {
		return Address{}, nil
	}
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("%w: %s: %s", ErrAddress, Text([]byte(s)), why)
	}
	if !utf8.ValidString(s) {
		return bad("it is not UTF-8")
	}
	at, quoted := -1, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 || c == 0x7f:
			return bad("it has a control character")
		case c == '\\' && quoted && i+1 < len(s) && s[i+1] >= 0x20 && s[i+1] != 0x7f:
			i++
		case c == '"' && (quoted || at < 0):
			quoted = !quoted
		case quoted:
		case c == '@':
			at = i
		case strings.IndexByte(" <>,", c) >= 0:
			return bad(fmt.Sprintf("%q must stand in quotes", string(c)))
		}
	}
	switch {
	case quoted:
		return bad("the quotes are not closed")
	case at == 0:
		return bad("nothing stands before the @")
	case at == len(s)-1:
		return bad("nothing stands behind the @")
	case at < 0:
		return Address{Local: s}, nil
	}
	return Address{Local: s[:at], Domain: s[at+1:]}, nil
}

// String is the address as a path has it, without brackets.
func (a Address) String() string {
	if a.Domain == "" {
		return a.Local
	}
	return a.Local + "@" + a.Domain
}

// IsASCII says that the address needs no SMTPUTF8 (RFC 6531).
func (a Address) IsASCII() bool {
	s := a.String()
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ParseLiteral reads an address literal with its brackets: [192.0.2.1],
// [IPv6:2001:db8::1] (RFC 5321 4.1.3), and [2001:db8::1], which people write.
func ParseLiteral(s string) (netip.Addr, bool) {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok || !strings.HasSuffix(inner, "]") {
		return netip.Addr{}, false
	}
	inner = inner[:len(inner)-1]
	v6, tagged := cutPrefixFold(inner, "IPv6:")
	a, err := netip.ParseAddr(v6)
	if err != nil || tagged && !a.Is6() {
		return netip.Addr{}, false
	}
	return a, true
}

// Literal writes an address as an address literal (RFC 5321 4.1.3), without
// its zone.
func Literal(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return "[IPv6:" + a.String() + "]"
	}
	return "[" + a.String() + "]"
}

// ParseBDAT reads a BDAT command (RFC 3030 2): the octets of its chunk, and
// whether it is the last one.
func ParseBDAT(line []byte) (size int64, last, ok bool) {
	words := strings.Fields(string(line))
	if len(words) < 2 || len(words) > 3 || !strings.EqualFold(words[0], "BDAT") {
		return 0, false, false
	}
	if last = len(words) == 3; last && !strings.EqualFold(words[2], "LAST") {
		return 0, false, false
	}
	size, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil || words[1][0] < '0' || words[1][0] > '9' {
		return 0, false, false
	}
	return size, last, true
}

// PerRecipient is the code of a reply to the end of a message behind which a
// reply for each recipient comes, and one for the message as a whole (PRDR,
// draft-hall-prdr-00 2.3).
const PerRecipient = 353

// Xtext writes a text as a parameter of MAIL and RCPT has it (RFC 3461 4): what
// is not printable ASCII, + and = as +HH.
func Xtext(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// OriginalRecipient is an address as ORCPT has it (RFC 3461 4.2; RFC 6533 3
// where it is not ASCII).
func OriginalRecipient(a Address) string {
	if a.IsASCII() {
		return "rfc822;" + Xtext(a.String())
	}
	return "utf-8;" + strings.NewReplacer("=", `\x{3D}`, "+", `\x{2B}`, `\`, `\x{5C}`).Replace(a.String())
}
