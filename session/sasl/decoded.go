package sasl

import (
	"bytes"
	"fmt"
	"strings"
)

// hidden stands where a secret was.
const hidden = "********"

// Decoded says what a client's response number n, from 0, of a mechanism is
// made of, decoded from base64, one part each: "user: someone". Passwords,
// tokens and proofs are left out of it, and so is everything of a mechanism
// that is not known. What came from outside is in it as it came.
func Decoded(mechanism string, n int, response []byte) []string {
	name := strings.ToUpper(mechanism)
	switch {
	case name == "PLAIN": // RFC 4616 2
		parts := bytes.SplitN(response, []byte{0}, 3)
		if len(parts) < 3 {
			return []string{"it is not identity, user and password, with a NUL between them"}
		}
		lines := []string{"user: " + string(parts[1]), "password: " + hidden}
		if len(parts[0]) > 0 {
			lines = append([]string{"to act as: " + string(parts[0])}, lines...)
		}
		return lines
	case name == "LOGIN":
		if n == 0 {
			return []string{"user: " + string(response)}
		}
		return []string{"password: " + hidden}
	case name == "CRAM-MD5": // RFC 2195 2
		end := bytes.LastIndexByte(response, ' ')
		if end < 0 {
			return []string{"it is not user and digest"}
		}
		return []string{"user: " + string(response[:end]), "digest: " + hidden}
	case name == "ANONYMOUS": // RFC 4505 2
		return []string{"trace: " + string(response)}
	case name == "EXTERNAL": // RFC 4422 A
		return []string{"to act as: " + string(response)}
	case name == "XOAUTH2", name == "OAUTHBEARER":
		return fields(response, "\x01", "auth")
	case strings.HasPrefix(name, "SCRAM-"): // RFC 5802 7
		return fields(response, ",", "p", "v")
	case name == "DIGEST-MD5":
		return fields(response, ",", "response")
	}
	return []string{fmt.Sprintf("%d octets, which are not shown", len(response))}
}

// DecodedChallenge is the same of what the server said.
func DecodedChallenge(mechanism string, challenge []byte) []string {
	name := strings.ToUpper(mechanism)
	switch {
	case len(challenge) == 0:
		return []string{"it is empty: the client begins"}
	case strings.HasPrefix(name, "SCRAM-"):
		return fields(challenge, ",", "v")
	case name == "DIGEST-MD5":
		return fields(challenge, ",", "rspauth")
	case name == "NTLM", find(mechanism) == nil:
		return []string{fmt.Sprintf("%d octets, which are not shown", len(challenge))}
	}
	return []string{string(challenge)}
}

// fields are the parts of a list of NAME=VALUE; the values of the secret ones
// are left out.
func fields(list []byte, between string, secret ...string) []string {
	var lines []string
	for _, part := range strings.Split(string(list), between) {
		name, _, ok := strings.Cut(part, "=")
		for _, s := range secret {
			if ok && strings.EqualFold(strings.TrimSpace(name), s) {
				part = name + "=" + hidden
			}
		}
		if part != "" {
			lines = append(lines, part)
		}
	}
	return lines
}
