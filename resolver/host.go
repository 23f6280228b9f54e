package resolver

import (
	"context"
	"net/netip"
	"slices"
	"strings"
)

// Host finds the addresses of a host, without its MX. With an error there is a
// route too, with what is known.
func (r *Resolver) Host(ctx context.Context, host string) (*Route, error) {
	l, route, problem := r.begin(host)
	if route == nil {
		return nil, problem
	}
	defer l.end(route)
	route.Source = SourceAddress
	if l.local(route) {
		return route, nil
	}
	if problem != nil {
		return route, problem
	}
	var failed error
	for _, name := range l.searched(route.Domain) {
		all := []Exchanger{{Host: name}}
		authenticated, err := l.lookUp(ctx, all)
		if err != nil {
			return route, err
		}
		x := all[0]
		if x.Error == nil {
			l.found(route, x, authenticated)
			return route, nil
		}
		if failed = x.Error; x.Error.temporary() {
			break
		}
	}
	return route, failed
}

// found completes the route of a host by what was found under a name of the
// search list, or under its own.
func (l *lookup) found(route *Route, x Exchanger, authenticated bool) {
	if x.Host != route.Domain {
		x.Notes = append(x.Notes, "found as "+x.Host+" by the search list of "+l.resolvConf)
		if x.Canonical == "" {
			x.Canonical = x.Host
		}
		x.Host, x.Unicode = route.Domain, route.Unicode
	}
	route.Canonical, route.Authenticated = x.Canonical, authenticated
	route.Exchangers = []Exchanger{x}
	route.Reason = route.Domain + " is the host itself: its MX was not asked for"
}

// local completes the route of a host that is known without the DNS.
func (l *lookup) local(route *Route) bool {
	x := Exchanger{Host: route.Domain, Unicode: route.Unicode}
	switch {
	case isLoopback(x.Host):
		l.loopback(&x)
		route.Reason = x.Host + " is this host (RFC 6761 6.3)"
	case l.system:
		x.Addresses = slices.DeleteFunc(fromHosts(l.hostsFile, x.Host), func(a netip.Addr) bool {
			return l.Only == ip4 && !a.Is4() || l.Only == ip6 && a.Is4()
		})
		x.Notes = []string{"from " + l.hostsFile + ", no DNS server was asked"}
		route.Reason = x.Host + " is a host of " + l.hostsFile
	}
	if len(x.Addresses) == 0 {
		route.Reason = ""
		return false
	}
	route.Exchangers = []Exchanger{x}
	return true
}

// isLoopback reports whether a name is this very host's (RFC 6761 6.3).
func isLoopback(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
