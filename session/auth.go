package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/wire"
)

// Auth logs in (RFC 4954). A refused login is not tried again with another
// mechanism.
type Auth struct {
	Mechanisms  []string // the first that is offered is taken; none, or "any": the strongest offered
	Credentials sasl.Credentials
	Initial     sasl.Initial // empty: auto
	Insecure    bool         // also where the link is not TLS with a certificate that verified
	Unjudged    bool         // that the server refuses is no error: its reply is there to be judged
}

func (Auth) action() {}

// login is a login that is under way, by Auth or typed by hand.
type login struct {
	mechanism string
	responses int    // that the client has sent, the initial one included
	challenge []byte // the server's last, decoded; nil: none yet
	awaited   bool   // the server has sent a 334, and waits for a response
}

// auth logs in.
func (s *Session) auth(ctx context.Context, a Auth) error {
	s.stage = event.Auth
	offered := s.offers.Mechanisms()
	c := s.complete(a.Credentials, offered)
	mechanism, why, err := s.pick(a, c, offered)
	if err != nil {
		return err
	}
	s.Note("login with %s: %s", mechanism, why)
	x, err := sasl.New(mechanism, c)
	if err != nil {
		return &event.Error{Kind: event.AuthUnavailable, Stage: event.Auth, Message: "login with " + mechanism + ": " + err.Error(), Err: err}
	}
	if a.Initial == "" {
		a.Initial = sasl.Auto
	}
	initial, has, err := x.Start(a.Initial)
	if err != nil {
		return &event.Error{Kind: event.AuthUnavailable, Stage: event.Auth, Message: "login with " + mechanism + ": " + err.Error(), Err: err}
	}
	line := "AUTH " + x.Mechanism()
	if has {
		line += " " + encoded(initial.Octets, "=")
	}
	if err := s.group(ctx, [][]byte{[]byte(line)}, false); err != nil {
		return err
	}
	return s.converse(ctx, x, a.Unjudged)
}

// complete adds what the session knows to the credentials.
func (s *Session) complete(c sasl.Credentials, offered []string) sasl.Credentials {
	c.Host, c.Offered, c.TLS, c.Now = s.at.Name(), offered, s.secure, s.opt.Now
	c.Certificate = s.secure && len(s.opt.Certificates) > 0
	if s.state != nil {
		kind := sasl.TLSServerEndPoint
		if s.state.Version >= tls.VersionTLS13 {
			kind = sasl.TLSExporter
		}
		if b, err := sasl.Bind(s.state, kind); err == nil {
			c.Binding = b
		}
	}
	return c
}

// pick chooses the mechanism, and refuses to show a password to a link that
// others may read.
func (s *Session) pick(a Auth, c sasl.Credentials, offered []string) (mechanism, why string, err error) {
	unavailable := func(hint, format string, args ...any) error {
		e := event.Errorf(event.AuthUnavailable, event.Auth, format, args...)
		e.Hint = hint
		return e
	}
	list := "none"
	if len(offered) > 0 {
		list = strings.Join(offered, ", ")
	}
	if c.Password != "" && !a.Insecure {
		switch {
		case s.at.Network != "tcp": // nobody stands between
		case !s.secure:
			return "", "", unavailable("--insecure-auth logs in nevertheless", "no login: the link is not TLS, and others could read the password")
		case s.tls != nil && !s.tls.Verified:
			return "", "", unavailable("--insecure-auth logs in nevertheless; --ca says whom to trust", "no login: the certificate does not verify (%s), and the server may be anybody", s.tls.Problem)
		}
	}
	if len(a.Mechanisms) == 0 || slices.Contains(a.Mechanisms, "any") {
		mechanism, why, ok := sasl.Choose(offered, c)
		if !ok {
			return "", "", unavailable("", "no login: %s (offered: %s)", why, list)
		}
		return mechanism, why, nil
	}
	for _, m := range a.Mechanisms {
		if slices.Contains(offered, strings.ToUpper(m)) {
			return strings.ToUpper(m), "asked for, and offered", nil
		}
	}
	return "", "", unavailable("", "no login: none of the wanted mechanisms (%s) is offered (offered: %s)", strings.Join(a.Mechanisms, ", "), list)
}

// converse answers challenges until the server has decided.
func (s *Session) converse(ctx context.Context, x *sasl.Exchange, unjudged bool) error {
	for s.Reply().Code == 334 {
		challenge, err := s.challenge(x)
		if err != nil {
			return s.cancel(ctx, event.MalformedReply, err)
		}
		response, err := x.Next(challenge)
		if err != nil {
			return s.cancel(ctx, event.AuthFailed, err)
		}
		if err := s.group(ctx, [][]byte{[]byte(encoded(response.Octets, ""))}, false); err != nil {
			return err
		}
	}
	r := s.safe(s.Reply())
	for _, note := range x.Notes() {
		s.Note("login: %s", note)
	}
	if !r.Positive() && unjudged {
		s.emit(event.Login{Mechanism: x.Mechanism()})
		return nil
	}
	if !r.Positive() {
		e := event.Errorf(event.AuthFailed, event.Auth, "the login with %s is refused: %s", x.Mechanism(), r)
		if why := x.Failure(); why != "" {
			e.Message += " (" + why + ")"
		}
		e.Reply = &r
		s.emit(event.Login{Mechanism: x.Mechanism()})
		return e
	}
	if err := x.Done(); err != nil {
		s.emit(event.Login{Mechanism: x.Mechanism()})
		return &event.Error{Kind: event.AuthFailed, Stage: event.Auth, Message: "the server accepts the login, but: " + err.Error(), Err: err}
	}
	s.emit(event.Login{Mechanism: x.Mechanism(), OK: true})
	return nil
}

