package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Login is the server's side of a login, for a server that lets in whoever a
// test needs: it tells no users apart and keeps no accounts. Without an expected
// user any is good, and without an expected password any password or proof is.
type Login struct {
	row   *mechanism
	c     Credentials
	bind  Binder
	steps func(response []byte) (challenge []byte, more bool, err error)
}

// Binder is the channel binding of the server's end of the connection. It has
// an error where there is none of that type.
type Binder func(kind string) (Binding, error)

// ErrRefused is a login that is well made and wrong: another user, password or
// proof than expected. Other errors of Next are about what the client said.
var ErrRefused = errors.New("another user or password than expected")

// NeedsPassword says that a server cannot take part in the mechanism without
// the password: it has to show the client that it knows it.
func NeedsPassword(mechanism string) bool {
	name := strings.ToUpper(mechanism)
	return strings.HasPrefix(name, "SCRAM-") || name == "DIGEST-MD5"
}

// Accept prepares the server's side of a login; c has the expected user and
// password. Its error says why this server cannot serve the mechanism.
func Accept(mechanism string, c Credentials, bind Binder) (*Login, error) {
	l := &Login{row: find(mechanism), c: c, bind: bind}
	switch {
	case l.row == nil:
		return nil, fmt.Errorf("%s is not a login mechanism that is known here: %s", c.quote([]byte(mechanism)), strings.Join(Names(), ", "))
	case NeedsPassword(mechanism) && c.Password == "":
		return nil, fmt.Errorf("%s cannot be served without the password: the server has to show that it knows it", l.row.name)
	}
	switch name := l.row.name; name {
	case "PLAIN":
		l.steps = l.asked("", l.plain)
	case "EXTERNAL", "ANONYMOUS":
		l.steps = l.asked("", func(r []byte) error { return l.judge(c.User == "" || len(r) == 0 || string(r) == c.User) })
	case "LOGIN":
		l.steps = l.login()
	case "CRAM-MD5":
		return l, l.cram()
	case "XOAUTH2", "OAUTHBEARER":
		l.steps = l.bearer()
	case "NTLM":
		return l, l.ntlm()
	case "DIGEST-MD5":
		return l, l.digest()
	default:
		return l, l.scram(strings.HasSuffix(name, "-PLUS"))
	}
	return l, nil
}

// Mechanism is the name as the registry has it.
func (l *Login) Mechanism() string { return l.row.name }

// Next takes what the client said; nil is an AUTH command without a response.
// With more the challenge is for the client, and the login goes on. Otherwise
// it is over: the client is in where err is nil.
func (l *Login) Next(response []byte) (challenge []byte, more bool, err error) {
	challenge, more, err = l.steps(response)
	if err != nil {
		err = fmt.Errorf("%s: %w", l.row.name, err)
	}
	return challenge, more, err
}

func (l *Login) judge(good bool) error {
	if good {
		return nil
	}
	return ErrRefused
}

// user says whether a user is the expected one.
func (l *Login) user(name string) bool { return l.c.User == "" || name == l.c.User }

func (l *Login) password(secret string) bool {
	return l.c.Password == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(l.c.Password)) == 1
}

// asked is a login of one response, for which an empty or another challenge
// asks where it does not come with the command.
func (l *Login) asked(challenge string, judge func(response []byte) error) func([]byte) ([]byte, bool, error) {
	return func(response []byte) ([]byte, bool, error) {
		if response == nil {
			return []byte(challenge), true, nil
		}
		return nil, false, judge(response)
	}
}

func (l *Login) plain(response []byte) error {
	parts := strings.Split(string(response), "\x00")
	if len(parts) != 3 {
		return errors.New("the response should be an identity, a user and a password with a NUL between every two")
	}
	return l.judge(l.user(parts[1]) && l.password(parts[2]))
}

func (l *Login) login() func([]byte) ([]byte, bool, error) {
	user, named := "", false
	return func(response []byte) ([]byte, bool, error) {
		switch {
		case response == nil:
			return []byte("Username:"), true, nil
		case !named:
			user, named = string(response), true
			return []byte("Password:"), true, nil
		}
		return nil, false, l.judge(l.user(user) && l.password(string(response)))
	}
}

func (l *Login) cram() error {
	t := &talk{Credentials: l.c}
	nonce, err := t.nonce()
	challenge := "<" + nonce + "@localhost>"
	l.steps = l.asked(challenge, func(response []byte) error {
		at := bytes.LastIndexByte(response, ' ')
		if at < 0 {
			return errors.New("the response should be a user, a blank and a proof")
		}
		proof := &cram{talk: &talk{Credentials: Credentials{User: string(response[:at]), Password: l.c.Password}}}
		expected, err := proof.next([]byte(challenge))
		if err != nil {
			return err
		}
		return l.judge(l.user(string(response[:at])) && (l.c.Password == "" || hmac.Equal(expected, response)))
	})
	return err
}

