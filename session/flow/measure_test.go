package flow_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// measure searches for the limit of a server that is in this process, in the
// time of a synctest bubble.
func measure(ctx context.Context, t *testing.T, server *smtptest.Sizes, m flow.Measure) (event.Limit, error) {
	t.Helper()
	target, err := session.ParseTarget("192.0.2.1:25")
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(session.Options{Helo: "client.test", Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go server.Serve(theirs)
		return ours, nil
	}})
	_, l, err := flow.Size(ctx, s, flow.Plan{Target: target}, &m)
	return l, err
}

// late has the MAIL from one number to below another come 1.5 seconds late.
func late(from, to int) func(int) time.Duration {
	return func(now int) time.Duration {
		if now < from || now >= to {
			return 0
		}
		return 1500 * time.Millisecond
	}
}

func fixed(n uint64) func(int) uint64 { return func(int) uint64 { return n } }

// kept holds what was asked to the budget: never more on a connection, no
// recipient, no message, and a QUIT unless the server went first.
func kept(t *testing.T, why string, server *smtptest.Sizes, b flow.Budget) {
	t.Helper()
	for i, c := range server.Connections() {
		if c.Errors > b.Refusals || c.Accepted > b.Accepts || c.Resets > b.Accepts {
			t.Errorf("%s: connection %d: %+v, the budget is %+v", why, i+1, c, b)
		}
		if len(c.Others) > 0 {
			t.Errorf("%s: connection %d: %q", why, i+1, c.Others)
		}
		if !c.Quit && server.Surplus == "" && (server.Errors == 0 || c.Errors < server.Errors) && (server.Resets == 0 || c.Resets < server.Resets) {
			t.Errorf("%s: connection %d: no QUIT", why, i+1)
		}
	}
}

