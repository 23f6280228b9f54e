package session

import (
	"ehlo/resolver"
	"ehlo/session/wire"
)

// ParseAddress reads one address as a person writes it, with or without angle
// brackets, and makes A-labels of its domain where the local part is ASCII, so
// that the server needs no SMTPUTF8 for it. It does no I/O.
func ParseAddress(s string) (wire.Address, error) {
	a, err := wire.ParseAddress(s)
	if err != nil || a.IsASCII() || !(wire.Address{Local: a.Local}).IsASCII() {
		return a, err
	}
	a.Domain, err = resolver.ASCII(a.Domain)
	return a, err
}

// SplitAddresses cuts a comma list of addresses, but not in quotes.
func SplitAddresses(list string) []string {
	var out []string
	from, quoted := 0, false
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '\\' && quoted:
			i++
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			out = append(out, list[from:i])
			from = i + 1
		}
	}
	return append(out, list[from:])
}
