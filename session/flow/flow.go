// Package flow has the orders of actions that all faces share: open a session
// (find the servers, connect, greet, secure), probe, send a message.
//
// A flow drives one session.Session by Do and judges the replies; what it
// cannot go on with it returns as an *event.Error with the kind and stage that
// decide the exit code, and tells it as an event too. A flow that ends with an
// error has ended the connection, politely with QUIT where that was possible.
// Nothing is sent twice: the next address is tried only where the one before
// did not get as far as its greeting (RFC 5321 5.1), or where the person skips
// it, and each failed attempt is told.
package flow

import (
	"context"
	"errors"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/wire"
)

// Plan is what a flow needs to know before it starts.
type Plan struct {
	Target session.Target
	Server string // instead of the target's servers
	Port   uint16 // 0: the target's
	NoMX   bool   // the target's own address instead of its MX
	Only   *session.Candidate

	Protocol Protocol // empty: EHLO, then HELO where that is refused; LHLO for LMTP targets
	Verify   bool     // a certificate that does not verify ends the session

	// What ehlo says of the client that it speaks for, "NAME=… ADDR=…"; empty:
	// nothing. XCLIENT makes the server begin anew.
	XClient  string
	XForward string

	Login *session.Auth // nil: no login

	// Attempt makes the context of the attempt at one address, behind which left
	// more come. When it ends and the one that it is made from does not, the
	// address is skipped. Nil: no address is.
	Attempt func(ctx context.Context, left int) (context.Context, context.CancelFunc)

	// Stop ends the session after that stage; NoStage goes to the end. Drop
	// ends it without QUIT.
	Stop event.Stage
	Drop bool
}

// Protocol is how ehlo introduces itself.
type Protocol string

const (
	ESMTP Protocol = "esmtp" // EHLO and nothing else
	SMTP  Protocol = "smtp"  // HELO
	LMTP  Protocol = "lmtp"  // LHLO (RFC 2033)
)

// errStopped is how the end of a session at Plan.Stop travels up.
var errStopped = errors.New("stopped as planned")

// Open finds the servers of the plan's target and opens a session with the
// first address that answers. On nil the session stands behind its last EHLO,
// ready for MAIL; unless the plan stops before that: then stopped is true and
// the connection has ended.
func Open(ctx context.Context, s *session.Session, p Plan) (stopped bool, err error) {
	err = open(ctx, s, p)
	if errors.Is(err, errStopped) {
		return true, nil
	}
	if err != nil {
		Leave(ctx, s, p)
	}
	return false, err
}

func open(ctx context.Context, s *session.Session, p Plan) error {
	candidates := []session.Candidate{}
	if p.Only != nil {
		candidates = append(candidates, *p.Only)
	} else {
		if err := s.Do(ctx, Resolution(p)); err != nil {
			return err
		}
		candidates = s.Candidates()
	}
	var last error
	for i, c := range candidates {
		last = attempt(ctx, s, p, c, len(candidates)-1-i)
		if last == nil || !unanswered(last) && !skipped(last) {
			return last
		}
		Leave(ctx, s, p)
	}
	if last == nil {
		return noAddress(s, p)
	}
	return last
}

// Resolution is the action that finds the servers of a plan.
func Resolution(p Plan) session.Resolve {
	return session.Resolve{Target: p.Target, Server: p.Server, Port: p.Port, NoMX: p.NoMX}
}

// unanswered says that a server did not get as far as a good greeting, so that
// the next address may be tried.
func unanswered(err error) bool {
	e, ok := errors.AsType[*event.Error](err)
	return ok && (e.Stage == event.Connect || e.Stage == event.Banner)
}

// attempt opens a session with one address, unless it is skipped.
func attempt(ctx context.Context, s *session.Session, p Plan, to session.Candidate, left int) error {
	if p.Attempt == nil {
		return greet(ctx, s, p, to)
	}
	one, stop := p.Attempt(ctx, left)
	defer stop()
	err := greet(one, s, p, to)
	if one.Err() == nil || ctx.Err() != nil || err == nil {
		return err
	}
	return s.Fail(event.Errorf(event.Skipped, s.Stage(), "%s was skipped, as asked", to.Name()))
}

