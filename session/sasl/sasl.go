// Package sasl is the client's side of a login, RFC 4422: it turns challenges
// into responses, and says which of them nobody else may see. It knows no
// network, no base64 and no SMTP; RFC 4954 is the session's.
//
// The order of things:
//
//  1. Choose finds the strongest mechanism that a server offers and the
//     credentials can serve; or a person names one.
//  2. New prepares the exchange. Its error is about the credentials: nothing
//     was sent yet.
//  3. Start gives the initial response, if one goes with the AUTH command.
//  4. Next answers each challenge. Its error means that the challenge makes no
//     sense for the mechanism, or that the server failed to prove something:
//     cancel with "*" (RFC 4954 4).
//  5. After the server's success, Done says whether the server may be
//     believed: it has an error where the mechanism lets the server prove that
//     it knows the password and the server has not. After a refusal, Failure
//     has what the server said within the exchange.
//
// Notes are remarks on the way: weak parameters, odd prompts.
//
// An Exchange is used once, by one goroutine. Next of the SCRAM mechanisms can
// take seconds where a server asks for millions of iterations. A challenge is
// at most MaxChallenge octets long.
//
// What must not be shown is decided in one place, Secret, for exchanges and for
// lines that a person types. Errors, notes and failures never hold the
// password, not even where a server echoes it; what they quote of a server is
// short and has no control characters.
//
// A mechanism is one file, and one line in the table of mechanism.go. Login is
// the server's side of all of them, for a server that plays a script.
//
// PLAIN RFC 4616, ANONYMOUS RFC 4505, EXTERNAL RFC 4422, CRAM-MD5 RFC 2195,
// DIGEST-MD5 RFC 2831, SCRAM RFC 5802 and 7677, channel binding RFC 5929 and
// 9266, OAUTHBEARER RFC 7628, SASLprep RFC 4013, NTLM MS-NLMP and MS-SMTPNTLM;
// LOGIN and XOAUTH2 have no standard.
package sasl

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxChallenge is the longest challenge, in octets before base64. RFC 4954
	// 4 has 12288 for a line; NTLM's fields end at 64 KiB.
	MaxChallenge = 64 << 10
	// maxLine is the longest AUTH command with its CRLF, RFC 4954 4.
	maxLine = 12288
)

// Credentials is what a login needs. The zero Password is legal.
type Credentials struct {
	User        string
	Identity    string // whom to act as; empty: the user
	Password    string // for XOAUTH2 and OAUTHBEARER the token
	Host        string // the server's name
	Port        uint16
	Binding     Binding          // ties SCRAM and NTLM to the TLS connection; empty: nothing does
	TLS         bool             // the link is under TLS
	Certificate bool             // a client certificate was given in the handshake
	Offered     []string         // what the server lists, so that SCRAM can notice what was left out of it; nil: unknown
	Rand        io.Reader        // nil: crypto/rand
	Now         func() time.Time // nil: time.Now
}

// String leaves the password out, and so does %v.
func (c Credentials) String() string {
	return fmt.Sprintf("credentials of %q for %q", c.User, c.Host)
}

// GoString is for %#v.
func (c Credentials) GoString() string { return c.String() }

// Initial says when a response goes with the AUTH command itself.
type Initial string

const (
	Auto   Initial = "auto"   // where the mechanism is specified so, and the line is not too long
	Always Initial = "always" // wherever the client can speak first: in LOGIN and NTLM too
	Never  Initial = "never"  // it waits for the first challenge
)

// Response is what the client says, before base64.
type Response struct {
	Octets []byte
	Secret bool // not to be shown, in base64 neither
}

// Exchange is one login.
type Exchange struct {
	row   *mechanism
	talk  *talk
	steps steps

	started bool
	over    error  // why there is no further response
	held    []byte // the initial response that waits for a challenge
	pending bool
	n       int // responses given
}

// steps is what a mechanism has to do. The function that makes one has errors
// that go on after its name: "needs …", "cannot …".
type steps interface {
	// start gives the initial response; has is false where the server speaks
	// first.
	start() (initial []byte, has bool, err error)
	// next answers, with octets that are not nil where err is.
	next(challenge []byte) (response []byte, err error)
	// done says what is missing or wrong although the server said yes.
	done() error
}

// New prepares a login by a mechanism, whose name may be in either case.
func New(mechanism string, c Credentials) (*Exchange, error) {
	row := find(mechanism)
	if row == nil {
		return nil, fmt.Errorf("%s is not a login mechanism that is known here: %s", c.quote([]byte(mechanism)), strings.Join(Names(), ", "))
	}
	if row.user && c.User == "" {
		return nil, fmt.Errorf("%s needs a user name", row.name)
	}
	if !row.identity && c.Identity != "" && c.Identity != c.User {
		return nil, fmt.Errorf("%s cannot carry an authorization identity", row.name)
	}
	t := &talk{Credentials: c}
	s, err := row.make(t)
	if err != nil {
		return nil, fmt.Errorf("%s %w", row.name, err)
	}
	return &Exchange{row: row, talk: t, steps: s}, nil
}

