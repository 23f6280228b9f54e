// Package serve is the server's side of a script: what the script has a server
// say is said, and what it has the client say is expected. A transcript of a
// session becomes that server, for `ehlo serve` and for tests.
//
// A script describes the client's side (session/script); here it is read as in
// a mirror:
//
//	S: lines          are sent with CRLF, see script.Server.Answer
//	@reply "…"        the server sends these octets
//	C: lines          the next line of the client has to match
//	@raw "…"          the client has to say these octets
//	@data FILE        a message up to the final dot; the file is not looked at
//	@bdat FILE        chunks up to the last; the others are answered with 250
//	@starttls         STARTTLS, 220, the handshake
//	@tls              the handshake at once
//	@auth [MECH]      a login with the user and password of the options, or with
//	                  any; 235, or what the S: lines behind it say
//	@expect close     the client expects the end of the connection: the server
//	                  ends its side, and the client has to follow
//	@expect silence   nobody says anything for that time
//	@close, @reset    the connection ends here, with FIN or RST, whoever plays
//	@connect          the next connection, unless the present one is unused
//	@sleep, @timeout  as for a client
//	@set, @capture    give variables values; @capture looks at the last reply
//	@repeat, @include as for a client
//	@flush, @assert   nothing; what is asserted of a reply shapes it, and so does
//	                  what @auth and @starttls need of a list of extensions
//
// The variables that a client brings along, such as ${helo}, are not known here.
// In a C: line such a variable matches anything and has from then on what it
// matched as its value. Where the server has to say one first, it says a sample.
//
// # Pipelining
//
// A script has a group of commands (RFC 2920) with the group of their replies
// behind it. A client need not send it as one group: where it is certain which
// reply answers which command, each command is answered when it has come. It is
// certain where there are at least as many replies as commands that want one;
// what is left over belongs to the last command, as in LMTP. Text of a message
// and of a chunk wants none, but for its end. Otherwise the replies follow when
// the whole group has come.
//
// # Bounds
//
// Clients are served one after another: whoever comes meanwhile waits until the
// script is over. Every wait is bounded by Options.Timeout, and so is a client that
// does not read. How many waits there are is not: a script that repeats may take as
// long as it likes. A line of the client may be 1 MiB long; nothing that it says is
// kept. Reading and writing go on side by side: however long a group is, neither
// side waits for the other to read.
//
// At the end of the script the server ends its side of the connection; what the
// client says after that, within a second, is a mismatch.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/sasl"
	"ehlo/session/script"
)

const (
	// DefaultTimeout is how long a server should wait for the next command (RFC
	// 5321 4.5.3.2.7).
	DefaultTimeout = 5 * time.Minute
	// linger is how long a connection that was ended is still read: what the
	// client had sent would make the system reset the connection otherwise, and
	// the client would lose the last reply.
	linger  = time.Second
	maxSaid = 1 << 20 // octets of one line of the client
)

// Options are what a server needs: the Script, and TLS where the script has it.
type Options struct {
	Script  *script.Script
	Vars    map[string]string // what ${} stands for
	TLS     *tls.Config       // for @tls and @starttls
	Timeout time.Duration     // of every wait; 0: DefaultTimeout

	// User and Password are whom @auth lets in; empty: any.
	User, Password string

	// Sink gets what happens as the client would tell it: what the client says
	// is Sent, what the server says Received. Nil: nobody listens.
	Sink event.Sink
	// Tap gets the octets that clients say, in clear also under TLS, without the
	// handshakes. It may be called while it runs: what a client says behind its
	// end is heard too. An error ends the session. Nil: nothing.
	Tap func(octets []byte) error
	Now func() time.Time // nil: time.Now
}

// ErrPassword is what the error of New wraps where the script has a login that
// cannot be served without a password.
var ErrPassword = errors.New("a password is needed")

// Server plays a script, as often as it is told to.
type Server struct {
	opt     Options
	seq     int64
	conns   int
	lingers crash.Group
}

