package flow

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/wire"
)

// Measure is how to search for the maximum message size that is in force.
type Measure struct {
	From    wire.Address  // the reverse-path; the zero Address is <>
	Budget  Budget        // for each connection; the zero Budget: as the server is known to forgive
	Pause   time.Duration // between connections
	Ceiling uint64        // octets; nothing larger is asked for; 0: DefaultCeiling
}

const (
	DefaultCeiling = 1 << 40
	// DefaultPause is below what servers take for a flood.
	DefaultPause = 2 * time.Second
	// connectionsAllowed is how often a search connects; with DefaultBudget the
	// worst limit below DefaultCeiling takes 9.
	connectionsAllowed = 20

	// A reply that is later than usual by so much is one that the server held
	// back. That it holds back every refusal alike is its manner; that it begins
	// to, or goes on to more, says that it is asked too much.
	heldBack = 1250 * time.Millisecond
	slower   = 750 * time.Millisecond
)

// Size opens a session and asks for the maximum message size: what EHLO
// declares, before and after STARTTLS and login, and where m is not nil, what
// is in force. No message is sent, and no recipient named. It ends the session,
// and may open more with the same server, one after another.
//
// That the search could not be brought to its end is an error; what it knows
// until then is in the limit, and in the last event.Size.
func Size(ctx context.Context, s *session.Session, p Plan, m *Measure) (wire.Size, event.Limit, error) {
	stopped, err := openForSize(ctx, s, p)
	if err != nil || stopped {
		return wire.Size{}, event.Limit{}, err
	}
	size := s.Offers().Size()
	if m == nil {
		Leave(ctx, s, p)
		return size, event.Limit{}, ctx.Err()
	}
	q := newSearcher(s, *m)
	for {
		more, err := q.ask(ctx)
		if !more {
			if err == nil {
				err = q.end()
			}
			Leave(ctx, s, p)
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return size, q.limit(), err
		}
		if q.connections == connectionsAllowed {
			q.stop("the budget of so many connections is used up", nil)
			continue
		}
		Leave(ctx, s, p)
		s.Note("what this connection may be asked is used up; the next one comes in %s", m.Pause)
		if err := pause(ctx, m.Pause); err != nil {
			interrupted(ctx, s)
			return size, q.limit(), err
		}
		again, where := p, s.Where()
		again.Only = &where
		if stopped, err = openForSize(ctx, s, again); err != nil || stopped {
			q.stop("there was no further connection", nil)
			q.tell()
			return size, q.limit(), err
		}
		q.begin()
	}
}

// SizeHere searches in a session that is open and stays open, and within the
// budget of this one connection.
func SizeHere(ctx context.Context, s *session.Session, m Measure) (event.Limit, error) {
	q := newSearcher(s, m)
	more, err := q.ask(ctx)
	if more {
		q.stop("what one connection may be asked is used up: ehlo size --exact goes on over several", nil)
	}
	if err == nil {
		err = q.end()
	}
	if q.open && s.Connected() && s.Due() == 0 && ctx.Err() == nil {
		_ = s.Do(ctx, session.Command{Line: []byte("RSET")})
	}
	return q.limit(), err
}