// TestSizeVerdicts is each verdict, with what it costs.
func TestSizeVerdicts(t *testing.T) {
	const n, ceiling = 14680064, flow.DefaultCeiling
	for _, row := range []struct {
		why      string
		server   *smtptest.Sizes
		m        flow.Measure
		verdict  event.Verdict
		accepted uint64
		rejected uint64
		mails    int // 0: any
		errors   int
		reason   string // in the limit's reason
		fails    event.Kind
	}{
		{why: "declared and true", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n)}, verdict: event.Enforced, accepted: n, rejected: n + 1, mails: 2, errors: 1},
		{why: "the same in a group", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n), Pipelining: true}, verdict: event.Enforced, accepted: n, rejected: n + 1, mails: 2, errors: 1},
		{why: "declared, not enforced", server: &smtptest.Sizes{SIZE: "SIZE 14680064"}, verdict: event.Unenforced, accepted: ceiling, mails: 4, errors: 1},
		{why: "declared, enforced at RCPT only", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n), AtRCPT: true}, verdict: event.Unenforced, accepted: ceiling, mails: 4, errors: 1},
		{why: "more than is enforced", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(10485760), Pipelining: true}, verdict: event.Lower, accepted: 10485760, rejected: 10485761},
		{why: "less than is enforced", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(20 << 20)}, verdict: event.Higher, accepted: 20 << 20, rejected: 20<<20 + 1},
		{why: "not declared", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(12345678)}, verdict: event.Undeclared, accepted: 12345678, rejected: 12345679},
		{why: "0 is declared", server: &smtptest.Sizes{SIZE: "SIZE 0", Limit: fixed(50000000)}, verdict: event.Undeclared, accepted: 50000000, rejected: 50000001},
		{why: "not offered", server: &smtptest.Sizes{Limit: fixed(n)}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "no limit", server: &smtptest.Sizes{SIZE: "SIZE"}, verdict: event.Unlimited, accepted: ceiling, mails: 2, errors: 1},
		{why: "it does not look", server: &smtptest.Sizes{SIZE: "SIZE", Any: true}, verdict: event.Ignored, accepted: ceiling, mails: 2},
		{why: "a lower ceiling", server: &smtptest.Sizes{SIZE: "SIZE"}, m: flow.Measure{Ceiling: 1 << 30}, verdict: event.Unlimited, accepted: 1 << 30},
		{why: "a ceiling below what is declared", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n)}, m: flow.Measure{Ceiling: 1 << 20}, verdict: event.Unknown, accepted: 1 << 20, mails: 1, reason: "no larger size"},
		{why: "32 bits", server: &smtptest.Sizes{SIZE: "SIZE", Reads: math.MaxUint32}, verdict: event.Unknown, accepted: math.MaxUint32, mails: 2, errors: 1, reason: "does not read numbers", fails: event.Rejected},
		{why: "31 bits", server: &smtptest.Sizes{SIZE: "SIZE", Reads: math.MaxInt32}, verdict: event.Unknown, accepted: math.MaxInt32, reason: "does not read numbers", fails: event.Rejected},
		{why: "no room", server: &smtptest.Sizes{SIZE: "SIZE", Room: 1 << 37}, verdict: event.Unknown, accepted: 1 << 36, mails: 3, errors: 1, reason: "no room now", fails: event.Deferred},
		{why: "no room for what is declared", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Room: 1 << 20}, verdict: event.Unknown, mails: 1, errors: 1, reason: "no room now", fails: event.Deferred},
		{why: "the sender is refused", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Sender: "me@client.test"}, verdict: event.Unknown, mails: 1, errors: 1, reason: "sender", fails: event.Rejected},
		{why: "this one is not", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Sender: "me@client.test", Limit: fixed(n)}, m: flow.Measure{From: wire.Address{Local: "me", Domain: "client.test"}}, verdict: event.Enforced, accepted: n, rejected: n + 1},
		{why: "the parameter is unknown", server: &smtptest.Sizes{Unknown: "555 5.5.4 Unsupported option: SIZE"}, verdict: event.Unknown, mails: 1, errors: 1, reason: "does not take the parameter", fails: event.Rejected},
		{why: "MAIL with it is out of order", server: &smtptest.Sizes{Unknown: "503 5.5.1 Invalid command arguments"}, verdict: event.Unknown, mails: 1, errors: 1, reason: "does not take the parameter", fails: event.Rejected},
		{why: "421 at the second error", server: &smtptest.Sizes{SIZE: "SIZE", Errors: 2, Limit: fixed(n)}, verdict: event.Unknown, reason: "ends the session", fails: event.Deferred},
		{why: "one error at a time", server: &smtptest.Sizes{SIZE: "SIZE", Errors: 2, Limit: fixed(n)}, m: flow.Measure{Budget: flow.Budget{Refusals: 1, Accepts: 10}}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "421 at the third RSET", server: &smtptest.Sizes{SIZE: "SIZE", Resets: 3, Limit: fixed(n)}, verdict: event.Unknown, reason: "RSET is refused", fails: event.Deferred},
		{why: "each error a second late", server: &smtptest.Sizes{SIZE: "SIZE", Delay: time.Second, Limit: fixed(n)}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "each error five seconds late", server: &smtptest.Sizes{SIZE: "SIZE", Delay: 5 * time.Second, Limit: fixed(n)}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "each MAIL 1.5 seconds late", server: &smtptest.Sizes{SIZE: "SIZE", Wait: late(0, 1000), Limit: fixed(n), Pipelining: true}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "one reply is late", server: &smtptest.Sizes{SIZE: "SIZE", Wait: late(4, 5), Limit: fixed(n)}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
		{why: "from the second error on they are late", server: &smtptest.Sizes{SIZE: "SIZE", Delay: time.Second, Late: 1, Limit: fixed(12345678)}, verdict: event.Unknown, errors: 6, reason: "hold its replies back", fails: event.Deferred},
		{why: "replies become late", server: &smtptest.Sizes{SIZE: "SIZE", Wait: late(4, 1000), Limit: fixed(n)}, verdict: event.Unknown, reason: "hold its replies back", fails: event.Deferred},
		{why: "31 bits, and it declares all of them", server: &smtptest.Sizes{SIZE: "SIZE 2147483647", Reads: math.MaxInt32}, verdict: event.Unknown, accepted: math.MaxInt32, mails: 2, errors: 1, reason: "does not read numbers as large as 2,147,483,648", fails: event.Rejected},
		{why: "32 bits, and it declares more", server: &smtptest.Sizes{SIZE: "SIZE 5000000000", Reads: math.MaxUint32}, verdict: event.Unknown, accepted: math.MaxUint32, mails: 2, errors: 1, reason: "does not read numbers as large as 5,000,000,000", fails: event.Rejected},
		{why: "every size is refused", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(0), Refuses: "552 sorry"}, verdict: event.Unknown, mails: 2, errors: 2, reason: "it is not the size", fails: event.Rejected},
		{why: "every size, also what is declared", server: &smtptest.Sizes{SIZE: "SIZE 1000", Limit: fixed(0), Refuses: "552 sorry"}, verdict: event.Unknown, mails: 2, errors: 2, reason: "it is not the size", fails: event.Rejected},
		{why: "the mailbox is full", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(0), Refuses: "552 5.2.2 mailbox full"}, verdict: event.Unknown, mails: 2, errors: 2, reason: "it is not the size", fails: event.Rejected},
		{why: "a policy speaks of sizes", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(0), Refuses: "552 5.7.1 size matters"}, verdict: event.Unknown, mails: 1, errors: 1, reason: "not about the size", fails: event.Rejected},
		{why: "the code is not that of a size", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n), Refuses: "554 Message size exceeds limit"}, verdict: event.Unknown, accepted: n, mails: 2, errors: 1, reason: "the text of the reply is about the size", fails: event.Rejected},
		{why: "neither is the text", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n), Refuses: "550 no"}, verdict: event.Unknown, accepted: n, mails: 2, errors: 1, reason: "refused now, after it was not", fails: event.Rejected},
		{why: "three replies to one MAIL", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Limit: fixed(n), Pipelining: true, Surplus: "250 Ok\r\n552 5.3.4 too large"}, verdict: event.Unknown, reason: "was not asked", fails: event.Deferred},
		{why: "the same one by one", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(n), Surplus: "250 Ok"}, verdict: event.Unknown, reason: "RSET is refused", fails: event.Rejected},
		{why: "the same, and nothing is refused", server: &smtptest.Sizes{SIZE: "SIZE", Any: true, Surplus: "250 Ok"}, verdict: event.Unknown, reason: "was not asked", fails: event.Deferred},
		{why: "the second connection reaches another server", server: &smtptest.Sizes{SIZE: "SIZE", Behind: func(c int) uint64 { return []uint64{9876543, 123456, 9876543}[min(c, 2)] }}, verdict: event.Undeclared, accepted: 9876543, rejected: 9876544},
		{why: "each connection reaches another", server: &smtptest.Sizes{SIZE: "SIZE", Behind: func(c int) uint64 { return []uint64{9876543, 123456}[c%2] }}, verdict: event.Unknown, reason: "changes", fails: event.Deferred},
		{why: "two on a connection", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(12345678)}, m: flow.Measure{Budget: flow.Budget{Refusals: 1, Accepts: 2}}, verdict: event.Undeclared, accepted: 12345678, rejected: 12345679},
		{why: "one on a connection", server: &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(n)}, m: flow.Measure{Budget: flow.Budget{Refusals: 1, Accepts: 1}}, verdict: event.Unknown, reason: "too small", fails: event.Deferred},
		{why: "declared and true, five seconds late", server: &smtptest.Sizes{SIZE: "SIZE 14680064", Delay: 5 * time.Second, Limit: fixed(n)}, verdict: event.Enforced, accepted: n, rejected: n + 1, mails: 2, errors: 1},
		{why: "Postfix, in one connection", server: &smtptest.Sizes{Greeting: "mx.example.test ESMTP Postfix", SIZE: "SIZE", Limit: fixed(n)}, m: flow.Measure{}, verdict: event.Undeclared, accepted: n, rejected: n + 1},
	} {
		t.Run(row.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, err := measure(t.Context(), t, row.server, row.m)
				if l.Verdict != row.verdict || l.Accepted != row.accepted && row.reason == "" || l.Rejected != row.rejected && row.reason == "" || !strings.Contains(l.Reason, row.reason) {
					t.Errorf("%+v, %v", l, err)
				}
				e, _ := errors.AsType[*event.Error](err)
				if e == nil && (row.fails != "" || err != nil) || e != nil && e.Kind != row.fails {
					t.Errorf("error %v", err)
				}
				mails, refused := 0, 0
				for _, c := range row.server.Connections() {
					mails, refused = mails+c.Mails, refused+c.Errors
				}
				if mails != l.Commands || row.server.Surplus == "" && refused != l.Rejections && row.server.Errors == 0 || row.mails > 0 && mails != row.mails || row.errors > 0 && refused != row.errors {
					t.Errorf("%d MAIL, %d errors: %+v", mails, refused, l)
				}
				if row.server.Surplus != "" {
					return // a reply that is taken for another makes another question
				}
				if row.why == "Postfix, in one connection" {
					kept(t, row.why, row.server, flow.Budget{Refusals: 9, Accepts: 80})
				} else {
					kept(t, row.why, row.server, flow.DefaultBudget)
				}
			})
		})
	}
}

