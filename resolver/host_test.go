package resolver_test

import (
	"fmt"
	"os"
	"path/filepath"
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

func TestHostsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	text := `# comment
127.0.0.1   localhost
192.0.2.7   mail.example.com Mail  # the mail server
2001:db8::7 mail
broken      mail
192.0.2.8
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"mail": "[192.0.2.7 2001:db8::7]", "mail.example.com": "[192.0.2.7]", "other": "[]"} {
		if got := fmt.Sprint(resolver.FromHosts(file, name)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := resolver.FromHosts(file+".not", "mail"); got != nil {
		t.Errorf("no file gives %v", got)
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
