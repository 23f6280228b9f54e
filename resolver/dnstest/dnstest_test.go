package dnstest_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"ehlo/resolver/dnstest"
)

const text = `
$ORIGIN example.com.
$TTL 60
@          IN SOA   ns1 postmaster 1 3600 600 86400 30
@          IN MX    10 mx1
mx1        IN A     192.0.2.1
mx1        IN AAAA  2001:db8::1
alias      IN CNAME mx1
outside    IN CNAME host.example.net.
nowhere    IN CNAME nothing
a          IN CNAME b
b          IN CNAME a
deep.empty IN TXT   "x"

$ORIGIN example.net.
host       IN A     192.0.2.9
`

func ask(t *testing.T, s *dnstest.Server, name string, kind uint16, edns bool) *dns.Msg {
	t.Helper()
	client, err := s.Dial(t.Context(), "udp", "")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	q := new(dns.Msg).SetQuestion(name, kind)
	q.AuthenticatedData = true
	if edns {
		q.SetEdns0(1232, false)
	}
	m, _, err := new(dns.Client).ExchangeWithConn(q, &dns.Conn{Conn: packets{client}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// packets makes the library take a pipe for what gives packets.
type packets struct{ net.Conn }

func (p packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, nil, err
}

func (p packets) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

func TestAnswers(t *testing.T) {
	s, err := dnstest.New(text)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tests := []struct {
		why, name string
		kind      uint16
		want      string
	}{
		{"data", "mx1.example.com.", dns.TypeA, "NOERROR A"},
		{"case does not matter", "MX1.Example.COM.", dns.TypeA, "NOERROR A"},
		{"not this type: empty, with the SOA", "mx1.example.com.", dns.TypeMX, "NOERROR | SOA"},
		{"no such name: with the SOA", "no.example.com.", dns.TypeA, "NXDOMAIN | SOA"},
		{"a name that has only names below it exists", "empty.example.com.", dns.TypeA, "NOERROR | SOA"},
		{"a zone without SOA", "no.example.net.", dns.TypeA, "NXDOMAIN"},
		{"no zone of ours", "example.org.", dns.TypeA, "NXDOMAIN"},
		{"an alias is followed", "alias.example.com.", dns.TypeA, "NOERROR CNAME A"},
		{"into another zone", "outside.example.com.", dns.TypeA, "NOERROR CNAME A"},
		{"to nothing: RFC 6604", "nowhere.example.com.", dns.TypeA, "NXDOMAIN CNAME | SOA"},
		{"to another type", "alias.example.com.", dns.TypeMX, "NOERROR CNAME | SOA"},
		{"the alias itself", "alias.example.com.", dns.TypeCNAME, "NOERROR CNAME"},
		{"a circle, once round", "a.example.com.", dns.TypeA, "NOERROR CNAME CNAME"},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			m := ask(t, s, test.name, test.kind, true)
			got := []string{dns.RcodeToString[m.Rcode]}
			for _, rr := range m.Answer {
				got = append(got, dns.Type(rr.Header().Rrtype).String())
			}
			if len(m.Ns) > 0 {
				got = append(got, "|")
			}
			for _, rr := range m.Ns {
				got = append(got, dns.Type(rr.Header().Rrtype).String())
			}
			if line := strings.Join(got, " "); line != test.want {
				t.Errorf("got  %s\nwant %s", line, test.want)
			}
		})
	}
}

func TestClosestFaultCounts(t *testing.T) {
	s, err := dnstest.New(text)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Fault("", "", dnstest.Fault{Rcode: dnstest.Refused})
	s.Fault("", "MX", dnstest.Fault{Rcode: dnstest.ServFail})
	s.Fault("mx1.example.com", "", dnstest.Fault{Authenticated: true})
	s.Fault("mx1.example.com", "AAAA", dnstest.Fault{NoEDNS: true, Times: 1})
	var got []string
	for _, q := range []struct {
		name string
		kind uint16
	}{{"example.com.", dns.TypeA}, {"example.com.", dns.TypeMX}, {"mx1.example.com.", dns.TypeA}, {"mx1.example.com.", dns.TypeAAAA}, {"mx1.example.com.", dns.TypeAAAA}} {
		m := ask(t, s, q.name, q.kind, true)
		line := dns.RcodeToString[m.Rcode]
		if m.AuthenticatedData {
			line += " AD"
		}
		got = append(got, line)
	}
	want := []string{"REFUSED", "SERVFAIL", "NOERROR AD", "FORMERR", "NOERROR AD"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if n := s.Count("mx1.example.com", "AAAA"); n != 2 {
		t.Errorf("counted %d questions, want 2", n)
	}
}

func TestZoneThatCannotBeRead(t *testing.T) {
	if _, err := dnstest.Start("example.com. IN A 192.0.2.999"); err == nil {
		t.Error("no error")
	}
}

func TestBothSockets(t *testing.T) {
	s, err := dnstest.Start(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"udp", "tcp"} {
		q := new(dns.Msg).SetQuestion("mx1.example.com.", dns.TypeA)
		if m, _, err := (&dns.Client{Net: network}).Exchange(q, s.Addr); err != nil || len(m.Answer) != 1 {
			t.Errorf("%s: %v, %v", network, m, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Dial(context.Background(), "udp", ""); err == nil {
		t.Error("a closed server takes a connection")
	}
	if err := s.Close(); err != nil {
		t.Error("closed twice:", err)
	}
}
