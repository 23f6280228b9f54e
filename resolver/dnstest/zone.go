package dnstest

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// defaultTTL is that of records without one, in seconds (no $TTL needed).
const defaultTTL = 300

// zone is all records by their name in canonical form. A name that has only
// descendants is there with no records (an empty non-terminal, RFC 8020).
type zone map[string][]dns.RR

func parseZone(text string) (zone, error) {
	z := zone{}
	parser := dns.NewZoneParser(strings.NewReader(text), ".", "")
	parser.SetDefaultTTL(defaultTTL)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name := dns.CanonicalName(rr.Header().Name)
		z[name] = append(z[name], rr)
		for above := parent(name); above != "."; above = parent(above) {
			if _, known := z[above]; !known {
				z[above] = nil
			}
		}
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("zone text: %w", err)
	}
	return z, nil
}

// parent is the name without its first label; the root's is the root.
func parent(name string) string {
	if i, end := dns.NextLabel(name, 0); !end {
		return name[i:]
	}
	return "."
}

// answer gives what a recursive server says: the answer with the chain of
// aliases that leads to it, and the SOA of a negative one.
func (z zone) answer(name string, kind uint16, follow bool) (answer, authority []dns.RR, rcode int) {
	seen := map[string]bool{}
	for name = dns.CanonicalName(name); !seen[name]; {
		seen[name] = true
		records, exists := z[name]
		if !exists {
			return answer, z.soa(name), dns.RcodeNameError
		}
		var next string
		empty := true
		for _, rr := range records {
			is := rr.Header().Rrtype
			if c, ok := rr.(*dns.CNAME); ok && kind != dns.TypeCNAME {
				next = dns.CanonicalName(c.Target)
			}
			if is == kind || kind == dns.TypeANY || is == dns.TypeCNAME {
				answer = append(answer, rr)
				empty = false
			}
		}
		if empty {
			return answer, z.soa(name), dns.RcodeSuccess
		}
		if next == "" || !follow {
			return answer, nil, dns.RcodeSuccess
		}
		name = next
	}
	return answer, nil, dns.RcodeSuccess
}

// soa is that of the zone that a name is in, if the text has one.
func (z zone) soa(name string) []dns.RR {
	for ; ; name = parent(name) {
		for _, rr := range z[name] {
			if rr.Header().Rrtype == dns.TypeSOA {
				return []dns.RR{rr}
			}
		}
		if name == "." {
			return nil
		}
	}
}
