// Package session is one SMTP conversation as a state machine: an Action goes
// in, events come out.
//
// New does no I/O. Do does one thing and returns when it is done; everything
// that happened meanwhile was given to Options.Sink, in order. The order of a
// conversation is the caller's: Resolve, Connect, Await (the greeting),
// Command EHLO, StartTLS, Command EHLO again, and so on; package flow has the
// usual orders. A session never retries, falls back or decides: a 5yz reply is
// an event.Reply like any other and no error. An error of Do means that the
// action could not be carried out; it is an *event.Error with kind and stage,
// or the error of the context.
//
// A Session is used by one goroutine. Cancelling the context of Do ends a wait
// at once and leaves the conversation in step: the reply that was due is read
// as that command's reply later, by whatever action reads next.
//
// RFC 5321; 2920 (PIPELINING), 3207 (STARTTLS), 2033 (LMTP).
package session

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"time"

	"ehlo/internal/crash"
	"ehlo/resolver"
	"ehlo/session/event"
	"ehlo/session/internal/conn"
	"ehlo/session/wire"
)

// Timeouts bound every wait. RFC 5321 4.5.3.2 asks for minutes, which suits a
// queue; a person watches here and can wait longer by asking for it.
type Timeouts struct {
	Connect time.Duration // for a connection; 0: DefaultConnect
	Reply   time.Duration // for a whole reply, a handshake, a blocked write; 0: DefaultReply
	Dot     time.Duration // for the reply to the final dot; 0: DefaultDot
}

const (
	DefaultConnect = 30 * time.Second
	DefaultReply   = 60 * time.Second
	// RFC 5321 4.5.3.2.6: a server may deliver before it answers, and one that
	// is cut off too early delivers twice.
	DefaultDot = 10 * time.Minute
)

// gently is how long a Close that is gentle reads on.
const gently = time.Second

// Options are a session's surroundings. The zero value works.
type Options struct {
	Sink event.Sink                                                           // nil: nobody listens
	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil: a net.Dialer from Bind
	Bind netip.Addr                                                           // the local address; invalid: the system's choice

	// What stands between.
	Proxy       *url.URL     // socks5://, socks5h:// or http://, with a login in it where it wants one
	ProxyHeader *ProxyHeader // sent first on each connection
	PipeErrors  io.Writer    // where a command's standard error goes; nil: nowhere

	Now      func() time.Time  // nil: time.Now
	Resolver resolver.Resolver // its Observe is the session's
	Timeouts Timeouts          //
	Roots    *x509.CertPool    // nil: the system's
	TLS      TLSMode           // empty: auto
	// TLS beyond its mode; the zero values are the usual.
	ServerName   string            // sent as SNI, and looked for in the certificate, in place of the exchanger's name
	Certificates []tls.Certificate // the client's
	MinTLS       uint16            // tls.VersionTLS12; 0: TLS 1.0
	MaxTLS       uint16            // 0: the newest
	KeyLog       io.Writer         // for the secrets of TLS, in the format of NSS; nil: nowhere

	Helo string // this host's name; empty: the address literal of the connection
}

// ProxyHeader is the header of the PROXY protocol.
type ProxyHeader = conn.Header

// Session is one conversation, over one connection after another.
type Session struct {
	opt  Options
	seq  int64
	conn int // the number of the present connection

	candidates []Candidate
	at         Candidate // where the present connection leads
	c          *conn.Conn
	due        []due // what the server has still to answer, oldest first
	replies    []wire.Reply

	stage    event.Stage // where the last command belongs
	offers   wire.Offers
	inClear  wire.Offers // what was offered before STARTTLS: to compare, nothing else
	protocol string
	secure   bool
	tls      *event.TLS
	inText   bool        // after a 354
	dotSent  bool        // the message that the server has not answered is complete
	accepted []string    // recipients of the transaction that were accepted
	early    *wire.Reply // the last that nobody asked for, since the last command
	hasty    bool        // a reply is read only as far as it has come
	literal  bool        // replies are taken as a script wants them, see Put
	writing  *writing    // what goes out in the background, or nil
	partial  []byte      // a line of which a script has not sent the end
	chunk    int64       // octets of a BDAT chunk that have still to be sent
	breaking bool        // the connection is being reset
	chatter  int         // octets that came unasked in the middle of a message
	login    *login
	spurned  int                  // lines behind a login that is over that may belong to it
	secrets  event.Secrets        // what was sent that nobody may see
	state    *tls.ConnectionState // of TLS, for channel binding
	part     timedReply           // of a reply whose wait was ended in the middle
	took     time.Duration        // from its command to the last reply
	paces    []time.Duration      // of replies
	answered time.Time            // when the last reply came
	tally    Tally                // of the present connection
	mailing  bool                 // a MAIL was accepted, and what it began has not ended
	greeting wire.Reply           // of the present connection
	crashes  crash.Kept           // panics of the session's goroutines
}

