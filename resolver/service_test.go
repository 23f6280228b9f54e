package resolver_test

import (
	"strings"
	"testing"
)

const services = `
$ORIGIN example.com.
$TTL 300
@                        IN SOA ns1 postmaster 1 3600 600 86400 60
_submission._tcp         IN SRV 20 0 587 backup
_submission._tcp         IN SRV 10 0 2587 mail
_submissions._tcp        IN SRV 0 1 465 192.0.2.1.
_submissions._tcp        IN SRV 1 1 465 far
_submission._tcp.closed  IN SRV 0 0 0 .
mail                     IN A     192.0.2.1
backup                   IN A     192.0.2.2
far                      IN CNAME mail
`

func TestService(t *testing.T) {
	tests := []struct{ why, service, domain, want string }{
		{"by priority, with the port", "submission", "example.com", `
example.com: srv
10 mail.example.com:2587 192.0.2.1
20 backup.example.com:587 192.0.2.2
example.com has 2 SRV records for submission (RFC 2782, RFC 6186)`},
		{"what is wrong with a target", "submissions", "example.com", `
example.com: srv
0 192.0.2.1:465
  no_address: the SRV names the address 192.0.2.1, but it has to name a host (RFC 1035 3.3.9)
1 far.example.com:465 192.0.2.1
  note: an alias (CNAME) of mail.example.com: an SRV must not name an alias (RFC 2782)
example.com has 2 SRV records for submissions (RFC 2782, RFC 6186)`},
		{"not offered", "submission", "closed.example.com", `
closed.example.com: srv
null_mx: closed.example.com does not offer submission: the SRV record at _submission._tcp.closed.example.com names "." (RFC 2782) (asked 192.0.2.53:53)`},
		{"not said", "submission", "other.example.com", `
other.example.com:
no_address: other.example.com names no server for submission: there is no SRV record at _submission._tcp.other.example.com (asked 192.0.2.53:53)`},
		{"no service", "sub mission", "example.com", `
usage: "sub mission" is not the name of a service`},
		{"a name that leaves no room", "submission", strings.Repeat("a.", 120) + "example.com", `
usage: "` + strings.Repeat("a.", 120) + `example.com" is too long for the name of its submission service`},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			d := in(t, serve(t, services))
			d.Only = "ip4"
			route, err := d.Service(t.Context(), test.service, test.domain)
			equal(t, show(route, err), test.want)
		})
	}
}

// TestWeight: RFC 2782: the heavier one is more often the first, one of weight
// 0 is chosen too, if rarely.
func TestWeight(t *testing.T) {
	d := in(t, serve(t, `
$ORIGIN example.com.
_submission._tcp IN SRV 0 3 587 heavy
_submission._tcp IN SRV 0 1 587 light
_submission._tcp IN SRV 0 0 587 none
heavy IN A 192.0.2.1
light IN A 192.0.2.2
none  IN A 192.0.2.3
`))
	first := map[string]int{}
	for range 400 {
		route, err := d.Service(t.Context(), "submission", "example.com")
		if err != nil || len(route.Exchangers) != 3 {
			t.Fatal(show(route, err))
		}
		first[strings.TrimSuffix(route.Exchangers[0].Host, ".example.com")]++
	}
	// Of the marks 0 to 4, 0 is none's, 1 is light's, the others are heavy's.
	if first["heavy"] < 200 || first["light"] < 40 || first["none"] < 40 || first["heavy"] > 280 {
		t.Errorf("first: %v", first)
	}
}
