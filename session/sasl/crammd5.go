package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
)

// cram is CRAM-MD5, RFC 2195.
type cram struct {
	*talk
	given bool
}

func newCRAM(t *talk) (steps, error) { return &cram{talk: t}, nil }

func (c *cram) start() ([]byte, bool, error) { return nil, false, nil }

func (c *cram) next(challenge []byte) ([]byte, error) {
	switch {
	case c.given:
		return nil, c.unexpected(challenge)
	case len(challenge) == 0:
		return nil, errors.New("the challenge is empty: whoever hears the answer could use it again")
	case !bytes.HasPrefix(challenge, []byte("<")) || !bytes.HasSuffix(challenge, []byte(">")):
		c.note("the challenge is not of the form <…@…>: %s", c.quote(challenge))
	}
	c.given = true
	mac := hmac.New(md5.New, []byte(c.Password))
	mac.Write(challenge)
	return []byte(c.User + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

func (c *cram) done() error {
	if !c.given {
		return errors.New("the server said yes and had not asked for a proof")
	}
	return nil
}