// due is one reply that has to come.
type due struct {
	stage     event.Stage
	verb      string
	line      []byte
	sent      time.Time
	recipient string // of an LMTP reply to the message
	asks      bool   // the line is a question
}

// New makes a session.
func New(opt Options) *Session {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Sink == nil {
		opt.Sink = func(event.Event) {}
	}
	if opt.TLS == "" {
		opt.TLS = TLSAuto
	}
	for _, t := range []struct {
		d     *time.Duration
		usual time.Duration
	}{{&opt.Timeouts.Connect, DefaultConnect}, {&opt.Timeouts.Reply, DefaultReply}, {&opt.Timeouts.Dot, DefaultDot}} {
		if *t.d <= 0 {
			*t.d = t.usual
		}
	}
	return &Session{opt: opt}
}

// Do carries out one action. It panics where a goroutine of the session has
// done so since it began, also one of an action before.
func (s *Session) Do(ctx context.Context, action Action) error {
	s.crashes.Raise()
	s.replies, s.paces, s.literal = nil, nil, false
	err := s.do(ctx, action)
	s.crashes.Raise()
	if err == nil {
		return nil
	}
	if cause := ctx.Err(); cause != nil && errors.Is(err, cause) {
		return cause
	}
	failure, ok := errors.AsType[*event.Error](err)
	if !ok {
		failure = &event.Error{Kind: event.Internal, Stage: s.stage, Message: err.Error(), Err: err}
	}
	if !s.literal || failure.Kind != event.ReplyTimeout {
		s.emit(event.Failed{Error: failure}) // otherwise the session goes on
	}
	return failure
}

func (s *Session) do(ctx context.Context, action Action) error {
	switch a := action.(type) {
	case Resolve:
		return s.resolve(ctx, a)
	case Connect:
		return s.connect(ctx, a.Candidate)
	case Limit:
		t := &s.opt.Timeouts
		t.Connect, t.Reply, t.Dot = cmp.Or(a.Timeouts.Connect, t.Connect), cmp.Or(a.Timeouts.Reply, t.Reply), cmp.Or(a.Timeouts.Dot, t.Dot)
		return nil
	}
	if s.c == nil {
		return event.Errorf(event.ConnectionLost, s.stage, "there is no connection")
	}
	if err := s.before(ctx, action); err != nil {
		return err
	}
	if s.c == nil { // the server has gone meanwhile
		switch action.(type) {
		case Close, Reset:
			return nil
		}
		return event.Errorf(event.ConnectionLost, s.stage, "%s closed the connection", s.at.Name())
	}
	switch a := action.(type) {
	case Await:
		return s.await(ctx)
	case Command:
		return s.group(ctx, [][]byte{a.Line}, a.Asks)
	case Group:
		return s.group(ctx, a.Lines, a.Asks)
	case StartTLS:
		return s.startTLS(ctx, a.Line)
	case Auth:
		return s.auth(ctx, a)
	case Text:
		return s.text(ctx, a.Line)
	case Send:
		return s.send(ctx, a)
	case Watch:
		return s.watch(ctx)
	case Put:
		return s.put(ctx, a.Pieces)
	case Next:
		return s.next(ctx)
	case Listen:
		return s.listen(ctx, a.For)
	case Handshake:
		return s.handshakeNow(ctx)
	case Reset:
		s.breaking = true
		s.close("client", "")
		return nil
	case Close:
		if a.Gently && (len(s.due) > 0 || s.c.Ready()) {
			s.c.Drain(ctx, gently)
		}
		s.close("client", "")
		return nil
	}
	return fmt.Errorf("no such action: %T", action)
}

// before lets what was put be on its way before anything else is done. Put and
// Next go on beside it, and a Close that is not gentle does not wait for it.
func (s *Session) before(ctx context.Context, action Action) error {
	switch a := action.(type) {
	case Put, Next, Listen:
		return nil
	case Close:
		if !a.Gently {
			return nil
		}
	}
	return s.flushed(ctx)
}

// Replies are the replies to the last action, in order.
func (s *Session) Replies() []wire.Reply { return s.replies }

// Reply is the last of Replies, or one without a code.
func (s *Session) Reply() wire.Reply {
	if len(s.replies) == 0 {
		return wire.Reply{}
	}
	return s.replies[len(s.replies)-1]
}

