package sasl

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	//lint:ignore SA1019 NTLM is made of MD4
	"golang.org/x/crypto/md4"
)

// github.com/Azure/go-ntlmssp does less of it (no message integrity code, no
// channel binding, no way to give it the random octets) and brings net/http.

// The flags of MS-NLMP 2.2.2.5 that matter for a login without a session.
const (
	ntlmUnicode    = 1 << 0
	ntlmTarget     = 1 << 2
	ntlmNTLM       = 1 << 9
	ntlmAlwaysSign = 1 << 15
	ntlmExtended   = 1 << 19
	ntlmTargetInfo = 1 << 23
	ntlm128        = 1 << 29

	ntlmOurs = ntlmUnicode | ntlmTarget | ntlmNTLM | ntlmAlwaysSign | ntlmExtended | ntlmTargetInfo | ntlm128
)

// The pairs of MS-NLMP 2.2.2.1 that are read or made.
const (
	avEnd       = 0
	avFlags     = 6
	avTimestamp = 7
	avBinding   = 10
)

const (
	ntlmSignature = "NTLMSSP\x00"
	ntlmMIC       = 72 // where the message integrity code stands
	// Lengths have 16 bits.
	maxNTLMName   = 1024
	maxNTLMTarget = 32 << 10
)

// ntlm is NTLM version 2, MS-NLMP and MS-SMTPNTLM: NEGOTIATE, a CHALLENGE,
// AUTHENTICATE. The user may be DOMAIN\user.
type ntlm struct {
	*talk
	user, domain string
	negotiate    []byte
	given        bool
}

