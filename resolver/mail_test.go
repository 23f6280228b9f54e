package resolver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ehlo/resolver"
	"ehlo/resolver/dnstest"
)

const zone = `
$ORIGIN example.com.
$TTL 300
@           IN SOA   ns1 postmaster 1 3600 600 86400 60
@           IN MX    20 mx2
@           IN MX    10 MX1
mx1         IN A     192.0.2.1
mx1         IN AAAA  2001:db8::1
mx2         IN A     192.0.2.2

implicit    IN A     192.0.2.3
implicit    IN AAAA  2001:db8::3
only4       IN A     192.0.2.4
null        IN MX    0 .
null10      IN MX    10 .
half        IN MX    0 .
half        IN MX    10 mx2
twice       IN MX    10 mx2
twice       IN MX    20 mx2
aliased     IN MX    10 alias
alias       IN CNAME mx1
literal     IN MX    10 192.0.2.1.
literal     IN MX    20 [192.0.2.1].
literal     IN MX    30 2001:db8::1.
literal     IN MX    40 mx2
homeless    IN MX    10 gone
homeless    IN MX    20 empty
gone2       IN MX    10 gone
undotted    IN MX    10 mx.undotted.example.com.undotted.example.com.
empty       IN TXT   "here"
www         IN CNAME example.com.
web         IN CNAME only4
nowhere     IN CNAME gone
a           IN CNAME b
b           IN CNAME a
odd         IN MX    10 mx\010\027[31m\200
odd         IN MX    20 a_b
a_b         IN A     192.0.2.5
away        IN MX    10 nowhere
near        IN MX    10 localhost.
xn--bcher-kva IN MX  10 xn--mx1-hoa
xn--mx1-hoa IN A     192.0.2.6
`