// New checks the script. It does no I/O. Its errors are *script.Error.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	known := samples(nil, o.Now())
	maps.Copy(known, o.Vars)
	for item := range o.Script.All {
		if err := o.serves(item, known); err != nil {
			return nil, err
		}
	}
	return &Server{opt: o}, o.Script.Check(known)
}

// serves refuses an item that this server has not what it needs for.
func (o Options) serves(item script.Item, known map[string]string) error {
	wrong := func(message string, err error) error {
		return &script.Error{Position: item.At(), Message: message, Err: err}
	}
	switch i := item.(type) {
	case script.Include:
		if i.Items == nil {
			return wrong("expected no @include of a file that was not read: a server opens none", nil)
		}
	case script.TLS, script.StartTLS, script.Connect:
		if o.TLS == nil && secure(item) {
			return wrong("expected a certificate for TLS", nil)
		}
	case script.Auth:
		mechanism, err := i.Mechanism.Expand(known)
		if err != nil || len(mechanism) == 0 {
			return nil // it is seen when its time comes
		}
		if sasl.NeedsPassword(string(mechanism)) && o.Password == "" {
			return wrong("expected a password for @auth "+string(mechanism)+": there the server has to show that it knows it", ErrPassword)
		}
		if _, err := sasl.Accept(string(mechanism), o.credentials(), nil); err != nil {
			return wrong(err.Error(), err)
		}
	}
	return nil
}

func (o Options) credentials() sasl.Credentials {
	return sasl.Credentials{User: o.User, Password: o.Password}
}

// Play plays the script once: on c, if it is not nil, and on the next
// connections of l, which may be nil where one connection is all. It returns
// when the script is over or the first thing went wrong; then its error is an
// *event.Error, mostly of kind expectation_failed and with a *script.Mismatch
// in it, or that of the context. It may be called again when it has returned.
func (s *Server) Play(ctx context.Context, l net.Listener, c net.Conn) error {
	over := false
	p := &player{server: s, ctx: ctx, listener: l, timeout: s.opt.Timeout, vars: map[string]string{}, known: map[string]string{}}
	maps.Copy(p.vars, s.opt.Vars)
	maps.Copy(p.known, samples(nil, s.opt.Now()))
	maps.Copy(p.known, p.vars)
	if c != nil {
		p.use(c, begin(s.opt.Script).next())
	}
	defer func() {
		if !over && p.c != nil { // a defect: the client need not wait for us
			_ = p.c.raw.Close()
		}
	}()
	err := p.play(s.opt.Script)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	err = p.over(err)
	over = true
	return err
}

// Close waits until the last connections are gone: they are read for a second
// still. It ends nothing. It panics where Tap or a connection did so meanwhile.
func (s *Server) Close() { s.lingers.Wait() }

// over tells how the script ended.
func (p *player) over(err error) error {
	if err == nil || p.ctx.Err() != nil {
		p.drop("server")
		return err
	}
	e := &event.Error{Kind: event.Input, Stage: event.ScriptRun, Message: err.Error(), Err: err}
	if _, ok := errors.AsType[*script.Mismatch](err); ok {
		e.Kind = event.ExpectationFailed
		p.emit(event.Note{Text: e.Message})
	}
	p.emit(event.Failed{Error: e})
	p.hangUp("server")
	return e
}

// emit numbers an event and hands it on.
func (p *player) emit(e event.Event) {
	s := p.server
	if s.opt.Sink == nil {
		return
	}
	s.seq++
	h := event.Head{Seq: s.seq, At: s.opt.Now()}
	if p.c != nil {
		h.Conn = p.c.number
	}
	s.opt.Sink(event.Stamp(e, h))
}

// Secure says that a script has TLS, for which a server needs a certificate.
func Secure(s *script.Script) bool {
	for item := range s.All {
		if secure(item) {
			return true
		}
	}
	return false
}

// secure says that an item makes TLS.
func secure(item script.Item) bool {
	switch i := item.(type) {
	case script.TLS, script.StartTLS:
		return true
	case script.Connect:
		return implicit(i)
	}
	return false
}
