package flow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/wire"
)

// Letter is a message with its envelope.
type Letter struct {
	From         wire.Address   // the zero Address is <>
	To           []wire.Address // at least one
	Message      *message.Message
	Force        bool // send although it is larger than the server accepts
	NoPipelining bool
	SMTPUTF8     UTF8
	Chunking     bool // BDAT in place of DATA, where the server offers it (RFC 3030)
	PRDR         bool // ask for a reply for each recipient (draft-hall-prdr), where that is offered
	DSN          DSN
}

// DSN is what reports the sender wants (RFC 3461), where the server offers
// them. Empty fields say nothing.
type DSN struct {
	Notify string // NEVER, or some of SUCCESS,FAILURE,DELAY: for each RCPT
	Return string // FULL or HDRS: for MAIL
	ID     string // the envelope identifier: for MAIL
}

// MaxEnvelopeID is how many characters an envelope identifier has at most
// (RFC 3461 4.4).
const MaxEnvelopeID = 100

// UTF8 is when MAIL says SMTPUTF8 (RFC 6531).
type UTF8 string

const (
	UTF8Auto   UTF8 = "auto" // where an address or a header needs it
	UTF8Always UTF8 = "always"
	UTF8Never  UTF8 = "never"
)

// Send opens a session and sends one message. MAIL, all RCPT and DATA go out
// in one group where the server offers PIPELINING, and QUIT with the end of
// the message (RFC 2920). The message goes to the recipients that were
// accepted; that some were not is the error of stage Rcpt then.
func Send(ctx context.Context, s *session.Session, p Plan, l Letter) error {
	stopped, err := Open(ctx, s, p)
	if err != nil || stopped {
		return err
	}
	err = transact(ctx, s, p, l, s.Fail)
	if errors.Is(err, errStopped) {
		return nil
	}
	Leave(ctx, s, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// SendHere sends one message in a session that is open and stays open. What
// the server refuses, or what keeps the message from being sent to it, is a
// remark among the events and no failure of the session; it is returned all the
// same. Where a file was changed since it was measured, nothing is said to the
// server. A transaction that was open before, or is left open, is reset.
//
// The end of ctx before the final dot was sent ends the connection too: the
// server would take what is said next for commands or text of this message.
// Behind the final dot it ends the wait alone. The reply is read later, and
// until then the delivery is unknown; the error says so.
func SendHere(ctx context.Context, s *session.Session, l Letter) error {
	if err := l.Message.Check(); err != nil {
		e := event.Errorf(event.Input, event.NoStage, "not sent: %s", err)
		e.Err = err
		s.Note("%s", e.Message)
		return e
	}
	// Behind a MAIL that was typed, the message would get its recipients too.
	if err := reset(ctx, s); err != nil {
		return err
	}
	refused := func(e *event.Error) error {
		s.Note("%s", e.Message)
		return e
	}
	err := transact(ctx, s, Plan{Drop: true}, l, refused)
	switch {
	case !s.Connected():
	case ctx.Err() != nil && s.Unanswered():
		return refused(event.Errorf(event.Interrupted, event.Dot, "no longer waited for: delivery: unknown, until the reply to the message comes"))
	case ctx.Err() != nil:
		e := event.Errorf(event.Interrupted, s.Stage(), "stopped before the final dot: the server has no message; the connection was closed")
		_ = s.Do(context.WithoutCancel(ctx), session.Close{})
		return refused(e)
	case err != nil && s.Due() == 0 && !s.InText():
		_ = reset(ctx, s)
	}
	return err
}

// reset ends a transaction that may be open. Each of its commands has a stage
// of its own, so that the last one tells.
func reset(ctx context.Context, s *session.Session) error {
	if at := s.Stage(); at < event.Mail || at > event.Data {
		return nil
	}
	if err := s.Do(ctx, session.Command{Line: []byte("RSET")}); err != nil {
		return err
	}
	if r := s.Reply(); !r.Positive() {
		return refusal(s.Stage(), "RSET is refused", r)
	}
	return nil
}

// transact is one mail transaction (RFC 5321 3.3). fail is given what keeps the
// message from being sent and is no failure of the session's.
func transact(ctx context.Context, s *session.Session, p Plan, l Letter, fail func(*event.Error) error) error {
	mail, remarks, refused := MailLine(s.Offers(), l)
	for _, r := range remarks {
		s.Note("%s", r)
	}
	if refused != nil {
		return fail(refused)
	}
	t := &transaction{
		s: s, p: p, l: l, fail: fail,
		pipelining: s.Offers().Has("PIPELINING") && !l.NoPipelining,
		chunking:   chunking(s, l),
	}
	commands := [][]byte{mail}
	for _, to := range l.To {
		commands = append(commands, RcptLine(s.Offers(), l, to))
	}
	if !t.chunking {
		commands = append(commands, []byte("DATA"))
	}
	var err error
	if t.pipelining && (p.Stop == event.NoStage || p.Stop >= event.Data) {
		err = s.Do(ctx, session.Group{Lines: commands})
		t.replies = s.Replies()
	} else {
		err = t.oneByOne(ctx, commands)
	}
	if ctx.Err() != nil {
		return err
	}
	refused, goOn := t.judge()
	switch {
	case !goOn && refused != nil:
		t.endText(ctx)
		return fail(refused)
	case errors.Is(err, errStopped) && refused != nil:
		return fail(refused)
	case err != nil:
		return err
	}
	if err := stop(ctx, s, p, event.Data); err != nil {
		return err
	}
	if err := t.transfer(ctx); err != nil {
		return err
	}
	if refused != nil {
		return fail(refused)
	}
	return nil
}

// transaction is what a mail transaction has come to.
type transaction struct {
	s          *session.Session
	p          Plan
	l          Letter
	fail       func(*event.Error) error
	pipelining bool
	chunking   bool
	replies    []wire.Reply // to MAIL, each RCPT, DATA
}

// endText gets out of a 354 that came although there is nothing to send. An
// empty message ends it where nobody was accepted (RFC 2920 3.1); else that
// message would be delivered, and the connection is closed in its place.
func (t *transaction) endText(ctx context.Context) {
	if !t.s.InText() {
		return
	}
	for _, r := range t.rcptReplies() {
		if r.Positive() {
			_ = t.s.Do(ctx, session.Close{})
			return
		}
	}
	_ = t.s.Do(ctx, session.Text{Line: []byte(".")})
}

// rcptReplies are the replies to RCPT, as far as they came.
func (t *transaction) rcptReplies() []wire.Reply {
	if len(t.replies) == 0 {
		return nil
	}
	return t.replies[1:min(len(t.replies), len(t.l.To)+1)]
}

// oneByOne sends the commands of a transaction, each after the reply to the
// one before, as far as they make sense.
func (t *transaction) oneByOne(ctx context.Context, commands [][]byte) error {
	accepted := false
	for i, line := range commands {
		isRcpt := i > 0 && i <= len(t.l.To)
		isData := i > len(t.l.To)
		if isData && !accepted {
			return nil
		}
		err := t.s.Do(ctx, session.Command{Line: line})
		t.replies = append(t.replies, t.s.Replies()...)
		if err != nil {
			return err
		}
		ok := t.s.Reply().Positive()
		accepted = accepted || isRcpt && ok
		if i == 0 && !ok {
			return nil
		}
		if i == 0 {
			err = stop(ctx, t.s, t.p, event.Mail)
		} else if i == len(t.l.To) {
			err = stop(ctx, t.s, t.p, event.Rcpt)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judge reads the replies up to that to DATA: what was refused, if anything,
// and whether there is somebody to send to and the server waits for the text.
func (t *transaction) judge() (refused *event.Error, goOn bool) {
	r := t.replies
	if len(r) == 0 {
		return nil, false
	}
	if !r[0].Positive() {
		return refusal(event.Mail, "MAIL FROM:<"+t.l.From.String()+"> is refused", r[0]), false
	}
	rcpt := t.rcptReplies()
	bad := 0
	for i, reply := range rcpt {
		if reply.Positive() {
			continue
		}
		if bad++; refused == nil {
			refused = refusal(event.Rcpt, "RCPT TO:<"+t.l.To[i].String()+"> is refused", reply)
		}
	}
	if refused != nil && len(t.l.To) > 1 {
		silent := ""
		if n := len(t.l.To) - len(rcpt); n > 0 {
			silent = fmt.Sprintf(", %d got no answer", n)
		}
		refused.Message = fmt.Sprintf("%d of %d recipients are refused%s; the first: %s", bad, len(t.l.To), silent, refused.Message)
	}
	if bad == len(t.l.To) {
		return refused, false
	}
	if t.chunking {
		return refused, len(r) > len(t.l.To)
	}
	if len(r) == len(t.l.To)+2 {
		data := r[len(r)-1]
		if data.Code != 354 {
			return refusal(event.Data, "DATA is refused", data), false
		}
		return refused, true
	}
	return refused, false
}

// transfer sends the text and judges the replies to its end.
func (t *transaction) transfer(ctx context.Context) error {
	finals := t.finals() // asked before the session ends and forgets its protocol
	send := session.Send{Message: t.l.Message, Quit: t.pipelining && !t.p.Drop}
	if t.chunking {
		send.Chunk = max(t.l.Message.Size.Octets, 1)
	}
	err := t.s.Do(ctx, send)
	replies := t.s.Replies()
	if len(replies) > 0 && replies[0].Code == wire.PerRecipient {
		replies = replies[1:]
		finals += t.accepted()
	}
	if e, ok := errors.AsType[*event.Error](err); ok && e.Stage != event.Quit {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	replies = replies[:min(len(replies), finals)] // what follows is QUIT's
	var refused *event.Error
	bad := 0
	for _, r := range replies {
		if r.Positive() {
			continue
		}
		if bad++; refused == nil {
			refused = refusal(event.Dot, "the message is not accepted", r)
		}
	}
	if refused == nil {
		return nil
	}
	if len(replies) > 1 {
		refused.Message = fmt.Sprintf("%d of %d deliveries failed; the first: %s", bad, len(replies), refused.Message)
	}
	return t.fail(refused)
}

// finals is how many replies the end of the message gets: one, or in LMTP one
// for each accepted recipient.
func (t *transaction) finals() int {
	if t.s.Protocol() != "LMTP" {
		return 1
	}
	return t.accepted()
}

// accepted is how many recipients were.
func (t *transaction) accepted() int {
	n := 0
	for _, r := range t.rcptReplies() {
		if r.Positive() {
			n++
		}
	}
	return n
}

// MailLine is the MAIL command for a server that offers these extensions, and
// what there is to say of it; or the reason why the message is not to be sent
// there.
func MailLine(offers wire.Offers, l Letter) (line []byte, remarks []string, refused *event.Error) {
	m := l.Message.Size
	text := "MAIL FROM:<" + l.From.String() + ">"
	utf8 := l.SMTPUTF8 == UTF8Always
	if l.SMTPUTF8 != UTF8Never && !utf8 {
		utf8 = needsUTF8(l)
	}
	if utf8 && !offers.Has("SMTPUTF8") {
		return nil, nil, event.Errorf(event.SMTPUTF8Unavailable, event.Mail, "%s", "an address or a header is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531)")
	}
	size := offers.Size()
	if size.State == wire.SizeDeclared && uint64(m.Octets) > size.Declared && !l.Force {
		e := event.Errorf(event.MessageTooLarge, event.Mail, "the message has %s; the server accepts at most %s (%s too many): nothing was transferred",
			wire.Octet(uint64(m.Octets)), wire.Octet(size.Declared), wire.Thousands(uint64(m.Octets)-size.Declared))
		e.Hint = "--force sends it nevertheless"
		return nil, nil, e
	}
	offered := func(keyword, otherwise string) bool {
		if offers.Has(keyword) {
			return true
		}
		remarks = append(remarks, notOffered(keyword, otherwise))
		return false
	}
	if offers.Has("SIZE") {
		text += fmt.Sprintf(" SIZE=%d", m.Octets)
	}
	if m.EightBit {
		if offers.Has("8BITMIME") {
			text += " BODY=8BITMIME"
		} else {
			remarks = append(remarks, "the message has octets above 127, and the server does not offer 8BITMIME (RFC 6152): it is sent as it is")
		}
	}
	if utf8 {
		text += " SMTPUTF8"
	}
	if l.PRDR && offered("PRDR", "recipients get no replies of their own") {
		text += " PRDR"
	}
	if (l.DSN.Return != "" || l.DSN.ID != "") && offered("DSN", "RET and ENVID are left out") {
		if l.DSN.Return != "" {
			text += " RET=" + l.DSN.Return
		}
		if l.DSN.ID != "" {
			text += " ENVID=" + wire.Xtext(l.DSN.ID)
		}
	}
	return []byte(text), remarks, nil
}

// RcptLine is the RCPT command for one recipient.
func RcptLine(offers wire.Offers, l Letter, to wire.Address) []byte {
	line := "RCPT TO:<" + to.String() + ">"
	if l.DSN.Notify != "" && offers.Has("DSN") {
		line += " NOTIFY=" + l.DSN.Notify + " ORCPT=" + wire.OriginalRecipient(to)
	}
	return []byte(line)
}

// chunking says whether the message goes by BDAT.
func chunking(s *session.Session, l Letter) bool {
	if l.Chunking && !s.Offers().Has("CHUNKING") {
		s.Note("%s", notOffered("CHUNKING", "DATA takes the place of BDAT"))
		return false
	}
	return l.Chunking
}

// notOffered says what is done where a server does not offer what was asked for.
func notOffered(keyword, otherwise string) string {
	return keyword + " is not offered: " + otherwise
}

func needsUTF8(l Letter) bool {
	if l.Message.Size.HeaderEightBit || !l.From.IsASCII() {
		return true
	}
	for _, to := range l.To {
		if !to.IsASCII() {
			return true
		}
	}
	return false
}

// Typed is the action for a line that a person typed: message text after a
// 354, STARTTLS with its handshake, else the line as it is.
func Typed(s *session.Session, line string) session.Action {
	octets := []byte(line)
	switch {
	case s.InText():
		return session.Text{Line: octets}
	case wire.Verb(octets) == "STARTTLS" && strings.TrimSpace(wire.Argument(octets)) == "":
		return session.StartTLS{Line: octets}
	}
	return session.Command{Line: octets}
}
