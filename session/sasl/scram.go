package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// github.com/xdg-go/scram does the same, but its stringprep builds tables when
// the program starts, login or not: 2,200 allocations. It is the server in the
// tests.

const (
	// maxIterations is where a server's wish becomes an attack on our time:
	// some seconds of one core.
	maxIterations = 10_000_000
	// fewIterations is the least that RFC 7677 4 and RFC 5802 5.1 want.
	fewIterations = 4096
)

// scram is a SCRAM mechanism, RFC 5802. Its messages are
//
//	C: gs2,n=user,r=nonce         gs2: n,a=identity, or y,… or p=type,…
//	S: r=nonce+more,s=salt,i=iterations
//	C: c=base64(gs2 binding),r=nonce+more,p=proof
//	S: v=signature, or e=error
//	C: (nothing; SMTP has no data with a success)
type scram struct {
	*talk
	hash             func() hash.Hash
	plus             bool
	user, id, secret string // prepared by SASLprep

	nonce     string
	gs2       string
	first     string // the first message without gs2
	signature []byte // what the server has to show
	verified  bool
}

func newSCRAM(t *talk, h func() hash.Hash, plus bool) (steps, error) {
	if plus && t.Binding.empty() {
		if !t.TLS {
			return nil, errors.New("needs channel binding, and so TLS")
		}
		return nil, errors.New("needs channel binding, which this connection does not have")
	}
	if plus && strings.ContainsAny(t.Binding.Type, ",\x00") {
		return nil, errors.New("cannot send that type of channel binding")
	}
	s := &scram{talk: t, hash: h, plus: plus}
	for _, p := range []struct {
		to         *string
		text, what string
	}{{&s.user, t.User, "user name"}, {&s.id, t.Identity, "identity"}, {&s.secret, t.Password, "password"}} {
		var err error
		if *p.to, err = saslPrep(p.text); err != nil {
			return nil, fmt.Errorf("cannot prepare the %s by SASLprep: %w", p.what, err)
		}
		if *p.to != p.text {
			t.note("SASLprep changed the %s", p.what)
		}
	}
	return s, nil
}

func (s *scram) start() ([]byte, bool, error) {
	if s.nonce == "" {
		var err error
		if s.nonce, err = s.talk.nonce(); err != nil {
			return nil, false, err
		}
	}
	s.gs2 = s.flag() + ","
	if s.id != "" {
		s.gs2 += "a=" + saslName(s.id)
	}
	s.gs2 += ","
	s.first = "n=" + saslName(s.user) + ",r=" + s.nonce
	return []byte(s.gs2 + s.first), true, nil
}

// flag says what the client thinks of channel binding. "y": it could, and the
// server did not offer to; a server that did offer it then knows that somebody
// has changed its list (RFC 5802 6).
func (s *scram) flag() string {
	if s.plus {
		return "p=" + s.Binding.Type
	}
	if s.Binding.empty() || s.Offered == nil {
		return "n"
	}
	for _, name := range s.Offered {
		name = strings.ToUpper(name)
		if strings.HasPrefix(name, "SCRAM-") && strings.HasSuffix(name, "-PLUS") {
			return "n"
		}
	}
	return "y"
}

func (s *scram) next(challenge []byte) ([]byte, error) {
	switch {
	case s.verified || s.failure != "":
		return nil, s.unexpected(challenge)
	case bytes.HasPrefix(challenge, []byte("e=")):
		// The answer to this is nothing, and then the server refuses.
		s.failure = s.explain(challenge)
		return []byte{}, nil
	case s.signature == nil:
		return s.prove(challenge)
	}
	return []byte{}, s.verify(challenge)
}

