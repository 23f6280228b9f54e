package flow

import (
	"fmt"
	"math"
	"math/rand"
	"slices"
	"testing"

	"ehlo/session/event"
)

// hidden is a server that exists only as its answers.
type hidden struct {
	limit   uint64 // 0: none
	reads   uint64 // above it, 501; 0: it reads all
	numbers bool   // what is no number is refused
	room    uint64 // above it, 452; 0: there is room
}

func (h hidden) answer(q Ask) Meaning {
	switch {
	case q.Nonsense && h.numbers:
		return Unread
	case q.Nonsense:
		return Accepted
	case h.reads > 0 && q.Size > h.reads:
		return Unread
	case h.limit > 0 && q.Size > h.limit:
		return TooLarge
	case h.room > 0 && q.Size > h.room:
		return NoRoom
	}
	return Accepted
}

// cost is what a search took.
type cost struct{ commands, refusals, connections, trips int }

// hunt runs a search against a server that changes between questions.
func hunt(t testing.TB, s *Search, b Budget, pipelining bool, server func(asked int) hidden) (event.Limit, cost) {
	t.Helper()
	return huntFor(t, s, b, pipelining, server, 40)
}

// huntFor is hunt with a number of connections that is too many.
func huntFor(t testing.TB, s *Search, b Budget, pipelining bool, server func(asked int) hidden, most int) (event.Limit, cost) {
	t.Helper()
	var c cost
	for !s.Done() {
		if c.connections++; c.connections > most {
			t.Fatalf("no end: %+v", s)
		}
		s.Begin(b, Budget{})
		accepts, refusals := 0, 0
		for {
			asks := s.Next(pipelining)
			if len(asks) == 0 {
				break
			}
			c.trips++
			for _, q := range asks {
				m := server(c.commands).answer(q)
				c.commands++
				if m == Accepted {
					if accepts++; !pipelining {
						c.trips++
					}
				} else {
					refusals++
				}
				if q.Size > s.Ceiling {
					t.Fatalf("%d is asked for, above the ceiling", q.Size)
				}
				s.Answer(q, m)
			}
		}
		if accepts > b.Accepts || refusals > b.Refusals {
			t.Fatalf("%d accepted and %d refused on a connection, the budget is %+v", accepts, refusals, b)
		}
		c.refusals += refusals
	}
	return s.Limit(), c
}

// anyLimit is as likely to be in one power of two as in the next.
func anyLimit(r *rand.Rand) uint64 {
	return uint64(math.Exp(math.Log(1<<10) + r.Float64()*math.Log(1<<30)))
}

// TestSearchDistribution finds 10,000 limits and prints what that took: go
// test -run SearchDistribution -v ./session/flow.
func TestSearchDistribution(t *testing.T) {
	limits := 1000
	if testing.Verbose() {
		limits = 10_000
	}
	for _, row := range []struct {
		name  string
		b     Budget
		limit func(*rand.Rand) uint64
		says  func(limit uint64) uint64
		most  int // connections
	}{
		{"any limit, nothing declared", DefaultBudget, anyLimit, nil, 12},
		{"a usual limit, nothing declared", DefaultBudget, func(r *rand.Rand) uint64 { return likely[r.Intn(len(likely))] }, nil, 4},
		{"any limit, half of it declared", DefaultBudget, anyLimit, func(n uint64) uint64 { return n / 2 }, 12},
		{"any limit, twice of it declared", DefaultBudget, anyLimit, func(n uint64) uint64 { return n * 2 }, 12},
		{"any limit, nothing declared, Postfix", postfixBudget, anyLimit, nil, 3},
		{"any limit, nothing declared, Exim", eximBudget, anyLimit, nil, 3},
		{"declared and true", DefaultBudget, anyLimit, func(n uint64) uint64 { return n }, 1},
	} {
		r := rand.New(rand.NewSource(5))
		var commands, refusals, connections, trips, piped []int
		for range limits {
			limit := row.limit(r)
			s := &Search{Ceiling: 1 << 40, Offered: true}
			if row.says != nil {
				s.Declared = row.says(limit)
			}
			again := *s
			server := func(int) hidden { return hidden{limit: limit, numbers: true} }
			l, c := hunt(t, s, row.b, false, server)
			if !l.Exact() || l.Accepted != limit {
				t.Fatalf("%s: the limit is %d, found %+v", row.name, limit, l)
			}
			if c.connections > row.most {
				t.Fatalf("%s: %d took %+v", row.name, limit, c)
			}
			commands, refusals, connections, trips = append(commands, c.commands), append(refusals, c.refusals), append(connections, c.connections), append(trips, c.trips)
			_, c = hunt(t, &again, row.b, true, server)
			piped = append(piped, c.trips)
			if s.Declared == limit && (c.commands != 2 || c.refusals != 1) {
				t.Fatalf("%s: %+v", row.name, c)
			}
		}
		t.Logf("%s:", row.name)
		for _, of := range []struct {
			what string
			list []int
		}{{"MAIL", commands}, {"refused", refusals}, {"connections", connections}, {"round trips", trips}, {"with PIPELINING", piped}} {
			t.Logf("  %-16s %s", of.what, spread(of.list))
		}
	}
}