// bearer is XOAUTH2 and OAUTHBEARER: why a token is refused is said in JSON,
// which the client acknowledges before it is refused (RFC 7628 3.2.3).
func (l *Login) bearer() func([]byte) ([]byte, bool, error) {
	refused := false
	return func(response []byte) ([]byte, bool, error) {
		switch {
		case refused:
			return nil, false, ErrRefused
		case response == nil:
			return nil, true, nil
		}
		token, user, told := "", "", false
		for _, field := range strings.Split(string(response), "\x01") {
			if name, ok := strings.CutPrefix(field, "user="); ok {
				user = name
			}
			if _, name, ok := strings.Cut(field, ",a="); ok && strings.HasPrefix(field, "n,") {
				user = unescaped(strings.TrimSuffix(name, ","))
			}
			if value, ok := strings.CutPrefix(field, "auth="); ok {
				_, token, told = strings.Cut(value, " ")
			}
		}
		if !told {
			return nil, false, errors.New("the response should have the field auth=Bearer and a token")
		}
		if l.password(token) && (user == "" || l.user(user)) {
			return nil, false, nil
		}
		refused = true
		return []byte(`{"status":"invalid_token"}`), true, nil
	}
}

// ntlm is NTLM version 2: NEGOTIATE, our CHALLENGE, AUTHENTICATE, MS-NLMP
// 3.2.5.1.
func (l *Login) ntlm() error {
	nonce, err := (&talk{Credentials: l.c}).random(8)
	if err != nil {
		return err
	}
	begun := false
	l.steps = func(response []byte) ([]byte, bool, error) {
		switch {
		case response == nil:
			return nil, true, nil
		case !bytes.HasPrefix(response, []byte(ntlmSignature)):
			return nil, false, errors.New("the response is no message of NTLM")
		case !begun:
			begun = true
			return ntlmChallengeMessage(nonce), true, nil
		}
		domain, user, proof := ntlmField16(response, 28), ntlmField16(response, 36), ntlmPayload(response, 20)
		if len(proof) < 16 {
			return nil, false, errors.New("the response has no proof of version 2")
		}
		known := l.user(user) || l.user(domain+`\`+user)
		key := ntlmHash(user, domain, l.c.Password)
		return nil, false, l.judge(known && (l.c.Password == "" || hmac.Equal(proof[:16], hmacMD5(key, nonce, proof[16:]))))
	}
	return nil
}

// ntlmChallengeMessage is a CHALLENGE message, MS-NLMP 2.2.1.2, of a server
// that says nothing of itself.
func ntlmChallengeMessage(nonce []byte) []byte {
	end := []byte{avEnd, 0, 0, 0}
	const head = 48
	b := append([]byte(ntlmSignature), 2, 0, 0, 0, 0, 0, 0, 0, head, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, ntlmUnicode|ntlmNTLM|ntlmAlwaysSign|ntlmExtended|ntlmTargetInfo|ntlm128)
	b = append(append(b, nonce...), make([]byte, 8)...)
	b = append(b, byte(len(end)), 0, byte(len(end)), 0, head, 0, 0, 0)
	return append(b, end...)
}

// ntlmPayload is the field whose length and place stand at octet at.
func ntlmPayload(message []byte, at int) []byte {
	if len(message) < at+8 {
		return nil
	}
	size, from := uint64(binary.LittleEndian.Uint16(message[at:])), uint64(binary.LittleEndian.Uint32(message[at+4:]))
	if from+size > uint64(len(message)) {
		return nil
	}
	return message[from : from+size]
}

func ntlmField16(message []byte, at int) string {
	field := ntlmPayload(message, at)
	units := make([]uint16, len(field)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(field[2*i:])
	}
	return string(utf16.Decode(units))
}

// digest is DIGEST-MD5, RFC 2831 2.1.
func (l *Login) digest() error {
	nonce, err := (&talk{Credentials: l.c}).nonce()
	verified := false
	l.steps = func(response []byte) ([]byte, bool, error) {
		switch {
		case response == nil:
			return fmt.Appendf(nil, `nonce="%s",qop="auth",algorithm=md5-sess,charset=utf-8`, nonce), true, nil
		case verified:
			return nil, false, nil // it acknowledges our proof
		}
		fields, err := directives(string(response))
		if err != nil {
			return nil, false, errors.New("the response is not a list of name=value")
		}
		of := map[string]string{}
		for _, f := range fields {
			of[f.name] = f.value
		}
		d := &digest{
			talk: &talk{Credentials: Credentials{User: of["username"], Identity: of["authzid"], Password: l.c.Password}},
			uri:  of["digest-uri"], realm: of["realm"], nonce: nonce, cnonce: of["cnonce"], utf8: true,
		}
		good := l.user(d.User) && of["nonce"] == nonce && hmac.Equal([]byte(of["response"]), []byte(d.proof("AUTHENTICATE:")))
		if !good {
			return nil, false, ErrRefused
		}
		verified = true
		return []byte("rspauth=" + d.proof(":")), true, nil
	}
	return err
}

// scramIterations is what RFC 7677 4 asks for at least.
const scramIterations = fewIterations

// scram is the server of RFC 5802 3.
func (l *Login) scram(plus bool) error {
	t := &talk{Credentials: l.c}
	nonce, err := t.nonce()
	if err != nil {
		return err
	}
	salt, err := t.random(16)
	if err != nil {
		return err
	}
	s := &scramLogin{Login: l, plus: plus, nonce: nonce, salt: salt}
	l.steps = s.next
	return nil
}

type scramLogin struct {
	*Login
	plus       bool
	nonce      string
	salt       []byte
	gs2, first string // the client's header, and its first message without it
	challenge  string
	binding    []byte
	proved     bool
}

func (s *scramLogin) next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil:
		return nil, true, nil
	case s.proved:
		return nil, false, nil // it acknowledges our signature
	case s.challenge == "":
		return s.begin(string(response))
	}
	return s.prove(string(response))
}

// begin reads gs2,n=user,r=nonce.
func (s *scramLogin) begin(response string) ([]byte, bool, error) {
	parts := strings.SplitN(response, ",", 3)
	if len(parts) != 3 {
		return nil, false, errors.New("the response should be a header, n=…,r=…")
	}
	kind, binds := strings.CutPrefix(parts[0], "p=")
	switch {
	case binds != s.plus:
		return nil, false, errors.New("the header of the response is not that of the mechanism")
	case binds:
		b, err := s.bind(kind)
		if err != nil {
			return nil, false, err
		}
		s.binding = b.Data
	}
	s.gs2, s.first = parts[0]+","+parts[1]+",", parts[2]
	fields := strings.Split(s.first, ",")
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "n=") || !strings.HasPrefix(fields[1], "r=") {
		return nil, false, errors.New("the response should be a header, n=…,r=…")
	}
	if !s.user(unescaped(fields[0][2:])) {
		return nil, false, ErrRefused
	}
	s.nonce = fields[1][2:] + s.nonce
	s.challenge = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.salt), scramIterations)
	return []byte(s.challenge), true, nil
}

// prove reads c=…,r=…,p=proof, and shows that we know the password too.
func (s *scramLogin) prove(response string) ([]byte, bool, error) {
	at := strings.LastIndex(response, ",p=")
	if at < 0 {
		return nil, false, errors.New("the response should be c=…,r=…,p=…")
	}
	final := response[:at]
	proof, err := base64.StdEncoding.DecodeString(response[at+len(",p="):])
	if err != nil {
		return nil, false, errors.New("the proof is not base64")
	}
	secret, err := saslPrep(s.c.Password)
	if err != nil {
		return nil, false, err
	}
	keys := &scram{hash: sha256.New}
	if strings.HasPrefix(s.row.name, "SCRAM-SHA-1") {
		keys.hash = sha1.New
	}
	salted, err := pbkdf2.Key(keys.hash, secret, s.salt, scramIterations, keys.hash().Size())
	if err != nil {
		return nil, false, err
	}
	client := keys.hmac(salted, []byte("Client Key"))
	stored := keys.hash()
	stored.Write(client)
	message := []byte(s.first + "," + s.challenge + "," + final)
	expected := keys.hmac(stored.Sum(nil), message)
	subtle.XORBytes(expected, expected, client)
	header := "c=" + base64.StdEncoding.EncodeToString(append([]byte(s.gs2), s.binding...)) + ",r=" + s.nonce
	if !hmac.Equal(expected, proof) || final != header {
		return nil, false, ErrRefused
	}
	s.proved = true
	signature := keys.hmac(keys.hmac(salted, []byte("Server Key")), message)
	return []byte("v=" + base64.StdEncoding.EncodeToString(signature)), true, nil
}

// unescaped undoes saslName.
func unescaped(name string) string {
	return strings.NewReplacer("=3D", "=", "=2C", ",").Replace(name)
}
