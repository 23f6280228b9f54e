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
// accepted. The one that was asked about first is asked about again: whenever a
// limit changed in between, two of the three answers are from the same side of
// the change, and the number is no mixture of both. A declared limit needs no
// third answer: the server has said it itself.
type Search struct {
	Declared uint64 // 0: nothing is declared
	Ceiling  uint64 // nothing larger is asked for
	Offered  bool   // SIZE is in the list of EHLO

	left     Budget // of the present connection
	lo, hi   uint64 // the largest accepted, the smallest refused as too large; 0: none
	beyond   uint64 // the smallest that was not understood, or that there is no room for; 0: none
	why      Meaning
	nonsense Meaning // of the answer to a size that is no number; 0: not asked
	last     uint64  // what the last answer was about
	met      bool    // lo and hi have met, and one was asked about again since
	changes  int
	over     bool

	commands, rejections int
}

// Budget is what a server may be asked on one connection. Neither may be 0.
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
	// generous is a budget of refusals that has room for one more than is needed.
	generous = 3
	// changesAllowed is how often a limit may change while it is looked for.
	changesAllowed = 2
)

// landmarks are asked, downwards, where the ceiling is not understood or there
// is no room for it.
var landmarks = [...]uint64{1 << 36, largest32, largest31, 1 << 28}

// Begin starts a connection.
func (s *Search) Begin(b Budget) {
	s.left = b
}

// Done says that there is nothing more to ask, on this or any connection.
func (s *Search) Done() bool { return s.over }

// Next is what to ask now: one question, or with together two that go out as
// one group, of which the second supposes that the first is accepted. None: the
// search is done, or the connection's budget is used up.
func (s *Search) Next(together bool) []Ask {
	if s.over || s.left.Refusals < 1 || s.left.Accepts < 1 {
		return nil
	}
	size, nonsense := s.next()
	asks := []Ask{{size, nonsense}}
	if together && s.left.Refusals > 1 && s.left.Accepts > 1 && s.settles(size) {
		asks = append(asks, Ask{Size: size + 1})
	}
	return asks
}

// settles says that the question about size is expected to be accepted, and
// the one about size+1, refused, is then the last.
func (s *Search) settles(size uint64) bool {
	return s.hi == 0 && size == s.Declared && s.lo < size && size < s.Ceiling
}

// next is the question itself. Where there is none, the search is over.
func (s *Search) next() (size uint64, nonsense bool) {
	top := s.top()
	switch {
	case s.hi > 0 && s.hi <= s.lo+1: // lo is accepted, lo+1 is not
		return s.confirm(), false
	case s.hi > 0:
		return s.divide(), false
	case !s.Offered && s.lo == 0 && sounding < top:
		return sounding, false
	case s.Declared > 0 && s.lo < s.Declared && s.Declared <= top:
		return s.Declared, false
	case s.Declared > 0 && s.lo == s.Declared && s.Declared < top:
		return s.Declared + 1, false
	case s.lo < top:
		return top, false
	case s.beyond == 0 && s.nonsense == Unasked && s.lo > s.Declared:
		return 0, true
	}
	s.over = true
	return 0, false
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

// confirm is what to ask again when the bounds have met.
func (s *Search) confirm() uint64 {
	switch {
	case s.lo == 0, s.lo == s.Declared, s.met:
		s.over = true
		return 0
	case s.last == s.lo:
		return s.hi
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
	if r > generous { // the last question may have to be asked again
		a, r = a-1, r-1
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
	s.last, s.met = q.Size, s.hi > 0 && s.hi == s.lo+1
	switch m {
	case Accepted:
		if s.hi > 0 && q.Size >= s.hi { // it was refused before
			s.changes++
			s.hi, s.met = 0, false
		}
		s.lo = max(s.lo, q.Size)
	case TooLarge:
		if s.lo > 0 && q.Size <= s.lo { // it was accepted before
			s.changes++
			s.lo, s.met = 0, false
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
	s.over = s.over || s.changes > changesAllowed
	s.next() // it may have been the last
}

// bound takes an answer that is no limit but has nothing above it.
func (s *Search) bound(size uint64, m Meaning, end bool) {
	s.beyond, s.why = size, m
	least := landmarks[len(landmarks)-1]
	s.over = s.over || end || m == NoRoom && (size == s.Declared || size <= least)
}

// Stop ends the search before its time.
func (s *Search) Stop() { s.over = true }

// Changed says that the limit changed again and again.
func (s *Search) Changed() bool { return s.changes > changesAllowed }

// Limit is what is known now.
func (s *Search) Limit() event.Limit {
	l := event.Limit{
		Verdict: event.Searching, Accepted: s.lo, Rejected: s.hi, Ceiling: s.Ceiling, Nonsense: s.nonsense == Accepted,
		Commands: s.commands, Rejections: s.rejections,
	}
	if s.over {
		l.Verdict = s.verdict(l)
	}
	return l
}

func (s *Search) verdict(l event.Limit) event.Verdict {
	switch {
	case s.Changed():
		return event.Unknown
	case l.Exact() && s.Declared == 0:
		return event.Undeclared
	case l.Exact() && s.Declared == s.lo:
		return event.Enforced
	case l.Exact() && s.lo < s.Declared:
		return event.Lower
	case l.Exact():
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
