package resolver

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Mail finds where mail for a domain goes (RFC 5321 5.1). With an error there is
// a route too, with what is known; only a name that is none has no route.
func (r *Resolver) Mail(ctx context.Context, domain string) (*Route, error) {
	l, route, problem := r.begin(domain)
	if route == nil {
		return nil, problem
	}
	defer l.end(route)
	if isLoopback(route.Domain) {
		// RFC 6761 6.3: no server is asked for it, not for its MX either.
		route.Source = SourceAddress
		l.local(route)
		return route, nil
	}
	if problem != nil {
		return route, problem
	}
	return route, l.mail(ctx, route)
}

// begin checks a name and makes its route. The route is nil where the name or
// a setting is wrong; the lookup alone is not for DNS questions where there is
// an error.
func (r *Resolver) begin(name string) (*lookup, *Route, *Error) {
	if problem := refuseAddress(name); problem != nil {
		return nil, nil, problem
	}
	ascii, problem := toASCII(name)
	if problem != nil {
		return nil, nil, problem
	}
	route := &Route{Domain: ascii, Unicode: toUnicode(ascii)}
	l, problem := r.start()
	if problem != nil && problem.Kind == Usage {
		return nil, nil, problem
	}
	return l, route, problem
}

func (l *lookup) mail(ctx context.Context, route *Route) error {
	f, err := l.find(ctx, route.Domain, dns.TypeMX)
	if err != nil {
		return err
	}
	subject := route.Domain
	if f.isAlias(route.Domain) {
		route.Canonical = present(f.name)
		subject += " is an alias (CNAME) of " + route.Canonical + ", which"
	}
	route.Authenticated = f.authenticated
	switch {
	case !f.exists:
		return errorf(NoSuchDomain, route.Domain, "%s does not exist (NXDOMAIN from %s)", subject, f.server)
	case len(f.records) == 0:
		return l.implicit(ctx, route, subject, f.server)
	}
	route.Source = SourceMX
	if isNullMX(f.records) {
		odd := ""
		if p := f.records[0].(*dns.MX).Preference; p != 0 {
			odd = ", though with preference " + number(p) + " instead of 0"
		}
		return errorf(NullMX, route.Domain, "%s accepts no mail: it has a null MX (RFC 7505)%s (asked %s)", subject, odd, f.server)
	}
	route.Exchangers = l.exchangers(f.records)
	authenticated, err := l.lookUp(ctx, route.Exchangers)
	route.Authenticated = route.Authenticated && authenticated
	for i := range route.Exchangers {
		judge(route.Domain, &route.Exchangers[i], "an MX must not name an alias (RFC 5321 5.1, RFC 2181 10.3)")
	}
	if err != nil {
		return err
	}
	if problem := unusable(route.Domain, route.Exchangers); problem != nil {
		return problem
	}
	route.Reason = subject + " has " + plural(len(f.records), "MX record")
	return nil
}

// isNullMX is RFC 7505 3, which wants preference 0; but "." is no host with
// another one either.
func isNullMX(records []dns.RR) bool {
	return len(records) == 1 && records[0].(*dns.MX).Mx == "."
}

// implicit is the last paragraph but one of RFC 5321 5.1: a domain without MX
// is its own exchanger.
func (l *lookup) implicit(ctx context.Context, route *Route, subject, server string) error {
	route.Source = SourceAddress
	all := []Exchanger{{Host: route.Domain}}
	authenticated, err := l.lookUp(ctx, all)
	if err != nil {
		return err
	}
	route.Exchangers = all
	route.Authenticated = route.Authenticated && authenticated
	if failed := all[0].Error; failed != nil {
		route.Exchangers = nil
		if failed.temporary() {
			return failed
		}
		e := errorf(NoAddress, route.Domain, "%s has neither an MX nor an %s (asked %s)", subject, l.family(), server)
		e.Err = failed
		return e
	}
	route.Reason = subject + " has no MX record, so its own address counts (implicit MX, RFC 5321 5.1)"
	return nil
}

// exchangers makes a list of MX records, in the order to try them: by
// preference, equal ones in random order (RFC 5321 5.1).
func (l *lookup) exchangers(records []dns.RR) []Exchanger {
	l.shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	slices.SortStableFunc(records, func(a, b dns.RR) int {
		return cmp.Compare(a.(*dns.MX).Preference, b.(*dns.MX).Preference)
	})
	all := make([]Exchanger, 0, len(records))
	known := map[string]int{}
	for _, rr := range records {
		mx := rr.(*dns.MX)
		x := Exchanger{Host: hostName(mx.Mx), Preference: mx.Preference}
		if i, again := known[x.Host]; again {
			all[i].Notes = append(all[i].Notes, "listed again with preference "+number(mx.Preference))
			continue
		}
		known[x.Host] = len(all)
		x.Error = noHost(x.Host, "MX")
		all = append(all, x)
	}
	return all
}

// noHost says why a target of a record cannot be a host at all, so that the DNS
// is not asked for it.
func noHost(host, record string) *Error {
	if host == "." {
		return errorf(NoAddress, host, `the %s names no host: "." counts only where it is the sole record (RFC 7505 3)`, record)
	}
	if addr, ok := asAddress(host); ok {
		return errorf(NoAddress, host, "the %s names the address %s, but it has to name a host (RFC 1035 3.3.9)", record, addr)
	}
	return nil
}

// judge notes what is wrong with an exchanger's name.
func judge(domain string, x *Exchanger, noAlias string) {
	if x.Canonical != "" {
		x.Notes = append(x.Notes, "an alias (CNAME) of "+x.Canonical+": "+noAlias)
	}
	if _, isAddress := asAddress(x.Host); x.Host == "." || isAddress {
		return
	}
	if !isHostName(x.Host) {
		x.Notes = append(x.Notes, "not the name of a host: it has more than letters, digits and hyphens (RFC 1123 2.1)")
	}
	if x.Error != nil && x.Error.Kind == NoSuchDomain && strings.HasSuffix(x.Host, "."+domain+"."+domain) {
		x.Notes = append(x.Notes, "the zone file probably lacks the dot at the end of this name")
	}
}
