package resolver_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/resolver"
	"ehlo/resolver/dnstest"
)

const dnstestRoundTrip = 100 * time.Millisecond

const small = `
$ORIGIN example.com.
$TTL 300
@    IN SOA ns1 postmaster 1 3600 600 86400 60
@    IN MX  10 mx
mx   IN A   192.0.2.1
far  IN CNAME mx
a1   IN CNAME a2
a2   IN CNAME a3
a3   IN CNAME mx
`

// TestExchange: what one question looks like, when the server is good, bad or
// away. Each row has servers with a fault for A; the first that has none is
// good.
func TestExchange(t *testing.T) {
	good := dnstest.Fault{}
	silent := dnstest.Fault{Drop: true}
	tests := []struct {
		why    string
		faults []dnstest.Fault
		host   string
		want   string
	}{
		{"an answer", []dnstest.Fault{good}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"no such name", []dnstest.Fault{good}, "no.example.com", `
A no.example.com @192.0.2.53 udp NXDOMAIN
no.example.com: address
no_such_domain: no.example.com does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"a name without address", []dnstest.Fault{good}, "example.com", `
A example.com @192.0.2.53 udp NOERROR
example.com: address
no_address: example.com has no IPv4 address (asked 192.0.2.53:53)`},
		{"SERVFAIL is not asked again", []dnstest.Fault{{Rcode: dnstest.ServFail}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp SERVFAIL
mx.example.com: address
dns_failure: the A of mx.example.com is not known: 192.0.2.53:53 answered SERVFAIL`},
		{"SERVFAIL with its reason", []dnstest.Fault{{Rcode: dnstest.ServFail, Explain: "no \x1b[1mDNSKEY"}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp SERVFAIL (DNSSEC Bogus: no \027[1mDNSKEY)
mx.example.com: address
dns_failure: the A of mx.example.com is not known: 192.0.2.53:53 answered SERVFAIL (DNSSEC Bogus: no \027[1mDNSKEY)`},
		{"REFUSED", []dnstest.Fault{{Rcode: dnstest.Refused}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp REFUSED
mx.example.com: address
dns_failure: the A of mx.example.com is not known: 192.0.2.53:53 answered REFUSED`},
		{"silence, twice", []dnstest.Fault{silent}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s)
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s)
mx.example.com: address
dns_timeout: the A of mx.example.com is not known: 192.0.2.53:53 gave no answer within 3s`},
		{"one lost packet", []dnstest.Fault{{Drop: true, Times: 1}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s)
A mx.example.com @192.0.2.53 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"the next server after SERVFAIL, REFUSED, silence", []dnstest.Fault{{Rcode: dnstest.ServFail}, {Rcode: dnstest.Refused}, silent, good}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp SERVFAIL
A mx.example.com @192.0.2.54 udp REFUSED
A mx.example.com @192.0.2.55 udp  (gave no answer within 3s)
A mx.example.com @192.0.2.56 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"only the silent one is asked again", []dnstest.Fault{{Rcode: dnstest.Refused}, silent}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp REFUSED
A mx.example.com @192.0.2.54 udp  (gave no answer within 3s)
A mx.example.com @192.0.2.54 udp  (gave no answer within 3s)
mx.example.com: address
dns_failure: the A of mx.example.com is not known: 192.0.2.53:53 answered REFUSED, 192.0.2.54:53 gave no answer within 3s`},
		{"garbage is not an answer", []dnstest.Fault{{Garbage: true}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s; ignored 1 packet that does not answer the question)
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s; ignored 1 packet that does not answer the question)
mx.example.com: address
dns_timeout: the A of mx.example.com is not known: 192.0.2.53:53 gave no answer within 3s; ignored 1 packet that does not answer the question`},
		{"nor is another id", []dnstest.Fault{{WrongID: true}, good}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s; ignored 1 packet that does not answer the question)
A mx.example.com @192.0.2.54 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"nor another question", []dnstest.Fault{{WrongQuestion: true}, good}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp  (gave no answer within 3s; ignored 1 packet that does not answer the question)
A mx.example.com @192.0.2.54 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"the true answer after a false one", []dnstest.Fault{{WrongID: true, Follow: true}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"a server of before EDNS0", []dnstest.Fault{{NoEDNS: true}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp FORMERR
A mx.example.com @192.0.2.53 udp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"one that cannot do it either way", []dnstest.Fault{{Rcode: dnstest.NotImp}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp NOTIMP
A mx.example.com @192.0.2.53 udp NOTIMP
mx.example.com: address
dns_failure: the A of mx.example.com is not known: 192.0.2.53:53 answered NOTIMP`},
		{"truncated: over TCP", []dnstest.Fault{{Truncate: true}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp NOERROR (truncated, to be asked again over TCP)
A mx.example.com @192.0.2.53 tcp NOERROR ["192.0.2.1"]
mx.example.com: address
0 mx.example.com 192.0.2.1
mx.example.com is the host itself: its MX was not asked for`},
		{"aliases all at once", []dnstest.Fault{good}, "a1.example.com", `
A a1.example.com @192.0.2.53 udp NOERROR ["CNAME a2.example.com" "CNAME a3.example.com" "CNAME mx.example.com" "192.0.2.1"]
a1.example.com = mx.example.com: address
0 a1.example.com 192.0.2.1
a1.example.com is the host itself: its MX was not asked for`},
		{"aliases one by one", []dnstest.Fault{{Unchained: true}}, "a1.example.com", `
A a1.example.com @192.0.2.53 udp NOERROR ["CNAME a2.example.com"]
A a2.example.com @192.0.2.53 udp NOERROR ["CNAME a3.example.com"]
A a3.example.com @192.0.2.53 udp NOERROR ["CNAME mx.example.com"]
A mx.example.com @192.0.2.53 udp NOERROR ["192.0.2.1"]
a1.example.com = mx.example.com: address
0 a1.example.com 192.0.2.1
a1.example.com is the host itself: its MX was not asked for`},
		{"an alias of itself", []dnstest.Fault{{Loop: true}}, "mx.example.com", `
A mx.example.com @192.0.2.53 udp NOERROR ["CNAME mx.example.com"]
mx.example.com: address
dns_failure: the aliases (CNAME) of mx.example.com go round in a circle: mx.example.com, mx.example.com (asked 192.0.2.53:53)`},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var servers []*dnstest.Server
				for _, f := range test.faults {
					s := serve(t, small)
					s.Fault("", "A", f)
					servers = append(servers, s)
				}
				d := in(t, servers...)
				d.Only = "ip4"
				route, err := d.Host(t.Context(), test.host)
				equal(t, d.log()+show(route, err), test.want)
			})
		})
	}
}

// TestFamilyFails: what works is used, what does not is told.
func TestFamilyFails(t *testing.T) {
	tests := []struct {
		why  string
		a    dnstest.Fault
		aaaa dnstest.Fault
		want string
	}{
		{"A is silent", dnstest.Fault{Drop: true}, dnstest.Fault{}, `
example.com: mx
10 mx.example.com 2001:db8::1
  note: the A of mx.example.com is not known: 192.0.2.53:53 gave no answer within 3s
example.com has one MX record`},
		{"AAAA says that there is no such name", dnstest.Fault{}, dnstest.Fault{Rcode: dnstest.NXDomain}, `
example.com: mx
10 mx.example.com 192.0.2.1
  note: 192.0.2.53:53 says for AAAA that mx.example.com does not exist (NXDOMAIN), though it has an address of the other family
example.com has one MX record`},
		{"both fail: the route is not known", dnstest.Fault{Drop: true}, dnstest.Fault{Rcode: dnstest.ServFail}, `
example.com: mx
10 mx.example.com
  dns_timeout: the A of mx.example.com is not known: 192.0.2.53:53 gave no answer within 3s
dns_timeout: the only exchanger of example.com is of no use: the A of mx.example.com is not known: 192.0.2.53:53 gave no answer within 3s`},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small+"mx IN AAAA 2001:db8::1\n")
				s.Fault("mx.example.com", "A", test.a)
				s.Fault("mx.example.com", "AAAA", test.aaaa)
				d := in(t, s)
				route, err := d.Mail(t.Context(), "example.com")
				equal(t, show(route, err), test.want)
			})
		})
	}
}

// TestFailedMXIsNotImplicit: where the MX is not known, mail must not go to the
// domain's address.
func TestFailedMXIsNotImplicit(t *testing.T) {
	s := serve(t, "example.com. IN A 192.0.2.1\n")
	s.Fault("", "MX", dnstest.Fault{Rcode: dnstest.ServFail})
	d := in(t, s)
	route, err := d.Mail(t.Context(), "example.com")
	equal(t, show(route, err), `
example.com:
dns_failure: the MX of example.com is not known: 192.0.2.53:53 answered SERVFAIL`)
	if n := s.Count("", "A"); n > 0 {
		t.Error("its address was asked for")
	}
}

// TestLearned: a dead server, and one without EDNS0, cost their detour once.
func TestLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead, old := serve(t, small), serve(t, small)
		dead.Fault("", "", dnstest.Fault{Drop: true})
		old.Fault("", "", dnstest.Fault{NoEDNS: true})
		d := in(t, dead, old)
		route, err := d.Mail(t.Context(), "example.com")
		if err != nil || route.Elapsed != resolver.DefaultTimeout {
			t.Errorf("took %v, %v", route.Elapsed, err)
		}
		if n := dead.Count("", ""); n != 1 {
			t.Errorf("the dead server was asked %d times", n)
		}
		if n := old.Count("", ""); n != 4 {
			t.Errorf("the old server was asked %d times, want MX twice, A, AAAA", n)
		}
	})
}

// TestOnceOnly: exchangers that are aliases of one host ask for it once.
func TestOnceOnly(t *testing.T) {
	s := serve(t, small+"@ IN MX 20 far\n")
	s.Fault("", "A", dnstest.Fault{Unchained: true})
	s.Fault("far.example.com", "", dnstest.Fault{Unchained: true})
	d := in(t, s)
	route, err := d.Mail(t.Context(), "example.com")
	if err != nil || len(route.Exchangers) != 2 || len(route.Exchangers[1].Addresses) != 1 {
		t.Error(show(route, err))
	}
	if n := s.Count("mx.example.com", "A"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAuthenticated(t *testing.T) {
	for _, test := range []struct {
		why, plain string
		want       bool
	}{
		{"every answer has AD", "", true},
		{"the MX has not", "MX", false},
		{"an address has not", "A", false},
		{"an answer without addresses is no part of the route", "AAAA", true},
	} {
		s := serve(t, small)
		s.Fault("", "", dnstest.Fault{Authenticated: true})
		if test.plain != "" {
			s.Fault("", test.plain, dnstest.Fault{Times: 1 << 20})
		}
		route, err := in(t, s).Mail(t.Context(), "example.com")
		if err != nil || route.Authenticated != test.want {
			t.Errorf("%s: %v, %v", test.why, route.Authenticated, err)
		}
	}
}

func TestTTL(t *testing.T) {
	d := in(t, serve(t, small+"short 5 IN CNAME mx\n"))
	d.Only = "ip4"
	for host, want := range map[string]uint32{"mx.example.com": 300, "short.example.com": 5, "no.example.com": 60} {
		d.exchanges = nil
		_, _ = d.Host(t.Context(), host)
		if got := d.exchanges[0].TTL; got != want {
			t.Errorf("%s: TTL %d, want %d", host, got, want)
		}
	}
}

// TestCancel: a keypress ends all questions at once, and they are told.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, zone)
		s.Fault("", "A", dnstest.Fault{Drop: true})
		s.Fault("", "AAAA", dnstest.Fault{Drop: true})
		d := in(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		route, err := d.Mail(ctx, "example.com")
		if !errors.Is(err, context.Canceled) || route == nil || route.Elapsed != time.Second {
			t.Error(show(route, err))
		}
		if n := strings.Count(d.log(), "(was interrupted)"); n != 4 {
			t.Errorf("got:\n%s", d.log())
		}
	})
}

// TestObserveAlone: calls of Observe do not overlap.
func TestObserveAlone(t *testing.T) {
	d := in(t, serve(t, zone))
	var busy atomic.Int32
	d.Observe = func(resolver.Exchange) {
		if busy.Add(1) > 1 {
			t.Error("two at once")
		}
		time.Sleep(time.Millisecond)
		busy.Add(-1)
	}
	if _, err := d.Mail(t.Context(), "example.com"); err != nil {
		t.Error(err)
	}
}

// TestSockets: the same with real ones, on loopback.
func TestSockets(t *testing.T) {
	s, err := dnstest.Start(small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Fault("", "MX", dnstest.Fault{Truncate: true})
	refusing, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := refusing.LocalAddr().String()
	refusing.Close()
	var d dns
	d.Observe = func(x resolver.Exchange) { d.exchanges = append(d.exchanges, x) }
	d.Servers = []string{nobody, s.Addr}
	d.Only = "ip4"
	d.Timeout = time.Minute
	route, err := d.Mail(t.Context(), "example.com")
	equal(t, show(route, err), `
example.com: mx
10 mx.example.com 192.0.2.1
example.com has one MX record`)
	equal(t, strings.NewReplacer(nobody, "nobody", s.Addr, "server").Replace(d.log()), `
MX example.com @nobody udp  (refused the connection (UDP))
MX example.com @server udp NOERROR (truncated, to be asked again over TCP)
MX example.com @server tcp NOERROR ["10 mx.example.com"]
A mx.example.com @server udp NOERROR ["192.0.2.1"]`)
	d.Servers = []string{nobody}
	route, err = d.Mail(t.Context(), "example.com")
	equal(t, strings.ReplaceAll(show(route, err), nobody, "nobody"), `
example.com:
dns_failure: the MX of example.com is not known: nobody refused the connection (UDP)`)
}
