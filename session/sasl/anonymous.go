package sasl

import (
	"errors"
	"unicode/utf8"

	gosasl "github.com/emersion/go-sasl"
)

// newAnonymous is ANONYMOUS, RFC 4505. The user name is its trace: at most 255
// characters that say who it was, which nobody checks.
func newAnonymous(t *talk) (steps, error) {
	if n := utf8.RuneCountInString(t.User); n > 255 {
		return nil, errors.New("cannot send a trace of more than 255 characters")
	}
	return &single{t, gosasl.NewAnonymousClient(t.User)}, nil
}