func spread(list []int) string {
	slices.Sort(list)
	sum := 0
	for _, n := range list {
		sum += n
	}
	at := func(share float64) int { return list[int(share*float64(len(list)-1))] }
	return fmt.Sprintf("least %3d, median %3d, mean %5.1f, 95%% %3d, most %3d", list[0], at(0.5), float64(sum)/float64(len(list)), at(0.95), at(1))
}

// TestSearchVerdicts holds the search to servers that are not as simple, over
// many limits.
func TestSearchVerdicts(t *testing.T) {
	const ceiling = 1 << 40
	for _, row := range []struct {
		why      string
		declared func(limit uint64) uint64
		server   func(limit uint64) hidden
		want     func(limit uint64) (event.Verdict, uint64) // and what is accepted; 0: anything below the limit
	}{
		{
			"it enforces what it declares", same, limited,
			func(n uint64) (event.Verdict, uint64) { return event.Enforced, n },
		},
		{
			"it declares nothing", none, limited,
			func(n uint64) (event.Verdict, uint64) { return event.Undeclared, n },
		},
		{
			"it declares more", func(n uint64) uint64 { return n + 1 }, limited,
			func(n uint64) (event.Verdict, uint64) { return event.Lower, n },
		},
		{
			"it declares less", func(n uint64) uint64 { return n - 1 }, limited,
			func(n uint64) (event.Verdict, uint64) { return event.Higher, n },
		},
		{
			"it declares and enforces nothing at MAIL", same,
			func(uint64) hidden { return hidden{numbers: true} },
			func(uint64) (event.Verdict, uint64) { return event.Unenforced, ceiling },
		},
		{
			"it has no limit", none,
			func(uint64) hidden { return hidden{numbers: true} },
			func(uint64) (event.Verdict, uint64) { return event.Unlimited, ceiling },
		},
		{
			"it does not look", none,
			func(uint64) hidden { return hidden{} },
			func(uint64) (event.Verdict, uint64) { return event.Ignored, ceiling },
		},
		{
			"it reads 31 bits", none,
			func(n uint64) hidden { return hidden{limit: n, reads: largest31, numbers: true} },
			reads(largest31),
		},
		{
			"it reads 32 bits", none,
			func(n uint64) hidden { return hidden{limit: n, reads: largest32, numbers: true} },
			reads(largest32),
		},
		{
			"it reads 32 bits and declares", same,
			func(n uint64) hidden { return hidden{limit: n, reads: largest32, numbers: true} },
			func(n uint64) (event.Verdict, uint64) {
				if n < largest32 {
					return event.Enforced, n
				}
				return event.Unknown, largest32
			},
		},
		{
			"it has little room", none,
			func(n uint64) hidden { return hidden{limit: n, room: 100 << 30, numbers: true} },
			func(n uint64) (event.Verdict, uint64) {
				if n < 1<<36 {
					return event.Undeclared, n
				}
				return "", 0
			},
		},
		{
			"it has no limit and little room", none,
			func(uint64) hidden { return hidden{room: 100 << 30, numbers: true} },
			func(uint64) (event.Verdict, uint64) { return event.Unknown, 1 << 36 },
		},
	} {
		for _, b := range []Budget{DefaultBudget, postfixBudget, eximBudget, {1, 2}, {2, 1}, {1, 10}, {3, 3}, {2, 200}} {
			for seed := range int64(150) {
				r := rand.New(rand.NewSource(seed))
				limit := anyLimit(r)
				s := &Search{Ceiling: ceiling, Declared: row.declared(limit), Offered: seed%2 == 0}
				l, _ := huntFor(t, s, b, seed%3 == 0, func(int) hidden { return row.server(limit) }, connectionsAllowed(b))
				if l.Exact() && l.Accepted != limit {
					t.Fatalf("%s: %d is found for %d", row.why, l.Accepted, limit)
				}
				if verdict, n := row.want(limit); verdict != "" && (l.Verdict != verdict || l.Accepted != n) {
					t.Fatalf("%s, limit %d, budget %v: %+v", row.why, limit, b, l)
				}
			}
		}
	}
}

func same(n uint64) uint64    { return n }
func none(uint64) uint64      { return 0 }
func limited(n uint64) hidden { return hidden{limit: n, numbers: true} }

func reads(most uint64) func(uint64) (event.Verdict, uint64) {
	return func(n uint64) (event.Verdict, uint64) {
		if n < most {
			return event.Undeclared, n
		}
		return event.Unknown, most
	}
}

