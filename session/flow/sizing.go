package flow

import (
	"cmp"
	"context"

	"ehlo/session"
	"ehlo/session/event"
)

// Sizing is the search of a session that a person leads: it goes on where the
// one before has ended, on the same connection with what is left of its budget,
// and on another one to the same server with what is known.
type Sizing struct {
	q          *searcher
	where      session.Candidate
	connection int  // the last one that was asked
	sent       bool // the last that was sent may have opened a transaction
}

// Ours says that an open transaction is of the search's own making.
func (z *Sizing) Ours(s *session.Session) bool {
	return z.sent && z.connection == s.Connection()
}

// Here searches in a session that is open and stays open, and within the budget
// of this one connection, of which what was accepted and refused before is used
// up. What ends the search early is told, and no failure of the session.
func (z *Sizing) Here(ctx context.Context, s *session.Session, m Measure) (event.Limit, error) {
	q := newSearcher(s, m)
	if err := q.sender(); err != nil {
		s.Note("%s", err.Message)
		return event.Limit{}, err
	}
	if z.Ours(s) && s.Mailing() {
		if err := s.Do(ctx, session.Command{Line: []byte("RSET")}); err != nil {
			return event.Limit{}, err
		}
	}
	z.sent = false
	if z.q != nil && z.where == s.Where() && z.q.like(q) {
		q = z.q.again(z.connection == s.Connection())
	}
	tally := s.Tally()
	z.q, z.where, z.connection = q, s.Where(), s.Connection()
	q.begin(Budget{Refusals: tally.Errors, Accepts: tally.Mails})
	more, err := q.ask(ctx)
	switch {
	case more && q.slow != "":
		q.stop(q.slow, nil)
	case more:
		q.stop(UsedUp, nil)
	}
	if q.open && s.Connected() && s.Due() == 0 && ctx.Err() == nil {
		err = cmp.Or(err, s.Do(ctx, session.Command{Line: []byte("RSET")}))
	}
	z.sent = ctx.Err() != nil
	q.conclude()
	if q.failed && q.reply != nil {
		s.Note("the search has ended: %s: %s", q.reason, q.reply)
	}
	return q.limit(), err
}

// UsedUp is the reason of a search that could go on on another connection.
const UsedUp = "what this connection may be asked is used up"

// like says that another searcher asks for the same.
func (q *searcher) like(other *searcher) bool {
	return q.m.From == other.m.From && q.declared == other.declared &&
		q.search.Offered == other.search.Offered && q.search.Ceiling == other.search.Ceiling
}

// again takes the search up again; on another connection also one that had come
// to its end, which is then asked for its last pair.
func (q *searcher) again(same bool) *searcher {
	q.search.Resume()
	if !same || !q.search.Done() { // the reason of one that is over stays
		q.reason, q.reply, q.failed = "", nil, false
	}
	if same {
		q.connections--
	} else if q.search.Done() {
		before := q.search
		q.search = Search{Ceiling: before.Ceiling, Declared: before.Declared, Offered: before.Offered}
		if before.Limit().Exact() {
			q.search.lo, q.search.hi = before.lo, before.hi
		}
		q.connections, q.trips = 0, 0
	}
	return q
}