// openForSize opens a session; behind a login EHLO is sent again, since a
// server may declare another limit for whom it knows.
func openForSize(ctx context.Context, s *session.Session, p Plan) (stopped bool, err error) {
	stopped, err = Open(ctx, s, p)
	if err != nil || stopped || p.Login == nil {
		return stopped, err
	}
	if err = told(s, introduce(ctx, s, verbFor(p, s.Where()), event.Helo)); err != nil {
		Leave(ctx, s, p)
	}
	return false, err
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// searcher asks a Search's questions.
type searcher struct {
	s        *session.Session
	m        Measure
	search   Search
	declared wire.Size

	connections, trips int
	open               bool // a MAIL was accepted and not yet reset
	usual              time.Duration
	refusal            time.Duration // how long the first refusal took

	reason string
	reply  *wire.Reply
	failed bool // the reason is one that the search could not go on for
}

func newSearcher(s *session.Session, m Measure) *searcher {
	if m.Ceiling == 0 {
		m.Ceiling = DefaultCeiling
	}
	q := &searcher{s: s, m: m, declared: s.Offers().Size()}
	q.search = Search{Ceiling: m.Ceiling, Declared: q.declared.Declared, Offered: s.Offers().Has("SIZE")}
	if s.Protocol() == "SMTP" {
		q.stop("the session began with HELO: MAIL takes no SIZE there", nil)
	}
	q.begin()
	return q
}

// begin is a fresh connection.
func (q *searcher) begin() {
	b := q.m.Budget
	if b == (Budget{}) {
		b = budgetFor(firstLine(q.s.Greeting()))
	}
	q.connections++
	q.open, q.usual = false, q.s.Took()
	q.search.Begin(b)
}

func firstLine(r wire.Reply) string {
	if texts := r.Texts(); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// stop ends the search early.
func (q *searcher) stop(reason string, r *wire.Reply) {
	q.search.Stop()
	q.reason, q.reply, q.failed = reason, r, true
}

// ask asks until all is known, or the budget of the connection is used up: then
// there is more to ask.
func (q *searcher) ask(ctx context.Context) (more bool, err error) {
	for {
		asks := q.search.Next(q.s.Offers().Has("PIPELINING"))
		if len(asks) == 0 {
			return !q.search.Done(), nil
		}
		if err := q.send(ctx, asks); err != nil {
			if !q.failed {
				q.stop("the session ended", nil)
			}
			q.tell()
			return false, err
		}
		if !q.search.Done() {
			q.tell()
		}
	}
}

// send sends questions, each behind the RSET that the one before needs.
func (q *searcher) send(ctx context.Context, asks []Ask) error {
	var lines [][]byte
	var of []*Ask // the question that a line is; nil: RSET
	for i := range asks {
		if q.open || i > 0 {
			lines, of = append(lines, []byte("RSET")), append(of, nil)
		}
		lines, of = append(lines, q.mail(asks[i])), append(of, &asks[i])
	}
	q.open = false
	if q.s.Offers().Has("PIPELINING") {
		q.trips++
		err := q.s.Do(ctx, session.Group{Lines: lines, Asks: true})
		for i, r := range q.s.Replies() {
			q.take(of[i], r, i == len(lines)-1)
		}
		return q.blame(err)
	}
	for i, line := range lines {
		q.trips++
		err := q.s.Do(ctx, session.Command{Line: line, Asks: true})
		for _, r := range q.s.Replies() {
			q.take(of[i], r, true)
		}
		if err != nil || q.failed {
			return q.blame(err)
		}
	}
	return nil
}

// blame says why the search could not go on: that a server that said 421 went
// away then is no news.
func (q *searcher) blame(err error) error {
	e, ok := errors.AsType[*event.Error](err)
	if ok && q.failed && e.Kind == event.ConnectionLost {
		return nil
	}
	return err
}

func (q *searcher) mail(a Ask) []byte {
	size := "nonsense"
	if !a.Nonsense {
		size = strconv.FormatUint(a.Size, 10)
	}
	return []byte("MAIL FROM:<" + q.m.From.String() + "> SIZE=" + size)
}

// take takes a reply into account; timed says that its time is known.
func (q *searcher) take(a *Ask, r wire.Reply, timed bool) {
	if q.failed {
		return
	}
	if a == nil {
		if !r.Positive() {
			q.stop("RSET is refused", &r)
		}
		return
	}
	m := meaningOf(r)
	q.search.Answer(*a, m)
	q.open = m == Accepted
	switch {
	case r.Code == 421, m == Unrelated && !a.Nonsense:
		q.stop(unrelated(r, q.search.Offered), &r)
	case m == Unread && q.search.Done() && !a.Nonsense:
		q.stop(unrelated(r, q.search.Offered), &r)
	case m == NoRoom:
		q.reason, q.reply = "the server has no room now for "+wire.Octet(a.Size)+": that is no limit", &r
	case m == Unread && !a.Nonsense:
		q.reason, q.reply = "the server does not read numbers as large as "+wire.Thousands(a.Size), &r
	}
	if timed && !q.search.Done() {
		q.watch(m)
	}
}

// watch looks for replies that the server begins to hold back.
func (q *searcher) watch(m Meaning) {
	took := q.s.Took()
	switch {
	case m == Accepted, q.refusal == 0:
		if took > q.usual+heldBack {
			q.stop("the server begins to hold its replies back ("+took.Round(100*time.Millisecond).String()+")", nil)
		}
		if m != Accepted {
			q.refusal = max(took, 1)
		}
	case took > q.refusal+slower:
		q.stop("the server begins to hold its replies back ("+took.Round(100*time.Millisecond).String()+")", nil)
	}
}

// end tells what the search has come to. That something else than the size
// ended it is an error.
func (q *searcher) end() error {
	if q.search.Changed() {
		q.stop("the limit changes while it is looked for", nil)
	}
	q.tell()
	l := q.limit()
	if l.Verdict != event.Unknown || !q.failed {
		return nil
	}
	e := event.Errorf(event.Deferred, event.Mail, "%s: the maximum message size is not known to the octet: %s", q.s.Where().Name(), q.reason)
	if q.reply != nil {
		e.Message += ": " + q.reply.String()
		e.Reply = q.reply
		if q.reply.Class() == 5 {
			e.Kind = event.Rejected
		}
	}
	return q.s.Fail(e)
}

// limit is what is known now.
func (q *searcher) limit() event.Limit {
	l := q.search.Limit()
	l.Connections, l.Trips = q.connections, q.trips
	if l.Verdict == event.Unknown {
		l.Reason, l.Reply = q.reason, q.reply
		if l.Reason == "" && l.Rejected == 0 && l.Accepted == l.Ceiling {
			l.Reason = "no larger size was asked for"
		}
	}
	return l
}

// tell tells what is known now.
func (q *searcher) tell() { q.s.TellSize(q.declared, q.limit()) }