// Mechanism is the name as the registry has it.
func (e *Exchange) Mechanism() string { return e.row.name }

// String leaves the credentials out.
func (e *Exchange) String() string { return "exchange by " + e.row.name }

// GoString is for %#v.
func (e *Exchange) GoString() string { return e.String() }

// Start begins. The initial response goes with the AUTH command where has says
// so; one without octets is sent as "=".
func (e *Exchange) Start(when Initial) (initial Response, has bool, err error) {
	if e.started {
		return Response{}, false, errors.New("the login has begun already")
	}
	e.started = true
	octets, has, err := e.steps.start()
	if err != nil {
		return Response{}, false, e.end(err)
	}
	if !has {
		return Response{}, false, nil
	}
	long := len("AUTH  \r\n")+len(e.row.name)+base64.StdEncoding.EncodedLen(len(octets)) > maxLine
	if when == Never || when != Always && (e.row.late || long) {
		e.held, e.pending = octets, true
		return Response{}, false, nil
	}
	return e.response(octets, nil), true, nil
}

// Pending says that the next response is the initial one, which was held back.
// What the challenge says does not matter then, and it need not be base64: to
// AUTH NTLM, Exchange says "334 ntlm supported".
func (e *Exchange) Pending() bool { return e.pending }

// Next answers a challenge.
func (e *Exchange) Next(challenge []byte) (Response, error) {
	switch {
	case !e.started:
		return Response{}, errors.New("the login has not begun")
	case e.over != nil:
		return Response{}, e.over
	case len(challenge) > MaxChallenge:
		return Response{}, e.end(fmt.Errorf("the challenge of %d octets is too long", len(challenge)))
	}
	if e.pending {
		e.pending = false
		if len(challenge) > 0 && !e.row.late {
			e.talk.note("the first challenge should be empty, but is %s", e.talk.quote(challenge))
		}
		return e.response(e.held, challenge), nil
	}
	octets, err := e.steps.next(challenge)
	if err != nil {
		return Response{}, e.end(err)
	}
	return e.response(octets, challenge), nil
}

func (e *Exchange) response(octets, challenge []byte) Response {
	r := Response{Octets: octets, Secret: Secret(e.row.name, e.n, challenge)}
	e.n++
	return r
}

func (e *Exchange) end(err error) error {
	e.over = fmt.Errorf("%s: %w", e.row.name, err)
	return e.over
}

// Done says, after the server's success, what is missing or wrong all the
// same: a server that says yes without having shown that it knows the password
// may be anybody.
func (e *Exchange) Done() error {
	switch {
	case e.over != nil:
		return e.over
	case e.pending || !e.started:
		return fmt.Errorf("%s: the server said yes before it was told anything", e.row.name)
	case e.talk.failure != "":
		return fmt.Errorf("%s: the server said yes after it had refused: %s", e.row.name, e.talk.failure)
	}
	if err := e.steps.done(); err != nil {
		return fmt.Errorf("%s: %w", e.row.name, err)
	}
	return nil
}

// Failure is why the server refuses, in words, as far as it said so within the
// exchange: the JSON of XOAUTH2 and OAUTHBEARER, the error value of SCRAM.
func (e *Exchange) Failure() string { return e.talk.failure }

// Notes are remarks on what happened so far.
func (e *Exchange) Notes() []string { return e.talk.notes }

// talk is what all mechanisms have at hand.
type talk struct {
	Credentials
	notes   []string
	failure string
}

func (t *talk) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// random draws n octets.
func (t *talk) random(n int) ([]byte, error) {
	r := t.Rand
	if r == nil {
		r = rand.Reader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("no random octets: %w", err)
	}
	return b, nil
}

// nonce is 144 random bits, in letters that need no quoting anywhere.
func (t *talk) nonce() (string, error) {
	b, err := t.random(18)
	return base64.StdEncoding.EncodeToString(b), err
}

// maxQuote is how much of a server's octets a message quotes.
const maxQuote = 160

// quote is a server's octets for a message: short, without control characters,
// and without the password, should the server echo it.
func (c Credentials) quote(b []byte) string {
	if c.Password != "" && (bytes.Contains(b, []byte(c.Password)) ||
		bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString([]byte(c.Password))))) {
		return "(not shown: it has the password in it)"
	}
	if len(b) > maxQuote {
		return strconv.Quote(string(b[:maxQuote])) + "…"
	}
	return strconv.Quote(string(b))
}

// unexpected is the error for a challenge that a mechanism has no answer to.
func (t *talk) unexpected(challenge []byte) error {
	return fmt.Errorf("the server asks once more after all was said: %s", t.quote(challenge))
}
