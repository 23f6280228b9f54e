package flow

import (
	"math"

	"ehlo/session/event"
)

// Search finds the largest n for which a server accepts MAIL FROM:<…> SIZE=n
// (RFC 1870 6.1). It does no I/O: Next says what to ask, Answer takes what came
// of it, and so on until Done. What it asks keeps within a Budget for each
// connection; Begin starts a connection.
//
// A declared limit n is confirmed by n and n+1. Where that fails, or nothing is
// declared, the ceiling comes next, since servers without a limit are many; and
// where that is refused, the limit lies between two bounds, and each question
// divides what is between them by how likely a limit is there (prior.go) and by
// what the budget allows: with a accepted and r refused questions left, the
// lower part, where the answer is a refusal, has the share that r refusals can
// tell apart.
//
// In the end there are two sizes, one octet apart, of which the smaller is
// accepted. They may be from two servers behind one name, or from before and
// after a change. So a number n is found only where the pair is asked again: on
// one connection, with nothing between, n accepted and then n+1 refused; and
// where n is not what the server declares, twice, n being asked two times
// before the first refusal and seven times before the second (fewer where the
// budget has no room for them on one connection, but once at the least). What
// follows from that:
//
//   - A limit that is fixed for a connection, whatever the others have, is in
//     force on the connection of the last pair: a mixture of two is never found.
//   - A limit that changes, once or at times, is one that was in force, unless
//     it changes between two questions of each pair, and back.
//   - Of a server that picks one of two limits anew for each command, a number
//     between both is found once in 2,000 times where it picks both alike, and
//     once in 180 at the worst (it picks the higher one 9 times of 11). With a
//     budget of two or three accepted MAIL it is found more often, up to once in
//     16 times.
//   - A declared limit costs two questions. A server that picks for each command
//     may be taken to enforce what it declares: that is its own word then, and
//     its chance at most one in four.
//
// One answer that contradicts another is a change; at the second one the search
// is given up, and what all answers have in common is known.
type Search struct {
	Declared uint64 // 0: nothing is declared
	Ceiling  uint64 // nothing larger is asked for
	Offered  bool   // SIZE is in the list of EHLO

	full, left Budget // of the present connection: in the beginning, and now
	lo, hi     uint64 // the largest accepted, the smallest refused as too large; 0: none
	beyond     uint64 // the smallest that was not understood, or that there is no room for; 0: none
	why        Meaning
	nonsense   Meaning // of the answer to a size that is no number; 0: not asked
	answers    []answer
	begun      int // of answers, the first one of this connection
	met        int // of answers, the first one since lo and hi have met
	pairs      int // that were asked again
	changes    int
	each       bool // every size is refused: it is not the size
	over       bool
	stopped    bool // by Stop
	doubtful   bool // which answer is to which question is not certain

	commands, rejections int
}

// answer is what came of a question.
type answer struct {
	size uint64
	m    Meaning
}

// again is how often n is asked before n+1, for each time that a pair is asked;
// proof is the sum.
var again = [...]int{2, 7}

const proof = 2 + 7

// Budget is what a server may be asked on one connection. Neither may be 0, and
// with 1 and 1 no limit is found: a pair needs two questions on a connection.
type Budget struct {
	Refusals int // MAIL that are refused
	Accepts  int // MAIL that are accepted, with a RSET each
}

// Ask is one question: MAIL with a SIZE.
type Ask struct {
	Size     uint64
	Nonsense bool // a size that is no number
}

// Meaning is what a reply to MAIL with a SIZE says.
type Meaning uint8

const (
	Unasked   Meaning = iota
	Accepted          //
	TooLarge          // for good: above the fixed maximum
	NoRoom            // for now: not above the maximum, but there is no space
	Unread            // 501: the server cannot read the number
	Unrelated         // it is not about the size
)

const (
	// largest31 and largest32 are the largest sizes that servers with numbers of
	// 32 bits read; what is above them gets a 501.
	largest31 = 1<<31 - 1
	largest32 = 1<<32 - 1
	// sounding is asked first where SIZE is not offered: a server that does not
	// know the parameter refuses any.
	sounding = 1000
	// least is asked where nothing else is accepted: what refuses it is not about
	// the size.
	least = 1
	// generous is a budget that has room for more than is needed: so many refusals,
	// or so many times the accepted ones of a proof.
	generous = 3
	// changesAllowed is how often a limit may change while it is looked for.
	changesAllowed = 1
)

// landmarks are asked, downwards, where the ceiling is not understood or there
// is no room for it.
var landmarks = [...]uint64{1 << 36, largest32, largest31, 1 << 28}

