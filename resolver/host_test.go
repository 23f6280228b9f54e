package resolver_test

import (
	"cmp"
	"slices"
	"testing"

	"ehlo/resolver"
)

// TestLocalhost: it is this host, whatever a DNS server says.
func TestLocalhost(t *testing.T) {
	d := in(t)
	d.Servers = []string{"192.0.2.53"}
	route, err := d.Host(t.Context(), "mail.LOCALHOST")
	equal(t, show(route, err), `
mail.localhost: address
0 mail.localhost 127.0.0.1 ::1
  note: this very host, no DNS server was asked (RFC 6761 6.3)
mail.localhost is this host (RFC 6761 6.3)`)
}

// TestSystem: what a host is where no servers were given: /etc/hosts, then the
// DNS with the search list.
func TestSystem(t *testing.T) {
	const (
		conf  = "search corp.example lan.example\nnameserver 192.0.2.53\n"
		hosts = `# comment
127.0.0.1   localhost
192.0.2.7   printer.corp.example Printer  # a printer that sends mail
2001:db8::7 printer
broken      printer
192.0.2.8
`
	)
	for _, test := range []struct{ why, conf, host, want string }{
		{"in /etc/hosts", conf, "printer", `
printer: address
0 printer 192.0.2.7 2001:db8::7
  note: from hosts, no DNS server was asked
printer is a host of hosts`},
		{"by the search list", conf, "mail", `
A mail.corp.example @192.0.2.53 udp NXDOMAIN
AAAA mail.corp.example @192.0.2.53 udp NXDOMAIN
A mail.lan.example @192.0.2.53 udp NOERROR ["192.0.2.9"]
AAAA mail.lan.example @192.0.2.53 udp NOERROR
mail = mail.lan.example: address
0 mail 192.0.2.9
  note: found as mail.lan.example by the search list of resolv.conf
mail is the host itself: its MX was not asked for`},
		{"a name with a dot is a whole one", conf, "mail.lan", `
A mail.lan @192.0.2.53 udp NXDOMAIN
AAAA mail.lan @192.0.2.53 udp NXDOMAIN
mail.lan: address
no_such_domain: mail.lan does not exist (NXDOMAIN from 192.0.2.53:53)`},
		{"in /etc/hosts, and no server to ask", "", "printer", `
printer: address
0 printer 192.0.2.7 2001:db8::7
  note: from hosts, no DNS server was asked
printer is a host of hosts`},
		{"no /etc/resolv.conf", "", "mail", `
mail: address
dns_failure: no DNS server is known, as resolv.conf cannot be read: give one with --dns`},
		{"no server in it", "# nothing\n", "mail", `
mail: address
dns_failure: no DNS server is known, as resolv.conf names none: give one with --dns`},
	} {
		t.Run(test.why, func(t *testing.T) {
			d := in(t, serve(t, "mail.lan.example. IN A 192.0.2.9\n"))
			d.asSystem(t, test.conf, hosts)
			route, err := d.Host(t.Context(), test.host)
			slices.SortStableFunc(d.exchanges, func(a, b resolver.Exchange) int {
				return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
			})
			equal(t, d.log()+show(route, err), test.want)
		})
	}
}

func TestServerAddress(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.53": "192.0.2.53:53", "192.0.2.53:5353": "192.0.2.53:5353",
		"2001:db8::53": "[2001:db8::53]:53", "[2001:db8::53]": "[2001:db8::53]:53", "[2001:db8::53]:5353": "[2001:db8::53]:5353",
		"fe80::1%eth0": "[fe80::1%eth0]:53", "ns.example.com": "", "192.0.2.53:0": "", "": "",
	} {
		if got, ok := resolver.ServerAddress(s); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
	}
}
