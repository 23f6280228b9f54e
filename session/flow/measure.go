package flow

import (
	"cmp"
	"context"
	"errors"
	"math"
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

	// slower is how much later than usual a reply is that the server held back, or
	// that had an accident on its way; or half as late again, where that is more.
	slower = 750 * time.Millisecond
	// slowAllowed is on how many connections replies may begin to come late before
	// that is the server's manner.
	slowAllowed = 2
	// surplus is how long replies are waited for that nobody asked for.
	surplus = 50 * time.Millisecond
)

// connectionsAllowed is how often a search connects: as often as it takes to
// tell all limits apart, and as often again.
func connectionsAllowed(b Budget) int {
	return 12 + int(80/math.Log2(ways(b.Accepts, b.Refusals)))
}

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
	if err := q.sender(); err != nil {
		Leave(ctx, s, p)
		return size, event.Limit{}, s.Fail(err)
	}
	q.begin(Budget{})
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
		if q.connections >= connectionsAllowed(q.budget) {
			q.stop("the budget of so many connections is used up", nil)
			continue
		}
		Leave(ctx, s, p)
		s.Note("%s; the next one comes in %s", cmp.Or(q.slow, "what this connection may be asked is used up"), m.Pause)
		if err := pause(ctx, m.Pause); err != nil {
			q.stop(interruptedReason, nil)
			q.tell()
			interrupted(ctx, s)
			return size, q.limit(), err
		}
		again, where := p, s.Where()
		again.Only = &where
		if stopped, err = openForSize(ctx, s, again); err != nil || stopped {
			q.stop("there was no further connection", nil)
			if ctx.Err() != nil {
				q.stop(interruptedReason, nil)
			}
			q.tell()
			return size, q.limit(), err
		}
		q.begin(Budget{})
	}
}

const interruptedReason = "the search was stopped"

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
	budget   Budget

	connections, trips int
	open               bool // a MAIL was accepted and not yet reset
	unasked            int  // replies that nobody asked for, before this connection's search

	usual  [2]time.Duration // the quickest reply of those that accept, and that refuse
	slows  int              // connections on which replies began to come late
	slow   string           // that this one is such
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
	return q
}

// sender says why the reverse-path cannot be said to the server.
func (q *searcher) sender() *event.Error {
	if !q.m.From.IsASCII() && !q.s.Offers().Has("SMTPUTF8") {
		return event.Errorf(event.SMTPUTF8Unavailable, event.Mail, "the sender %s is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531)", q.m.From)
	}
	return nil
}

// begin is a connection, of whose budget something may be used up.
func (q *searcher) begin(used Budget) {
	q.budget = q.m.Budget
	if q.budget == (Budget{}) {
		q.budget = budgetFor(firstLine(q.s.Greeting()))
	}
	q.connections++
	q.open, q.slow, q.unasked = false, "", q.s.Tally().Unasked
	if q.s.Protocol() == "SMTP" {
		q.stop("the session began with HELO: MAIL takes no SIZE there", nil)
	}
	if q.budget == (Budget{1, 1}) {
		q.stop("a budget of one refused and one accepted MAIL is too small: a limit takes two on one connection", nil)
	}
	q.search.Begin(q.budget, used)
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
		if err := q.exchange(ctx, session.Group{Lines: lines, Asks: true}, of); err != nil || q.failed {
			return err
		}
	} else {
		for i, line := range lines {
			if err := q.exchange(ctx, session.Command{Line: line, Asks: true}, of[i:i+1]); err != nil || q.failed {
				return err
			}
		}
	}
	if !q.search.Done() {
		return nil
	}
	// Nothing more is sent that would show which replies are whose.
	if err := q.s.Do(ctx, session.Listen{For: surplus}); err != nil {
		return err
	}
	q.stray()
	return nil
}

// exchange sends one command or one group, and takes the replies into account.
func (q *searcher) exchange(ctx context.Context, action session.Action, of []*Ask) error {
	q.trips++
	err := q.s.Do(ctx, action)
	replies, paces := q.s.Replies(), q.s.Paces()
	for i, a := range of {
		switch {
		case i < len(replies):
			q.take(a, replies[i], paces[i])
		case a != nil && err != nil:
			q.search.Lost()
		}
	}
	q.stray()
	if ctx.Err() != nil && err != nil {
		q.stop(interruptedReason, nil)
		return err
	}
	return q.blame(err)
}

// stray ends a search in which replies came that nobody asked for: which are
// whose is not certain then.
func (q *searcher) stray() {
	if q.s.Tally().Unasked > q.unasked && !q.failed {
		q.stop("the server said something that it was not asked: which reply is to what is not certain", nil)
		q.search.Distrust()
	}
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
	line := "MAIL FROM:<" + q.m.From.String() + "> SIZE=" + size
	if !q.m.From.IsASCII() {
		line += " SMTPUTF8"
	}
	return []byte(line)
}

// take takes a reply into account, and how long it took.
func (q *searcher) take(a *Ask, r wire.Reply, took time.Duration) {
	if q.failed {
		if a != nil {
			q.search.Lost()
		}
		return
	}
	if a == nil {
		if !r.Positive() {
			q.stop("RSET is refused", &r)
		}
		return
	}
	m := meaningOf(r)
	taken := q.search.lo > 0 || q.search.hi > 0
	q.search.Answer(*a, m)
	q.open = m == Accepted
	switch {
	case q.search.Each():
		q.stop("every size is refused, even "+wire.Octet(a.Size)+": it is not the size", &r)
	case r.Code == 421, m == Unrelated && !a.Nonsense:
		q.stop(unrelated(r, q.search.Offered, taken), &r)
	case m == Unread && !a.Nonsense && !taken && a.Size <= largest31:
		q.stop(unrelated(r, q.search.Offered, taken), &r)
	case m == NoRoom:
		q.reason, q.reply = "the server has no room now for "+wire.Octet(a.Size)+": that is no limit", &r
	case m == Unread && !a.Nonsense:
		q.reason, q.reply = "the server does not read numbers as large as "+wire.Thousands(a.Size), &r
	}
	if !q.search.Done() {
		q.watch(m, took)
	}
}

// watch looks for replies that begin to come late. What is late from the
// beginning, each time or each time that something is refused, is the server's
// manner. One that becomes late ends the connection; where that happens on one
// after another, the server is asked too much.
func (q *searcher) watch(m Meaning, took time.Duration) {
	usual := &q.usual[0]
	if m != Accepted {
		usual = &q.usual[1]
	}
	if *usual == 0 || took < *usual {
		*usual = max(took, 1)
		return
	}
	if took <= *usual+max(slower, *usual/2) || q.slow != "" {
		return
	}
	q.slow = "the server begins to hold its replies back (" + took.Round(100*time.Millisecond).String() + ")"
	q.search.Leave()
	if q.slows++; q.slows > slowAllowed {
		q.stop(q.slow, nil)
	}
}

// conclude tells what the search has come to.
func (q *searcher) conclude() {
	if q.search.Changed() && !q.failed {
		q.stop("the limit changes while it is looked for", nil)
	}
	q.tell()
}

// end concludes a search whose whole purpose is a limit: that it is not known
// then, for whatever reason, is an error.
func (q *searcher) end() error {
	q.conclude()
	l := q.limit()
	if l.Known() {
		return nil
	}
	e := event.Errorf(event.Deferred, event.Mail, "%s: the maximum message size is not known to the octet: %s", q.s.Where().Name(), l.Reason)
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
