package resolver

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Service finds the servers of a service of a domain by its SRV records (RFC
// 2782): "submission" and "submissions" are those of RFC 6186 and RFC 8314 5.1.
// A domain without the record gives NoAddress, one that says that it does not
// offer the service gives NullMX. With an error there is a route too, with what
// is known.
func (r *Resolver) Service(ctx context.Context, service, domain string) (*Route, error) {
	label := strings.ToLower(strings.TrimPrefix(service, "_"))
	// RFC 6335 5.1 is stricter; this is what keeps it one label.
	if label == "" || len(label) >= maxLabel || !isHostName(label) || strings.Contains(label, ".") {
		return nil, errorf(Usage, "", "%s is not the name of a service", quote(service))
	}
	l, route, problem := r.begin(domain)
	if problem != nil {
		return route, problem
	}
	if len(srvName(label, route.Domain)) > maxName {
		return nil, errorf(Usage, route.Domain, "%s is too long for the name of its %s service", quote(route.Domain), label)
	}
	defer l.end(route)
	return route, l.service(ctx, route, label)
}

// srvName is where a service's records are (RFC 2782).
func srvName(service, domain string) string { return "_" + service + "._tcp." + domain }

func (l *lookup) service(ctx context.Context, route *Route, service string) error {
	name := srvName(service, route.Domain)
	f, err := l.find(ctx, name, dns.TypeSRV)
	if err != nil {
		return err
	}
	if f.isAlias(name) {
		route.Canonical = present(f.name)
	}
	route.Authenticated = f.authenticated
	if len(f.records) == 0 {
		return errorf(NoAddress, route.Domain, "%s names no server for %s: there is no SRV record at %s (asked %s)",
			route.Domain, service, name, f.server)
	}
	route.Source = SourceSRV
	if len(f.records) == 1 && f.records[0].(*dns.SRV).Target == "." {
		return errorf(NullMX, route.Domain, `%s does not offer %s: the SRV record at %s names "." (RFC 2782) (asked %s)`,
			route.Domain, service, name, f.server)
	}
	route.Exchangers = l.targets(f.records)
	authenticated, err := l.lookUp(ctx, route.Exchangers)
	route.Authenticated = route.Authenticated && authenticated
	for i := range route.Exchangers {
		judge(route.Domain, &route.Exchangers[i], "an SRV must not name an alias (RFC 2782)")
	}
	if err != nil {
		return err
	}
	if problem := unusable(route.Domain, route.Exchangers); problem != nil {
		return problem
	}
	route.Reason = route.Domain + " has " + plural(len(f.records), "SRV record") + " for " + service + " (RFC 2782, RFC 6186)"
	return nil
}

// targets makes a list of SRV records, in the order to try them.
func (l *lookup) targets(records []dns.RR) []Exchanger {
	all := make([]Exchanger, 0, len(records))
	for _, rr := range records {
		srv := rr.(*dns.SRV)
		x := Exchanger{Host: hostName(srv.Target), Preference: srv.Priority, Port: srv.Port, Weight: srv.Weight}
		x.Error = noHost(x.Host, "SRV")
		all = append(all, x)
	}
	// Those of weight 0 stand before the others of their priority: the random
	// number 0 can choose them then (RFC 2782).
	slices.SortStableFunc(all, func(a, b Exchanger) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), cmp.Compare(min(a.Weight, 1), min(b.Weight, 1)))
	})
	for i := range all {
		l.draw(all[i:])
	}
	return all
}

// draw brings one of the targets of the first's priority to the front, by its
// weight, and keeps the others in their order (RFC 2782, "Weight").
func (l *lookup) draw(all []Exchanger) {
	sum, n := 0, 0
	for n < len(all) && all[n].Preference == all[0].Preference {
		sum += int(all[n].Weight)
		n++
	}
	if n < 2 {
		return
	}
	mark, i := l.intN(sum+1), 0
	for running := int(all[0].Weight); running < mark; running += int(all[i].Weight) {
		i++
	}
	chosen := all[i]
	copy(all[1:i+1], all[:i])
	all[0] = chosen
}
