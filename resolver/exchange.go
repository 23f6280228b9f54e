package resolver

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Exchange is one question to one server and what came back, if anything did.
type Exchange struct {
	Name          string        // what was asked for, in presentation form
	Type          string        // "MX", "A", "AAAA", "SRV"
	Server        string        // address and port
	Network       string        // "udp" or "tcp"
	Rcode         string        // "NOERROR", "NXDOMAIN", "SERVFAIL", …; empty: there was no answer
	Authenticated bool          // the answer has the AD bit (RFC 6840 5.7)
	TTL           uint32        // seconds, the smallest of the answers; of a negative answer, how long it holds (RFC 2308 5)
	Started       time.Time     //
	Elapsed       time.Duration //
	Answers       []string      // the data of the answers: "10 mx1.example.com", "192.0.2.1", "CNAME mx.example.net"
	Error         string        // why there is no answer, or no use for it: a timeout, a truncated packet
}

// report fills in what an answer says.
func (x *Exchange) report(m *dns.Msg) {
	x.Rcode = rcodeText(m.Rcode)
	x.Authenticated = m.AuthenticatedData
	x.TTL = ttl(m)
	for _, rr := range m.Answer {
		x.Answers = append(x.Answers, describe(rr))
	}
	if m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		x.Error = explanation(m)
	}
}

func ttl(m *dns.Msg) uint32 {
	if len(m.Answer) == 0 {
		for _, rr := range m.Ns {
			if soa, ok := rr.(*dns.SOA); ok {
				return min(soa.Hdr.Ttl, soa.Minttl)
			}
		}
		return 0
	}
	lowest := m.Answer[0].Header().Ttl
	for _, rr := range m.Answer {
		lowest = min(lowest, rr.Header().Ttl)
	}
	return lowest
}

// describe is the data of a record. Types that were not asked for say their
// name.
func describe(rr dns.RR) string {
	if addr, ok := address(rr); ok {
		return addr.String()
	}
	switch rr := rr.(type) {
	case *dns.MX:
		return strconv.Itoa(int(rr.Preference)) + " " + present(rr.Mx)
	case *dns.SRV:
		return strconv.Itoa(int(rr.Priority)) + " " + strconv.Itoa(int(rr.Weight)) + " " +
			strconv.Itoa(int(rr.Port)) + " " + present(rr.Target)
	case *dns.CNAME:
		return "CNAME " + present(rr.Target)
	}
	h := rr.Header()
	data := strings.TrimPrefix(rr.String(), h.String())
	return dns.Type(h.Rrtype).String() + " " + printable(data)
}

// address is that of an A or AAAA record.
func address(rr dns.RR) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		return netip.AddrFromSlice(rr.A.To4())
	case *dns.AAAA:
		return netip.AddrFromSlice(rr.AAAA)
	}
	return netip.Addr{}, false
}

func rcodeText(rcode int) string {
	// 16 is BADSIG of TSIG too, and the library says that; of an answer to a
	// question without TSIG it is the other one (RFC 6891 9).
	if rcode == dns.RcodeBadVers {
		return "BADVERS"
	}
	if text, ok := dns.RcodeToString[rcode]; ok {
		return text
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// maxExplanation bounds the server's own words, in octets.
const maxExplanation = 200

// explanation is the extended errors of an answer (RFC 8914), by which a
// SERVFAIL says that it is about DNSSEC, or that no server could be reached.
func explanation(m *dns.Msg) string {
	opt := m.IsEdns0()
	if opt == nil {
		return ""
	}
	var all []string
	for _, option := range opt.Option {
		ede, ok := option.(*dns.EDNS0_EDE)
		if !ok {
			continue
		}
		text, known := dns.ExtendedErrorCodeToString[ede.InfoCode]
		if !known {
			text = "extended error " + strconv.Itoa(int(ede.InfoCode))
		}
		if ede.ExtraText != "" {
			text += ": " + ede.ExtraText
		}
		all = append(all, text)
	}
	text := strings.Join(all, "; ")
	if len(text) > maxExplanation {
		text = text[:maxExplanation] + "..."
	}
	return printable(text)
}
