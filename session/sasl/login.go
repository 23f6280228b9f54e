package sasl

import (
	"bytes"
	"errors"
	"fmt"
)

// login is LOGIN: the server asks for the user name, then for the password
// (draft-murchison-sasl-login-00, which says to ignore what the prompts say).
// They vary: "Username:", "User Name\x00", nothing at all. So the order counts
// and not the prompt, but for one thing: a password does not go to a prompt for
// a name.
type login struct {
	*talk
	again bool // the name was given a second time
	given bool // the password was
}

func newLogin(t *talk) (steps, error) { return &login{talk: t}, nil }

func (l *login) start() ([]byte, bool, error) { return []byte(l.User), true, nil }

func (l *login) next(challenge []byte) ([]byte, error) {
	switch {
	case l.given:
		return nil, l.unexpected(challenge)
	case asksName(challenge) && !l.again:
		// A server that took no initial response asks for it.
		l.again = true
		l.note("the server asks for the user name again: %s", l.quote(challenge))
		return []byte(l.User), nil
	case asksName(challenge):
		return nil, fmt.Errorf("the server keeps asking for the user name: %s", l.quote(challenge))
	}
	l.given = true
	return []byte(l.Password), nil
}

func (l *login) done() error {
	if !l.given {
		return errors.New("the server said yes and had not asked for the password")
	}
	return nil
}

// asksPassword says that a prompt is for a password.
func asksPassword(challenge []byte) bool {
	return bytes.Contains(bytes.ToLower(challenge), []byte("pass"))
}

// asksName says that a prompt is for a user name and for nothing else.
func asksName(challenge []byte) bool {
	prompt := bytes.ToLower(challenge)
	return !asksPassword(prompt) && (bytes.Contains(prompt, []byte("user")) || bytes.Contains(prompt, []byte("login")))
}
