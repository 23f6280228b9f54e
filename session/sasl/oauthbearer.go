package sasl

import (
	gosasl "github.com/emersion/go-sasl"
)

// newOAuthBearer is OAUTHBEARER, RFC 7628. The identity in its header is whom
// to act as (section 3.1); without one, the user.
func newOAuthBearer(t *talk) (steps, error) {
	if err := checkToken(t); err != nil {
		return nil, err
	}
	identity := t.Identity
	if identity == "" {
		identity = t.User
	}
	_, initial, err := gosasl.NewOAuthBearerClient(&gosasl.OAuthBearerOptions{
		Username: saslName(identity), Token: t.Password, Host: t.Host, Port: int(t.Port),
	}).Start()
	return &bearer{talk: t, initial: string(initial), dummy: "\x01"}, err
}
