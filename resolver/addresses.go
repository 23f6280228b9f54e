package resolver

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"ehlo/internal/crash"
)

// The values of Resolver.Only.
const (
	ip4 = "ip4"
	ip6 = "ip6"
)

// maxExchangers bounds the exchangers that are looked up. An answer can name
// thousands, and each costs two questions, all at once. Large mail services
// have about ten; Postfix and Exim give up after five addresses.
const maxExchangers = 32

// lookUp finds the addresses of all exchangers at once, and reports whether all
// answers that gave some had the AD bit. The error is that of the context.
func (l *lookup) lookUp(ctx context.Context, all []Exchanger) (bool, error) {
	authenticated := make([]bool, len(all))
	var group crash.Group
	for i := range all {
		x := &all[i]
		x.Unicode = toUnicode(x.Host)
		if i >= maxExchangers {
			x.Notes = append(x.Notes, "not looked up: the first "+plural(maxExchangers, "exchanger")+" are")
			authenticated[i] = true
			continue
		}
		if x.Error != nil {
			authenticated[i] = true
			continue
		}
		group.Go(func() { authenticated[i] = l.addresses(ctx, x) })
	}
	group.Wait()
	return !slices.Contains(authenticated, false), ctx.Err()
}

// addresses finds those of one host. A family that fails does not take the
// other one with it.
func (l *lookup) addresses(ctx context.Context, x *Exchanger) (authenticated bool) {
	if isLoopback(x.Host) {
		l.loopback(x)
		return true
	}
	kinds := []uint16{dns.TypeA, dns.TypeAAAA}
	switch l.Only {
	case ip4:
		kinds = kinds[:1]
	case ip6:
		kinds = kinds[1:]
	}
	results := make([]found, len(kinds))
	errs := make([]error, len(kinds))
	var group crash.Group
	for i, kind := range kinds {
		group.Go(func() { results[i], errs[i] = l.find(ctx, x.Host, kind) })
	}
	group.Wait()
	if ctx.Err() != nil {
		return false
	}
	authenticated = true
	for i, f := range results {
		if errs[i] == nil && f.isAlias(x.Host) {
			x.Canonical = present(f.name)
		}
		for _, rr := range f.records {
			if addr, ok := address(rr); ok && !slices.Contains(x.Addresses, addr) {
				x.Addresses = append(x.Addresses, addr)
			}
		}
		authenticated = authenticated && (len(f.records) == 0 || f.authenticated)
	}
	if len(x.Addresses) == 0 {
		x.Error = l.noAddress(x, results, errs)
		return true
	}
	for i, f := range results {
		switch {
		case errs[i] != nil:
			x.Notes = append(x.Notes, errs[i].Error())
		case !f.exists:
			x.Notes = append(x.Notes, f.server+" says for "+dns.Type(kinds[i]).String()+" that "+x.Host+
				" does not exist (NXDOMAIN), though it has an address of the other family")
		}
	}
	return authenticated
}

// loopback is RFC 6761 6.3: localhost is no name of the DNS.
func (l *lookup) loopback(x *Exchanger) {
	if l.Only != ip6 {
		x.Addresses = append(x.Addresses, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	if l.Only != ip4 {
		x.Addresses = append(x.Addresses, netip.IPv6Loopback())
	}
	x.Notes = append(x.Notes, "this very host, no DNS server was asked (RFC 6761 6.3)")
}

// noAddress says why a host has none. What failed is told before what is not
// there: it may be there.
func (l *lookup) noAddress(x *Exchanger, results []found, errs []error) *Error {
	for _, err := range errs {
		if failed, ok := errors.AsType[*Error](err); ok {
			return failed
		}
	}
	subject, f := x.Host, results[0]
	if x.Canonical != "" {
		subject += " is an alias (CNAME) of " + x.Canonical + ", which"
	}
	if !slices.ContainsFunc(results, func(f found) bool { return f.exists }) {
		return errorf(NoSuchDomain, x.Host, "%s does not exist (NXDOMAIN from %s)", subject, f.server)
	}
	return errorf(NoAddress, x.Host, "%s has no %s (asked %s)", subject, l.family(), f.server)
}

// family is what is looked for.
func (l *lookup) family() string {
	switch l.Only {
	case ip4:
		return "IPv4 address"
	case ip6:
		return "IPv6 address"
	}
	return "address"
}

// unusable is the error of a route none of whose exchangers has an address, or
// nil. Where one of them is only not known, so is the route.
func unusable(domain string, all []Exchanger) *Error {
	var cause *Error
	for _, x := range all {
		if len(x.Addresses) > 0 {
			return nil
		}
		if e := x.Error; e != nil && (cause == nil || !cause.temporary() && e.temporary()) {
			cause = e
		}
	}
	if cause == nil {
		return nil
	}
	kind := NoAddress
	if cause.temporary() {
		kind = cause.Kind
	}
	what := "none of the " + plural(min(len(all), maxExchangers), "exchanger") + " of " + domain + " is of use: "
	if len(all) == 1 {
		what = "the only exchanger of " + domain + " is of no use: "
	}
	return &Error{Kind: kind, Name: domain, Message: what + cause.Message, Err: cause}
}
