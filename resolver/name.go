package resolver

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

// The limits of RFC 1035 2.3.4, in octets, the name as text without its final
// dot.
const (
	maxLabel = 63
	maxName  = 253
)

// ASCII gives a domain in A-labels (RFC 5890), in lower case, without a final
// dot. Labels are letters, digits and hyphens, and underscores too, as real
// hosts have them; U-labels are mapped as UTS 46 does for a look-up. A name
// that is ASCII already is taken as it is, also where its A-labels stand for
// nothing: that is for the DNS to say. The error is an *Error of kind Usage.
func ASCII(domain string) (string, error) {
	ascii, err := toASCII(domain)
	if err != nil {
		return "", err
	}
	return ascii, nil
}

func toASCII(domain string) (string, *Error) {
	bad := func(why string) (string, *Error) {
		return "", errorf(Usage, "", "%s is not a domain: %s", quote(domain), why)
	}
	if domain == "" {
		return "", errorf(Usage, "", "the domain is empty")
	}
	// Each rune of a U-label, four octets at most, is an octet of the A-label at
	// least: this bounds the work before it is done.
	if len(domain) > 4*maxName {
		return bad("it is longer than 253 octets")
	}
	name := domain
	if !utf8.ValidString(name) {
		return bad("it is not UTF-8")
	}
	if !isASCII(name) {
		var err error
		if name, err = lookupProfile().ToASCII(name); err != nil || !isASCII(name) {
			return bad("it has a label that IDNA does not allow")
		}
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" {
		return bad("it is the root of the DNS")
	}
	if len(name) > maxName {
		return bad("it is longer than 253 octets")
	}
	for label := range strings.SplitSeq(name, ".") {
		if why := checkLabel(label); why != "" {
			return bad(why)
		}
	}
	return name, nil
}

func checkLabel(label string) string {
	switch {
	case label == "":
		return "a label is empty"
	case len(label) > maxLabel:
		return "a label is longer than 63 octets"
	}
	for i := range len(label) {
		if c := label[i]; !isLetterDigitHyphen(c) && c != '_' {
			return "it has the character " + strconv.QuoteRuneToASCII(rune(c))
		}
	}
	return ""
}

func isLetterDigitHyphen(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// lookupProfile is IDNA for a look-up, without the rules that the hosts of this
// world break: "r3---sn" has hyphens where RFC 5891 4.2.3.1 wants none, and
// service labels have underscores (which checkLabel allows, and nothing else).
func lookupProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
		idna.CheckHyphens(false), idna.StrictDomainName(false))
}

// toUnicode gives the U-labels of a name in A-labels, or nothing where they
// are the same, or do not stand for it alone.
func toUnicode(ascii string) string {
	if !strings.Contains(ascii, "xn--") {
		return ""
	}
	profile := lookupProfile()
	name, err := profile.ToUnicode(ascii)
	if err != nil || name == ascii {
		return ""
	}
	if back, err := profile.ToASCII(name); err != nil || back != ascii {
		return ""
	}
	for _, r := range name {
		// The joiners are invisible, but part of Persian and Indic words; the
		// profile has checked that they are there for a reason (RFC 5892 A).
		if !unicode.IsPrint(r) && r != '\u200c' && r != '\u200d' {
			return ""
		}
	}
	return name
}

// refuseAddress is for names that are addresses: there is nothing to look up.
func refuseAddress(name string) *Error {
	if _, ok := asAddress(name); ok {
		return errorf(Usage, "", "%s is an address, not a name: the DNS is not asked for it", quote(name))
	}
	return nil
}

// asAddress reads an address, also one as a literal of RFC 5321 4.1.3.
func asAddress(name string) (netip.Addr, bool) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if len(name) > 5 && strings.EqualFold(name[:5], "IPv6:") {
		name = name[5:]
	}
	addr, err := netip.ParseAddr(name)
	return addr, err == nil
}

// present is a name from a packet as it is shown. The library has escaped it
// as RFC 1035 5.1 says; what it may have missed is escaped here.
func present(name string) string {
	if name != "." {
		name = strings.TrimSuffix(name, ".")
	}
	return printable(name)
}

// hostName is present in lower case: names that differ in case are one.
func hostName(name string) string { return present(dns.CanonicalName(name)) }

// printable gives text as printable ASCII, other octets as \DDD.
func printable(s string) string {
	odd := func(c byte) bool { return c < ' ' || c > '~' }
	i := 0
	for i < len(s) && !odd(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	for ; len(s) > 0; s = s[1:] {
		if c := s[0]; odd(c) {
			b.WriteByte('\\')
			b.WriteString(strconv.Itoa(1000 + int(c))[1:])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isHostName reports whether a name is one of a host (RFC 1123 2.1).
func isHostName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !isLetterDigitHyphen(label[i]) {
				return false
			}
		}
	}
	return true
}