// challenge is what the server's 334 holds.
func (s *Session) challenge(x *sasl.Exchange) ([]byte, error) {
	text, ok := challengeText(s.Reply())
	challenge, err := base64.StdEncoding.DecodeString(text)
	if x.Pending() {
		return nil, nil // what the server says does not matter before the initial response
	}
	if !ok || err != nil {
		return nil, fmt.Errorf("the challenge is not base64: %s", wire.VisibleOctets([]byte(text)))
	}
	return challenge, nil
}

// challengeText is the text of a 334, which has one line (RFC 4954 4).
func challengeText(r wire.Reply) (string, bool) {
	if len(r.Lines) != 1 {
		return "", false
	}
	line := r.Lines[0].Octets
	if len(line) < 4 {
		return "", true
	}
	return string(bytes.TrimRight(line[4:], " ")), true
}

// cancel ends an exchange with "*" (RFC 4954 4).
func (s *Session) cancel(ctx context.Context, kind event.Kind, why error) error {
	e := &event.Error{Kind: kind, Stage: event.Auth, Message: s.at.Name() + ": login cancelled: " + why.Error(), Err: why}
	if err := s.group(ctx, [][]byte{[]byte("*")}, false); err != nil {
		return err
	}
	return e
}

func encoded(octets []byte, empty string) string {
	if len(octets) == 0 {
		return empty
	}
	return base64.StdEncoding.EncodeToString(octets)
}

// guarded is a line as the events have it: what of it is secret, the verb that
// it counts as, and what may be said of it elsewhere.
func (s *Session) guarded(line []byte) (spans []event.Span, verb string, shown []byte) {
	verb = wire.Verb(line)
	hide := func(from int) {
		if from < len(line) {
			spans = []event.Span{{Start: from, End: len(line)}}
		}
	}
	mechanism, response, auth := wire.ParseAuth(line)
	switch {
	case s.login != nil && (s.login.awaited || s.login.responses < sasl.Responses(s.login.mechanism)):
		// A response has no verb; it may be anything, a password too. One that is
		// sent before its challenge came is not judged, but hidden.
		verb = "AUTH"
		if string(line) != "*" && (!s.login.awaited || sasl.Secret(s.login.mechanism, s.login.responses, s.login.challenge)) {
			hide(0)
		}
		s.login.responses++
		s.login.awaited = false
	case auth:
		verb = "AUTH" // or a slip; what follows may be a password all the same
		s.login = &login{mechanism: mechanism}
		if response < len(line) {
			s.login.responses = 1
		}
		if sasl.Secret(mechanism, 0, nil) {
			hide(response)
			break
		}
		fallthrough
	default:
		hide(wire.NamedPassword(line))
	}
	if s.spurned > 0 && verb != "AUTH" {
		s.spurned--
		if wire.MaybeResponse(line) {
			hide(0)
		}
	}
	for _, span := range spans {
		s.secrets.Keep(line[span.Start:span.End])
	}
	shown = event.Sent{Line: line, Secret: spans}.Masked()
	if verb != "AUTH" {
		verb = wire.Verb(shown) // a secret is none
	}
	return spans, verb, shown
}

// loginReply follows a login by the server's replies.
func (s *Session) loginReply(r wire.Reply) {
	if s.login == nil {
		return
	}
	if r.Code != 334 {
		// Who pastes the lines of a login does not stop where it is over: a user
		// and a password.
		s.login, s.spurned = nil, 2
		return
	}
	text, _ := challengeText(r)
	s.login.awaited = true
	s.login.challenge = []byte{}
	if challenge, err := base64.StdEncoding.DecodeString(text); err == nil {
		s.login.challenge = challenge
	}
}

// safe is a reply in which no secret is left.
func (s *Session) safe(r wire.Reply) wire.Reply {
	if len(s.secrets) == 0 && s.login == nil {
		return r
	}
	lines := make([]wire.Line, len(r.Lines))
	for i, l := range r.Lines {
		spans := s.secrets.In(l.Octets)
		if len(r.Lines) == 1 && s.proof(l.Octets) {
			spans = []event.Span{{Start: 4, End: len(l.Octets)}}
		}
		lines[i] = wire.Line{Octets: event.Sent{Line: l.Octets, Secret: spans}.Masked(), Ending: l.Ending}
	}
	r.Lines = lines
	return r
}

// proof says whether a line of the server's holds a proof that is made of the
// password, which nobody should see either.
func (s *Session) proof(line []byte) bool {
	if s.login == nil || len(line) < 5 || string(line[:3]) != "334" {
		return false
	}
	challenge, err := base64.StdEncoding.DecodeString(string(bytes.TrimRight(line[4:], " ")))
	return err == nil && sasl.SecretChallenge(s.login.mechanism, challenge)
}
