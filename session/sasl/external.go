package sasl

import (
	"errors"
	"strings"

	gosasl "github.com/emersion/go-sasl"
)

// newExternal is EXTERNAL, RFC 4422 appendix A: the TLS handshake, with a
// client certificate, was the login. What is said is whom to act as, the user
// where there is no other identity; nothing: whom the certificate names.
func newExternal(t *talk) (steps, error) {
	identity := t.Identity
	if identity == "" {
		identity = t.User
	}
	if strings.Contains(identity, "\x00") {
		return nil, errors.New("cannot send a NUL within the identity")
	}
	return &single{t, gosasl.NewExternalClient(identity)}, nil
}