// Candidates are the places that Resolve found, in the order to try them.
func (s *Session) Candidates() []Candidate { return s.candidates }

// Connected says whether there is a connection, as far as is known.
func (s *Session) Connected() bool { return s.c != nil }

// Offers is the list of the last EHLO.
func (s *Session) Offers() wire.Offers { return s.offers }

// Protocol is ESMTP, SMTP or LMTP after a greeting by that command, else "".
func (s *Session) Protocol() string { return s.protocol }

// Secure says whether the connection is under TLS.
func (s *Session) Secure() bool { return s.secure }

// Stage is where the session is: what the server has to answer next belongs
// there, or, where it owes nothing, the last command does.
func (s *Session) Stage() event.Stage { return s.dueStage() }

// Due is how many replies the server owes.
func (s *Session) Due() int { return len(s.due) }

// InText says that the server waits for message text: behind a 354, and until
// the final dot was sent; or for the rest of a chunk (BDAT).
func (s *Session) InText() bool { return s.inText && !s.dotSent || s.chunk > 0 }

// Unanswered says that a message was sent to its end and has no reply yet:
// whether it is delivered is unknown.
func (s *Session) Unanswered() bool { return s.dotSent && len(s.due) > 0 && s.due[0].verb == "." }

// Chunk is how many octets of a chunk (BDAT) the server still waits for.
func (s *Session) Chunk() int64 { return s.chunk }

// Where is the place that the present connection leads to, or the last one did.
func (s *Session) Where() Candidate { return s.at }

// Timeouts are those in force.
func (s *Session) Timeouts() Timeouts { return s.opt.Timeouts }

// Greeting is the reply that the present connection began with.
func (s *Session) Greeting() wire.Reply { return s.greeting }

// Took is the time from a command to its reply, the last one that was read.
func (s *Session) Took() time.Duration { return s.took }

// Paces are the times that each of Replies took: from its command, or from the
// reply before it where that came later.
func (s *Session) Paces() []time.Duration { return s.paces }

// Tally counts what the server said on one connection.
type Tally struct {
	Mails   int // MAIL that were accepted
	Errors  int // replies 4yz and 5yz
	Unasked int // replies that no command was waiting for
}

// Tally is that of the present connection, or of the last one.
func (s *Session) Tally() Tally { return s.tally }

// Connection is the number of the present connection, from 1.
func (s *Session) Connection() int { return s.conn }

// Mailing says that a transaction is open: MAIL was accepted, and neither reset
// nor brought to its end.
func (s *Session) Mailing() bool { return s.mailing }

// Safe is a reply in which nothing is left of what was sent in secret. The
// events have replies like that.
func (s *Session) Safe(r wire.Reply) wire.Reply { return s.safe(r) }

// Name is this host's name for EHLO: Options.Helo, or else the address
// literal of the connection (RFC 5321 4.1.4).
func (s *Session) Name() string {
	if s.opt.Helo != "" {
		return s.opt.Helo
	}
	if s.c != nil {
		if tcp, ok := s.c.LocalAddr().(*net.TCPAddr); ok {
			if a, ok := netip.AddrFromSlice(tcp.IP); ok {
				return wire.Literal(a)
			}
		}
	}
	return "[127.0.0.1]"
}

// Note puts a remark into the stream of events, in its place.
func (s *Session) Note(format string, args ...any) {
	s.emit(event.Note{Text: fmt.Sprintf(format, args...)})
}

// TellSize tells what a search for the maximum message size has found out.
func (s *Session) TellSize(declared wire.Size, found event.Limit) {
	s.emit(event.Size{Size: declared, Limit: &found})
}

// Adjust changes the options for the connections that come; the one that is
// open stays as it is.
func (s *Session) Adjust(change func(*Options)) { change(&s.opt) }

// emit stamps an event with the present time.
func (s *Session) emit(e event.Event) { s.emitAt(e, s.opt.Now()) }

func (s *Session) emitAt(e event.Event, at time.Time) {
	h := event.Head{At: at, Conn: s.conn}
	switch e.(type) {
	case event.DNS, event.Route:
		h.Conn = 0
	}
	s.seq++
	h.Seq = s.seq
	s.opt.Sink(event.Stamp(e, h))
}

// Fail tells of a failure that a flow has found, and returns it.
func (s *Session) Fail(e *event.Error) error {
	s.emit(event.Failed{Error: e})
	return e
}

// TLS is the handshake of the present connection, or nil.
func (s *Session) TLS() *event.TLS { return s.tls }
