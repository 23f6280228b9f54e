package sasl

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// bearer is XOAUTH2 or OAUTHBEARER: a token, and where it is refused, JSON that
// says why, which the client acknowledges with a dummy so that the server can
// refuse the login (RFC 7628 3.2.3).
type bearer struct {
	*talk
	initial string
	dummy   string
}

// newXOAuth2 is XOAUTH2, as developers.google.com/gmail/imap/xoauth2-protocol
// has it.
func newXOAuth2(t *talk) (steps, error) {
	if err := checkToken(t); err != nil {
		return nil, err
	}
	return &bearer{talk: t, initial: "user=" + t.User + "\x01auth=Bearer " + t.Password + "\x01\x01"}, nil
}

// checkToken refuses what would end a field early.
func checkToken(t *talk) error {
	if strings.ContainsAny(t.User+t.Identity+t.Host, "\x00\x01") {
		return errors.New("cannot send a control character within a name")
	}
	if i := strings.IndexFunc(t.Password, func(r rune) bool { return r <= ' ' || r >= 0x7f }); i >= 0 {
		return fmt.Errorf("cannot send a token with a blank or a control character, or one beyond ASCII: there is one at %d", i+1)
	}
	return nil
}

func (b *bearer) start() ([]byte, bool, error) { return []byte(b.initial), true, nil }

func (b *bearer) next(challenge []byte) ([]byte, error) {
	if b.failure != "" {
		return nil, b.unexpected(challenge)
	}
	words, err := b.explain(challenge)
	if err != nil {
		return nil, err
	}
	b.failure = words
	return []byte(b.dummy), nil
}

func (b *bearer) done() error { return nil }

// statuses are the values of RFC 7628 3.2.2 (from RFC 6750 3.1), and Google's.
func statusText(status string) string {
	switch status {
	case "invalid_request":
		return "the request is malformed"
	case "invalid_token", "401":
		return "the token is malformed, expired, revoked or for somebody else"
	case "insufficient_scope", "403":
		return "the token is not for sending mail"
	case "400":
		return "the request is malformed or the token is"
	}
	return ""
}

// explain puts the server's JSON into words: status, scope and schemes first,
// then what else there is, in the order of the alphabet.
func (b *bearer) explain(challenge []byte) (string, error) {
	var fields map[string]any
	if err := json.Unmarshal(challenge, &fields); err != nil || len(fields) == 0 {
		return "", fmt.Errorf("the challenge should be the JSON of a refusal, but is %s", b.quote(challenge))
	}
	names := []string{"status", "scope", "schemes"}
	rest := make([]string, 0, len(fields))
	for name := range fields {
		if !slices.Contains(names, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	var words []string
	for _, name := range append(names, rest...) {
		value, ok := fields[name]
		if !ok {
			continue
		}
		text := fmt.Sprint(value)
		word := b.label(name) + " " + b.quote([]byte(text))
		if meaning := statusText(text); name == "status" && meaning != "" {
			word += " (" + meaning + ")"
		}
		words = append(words, word)
	}
	return list(words, ", "), nil
}

// label is a field's name: bare where it is a word.
func (b *bearer) label(name string) string {
	q := b.quote([]byte(name))
	if q == `"`+name+`"` && name != "" {
		return name
	}
	return q
}
