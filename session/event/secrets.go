package event

import (
	"bytes"
	"encoding/base64"
)

// Secrets are what a client has sent on a connection that nobody may see: its
// server may echo it.
type Secrets [][]byte

// Keep remembers octets as they were sent and as base64 decodes them (RFC 4954
// 4). It keeps the last 64, and none shorter than 4 octets: that would blot out
// half a transcript.
func (s *Secrets) Keep(octets []byte) {
	const (
		shortest = 4
		most     = 64
	)
	keep := func(secret []byte) {
		if len(secret) >= shortest {
			*s = append((*s)[max(0, len(*s)-most+1):], bytes.Clone(secret))
		}
	}
	keep(octets)
	decoded, err := base64.StdEncoding.DecodeString(string(octets))
	if err != nil {
		return
	}
	keep(decoded)
	parts := bytes.Split(decoded, []byte{0})
	keep(parts[len(parts)-1]) // PLAIN: the password behind the two names
}

// In are the octets of a line that repeat a secret, in order and apart.
func (s Secrets) In(line []byte) (spans []Span) {
	for i := 0; i < len(line) && len(s) > 0; {
		found := 0
		for _, secret := range s {
			if bytes.HasPrefix(line[i:], secret) {
				found = max(found, len(secret))
			}
		}
		if found > 0 {
			spans = append(spans, Span{Start: i, End: i + found})
		}
		i += max(found, 1)
	}
	return spans
}
