package resolver

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// The system's files. Where a system has none (Windows), the servers are to be
// given.
const (
	resolvConf = "/etc/resolv.conf" // resolv.conf(5)
	hostsFile  = "/etc/hosts"       // hosts(5)
)

// findServers completes the addresses of the servers.
func (l *lookup) findServers() *Error {
	if len(l.Servers) == 0 {
		l.system = true
		conf, err := dns.ClientConfigFromFile(l.resolvConf)
		if err != nil {
			e := errorf(Failure, "", "no DNS server is known, as %s cannot be read: give one with --dns", l.resolvConf)
			e.Err = err
			return e
		}
		if len(conf.Servers) == 0 {
			return errorf(Failure, "", "no DNS server is known, as %s names none: give one with --dns", l.resolvConf)
		}
		l.Servers, l.search = conf.Servers, conf.Search
	}
	servers := make([]string, 0, len(l.Servers))
	for _, s := range l.Servers {
		full, ok := serverAddress(s)
		if !ok {
			return errorf(Usage, "", "%s is not the address of a DNS server", quote(s))
		}
		if !slices.Contains(servers, full) {
			servers = append(servers, full)
		}
	}
	l.Servers = servers
	return nil
}

// serverAddress reads "address" and "address:port".
func serverAddress(s string) (string, bool) {
	if addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return net.JoinHostPort(addr.String(), "53"), true
	}
	if addr, err := netip.ParseAddrPort(s); err == nil && addr.Port() != 0 {
		return addr.String(), true
	}
	return "", false
}

// fromHosts gives the addresses of a name in a file as hosts(5) describes it.
// A file that cannot be read names nothing.
func fromHosts(file, name string) []netip.Addr {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var found []netip.Addr
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		named := slices.ContainsFunc(fields[1:], func(f string) bool {
			return strings.EqualFold(strings.TrimSuffix(f, "."), name)
		})
		if addr, err := netip.ParseAddr(fields[0]); err == nil && named && !slices.Contains(found, addr) {
			found = append(found, addr)
		}
	}
	return found
}

// searched gives the full names that a host's name may stand for: with the
// search list where it has no dot, then itself.
func (l *lookup) searched(name string) []string {
	var names []string
	if !strings.Contains(name, ".") {
		for _, suffix := range l.search {
			if suffix, err := toASCII(suffix); err == nil && len(name)+1+len(suffix) <= maxName {
				names = append(names, name+"."+suffix)
			}
		}
	}
	return append(names, name)
}
