package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Offer is one line of the EHLO reply: a keyword and its parameters as the
// server wrote them (RFC 5321 4.1.1.1, ehlo-line).
type Offer struct {
	Keyword string
	Params  []string
}

// Offers is the list of an EHLO reply, in its order, duplicates and case kept.
type Offers []Offer

// ParseEHLO reads the list of a 250 reply to EHLO or LHLO. The first line is
// the server's name and greeting and no offer; empty lines, which some
// servers send last, are passed over.
func ParseEHLO(r Reply) Offers {
	if len(r.Lines) < 2 {
		return nil
	}
	offers := make(Offers, 0, len(r.Lines)-1)
	for _, l := range r.Lines[1:] {
		words := strings.FieldsFunc(string(afterCode(l.Octets)), func(c rune) bool { return c == ' ' || c == '\t' })
		if len(words) == 0 {
			continue
		}
		for i, w := range words {
			words[i] = Text([]byte(w))
		}
		offers = append(offers, Offer{Keyword: words[0], Params: words[1:]})
	}
	return offers
}

// Find is the last offer with this keyword, matched without case (RFC 5321
// 2.4).
func (o Offers) Find(keyword string) (Offer, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if strings.EqualFold(o[i].Keyword, keyword) {
			return o[i], true
		}
	}
	return Offer{}, false
}

// Has says whether the keyword is offered.
func (o Offers) Has(keyword string) bool {
	_, ok := o.Find(keyword)
	return ok
}

// Mechanisms are the SASL mechanisms that AUTH offers, upper case, each once,
// in their order; the list of the old form "AUTH=LOGIN PLAIN" is among them.
func (o Offers) Mechanisms() []string {
	var mechs []string
	add := func(name string) {
		name = strings.ToUpper(name)
		for _, m := range mechs {
			if m == name {
				return
			}
		}
		mechs = append(mechs, name)
	}
	for _, offer := range o {
		words := offer.Params
		if rest, ok := cutPrefixFold(offer.Keyword, "AUTH="); ok {
			if rest != "" {
				add(rest)
			}
		} else if !strings.EqualFold(offer.Keyword, "AUTH") {
			continue
		}
		for _, w := range words {
			add(w)
		}
	}
	return mechs
}

// String is the offer as the server wrote it.
func (o Offer) String() string { return strings.Join(append([]string{o.Keyword}, o.Params...), " ") }

// Difference is what became of a list of offers.
type Difference struct {
	New, Gone []Offer
	Other     [][2]Offer // before and after: the parameters have changed
}

// Compare says what is new, gone, or has other parameters.
func Compare(before, after Offers) (d Difference) {
	for _, o := range after {
		switch was, ok := before.Find(o.Keyword); {
		case !ok:
			d.New = append(d.New, o)
		case was.String() != o.String():
			d.Other = append(d.Other, [2]Offer{was, o})
		}
	}
	for _, o := range before {
		if !after.Has(o.Keyword) {
			d.Gone = append(d.Gone, o)
		}
	}
	return d
}

// Changes is Compare in words; "" where the lists are the same.
func Changes(before, after Offers) string {
	d := Compare(before, after)
	var parts []string
	add := func(verb string, list []string) {
		if len(list) > 0 {
			parts = append(parts, verb+strings.Join(list, ", "))
		}
	}
	add("new: ", said(d.New))
	add("gone: ", said(d.Gone))
	var other []string
	for _, o := range d.Other {
		other = append(other, o[0].String()+" became "+o[1].String())
	}
	add("", other)
	return strings.Join(parts, "; ")
}

func said(offers []Offer) (list []string) {
	for _, o := range offers {
		list = append(list, o.String())
	}
	return list
}

// SizeState is what the EHLO list says of the maximum message size.
type SizeState string

const (
	SizeDeclared    SizeState = "declared"    // SIZE n
	SizeUnlimited   SizeState = "unlimited"   // SIZE 0: no fixed maximum (RFC 1870 3)
	SizeUnspecified SizeState = "unspecified" // SIZE alone: the server does not say
	SizeUnsupported SizeState = "unsupported" // no SIZE
	SizeInvalid     SizeState = "invalid"     // SIZE with something that is no number of 64 bits
)

// Size is the maximum message size by the EHLO list (RFC 1870 3).
type Size struct {
	State    SizeState
	Declared uint64 // octets; 0 unless State is SizeDeclared
	Param    string // the parameter as sent, for SizeInvalid
	Lines    int    // how many SIZE lines there were; the last one counts
}

// Size reads the SIZE offer. A number may have up to 20 digits (RFC 1870 3);
// one that does not fit 64 bits is invalid, not large.
func (o Offers) Size() Size {
	s := Size{State: SizeUnsupported}
	for _, offer := range o {
		params := offer.Params
		if rest, ok := cutPrefixFold(offer.Keyword, "SIZE="); ok {
			// Not RFC 1870's form; named as invalid instead of passed over.
			params = append([]string{"=" + rest}, params...)
		} else if !strings.EqualFold(offer.Keyword, "SIZE") {
			continue
		}
		s = parseSize(params, s.Lines+1)
	}
	return s
}

func parseSize(params []string, lines int) Size {
	s := Size{Param: strings.Join(params, " "), Lines: lines}
	if len(params) == 0 {
		s.State = SizeUnspecified
		return s
	}
	n, err := strconv.ParseUint(params[0], 10, 64)
	switch {
	case err != nil || len(params) > 1 || !digit(params[0][0]):
		s.State = SizeInvalid
	case n == 0:
		s.State = SizeUnlimited
	default:
		s.State, s.Declared = SizeDeclared, n
	}
	return s
}

// String says it in words: "14,680,064 octets (14.0 MiB), declared by SIZE".
func (s Size) String() string {
	switch s.State {
	case SizeDeclared:
		return Octet(s.Declared) + ", declared by SIZE"
	case SizeUnlimited:
		return "no fixed limit (SIZE 0)"
	case SizeUnspecified:
		return "not stated: SIZE without a number (often no fixed limit)"
	case SizeInvalid:
		if allDigits(s.Param) {
			return fmt.Sprintf("unknown: SIZE %s is larger than any 64-bit number", s.Param)
		}
		return fmt.Sprintf("unknown: SIZE %s is not a number", s.Param)
	}
	return "unknown: the server does not offer SIZE"
}

// Note is what else there is to say of the SIZE lines, or "".
func (s Size) Note() string {
	if s.Lines > 1 {
		return fmt.Sprintf("SIZE is listed %d times; the last one counts", s.Lines)
	}
	return ""
}

// Octet writes a number of octets as people read it: "14,680,064 octets
// (14.0 MiB)"; below 1024 without the second form.
func Octet(n uint64) string {
	word := " octets"
	if n == 1 {
		word = " octet"
	}
	if n < 1024 {
		return Thousands(n) + word
	}
	return Thousands(n) + word + " (" + Binary(n) + ")"
}

// Binary writes a number of octets in binary units with one decimal: "14.0
// MiB". It rounds down: a limit must not look larger than it is.
func Binary(n uint64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	u, unit := 0, uint64(1024)
	for u < len(units)-1 && n/unit >= 1024 {
		u, unit = u+1, unit*1024
	}
	// The remainder is below 2^60, so ten times it fits 64 bits.
	return fmt.Sprintf("%d.%d %s", n/unit, n%unit*10/unit, units[u])
}

// Thousands writes a number with a comma every three digits.
func Thousands(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