func TestMail(t *testing.T) {
	tests := []struct {
		why, domain, only, want string
	}{
		{"MX, the lowest preference first, both families", "example.com", "", `
example.com: mx
10 mx1.example.com 192.0.2.1 2001:db8::1
20 mx2.example.com 192.0.2.2
example.com has 2 MX records`},
		{"the name's case and final dot do not matter", "Example.COM.", "", `
example.com: mx
10 mx1.example.com 192.0.2.1 2001:db8::1
20 mx2.example.com 192.0.2.2
example.com has 2 MX records`},
		{"IPv6 only: what has none cannot be used", "example.com", "ip6", `
example.com: mx
10 mx1.example.com 2001:db8::1
20 mx2.example.com
  no_address: mx2.example.com has no IPv6 address (asked 192.0.2.53:53)
example.com has 2 MX records`},
		{"no MX, but an address", "implicit.example.com", "", `
implicit.example.com: address
0 implicit.example.com 192.0.2.3 2001:db8::3
implicit.example.com has no MX record, so its own address counts (implicit MX, RFC 5321 5.1)`},
		{"no such domain", "gone.example.com", "", `
gone.example.com:
no_such_domain: gone.example.com does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"neither MX nor address", "empty.example.com", "", `
empty.example.com: address
no_address: empty.example.com has neither an MX nor an address (asked 192.0.2.53:53)`},
		{"no MX and no address of the family", "only4.example.com", "ip6", `
only4.example.com: address
no_address: only4.example.com has neither an MX nor an IPv6 address (asked 192.0.2.53:53)`},
		{"null MX", "null.example.com", "", `
null.example.com: mx
null_mx: null.example.com accepts no mail: it has a null MX (RFC 7505) (asked 192.0.2.53:53)`},
		{"null MX with a preference", "null10.example.com", "", `
null10.example.com: mx
null_mx: null10.example.com accepts no mail: it has a null MX (RFC 7505), though with preference 10 instead of 0 (asked 192.0.2.53:53)`},
		{"null MX beside others is none", "half.example.com", "", `
half.example.com: mx
0 .
  no_address: the MX names no host: "." counts only where it is the sole record (RFC 7505 3)
10 mx2.example.com 192.0.2.2
half.example.com has 2 MX records`},
		{"one host twice", "twice.example.com", "", `
twice.example.com: mx
10 mx2.example.com 192.0.2.2
  note: listed again with preference 20
twice.example.com has 2 MX records`},
		{"MX is an alias: still used", "aliased.example.com", "", `
aliased.example.com: mx
10 alias.example.com 192.0.2.1 2001:db8::1
  note: an alias (CNAME) of mx1.example.com: an MX must not name an alias (RFC 5321 5.1, RFC 2181 10.3)
aliased.example.com has one MX record`},
		{"addresses instead of names; the good one is used", "literal.example.com", "", `
literal.example.com: mx
10 192.0.2.1
  no_address: the MX names the address 192.0.2.1, but it has to name a host (RFC 1035 3.3.9)
20 [192.0.2.1]
  no_address: the MX names the address 192.0.2.1, but it has to name a host (RFC 1035 3.3.9)
30 2001:db8::1
  no_address: the MX names the address 2001:db8::1, but it has to name a host (RFC 1035 3.3.9)
40 mx2.example.com 192.0.2.2
literal.example.com has 4 MX records`},
		{"no exchanger has an address", "homeless.example.com", "", `
homeless.example.com: mx
10 gone.example.com
  no_such_domain: gone.example.com does not exist (NXDOMAIN from 192.0.2.53:53)
20 empty.example.com
  no_address: empty.example.com has no address (asked 192.0.2.53:53)
no_address: none of the 2 exchangers of homeless.example.com is of use: gone.example.com does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"the only exchanger has none", "gone2.example.com", "", `
gone2.example.com: mx
10 gone.example.com
  no_such_domain: gone.example.com does not exist (NXDOMAIN from 192.0.2.53:53)
no_address: the only exchanger of gone2.example.com is of no use: gone.example.com does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"the zone file lacks a dot", "undotted.example.com", "", `
undotted.example.com: mx
10 mx.undotted.example.com.undotted.example.com
  no_such_domain: mx.undotted.example.com.undotted.example.com does not exist (NXDOMAIN from 192.0.2.53:53)
  note: the zone file probably lacks the dot at the end of this name
no_address: the only exchanger of undotted.example.com is of no use: mx.undotted.example.com.undotted.example.com does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"the domain is an alias of one with MX", "www.example.com", "", `
www.example.com = example.com: mx
10 mx1.example.com 192.0.2.1 2001:db8::1
20 mx2.example.com 192.0.2.2
www.example.com is an alias (CNAME) of example.com, which has 2 MX records`},
		{"the domain is an alias of a host", "web.example.com", "", `
web.example.com = only4.example.com: address
0 web.example.com 192.0.2.4
web.example.com is an alias (CNAME) of only4.example.com, which has no MX record, so its own address counts (implicit MX, RFC 5321 5.1)`},
		{"the domain is an alias of nothing", "nowhere.example.com", "", `
nowhere.example.com = gone.example.com:
no_such_domain: nowhere.example.com is an alias (CNAME) of gone.example.com, which does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"aliases in a circle", "a.example.com", "", `
a.example.com:
dns_failure: the aliases (CNAME) of a.example.com go round in a circle: a.example.com, b.example.com, a.example.com (asked 192.0.2.53:53)`},
		{"octets that are no letters stay away from the terminal", "odd.example.com", "", `
odd.example.com: mx
10 mx\010\027[31m\200.example.com
  no_such_domain: mx\010\027[31m\200.example.com does not exist (NXDOMAIN from 192.0.2.53:53)
  note: not the name of a host: it has more than letters, digits and hyphens (RFC 1123 2.1)
20 a_b.example.com 192.0.2.5
  note: not the name of a host: it has more than letters, digits and hyphens (RFC 1123 2.1)
odd.example.com has 2 MX records`},
		{"an exchanger that is everybody's own host", "near.example.com", "ip4", `
near.example.com: mx
10 localhost 127.0.0.1
  note: this very host, no DNS server was asked (RFC 6761 6.3)
near.example.com has one MX record`},
		{"an exchanger that is an alias of nothing", "away.example.com", "", `
away.example.com: mx
10 nowhere.example.com
  no_such_domain: nowhere.example.com is an alias (CNAME) of gone.example.com, which does not exist (NXDOMAIN from 192.0.2.53:53)
  note: an alias (CNAME) of gone.example.com: an MX must not name an alias (RFC 5321 5.1, RFC 2181 10.3)
no_address: the only exchanger of away.example.com is of no use: nowhere.example.com is an alias (CNAME) of gone.example.com, which does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"localhost has no MX, and no server is asked", "localhost", "", `
localhost: address
0 localhost 127.0.0.1 ::1
  note: this very host, no DNS server was asked (RFC 6761 6.3)
localhost is this host (RFC 6761 6.3)`},
		{"U-labels become A-labels", "Bücher.example.com", "", `
xn--bcher-kva.example.com (bücher.example.com): mx
10 xn--mx1-hoa.example.com (müx1.example.com) 192.0.2.6
xn--bcher-kva.example.com has one MX record`},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			d := in(t, serve(t, zone))
			d.Only = test.only
			route, err := d.Mail(t.Context(), test.domain)
			equal(t, show(route, err), test.want)
			for _, line := range strings.Split(d.log(), "\n") {
				if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("not printable ASCII: %q", line)
				}
			}
		})
	}
}

