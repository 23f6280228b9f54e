package sasl

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"strings"
)

// mechanism is a row of the table.
type mechanism struct {
	name     string
	make     func(*talk) (steps, error)
	secret   secrecy
	user     bool // needs a user name
	identity bool // can carry an authorization identity
	late     bool // the client speaks first, but not with the AUTH command
	clear    bool // the server learns the password, or token
}

// secrecy says which responses are hidden.
type secrecy int

const (
	all       secrecy = iota
	afterName         // all but the first, which names the user and no more
	nothing
)

// mechanisms are all of them, the strongest first: a key that never leaves us,
// then those whose server proves itself too, then those with a proof of ours
// alone, then those that show the password. DIGEST-MD5 is behind SCRAM because
// its hash is quick to guess at, NTLM behind CRAM-MD5 because its hash has no
// salt and serves as the password elsewhere.
var mechanisms = [...]mechanism{
	{name: "EXTERNAL", make: newExternal, secret: nothing, identity: true},
	{name: "SCRAM-SHA-256-PLUS", make: newSCRAM256Plus, secret: afterName, user: true, identity: true},
	{name: "SCRAM-SHA-1-PLUS", make: newSCRAM1Plus, secret: afterName, user: true, identity: true},
	{name: "SCRAM-SHA-256", make: newSCRAM256, secret: afterName, user: true, identity: true},
	{name: "SCRAM-SHA-1", make: newSCRAM1, secret: afterName, user: true, identity: true},
	{name: "DIGEST-MD5", make: newDigest, user: true, identity: true},
	{name: "CRAM-MD5", make: newCRAM, user: true},
	{name: "NTLM", make: newNTLM, secret: afterName, user: true, late: true},
	{name: "PLAIN", make: newPlain, user: true, identity: true, clear: true},
	{name: "LOGIN", make: newLogin, secret: afterName, user: true, late: true, clear: true},
	{name: "OAUTHBEARER", make: newOAuthBearer, identity: true, clear: true},
	{name: "XOAUTH2", make: newXOAuth2, user: true, clear: true},
	{name: "ANONYMOUS", make: newAnonymous, secret: nothing},
}

func newSCRAM256Plus(t *talk) (steps, error) { return newSCRAM(t, sha256.New, true) }
func newSCRAM1Plus(t *talk) (steps, error)   { return newSCRAM(t, sha1.New, true) }
func newSCRAM256(t *talk) (steps, error)     { return newSCRAM(t, sha256.New, false) }
func newSCRAM1(t *talk) (steps, error)       { return newSCRAM(t, sha1.New, false) }

// find returns the row of a name in either case, or nil.
func find(name string) *mechanism {
	for i := range mechanisms {
		if strings.EqualFold(mechanisms[i].name, name) {
			return &mechanisms[i]
		}
	}
	return nil
}

// Names are the known mechanisms, the strongest first.
func Names() []string {
	names := make([]string, len(mechanisms))
	for i := range mechanisms {
		names[i] = mechanisms[i].name
	}
	return names
}

// Secret says whether the client's response number n, from 0, to a challenge
// (nil for what goes with the AUTH command) is to be masked. It is for lines
// that a person types; an Exchange says it with each Response.
//
// Masked are passwords and tokens, and proofs too: with the nonces beside it a
// proof lets anybody guess at the password for as long as he likes. The user
// name is not masked where it stands alone. Of a mechanism that is not known,
// everything is.
func Secret(mechanism string, n int, challenge []byte) bool {
	row := find(mechanism)
	if row == nil {
		return true
	}
	switch row.secret {
	case nothing:
		return false
	case afterName:
		return n > 0 || asksPassword(challenge)
	}
	return true
}

// SecretChallenge says whether a challenge is to be masked as the responses
// are: the server's own proof in SCRAM and DIGEST-MD5 can be guessed at just as
// well as the client's.
func SecretChallenge(mechanism string, challenge []byte) bool {
	name := strings.ToUpper(mechanism)
	return strings.HasPrefix(name, "SCRAM-") && bytes.HasPrefix(challenge, []byte("v=")) ||
		name == "DIGEST-MD5" && bytes.Contains(bytes.ToLower(challenge), []byte("rspauth"))
}

// Responses is how many responses a client has to give at most, the initial one
// included. Lines that are sent before the server has asked are to be masked up
// to that number. Of a mechanism that is not known it is a guess.
func Responses(mechanism string) int {
	switch strings.ToUpper(mechanism) {
	case "PLAIN", "ANONYMOUS", "EXTERNAL", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER":
		return 1
	case "LOGIN", "NTLM":
		return 2
	}
	return 3
}