// skipped says that the person went on to the next address.
func skipped(err error) bool {
	e, ok := errors.AsType[*event.Error](err)
	return ok && e.Kind == event.Skipped
}

// greet opens a session with one address: greeting, EHLO, TLS and EHLO again.
func greet(ctx context.Context, s *session.Session, p Plan, to session.Candidate) error {
	if err := connect(ctx, s, p, to); err != nil {
		return err
	}
	if err := hello(ctx, s, p, to); err != nil {
		return err
	}
	if err := stop(ctx, s, p, event.Helo); err != nil {
		return err
	}
	secured, err := secure(ctx, s, p, to)
	if err != nil {
		return err
	}
	if err := stop(ctx, s, p, event.StartTLS); err != nil {
		return err
	}
	if secured {
		if err := told(s, introduce(ctx, s, verbFor(p, to), event.HeloTLS)); err != nil {
			return err
		}
	}
	if err := speakFor(ctx, s, p, to); err != nil {
		return err
	}
	if p.Login != nil {
		if err := s.Do(ctx, *p.Login); err != nil {
			return err
		}
	}
	return stop(ctx, s, p, event.Auth)
}

// speakFor tells the server of another client: XCLIENT, which it answers with
// a new greeting, and XFORWARD (Postfix, XCLIENT_README and XFORWARD_README).
func speakFor(ctx context.Context, s *session.Session, p Plan, to session.Candidate) error {
	if p.XClient != "" {
		if err := s.Do(ctx, session.Command{Line: []byte("XCLIENT " + p.XClient)}); err != nil {
			return err
		}
		if r := s.Reply(); r.Code != 220 {
			return s.Fail(refusal(event.XClient, "XCLIENT is refused", r))
		}
		if err := told(s, introduce(ctx, s, verbFor(p, to), event.HeloXClient)); err != nil {
			return err
		}
	}
	if p.XForward == "" {
		return nil
	}
	if err := s.Do(ctx, session.Command{Line: []byte("XFORWARD " + p.XForward)}); err != nil {
		return err
	}
	if r := s.Reply(); !r.Positive() {
		return s.Fail(refusal(event.XClient, "XFORWARD is refused", r))
	}
	return nil
}

// connect opens the connection and waits for its whole greeting.
func connect(ctx context.Context, s *session.Session, p Plan, to session.Candidate) error {
	if err := s.Do(ctx, session.Connect{Candidate: to}); err != nil {
		return err
	}
	if err := Verified(s, p); err != nil {
		return err
	}
	if err := s.Do(ctx, session.Await{}); err != nil {
		return err
	}
	if r := s.Reply(); r.Code != 220 {
		return s.Fail(refusal(event.Banner, to.Name()+" refuses the session", r))
	}
	return stop(ctx, s, p, event.Banner)
}

func verbFor(p Plan, to session.Candidate) string {
	switch {
	case p.Protocol == LMTP, p.Protocol == "" && to.LMTP:
		return "LHLO"
	case p.Protocol == SMTP:
		return "HELO"
	}
	return "EHLO"
}

// hello introduces ehlo: EHLO, and HELO where a server refuses that for good
// or goes away at it (RFC 5321 3.2), in the latter case on a new connection.
func hello(ctx context.Context, s *session.Session, p Plan, to session.Candidate) error {
	verb := verbFor(p, to)
	err := introduce(ctx, s, verb, event.Helo)
	e, ok := errors.AsType[*event.Error](err)
	if !ok || verb != "EHLO" || p.Protocol != "" || e.Kind != event.Rejected && e.Kind != event.ConnectionLost {
		return told(s, err)
	}
	if s.Connected() {
		s.Note("EHLO is refused: HELO is tried")
		err := introduce(ctx, s, "HELO", event.Helo)
		if lost, ok := errors.AsType[*event.Error](err); !ok || lost.Kind != event.ConnectionLost {
			return told(s, err)
		}
	}
	s.Note("the server closed the connection at EHLO: HELO is tried on a new one")
	if again := connect(ctx, s, p, to); errors.Is(again, errStopped) || ctx.Err() != nil {
		return again
	} else if again != nil {
		return told(s, e) // that EHLO was refused is why there is no session
	}
	return told(s, introduce(ctx, s, "HELO", event.Helo))
}