// TestUsage: nothing is asked for what is no domain.
func TestUsage(t *testing.T) {
	label := strings.Repeat("a", 63)
	bad := []struct{ domain, want string }{
		{"", "usage: the domain is empty"},
		{".", `usage: "." is not a domain: it is the root of the DNS`},
		{"a..example", `usage: "a..example" is not a domain: a label is empty`},
		{".example", `usage: ".example" is not a domain: a label is empty`},
		{"example.com..", `usage: "example.com.." is not a domain: a label is empty`},
		{"exa mple.com", `usage: "exa mple.com" is not a domain: it has the character ' '`},
		{"example.com\n", `usage: "example.com\n" is not a domain: it has the character '\n'`},
		{"\x1b[31m.com", `usage: "\x1b[31m.com" is not a domain: it has the character '\x1b'`},
		{`a\.b.example`, `usage: "a\\.b.example" is not a domain: it has the character '\\'`},
		{label + "a.example", `usage: "` + label + `a.example" is not a domain: a label is longer than 63 octets`},
		{strings.Repeat(label+".", 4) + "com", `usage: "` + strings.Repeat(label+".", 4) + `com" is not a domain: it is longer than 253 octets`},
		{"\xff.example", `usage: "\xff.example" is not a domain: it is not UTF-8`},
		{"a\u202eb.example", `usage: "a\u202eb.example" is not a domain: it has a label that IDNA does not allow`},
		{"192.0.2.1", `usage: "192.0.2.1" is an address, not a name: the DNS is not asked for it`},
		{"[IPv6:2001:db8::1]", `usage: "[IPv6:2001:db8::1]" is an address, not a name: the DNS is not asked for it`},
	}
	for _, test := range bad {
		d := in(t)
		route, err := d.Mail(t.Context(), test.domain)
		equal(t, show(route, err), test.want)
		if len(d.exchanges) > 0 {
			t.Errorf("%q: asked %s", test.domain, d.log())
		}
	}
	for _, r := range []resolver.Resolver{{Servers: []string{"ns.example.com"}}, {Servers: []string{"192.0.2.53"}, Only: "ip5"}} {
		route, err := r.Mail(t.Context(), "example.com")
		if s := show(route, err); !strings.HasPrefix(s, "usage: ") {
			t.Errorf("got %s", s)
		}
	}
}

// TestTwoRoundTrips: whatever the number of exchangers, there are two waits.
func TestTwoRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, zone+"@ IN MX 10 mx3\nmx3 IN A 192.0.2.9\n")
		s.Fault("", "", dnstest.Fault{Delay: dnstestRoundTrip, Authenticated: true})
		d := in(t, s)
		route, err := d.Mail(t.Context(), "example.com")
		if err != nil || len(route.Exchangers) != 3 {
			t.Fatal(show(route, err))
		}
		if route.Elapsed != 2*dnstestRoundTrip {
			t.Errorf("took %v", route.Elapsed)
		}
		queries := s.Queries()
		if len(queries) != 7 {
			t.Errorf("%d questions, want MX, 3 A and 3 AAAA", len(queries))
		}
		for _, q := range queries[1:] {
			if !q.Arrived.Equal(queries[0].Answered) {
				t.Errorf("%s of %s was asked %v after the MX", q.Type, q.Name, q.Arrived.Sub(queries[0].Answered))
			}
		}
		if !route.Authenticated {
			t.Error("all answers had AD, the route has not")
		}
	})
}

// TestRandomOrder: equal exchangers take turns, unequal ones do not.
func TestRandomOrder(t *testing.T) {
	s := serve(t, "$ORIGIN example.com.\n@ IN MX 20 c\n@ IN MX 10 a\n@ IN MX 10 b\na IN A 192.0.2.1\nb IN A 192.0.2.2\nc IN A 192.0.2.3\n")
	d := in(t, s)
	seen := map[string]int{}
	for range 64 {
		route, err := d.Mail(t.Context(), "example.com")
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, x := range route.Exchangers {
			order = append(order, x.Host[:1])
		}
		seen[strings.Join(order, "")]++
	}
	if len(seen) != 2 || seen["abc"] == 0 || seen["bac"] == 0 {
		t.Errorf("orders: %v", seen)
	}
}

// TestThousandsOfExchangers: a hostile list costs a bounded number of questions.
func TestThousandsOfExchangers(t *testing.T) {
	var b strings.Builder
	b.WriteString("$ORIGIN example.com.\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "@ IN MX %d m%d\nm%d IN A 192.0.2.1\n", i, i, i)
	}
	s := serve(t, b.String())
	d := in(t, s)
	route, err := d.Mail(t.Context(), "example.com")
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Count("", "A"); n != resolver.MaxExchangers {
		t.Errorf("%d exchangers were looked up", n)
	}
	if len(route.Exchangers) != 2000 {
		t.Fatalf("%d exchangers are shown", len(route.Exchangers))
	}
	last := route.Exchangers[1999]
	if last.Addresses != nil || !slices.Equal(last.Notes, []string{"not looked up: the first 32 exchangers are"}) {
		t.Errorf("the last one: %+v", last)
	}
}