// Begin starts a connection, of whose budget something may be used up.
func (s *Search) Begin(full, used Budget) {
	s.full, s.left = full, Budget{full.Refusals - used.Refusals, full.Accepts - used.Accepts}
	s.begun = len(s.answers)
}

// Leave says that nothing more is to be asked on this connection.
func (s *Search) Leave() { s.left = Budget{} }

// Done says that there is nothing more to ask, on this or any connection.
func (s *Search) Done() bool { return s.over }

// Next is what to ask now: one question, or with together several that go out
// as one group, of which each supposes that those before are accepted. None: the
// search is done, or the connection's budget is used up.
func (s *Search) Next(together bool) []Ask {
	if s.over || s.left.Refusals < 1 || s.left.Accepts < 1 {
		return nil
	}
	size, nonsense, ok := s.next()
	if !ok {
		return nil
	}
	asks := []Ask{{size, nonsense}}
	// Each of a group may be refused, or accepted, against what is expected.
	for together && len(asks) < min(s.left.Refusals, s.left.Accepts) {
		more := s.behind(size, len(asks))
		if more == 0 {
			break
		}
		size = more
		asks = append(asks, Ask{Size: size})
	}
	return asks
}

// behind is what is asked next where size, the last one of so many in a group,
// is accepted, and is not known to be the last; 0: that cannot be told.
func (s *Search) behind(size uint64, asked int) uint64 {
	switch {
	case s.hi == 0 && size == s.Declared && s.lo < size && size < s.Ceiling:
		return size + 1
	case s.meet() && size == s.lo && s.full.Accepts > 1:
		if s.run()+asked < s.needed() {
			return s.lo
		}
		return s.hi
	}
	return 0
}

// next is the question itself. Where there is none, the search is over, or
// this connection has no room for it.
func (s *Search) next() (size uint64, nonsense, ok bool) {
	top := s.top()
	switch {
	case s.meet():
		size, ok = s.confirm()
		return size, false, ok
	case s.lo == 0 && (s.hi > 0 || s.why == NoRoom):
		return least, false, true
	case s.hi > 0:
		return s.divide(), false, true
	case !s.Offered && s.lo == 0 && sounding < top:
		return sounding, false, true
	case s.Declared > 0 && s.lo < s.Declared && s.Declared <= top:
		return s.Declared, false, true
	case s.Declared > 0 && s.lo == s.Declared && s.Declared < top:
		return s.Declared + 1, false, true
	case s.lo < top:
		return top, false, true
	case s.beyond == 0 && s.nonsense == Unasked && s.lo > s.Declared:
		return 0, true, true
	}
	s.over = true
	return 0, false, false
}

// top is the largest size to ask for: the ceiling, or what is left of it where
// the server cannot read that, or has no room for it.
func (s *Search) top() uint64 {
	if s.beyond == 0 {
		return s.Ceiling
	}
	for _, n := range landmarks {
		if n < s.beyond && (s.why == NoRoom || n == largest31 || n == largest32) {
			return max(n, s.lo)
		}
	}
	return s.lo
}

// divide is a size between the bounds.
func (s *Search) divide() uint64 {
	count := float64(s.hi - s.lo)
	from, to := math.Max(float64(s.lo), 1), float64(s.hi)
	// What there is to tell apart: for narrow bounds the sizes between them, for
	// wide ones, where small limits are as likely as large ones, fewer.
	need := math.Min(math.Log1p((to-from)/from)*math.Sqrt(from*to), count)
	a, r := s.left.Accepts, s.left.Refusals
	if r > generous { // the pair has to be asked again
		r -= len(again)
	}
	if a > generous*proof {
		a -= proof
	}
	size := quantile(s.lo, s.hi, share(a, r, need))
	if count <= ways(a, r) { // all of them: do not lose that
		least, most := count-ways(a-1, r), ways(a, r-1)
		size = max(size, s.lo+uint64(math.Max(least, 1)))
		if most < count {
			size = min(size, s.lo+uint64(most))
		}
	}
	return min(max(size, s.lo+1), s.hi-1)
}

// share is the part of what is left that the refused answer gets, so that need
// things are told apart in the fewest questions that the budget allows.
func share(a, r int, need float64) float64 {
	for n := 1; n <= a+r; n++ {
		k := min(max(n/2, n-a), r)
		if choose(n, k) >= need {
			return float64(k) / float64(n)
		}
	}
	return float64(r) / float64(a+r)
}

// ways is how many things can be told apart with a accepted and r refused
// answers.
func ways(a, r int) float64 { return choose(a+r, r) }