func newNTLM(t *talk) (steps, error) {
	n := &ntlm{talk: t, user: t.User}
	if domain, user, ok := strings.Cut(t.User, `\`); ok {
		n.domain, n.user = domain, user
	}
	if len(t.User) > maxNTLMName {
		return nil, fmt.Errorf("cannot send a user name of more than %d octets", maxNTLMName)
	}
	return n, nil
}

func (n *ntlm) start() ([]byte, bool, error) {
	b := append([]byte(ntlmSignature), 1, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, ntlmOurs)
	n.negotiate = append(b, make([]byte, 16)...) // no domain, no workstation
	return n.negotiate, true, nil
}

func (n *ntlm) next(challenge []byte) ([]byte, error) {
	if n.given {
		return nil, n.unexpected(challenge)
	}
	c, err := parseNTLM(challenge)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, n.quote(challenge))
	}
	nonce, err := n.random(8)
	if err != nil {
		return nil, err
	}
	n.given = true
	return n.authenticate(c, nonce), nil
}

func (n *ntlm) done() error {
	if !n.given {
		return errors.New("the server said yes and had not asked for a proof")
	}
	return nil
}

// ntlmChallenge is a CHALLENGE message, MS-NLMP 2.2.1.2.
type ntlmChallenge struct {
	raw   []byte
	flags uint32
	nonce []byte
	pairs []ntlmPair
	stamp []byte // the server's time, or nil
}

type ntlmPair struct {
	id    uint16
	value []byte
}

func parseNTLM(b []byte) (*ntlmChallenge, error) {
	switch {
	case !bytes.HasPrefix(b, []byte(ntlmSignature)):
		return nil, errors.New("the challenge is no message of NTLM")
	case len(b) < 32:
		return nil, errors.New("the challenge is cut off")
	case binary.LittleEndian.Uint32(b[8:]) != 2:
		return nil, fmt.Errorf("the challenge is message %d of NTLM instead of 2", binary.LittleEndian.Uint32(b[8:]))
	}
	c := &ntlmChallenge{raw: b, flags: binary.LittleEndian.Uint32(b[20:]), nonce: b[24:32]}
	if c.flags&ntlmUnicode == 0 {
		return nil, errors.New("the server takes no Unicode")
	}
	if c.flags&ntlmTargetInfo == 0 {
		return c, nil
	}
	if len(b) < 48 {
		return nil, errors.New("the challenge is cut off")
	}
	from := uint64(binary.LittleEndian.Uint32(b[44:]))
	to := from + uint64(binary.LittleEndian.Uint16(b[40:]))
	switch {
	case to > uint64(len(b)):
		return nil, errors.New("the challenge points behind its end")
	case to-from > maxNTLMTarget:
		return nil, errors.New("the challenge's description of the target is too long")
	}
	return c, c.readPairs(b[from:to])
}

func (c *ntlmChallenge) readPairs(b []byte) error {
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		switch {
		case id == avEnd:
			return nil
		case n > len(b):
			return errors.New("the challenge's description of the target is cut off")
		case id == avTimestamp && n != 8:
			return errors.New("the challenge has a time that is none")
		case id == avTimestamp:
			c.stamp = b[:n]
		}
		c.pairs = append(c.pairs, ntlmPair{id, b[:n]})
		b = b[n:]
	}
	if len(b) > 0 || len(c.pairs) > 0 {
		return errors.New("the challenge's description of the target has no end")
	}
	return nil
}

// target is the server's description with what the client adds, MS-NLMP
// 3.1.5.1.2: that there is an integrity code, and what TLS this is.
func (n *ntlm) target(c *ntlmChallenge) []byte {
	if c.flags&ntlmTargetInfo == 0 {
		return nil
	}
	var b []byte
	pair := func(id uint16, value []byte) {
		b = binary.LittleEndian.AppendUint16(b, id)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
		b = append(b, value...)
	}
	flags := uint32(0)
	for _, p := range c.pairs {
		switch {
		case p.id == avFlags && len(p.value) == 4:
			flags = binary.LittleEndian.Uint32(p.value)
		case p.id != avFlags && p.id != avBinding:
			pair(p.id, p.value)
		}
	}
	if c.stamp != nil {
		flags |= 2
	}
	if flags != 0 {
		pair(avFlags, binary.LittleEndian.AppendUint32(nil, flags))
	}
	if n.Binding.Type == TLSServerEndPoint && !n.Binding.empty() {
		pair(avBinding, n.bindingHash())
	}
	pair(avEnd, nil)
	return b
}

// bindingHash is the MD5 of a gss_channel_bindings_struct, RFC 2744 3.11,
// without addresses.
func (n *ntlm) bindingHash() []byte {
	data := n.Binding.Type + ":" + string(n.Binding.Data)
	b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data)))
	sum := md5.Sum(append(b, data...))
	return sum[:]
}

// authenticate is the AUTHENTICATE message, MS-NLMP 2.2.1.3 and 3.3.2.
func (n *ntlm) authenticate(c *ntlmChallenge, nonce []byte) []byte {
	key := ntlmHash(n.user, n.domain, n.Password)
	stamp := c.stamp
	if stamp == nil {
		stamp = n.fileTime()
	}
	temp := ntlmTemp(stamp, nonce, n.target(c))
	proof := hmacMD5(key, c.nonce, temp)
	lm := make([]byte, 24)
	if c.stamp == nil {
		lm = append(hmacMD5(key, c.nonce, nonce), nonce...)
	}

	head := ntlmMIC
	if c.stamp != nil {
		head += 16
	}
	b := append([]byte(ntlmSignature), 3, 0, 0, 0)
	var payload []byte
	for _, field := range [][]byte{lm, append(bytes.Clone(proof), temp...), utf16le(n.domain), utf16le(n.user), nil, nil} {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(field)))
		b = binary.LittleEndian.AppendUint16(b, uint16(len(field)))
		b = binary.LittleEndian.AppendUint32(b, uint32(head+len(payload)))
		payload = append(payload, field...)
	}
	b = binary.LittleEndian.AppendUint32(b, c.flags&ntlmOurs)
	b = append(b, make([]byte, head-len(b))...)
	b = append(b, payload...)
	if c.stamp != nil {
		copy(b[ntlmMIC:], hmacMD5(hmacMD5(key, proof), n.negotiate, c.raw, b))
	}
	return b
}

// ntlmTemp is what the proof is about beside the server's nonce.
func ntlmTemp(stamp, nonce, target []byte) []byte {
	b := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, stamp...)
	b = append(append(b, nonce...), 0, 0, 0, 0)
	return append(append(b, target...), 0, 0, 0, 0)
}

// ntlmHash is NTOWFv2, MS-NLMP 3.3.2.
func ntlmHash(user, domain, password string) []byte {
	h := md4.New()
	h.Write(utf16le(password))
	return hmacMD5(h.Sum(nil), utf16le(strings.ToUpper(user)+domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func utf16le(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// fileTime is the present time in tenths of microseconds since 1601.
func (n *ntlm) fileTime() []byte {
	now := time.Now
	if n.Now != nil {
		now = n.Now
	}
	const from1601 = 11644473600 // seconds to 1970
	t := now()
	return binary.LittleEndian.AppendUint64(nil, uint64(t.Unix()+from1601)*1e7+uint64(t.Nanosecond()/100))
}
