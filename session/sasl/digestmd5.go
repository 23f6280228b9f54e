package sasl

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// digest is DIGEST-MD5, RFC 2831 (moved to historic by RFC 6331), without the
// layers for integrity and secrecy: that is TLS's.
type digest struct {
	*talk
	uri, realm, nonce, cnonce string
	utf8                      bool
	given, verified           bool
}

func newDigest(t *talk) (steps, error) {
	if strings.ContainsAny(t.User+t.Identity+t.Host, "\x00\r\n") {
		return nil, errors.New("cannot send a control character within a name")
	}
	return &digest{talk: t, uri: "smtp/" + t.Host}, nil
}

func (d *digest) start() ([]byte, bool, error) { return nil, false, nil }

func (d *digest) next(challenge []byte) ([]byte, error) {
	if d.verified {
		return nil, d.unexpected(challenge)
	}
	fields, err := directives(string(challenge))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, d.quote(challenge))
	}
	if d.given {
		return []byte{}, d.verify(fields)
	}
	if err := d.read(fields); err != nil {
		return nil, fmt.Errorf("%w: %s", err, d.quote(challenge))
	}
	if d.cnonce == "" {
		if d.cnonce, err = d.talk.nonce(); err != nil {
			return nil, err
		}
	}
	d.given = true
	return d.answer()
}

// read takes what matters from the server's challenge, section 2.1.1.
func (d *digest) read(fields []directive) error {
	seen := map[string]int{}
	realms, qop, algorithm := []string{}, "auth", ""
	for _, f := range fields {
		seen[f.name]++
		switch f.name {
		case "realm":
			realms = append(realms, f.value)
		case "nonce":
			d.nonce = f.value
		case "qop":
			qop = f.value
		case "algorithm":
			algorithm = f.value
		case "charset":
			d.utf8 = strings.EqualFold(f.value, "utf-8")
		}
	}
	for _, name := range []string{"nonce", "algorithm", "qop", "charset"} {
		if seen[name] > 1 {
			return fmt.Errorf("the challenge has more than one %s", name)
		}
	}
	switch {
	case d.nonce == "":
		return errors.New("the challenge has no nonce")
	case !strings.EqualFold(algorithm, "md5-sess"):
		return errors.New("the challenge has not the algorithm md5-sess, the only one there is")
	case !offersAuth(qop):
		return errors.New("the server wants a security layer of DIGEST-MD5, which TLS has replaced")
	}
	if len(realms) > 0 {
		d.realm = realms[0]
	}
	if len(realms) > 1 {
		d.note("the server has %d realms; the first one is taken: %s", len(realms), d.quote([]byte(d.realm)))
	}
	return nil
}

// offersAuth looks for the plain login in a list of protections.
func offersAuth(qop string) bool {
	for _, q := range strings.Split(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			return true
		}
	}
	return false
}

// answer is the response of section 2.1.2.
func (d *digest) answer() ([]byte, error) {
	user := d.User
	var b strings.Builder
	if d.utf8 {
		b.WriteString("charset=utf-8,")
	} else {
		var ok bool
		if user, ok = latin1(user); !ok {
			return nil, errors.New("the user name is not Latin-1, and the server takes no UTF-8")
		}
	}
	b.WriteString("username=" + quoted(user))
	if d.realm != "" {
		b.WriteString(",realm=" + quoted(d.realm))
	}
	b.WriteString(",nonce=" + quoted(d.nonce) + ",nc=00000001,cnonce=" + quoted(d.cnonce) +
		",digest-uri=" + quoted(d.uri) + ",response=" + d.proof("AUTHENTICATE:") + ",qop=auth")
	if d.Identity != "" { // UTF-8 always
		b.WriteString(",authzid=" + quoted(d.Identity))
	}
	return []byte(b.String()), nil
}

// proof is the response-value of section 2.1.2.1: the client's with the prefix
// "AUTHENTICATE:", the server's with ":".
func (d *digest) proof(prefix string) string {
	// Hashed are Latin-1 octets wherever they suffice, whatever was sent.
	part := func(s string) string {
		if l, ok := latin1(s); ok {
			return l
		}
		return s
	}
	realm := d.realm
	if d.utf8 {
		realm = part(realm)
	}
	inner := md5.Sum([]byte(part(d.User) + ":" + realm + ":" + part(d.Password)))
	a1 := string(inner[:]) + ":" + d.nonce + ":" + d.cnonce
	if d.Identity != "" {
		a1 += ":" + d.Identity
	}
	return hexMD5(hexMD5(a1) + ":" + d.nonce + ":00000001:" + d.cnonce + ":auth:" + hexMD5(prefix+d.uri))
}

func hexMD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// verify reads the server's proof, section 2.1.3.
func (d *digest) verify(fields []directive) error {
	for _, f := range fields {
		if f.name != "rspauth" {
			continue
		}
		if !hmac.Equal([]byte(strings.ToLower(f.value)), []byte(d.proof(":"))) {
			return errors.New("the server's rspauth is wrong: it does not know the password, or somebody is in between")
		}
		d.verified = true
		return nil
	}
	return errors.New("the server asks once more, but shows no rspauth")
}

func (d *digest) done() error {
	if !d.verified {
		return errors.New("the server said yes and has not shown that it knows the password")
	}
	return nil
}

// latin1 turns UTF-8 into ISO 8859-1, if that has all the characters.
func latin1(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return "", false
		}
		out = append(out, byte(r))
	}
	return string(out), true
}

// quoted is a quoted-string, RFC 2831 7.2.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// directive is name=value of a challenge; the name in lower case, the value
// without quotes.
type directive struct{ name, value string }

// directives reads a list of them, RFC 2831 7.1: commas may be doubled, blanks
// stand anywhere between.
func directives(s string) (fields []directive, err error) {
	const blank = " \t\r\n"
	for {
		s = strings.TrimLeft(s, blank+",")
		if s == "" {
			break
		}
		name, rest, ok := strings.Cut(s, "=")
		name = strings.ToLower(strings.TrimRight(name, blank))
		if !ok || name == "" || strings.ContainsAny(name, `", `+"\t") {
			return nil, errors.New("the challenge is not a list of name=value")
		}
		var value string
		if value, s, err = directiveValue(strings.TrimLeft(rest, blank)); err != nil {
			return nil, err
		}
		fields = append(fields, directive{name, value})
		if s = strings.TrimLeft(s, blank); s != "" && s[0] != ',' {
			return nil, errors.New("the challenge has no comma between two values")
		}
	}
	if len(fields) == 0 {
		return nil, errors.New("the challenge is empty")
	}
	return fields, nil
}

// directiveValue takes a value, quoted or not, from the front of s.
func directiveValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexAny(s, ", \t\r\n")
		if i < 0 {
			return s, "", nil
		}
		return s[:i], s[i:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], nil
		case '\\':
			i++
			if i == len(s) {
				return "", "", errors.New("the challenge ends within quotes")
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("the challenge ends within quotes")
}
