package resolver

import (
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxAliases bounds a chain of CNAMEs. BIND follows 16, Unbound 11; RFC 1034
// 3.6.2 wants no chains at all.
const maxAliases = 16

// found is what the DNS has at a name, after its aliases.
type found struct {
	name          string   // where the aliases end, in canonical form
	records       []dns.RR // of the type that was asked for
	exists        bool     // the name does (no NXDOMAIN)
	authenticated bool     // all answers that led here had the AD bit
	server        string   // which gave the last of them
}

// find asks for a name's records. A server normally gives the whole chain of
// aliases with them (RFC 1034 4.3.2); where it does not, the rest is asked for.
func (l *lookup) find(ctx context.Context, name string, kind uint16) (found, error) {
	f := found{name: dns.CanonicalName(name), authenticated: true}
	chain := []string{f.name}
	for {
		asked := f.name
		m, err := l.ask(ctx, question{asked, kind})
		if err != nil {
			return f, err
		}
		f.server = m.server
		f.authenticated = f.authenticated && m.AuthenticatedData
		for target := alias(m.Answer, f.name); target != ""; target = alias(m.Answer, f.name) {
			if slices.Contains(chain, target) {
				return f, circle(name, append(chain, target), m.server)
			}
			if chain = append(chain, target); len(chain) > maxAliases {
				return f, errorf(Failure, present(name), "%s is an alias (CNAME) of an alias, more than %d times (asked %s)",
					present(name), maxAliases-1, m.server)
			}
			f.name = target
		}
		f.records = records(m.Answer, f.name, kind)
		f.exists = m.Rcode != dns.RcodeNameError
		if f.name == asked || len(f.records) > 0 || !f.exists || hasSOA(m.Ns) {
			return f, nil
		}
	}
}

// isAlias reports whether the name that was asked for is one.
func (f found) isAlias(name string) bool { return f.name != dns.CanonicalName(name) }

func circle(name string, chain []string, server string) *Error {
	shown := make([]string, len(chain))
	for i, n := range chain {
		shown[i] = present(n)
	}
	return errorf(Failure, present(name), "the aliases (CNAME) of %s go round in a circle: %s (asked %s)",
		present(name), strings.Join(shown, ", "), server)
}

// alias gives the target of a name's CNAME, or nothing.
func alias(answer []dns.RR, name string) string {
	for _, rr := range answer {
		if c, ok := rr.(*dns.CNAME); ok && owns(rr, name) {
			return dns.CanonicalName(c.Target)
		}
	}
	return ""
}

// records gives the records of one name and type, each once.
func records(answer []dns.RR, name string, kind uint16) []dns.RR {
	var all []dns.RR
	seen := map[string]bool{}
	for _, rr := range answer {
		if rr.Header().Rrtype != kind || !owns(rr, name) {
			continue
		}
		if data := strings.ToLower(describe(rr)); !seen[data] {
			seen[data] = true
			all = append(all, rr)
		}
	}
	return all
}

// owns reports whether a record is one of the name's, and has data.
func owns(rr dns.RR, name string) bool {
	h := rr.Header()
	return h.Class == dns.ClassINET && h.Rdlength > 0 && dns.CanonicalName(h.Name) == name
}

// hasSOA reports whether an authority section says that what is missing in the
// answer does not exist (RFC 2308 2.2).
func hasSOA(authority []dns.RR) bool {
	return slices.ContainsFunc(authority, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeSOA
	})
}