// TestSizeOfAnyServer is the search against servers of all kinds, with limits
// at random: never a wrong number, never more than the budget.
func TestSizeOfAnyServer(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	found, open := 0, 0
	for seed := range int64(rounds) {
		for _, limits := range []int{0, 2, 3, 5, 10, 20} {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewSource(seed*100 + int64(limits)))
				limit := uint64(math.Exp(math.Log(1<<10) + r.Float64()*math.Log(1<<30)))
				server := &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(limit), Errors: limits, Pipelining: r.Intn(2) == 0, Any: r.Intn(2) == 0}
				after := limit
				switch r.Intn(8) {
				case 0:
					server.SIZE = fmt.Sprintf("SIZE %d", limit)
				case 1:
					server.SIZE = fmt.Sprintf("SIZE %d", limit*uint64(r.Intn(5)+1)/3)
				case 2:
					server.Reads = []uint64{math.MaxInt32, math.MaxUint32}[r.Intn(2)]
				case 3:
					server.Delay = time.Second
				case 4:
					server.Limit, limit, after = nil, 0, 0
				case 5:
					server.AtRCPT, limit, after = true, 0, 0
				case 6:
					at := r.Intn(40)
					after = limit + uint64(r.Intn(1000))
					before := limit
					server.Limit = func(now int) uint64 {
						if now < at {
							return before
						}
						return after
					}
				}
				l, err := measure(t.Context(), t, server, flow.Measure{})
				kept(t, fmt.Sprintf("seed %d, errors %d", seed, limits), server, flow.DefaultBudget)
				switch {
				case l.Exact() && l.Accepted != limit && l.Accepted != after:
					t.Errorf("seed %d: the limit is %d or %d: %+v", seed, limit, after, l)
				case l.Exact():
					found++
				case l.Verdict == event.Unknown && limits != 2 && server.Reads == 0:
					t.Errorf("seed %d, errors %d: limit %d is not found: %+v, %v", seed, limits, limit, l, err)
				default:
					open++
				}
				if limit == 0 && l.Exact() {
					t.Errorf("seed %d: there is no limit: %+v", seed, l)
				}
			})
		}
	}
	t.Logf("%d limits found, %d servers without one or that end the search", found, open)
}