// prove answers the server's first message.
func (s *scram) prove(challenge []byte) ([]byte, error) {
	nonce, salt, iterations, err := s.parse(challenge)
	if err != nil {
		return nil, err
	}
	binding := []byte(s.gs2)
	if s.plus {
		binding = append(binding, s.Binding.Data...)
	}
	final := "c=" + base64.StdEncoding.EncodeToString(binding) + ",r=" + nonce
	message := []byte(s.first + "," + string(challenge) + "," + final)

	salted, err := pbkdf2.Key(s.hash, s.secret, salt, iterations, s.hash().Size())
	if err != nil {
		return nil, fmt.Errorf("the key cannot be derived: %w", err)
	}
	client := s.hmac(salted, []byte("Client Key"))
	stored := s.hash()
	stored.Write(client)
	proof := s.hmac(stored.Sum(nil), message)
	subtle.XORBytes(proof, proof, client)
	s.signature = s.hmac(s.hmac(salted, []byte("Server Key")), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// parse reads r=…,s=…,i=… and judges it. What stands behind may be ignored,
// what stands before may not (RFC 5802 5.1, "m").
func (s *scram) parse(challenge []byte) (nonce string, salt []byte, iterations int, err error) {
	bad := func(why string) (string, []byte, int, error) {
		return "", nil, 0, fmt.Errorf("%s: %s", why, s.quote(challenge))
	}
	if bytes.HasPrefix(challenge, []byte("m=")) {
		return bad("the server demands an extension that nobody knows")
	}
	fields := strings.SplitN(string(challenge), ",", 4)
	var values [3]string
	for i, name := range []string{"r=", "s=", "i="} {
		if i >= len(fields) || !strings.HasPrefix(fields[i], name) {
			return bad("the challenge should be r=…,s=…,i=…, but is")
		}
		values[i] = fields[i][len(name):]
	}
	nonce = values[0]
	if len(nonce) <= len(s.nonce) || !strings.HasPrefix(nonce, s.nonce) {
		return bad("the server's nonce is not ours with its own behind it")
	}
	salt, err = base64.StdEncoding.Strict().DecodeString(values[1])
	if err != nil || strings.ContainsAny(values[1], "\r\n") {
		return bad("the salt is not base64")
	}
	iterations, err = strconv.Atoi(values[2])
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && iterations > maxIterations:
		return bad(fmt.Sprintf("the server asks for more than %d iterations, which would only keep us busy", maxIterations))
	case err != nil || iterations < 1 || strings.HasPrefix(values[2], "+"):
		return bad("the number of iterations is not one")
	case iterations < fewIterations:
		s.note("the server asks for %d iterations only: at least %d are due (RFC 7677), and fewer make guessing easier", iterations, fewIterations)
	}
	if len(salt) == 0 {
		s.note("the server's salt is empty")
	}
	return nonce, salt, iterations, nil
}

// verify reads the server's proof.
func (s *scram) verify(challenge []byte) error {
	text, ok := strings.CutPrefix(string(challenge), "v=")
	if !ok {
		return fmt.Errorf("the challenge should be the server's signature, v=…, but is %s", s.quote(challenge))
	}
	text, _, _ = strings.Cut(text, ",")
	got, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !hmac.Equal(got, s.signature) {
		return errors.New("the server's signature is wrong: it does not know the password, or somebody is in between")
	}
	s.verified = true
	return nil
}

func (s *scram) done() error {
	if !s.verified {
		return errors.New("the server said yes and has not shown that it knows the password")
	}
	return nil
}

// explain puts an error value of RFC 5802 7 into words.
func (s *scram) explain(challenge []byte) string {
	value, _, _ := strings.Cut(string(challenge[2:]), ",")
	words := s.quote([]byte(value))
	switch value {
	case "invalid-proof":
		words += " (the password is wrong)"
	case "unknown-user":
		words += " (there is no such user)"
	case "channel-bindings-dont-match":
		words += " (the TLS of the server is not ours: somebody is in between, or it binds to something else)"
	case "server-does-support-channel-binding":
		words += " (the -PLUS mechanism was taken out of the server's list on the way)"
	case "unsupported-channel-binding-type":
		words += " (the server does not know " + s.Binding.Type + ")"
	}
	return words
}

func (s *scram) hmac(key, message []byte) []byte {
	mac := hmac.New(s.hash, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// saslName escapes a name for a header of RFC 5801 4.
func saslName(name string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(name)
}