// introduce sends one of EHLO, HELO, LHLO and wants a 250. A refusal is
// returned and not yet told: HELO may mend it.
func introduce(ctx context.Context, s *session.Session, verb string, stage event.Stage) error {
	if err := s.Do(ctx, session.Command{Line: []byte(verb + " " + s.Name())}); err != nil {
		return err
	}
	r := s.Reply()
	if r.Code == 250 {
		return nil
	}
	e := refusal(stage, verb+" is refused", r)
	if e.Kind == event.MalformedReply {
		return s.Fail(e)
	}
	return e
}

// told tells of a refusal; other errors were told by the session.
func told(s *session.Session, err error) error {
	if e, ok := errors.AsType[*event.Error](err); ok && (e.Kind == event.Rejected || e.Kind == event.Deferred) {
		return s.Fail(e)
	}
	return err
}

// secure makes TLS of the session where the candidate's mode says so, and
// says whether EHLO is due again.
func secure(ctx context.Context, s *session.Session, p Plan, to session.Candidate) (bool, error) {
	if s.Secure() || to.TLS == session.TLSNever {
		return false, nil
	}
	if !s.Offers().Has("STARTTLS") {
		if to.TLS == session.TLSRequire {
			return false, s.Fail(event.Errorf(event.TLSUnavailable, event.StartTLS, "%s does not offer STARTTLS, and TLS is required", to.Name()))
		}
		return false, nil
	}
	if err := s.Do(ctx, session.StartTLS{}); err != nil {
		return false, err
	}
	if !s.Secure() {
		e := refusal(event.StartTLS, "STARTTLS is offered and refused", s.Reply())
		e.Hint = "--tls never goes on in clear"
		return false, s.Fail(e)
	}
	return true, Verified(s, p)
}

// Secure makes TLS of an open session by STARTTLS, and introduces the client
// anew. A server that refuses STARTTLS has said so; the session goes on.
func Secure(ctx context.Context, s *session.Session, p Plan) error {
	if err := s.Do(ctx, session.StartTLS{}); err != nil || !s.Secure() {
		return err
	}
	if err := Verified(s, p); err != nil {
		return err
	}
	return told(s, introduce(ctx, s, verbFor(p, s.Where()), event.HeloTLS))
}

// Verified is the end of a session whose certificate does not verify, where the
// plan insists on it.
func Verified(s *session.Session, p Plan) error {
	t := s.TLS()
	if !p.Verify || t == nil || t.Verified {
		return nil
	}
	return s.Fail(event.Errorf(event.TLSUnverified, event.StartTLS, "the certificate does not verify: %s", t.Problem))
}

// refusal is a reply that is not the one a stage needs.
func refusal(stage event.Stage, what string, r wire.Reply) *event.Error {
	kind := event.MalformedReply
	switch r.Class() {
	case 4:
		kind = event.Deferred
	case 5:
		kind = event.Rejected
	default:
		what += " (the reply makes no sense here)"
	}
	e := event.Errorf(kind, stage, "%s: %s", what, r)
	e.Reply = &r
	return e
}

// stop ends the session where the plan says so.
func stop(ctx context.Context, s *session.Session, p Plan, stage event.Stage) error {
	if p.Stop != stage {
		return nil
	}
	Leave(ctx, s, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errStopped
}

// interrupted tells that a flow was ended by its context, and where.
func interrupted(ctx context.Context, s *session.Session) {
	if ctx.Err() != nil {
		_ = s.Fail(event.Errorf(event.Interrupted, s.Stage(), "interrupted"))
	}
}

// Leave ends the connection: by QUIT, unless the plan or the session's state
// speaks against it. What happens at QUIT changes no result.
func Leave(ctx context.Context, s *session.Session, p Plan) {
	interrupted(ctx, s)
	if !s.Connected() {
		return
	}
	switch {
	case ctx.Err() != nil, p.Drop, s.Due() > 0: // a greeting that has not come is due too
	case s.InText():
		s.Note("QUIT would be taken for message text here: the connection is closed without it")
	default:
		_ = s.Do(ctx, session.Command{Line: []byte("QUIT")})
	}
	if s.Connected() {
		_ = s.Do(context.WithoutCancel(ctx), session.Close{})
	}
}
