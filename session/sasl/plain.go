package sasl

import (
	"errors"
	"strings"
	"unicode/utf8"

	gosasl "github.com/emersion/go-sasl"
)

// single is a mechanism in which the client says one thing and that is all:
// PLAIN, EXTERNAL, ANONYMOUS. Its octets are go-sasl's.
type single struct {
	*talk
	client gosasl.Client
}

func (s *single) start() ([]byte, bool, error) {
	_, initial, err := s.client.Start()
	return initial, true, err
}

func (s *single) next(challenge []byte) ([]byte, error) { return nil, s.unexpected(challenge) }

func (s *single) done() error { return nil }

// newPlain is PLAIN, RFC 4616. SASLprep is the server's part there.
func newPlain(t *talk) (steps, error) {
	if strings.Contains(t.Identity+t.User+t.Password, "\x00") {
		return nil, errors.New("cannot send a NUL within a name or the password")
	}
	if !utf8.ValidString(t.Identity + t.User + t.Password) {
		t.note("PLAIN is UTF-8, but a name or the password is not; sent as it is")
	}
	return &single{t, gosasl.NewPlainClient(t.Identity, t.User, t.Password)}, nil
}