func choose(n, k int) float64 {
	k = min(k, n-k)
	c := 1.0
	for i := 1; i <= k; i++ {
		c = c * float64(n-k+i) / float64(i)
	}
	return math.Round(c)
}

// Answer takes what came of a question.
func (s *Search) Answer(q Ask, m Meaning) {
	s.commands++
	if m == Accepted {
		s.left.Accepts--
	} else {
		s.left.Refusals--
		s.rejections++
	}
	if q.Nonsense {
		s.nonsense = m
		s.over = true
		return
	}
	lo, hi, seen, refused := s.lo, s.hi, s.run(), s.refusedLast()
	last := answer{q.Size, m}
	s.answers = append(s.answers, last)
	switch m {
	case Accepted:
		if s.hi > 0 && q.Size >= s.hi { // it was refused before
			s.changes++
			s.hi = 0
		}
		s.lo = max(s.lo, q.Size)
	case TooLarge:
		if s.lo > 0 && q.Size <= s.lo { // it was accepted before
			s.changes++
			s.lo = 0
		}
		if s.hi == 0 || q.Size < s.hi {
			s.hi = q.Size
		}
	case NoRoom:
		s.bound(q.Size, m, s.hi > 0)
	case Unread:
		s.bound(q.Size, m, s.hi > 0 || q.Size <= largest31)
	default:
		s.over = true
	}
	same := s.lo == lo && s.hi == hi
	if !same {
		s.pairs, s.met = 0, len(s.answers)
	}
	if same || s.lo == s.Declared {
		s.pair(last, seen, refused)
	}
	s.each = s.each || q.Size == least && (m == TooLarge || m == NoRoom)
	s.over = s.over || s.each || s.changes > changesAllowed
	s.next() // it may have been the last
}

// Lost says that a question has no usable answer.
func (s *Search) Lost() { s.commands++ }

// bound takes an answer that is no limit but has nothing above it.
func (s *Search) bound(size uint64, m Meaning, end bool) {
	s.beyond, s.why = size, m
	lowest := landmarks[len(landmarks)-1]
	s.over = s.over || end || m == NoRoom && (size == s.Declared || size <= lowest)
}

// Stop ends the search before its time.
func (s *Search) Stop() { s.stopped, s.over = s.stopped || !s.over, true }

// Resume takes up again what Stop has ended.
func (s *Search) Resume() { s.stopped, s.over = false, s.over && !s.stopped }

// Distrust says that the answers may not be to what was asked.
func (s *Search) Distrust() { s.doubtful, s.lo, s.hi = true, 0, 0 }

// Each says that even the smallest size is refused.
func (s *Search) Each() bool { return s.each }

// Changed says that the limit changed again and again.
func (s *Search) Changed() bool { return s.changes > changesAllowed }

// Limit is what is known now.
func (s *Search) Limit() event.Limit {
	l := event.Limit{
		Verdict: event.Searching, Accepted: s.lo, Rejected: s.hi, Ceiling: s.Ceiling, Nonsense: s.nonsense == Accepted,
		Commands: s.commands, Rejections: s.rejections,
	}
	switch {
	case s.Changed():
		l.Accepted, l.Rejected = s.common()
	case s.each:
		l.Rejected = 0
	}
	if s.over {
		l.Verdict = s.verdict(l)
	}
	return l
}

// common are the bounds that hold for all answers: no size up to the one was
// ever refused, none from the other on was ever accepted.
func (s *Search) common() (lo, hi uint64) {
	var refused, accepted uint64
	for _, a := range s.answers {
		switch {
		case a.m == Accepted:
			accepted = max(accepted, a.size)
		case a.m == TooLarge && (refused == 0 || a.size < refused):
			refused = a.size
		}
	}
	for _, a := range s.answers {
		switch {
		case a.m == Accepted && (a.size < refused || refused == 0):
			lo = max(lo, a.size)
		case a.m == TooLarge && a.size > accepted && (hi == 0 || a.size < hi):
			hi = a.size
		}
	}
	return lo, hi
}

func (s *Search) verdict(l event.Limit) event.Verdict {
	exact := s.proved()
	switch {
	case s.Changed(), s.doubtful:
		return event.Unknown
	case exact && s.Declared == 0:
		return event.Undeclared
	case exact && s.Declared == s.lo:
		return event.Enforced
	case exact && s.lo < s.Declared:
		return event.Lower
	case exact:
		return event.Higher
	case s.hi > 0 || s.lo < s.Ceiling || s.lo <= s.Declared:
		return event.Unknown
	case s.Declared > 0:
		return event.Unenforced
	case l.Nonsense:
		return event.Ignored
	}
	return event.Unlimited
}