// TestSearchOfChanges has the limit change after each number of questions: no
// number is found that was never the limit.
func TestSearchOfChanges(t *testing.T) {
	exact, unknown := 0, 0
	for seed := range int64(3000) {
		r := rand.New(rand.NewSource(seed))
		before, after, at := anyLimit(r), anyLimit(r), r.Intn(50)
		if seed%3 == 0 {
			after = before + uint64(r.Intn(100))
		}
		s := &Search{Ceiling: 1 << 40, Offered: true}
		if seed%2 == 0 {
			s.Declared = before
		}
		l, _ := hunt(t, s, DefaultBudget, seed%5 == 0, func(asked int) hidden {
			if asked >= at {
				return hidden{limit: after, numbers: true}
			}
			return hidden{limit: before, numbers: true}
		})
		switch {
		case !l.Exact():
			unknown++
		case l.Accepted != before && l.Accepted != after:
			t.Fatalf("%d, then %d after %d questions: found %+v", before, after, at, l)
		default:
			exact++
		}
	}
	t.Logf("%d found, %d given up", exact, unknown)
	if unknown > 0 {
		t.Errorf("%d of servers that change once are given up", unknown)
	}

	// One that changes at each question comes to an end too.
	r := rand.New(rand.NewSource(1))
	for range 100 {
		hunt(t, &Search{Ceiling: 1 << 40, Offered: true}, DefaultBudget, false, func(int) hidden { return hidden{limit: anyLimit(r), numbers: true} })
	}
}

// TestSearchBehindOneName is servers with several limits behind one name, of
// which each connection, or each command, reaches another: no number is found
// that is not one of the limits, and no bound that one of them refutes.
func TestSearchBehindOneName(t *testing.T) {
	for _, row := range []struct {
		why    string
		each   func(r *rand.Rand, connection, asked int) int // which of the limits
		limits int
		wrong  int // of 4,000, at most
	}{
		{"a connection each, in turn", func(_ *rand.Rand, c, _ int) int { return c }, 2, 0},
		{"three, in turn", func(_ *rand.Rand, c, _ int) int { return c }, 3, 0},
		{"the second connection is another", func(_ *rand.Rand, c, _ int) int { return min(c%3, 1) }, 2, 0},
		{"a connection each, at random", func(r *rand.Rand, _, _ int) int { return -1 }, 2, 0},
		{"a command each, in turn", func(_ *rand.Rand, _, n int) int { return n }, 2, 0},
		{"three commands, in turn", func(_ *rand.Rand, _, n int) int { return n }, 3, 0},
		{"every seventh command", func(_ *rand.Rand, _, n int) int { return n / 6 % 2 * ((n + 1) % 7 / 6) }, 2, 0},
		{"a command each, at random", func(r *rand.Rand, _, n int) int { return r.Intn(2) }, 2, 4},
		{"most commands the first", func(r *rand.Rand, _, n int) int { return r.Intn(11) / 9 }, 2, 22},
		{"most commands the second", func(r *rand.Rand, _, n int) int { return (r.Intn(11) + 7) / 9 }, 2, 22},
	} {
		t.Run(row.why, func(t *testing.T) {
			wrong, exact := 0, 0
			for seed := range int64(4000) {
				r := rand.New(rand.NewSource(seed))
				limits := make([]uint64, row.limits)
				for i := range limits {
					limits[i] = anyLimit(r)
					if seed%2 == 0 {
						limits[i] = likely[r.Intn(len(likely))]
					}
				}
				s := &Search{Ceiling: 1 << 40, Offered: true}
				if seed%3 == 0 {
					s.Declared = limits[0]
				}
				pick, connection, begun := 0, -1, -1
				l, _ := hunt(t, s, DefaultBudget, false, func(asked int) hidden {
					if begun != s.begun {
						begun, pick = s.begun, r.Intn(row.limits)
						connection++
					}
					i := row.each(r, connection, asked)
					if i < 0 {
						i = pick
					}
					return hidden{limit: limits[i%row.limits], numbers: true}
				})
				least, most := slices.Min(limits), slices.Max(limits)
				switch {
				case l.Exact() && !slices.Contains(limits, l.Accepted):
					wrong++
				case l.Exact():
					exact++
				case l.Accepted > most || l.Rejected > 0 && l.Rejected <= least:
					t.Fatalf("seed %d: the limits are %d: %+v", seed, limits, l)
				}
			}
			if wrong > row.wrong {
				t.Errorf("%d wrong of 4,000", wrong)
			}
			t.Logf("%d found, %d wrong, of 4,000", exact, wrong)
		})
	}
}

func FuzzSearch(f *testing.F) {
	f.Add(uint64(14680064), uint64(0), uint8(2), uint8(10), false)
	f.Fuzz(func(t *testing.T, limit, declared uint64, refusals, accepts uint8, together bool) {
		s := &Search{Ceiling: 1 << 62, Declared: declared, Offered: true}
		b := Budget{Refusals: int(refusals%50) + 1, Accepts: int(accepts%100) + 1}
		l, _ := huntFor(t, s, b, together, func(int) hidden { return hidden{limit: limit, numbers: true} }, 300)
		if l.Exact() && l.Accepted != limit || !l.Exact() && limit > 0 && limit < s.Ceiling && b != (Budget{1, 1}) {
			t.Fatalf("limit %d: %+v", limit, l)
		}
	})
}