// TestSizeStops is what ends a search from outside.
func TestSizeStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // in the first pause
		defer cancel()
		server := &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(12345678)}
		l, err := measure(ctx, t, server, flow.Measure{Pause: time.Minute})
		if !errors.Is(err, context.DeadlineExceeded) || l.Rejected == 0 || len(server.Connections()) != 1 {
			t.Errorf("%+v, %v", l, err)
		}
		if l.Verdict != event.Unknown || l.Reason != "the search was stopped" {
			t.Errorf("%+v", l)
		}
	})
	// In a MAIL: it was asked, whatever comes of it.
	for _, stop := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), stop)
			defer cancel()
			answer := make(chan bool)
			server := &smtptest.Sizes{SIZE: "SIZE 14680064", Wait: func(now int) time.Duration {
				if now == 1 {
					<-answer
				}
				return 0
			}}
			l, err := measure(ctx, t, server, flow.Measure{})
			close(answer)
			reason := "the search was stopped"
			if stop > session.DefaultReply {
				reason = "the session ended"
			}
			if err == nil || l.Verdict != event.Unknown || l.Commands != 2 || l.Rejections != 0 || l.Reason != reason {
				t.Errorf("%+v, %v", l, err)
			}
		})
	}
}

// TestSizePauses is the time between connections.
func TestSizePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, begun := &smtptest.Sizes{SIZE: "SIZE", Limit: fixed(12345678)}, time.Now()
		l, err := measure(t.Context(), t, server, flow.Measure{Pause: time.Minute})
		if took := time.Since(begun).Truncate(time.Second); err != nil || took != time.Duration(l.Connections-1)*time.Minute || l.Connections < 2 {
			t.Errorf("%s for %d connections, %v", took, l.Connections, err)
		}
	})
}
