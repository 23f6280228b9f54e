package resolver_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"

	"ehlo/resolver"
	"ehlo/resolver/dnstest"
)

// dns is a resolver in front of servers without sockets, and what it told.
type dns struct {
	resolver.Resolver
	exchanges []resolver.Exchange
}

// in gives a resolver that asks servers at 192.0.2.53, .54, and so on. Where it
// runs in a bubble of synctest, waiting costs nothing.
func in(t *testing.T, servers ...*dnstest.Server) *dns {
	t.Helper()
	d := &dns{}
	at := map[string]*dnstest.Server{}
	for i, s := range servers {
		address := fmt.Sprintf("192.0.2.%d", 53+i)
		d.Servers = append(d.Servers, address)
		at[address+":53"] = s
	}
	d.Rand = rand.New(rand.NewPCG(1, 1))
	d.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if at[address] == nil {
			return nil, fmt.Errorf("the test has no server %s", address)
		}
		return at[address].Dial(ctx, network, address)
	}
	d.Observe = func(x resolver.Exchange) { d.exchanges = append(d.exchanges, x) }
	return d
}

func serve(t *testing.T, zone string) *dnstest.Server {
	t.Helper()
	s, err := dnstest.New(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// asSystem makes a resolver take its servers from files as a system has them,
// instead of having been given them.
func (d *dns) asSystem(t *testing.T, conf, hosts string) {
	t.Helper()
	d.Servers = nil
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"resolv.conf": conf, "hosts": hosts} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.SetFiles("resolv.conf", "hosts")
}

// show is a route as a user would see it.
func show(route *resolver.Route, err error) string {
	var b strings.Builder
	if route != nil {
		fmt.Fprintf(&b, "%s", route.Domain)
		if route.Unicode != "" {
			fmt.Fprintf(&b, " (%s)", route.Unicode)
		}
		if route.Canonical != "" {
			fmt.Fprintf(&b, " = %s", route.Canonical)
		}
		b.WriteString(strings.TrimSuffix(": "+string(route.Source), " ") + "\n")
		for _, x := range route.Exchangers {
			fmt.Fprintf(&b, "%d %s", x.Preference, x.Host)
			if x.Unicode != "" {
				fmt.Fprintf(&b, " (%s)", x.Unicode)
			}
			if x.Port != 0 {
				fmt.Fprintf(&b, ":%d", x.Port)
			}
			for _, a := range x.Addresses {
				fmt.Fprintf(&b, " %s", a)
			}
			b.WriteByte('\n')
			if x.Error != nil {
				fmt.Fprintf(&b, "  %s: %s\n", x.Error.Kind, x.Error)
			}
			for _, n := range x.Notes {
				fmt.Fprintf(&b, "  note: %s\n", n)
			}
		}
		if route.Reason != "" {
			fmt.Fprintf(&b, "%s\n", route.Reason)
		}
	}
	if failure, ok := errors.AsType[*resolver.Error](err); ok {
		fmt.Fprintf(&b, "%s: %s\n", failure.Kind, failure)
	} else if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
	}
	return b.String()
}

func (d *dns) log() string {
	var b strings.Builder
	for _, x := range d.exchanges {
		fmt.Fprintf(&b, "%s %s @%s %s %s", x.Type, x.Name, strings.TrimSuffix(x.Server, ":53"), x.Network, x.Rcode)
		if x.Authenticated {
			b.WriteString(" AD")
		}
		if x.Answers != nil {
			fmt.Fprintf(&b, " %q", x.Answers)
		}
		if x.Error != "" {
			fmt.Fprintf(&b, " (%s)", x.Error)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got, want = strings.TrimSpace(got), strings.TrimSpace(want); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestAPanicBelongsToWhoAsks, and not to a goroutine that nobody waits for.
func TestAPanicBelongsToWhoAsks(t *testing.T) {
	d := in(t, serve(t, "$ORIGIN example.com.\n$TTL 300\n@ IN SOA ns1 postmaster 1 3600 600 86400 300\n@ IN MX 10 mx1\nmx1 IN A 192.0.2.1\n"))
	dial, asked := d.Dial, 0
	d.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if asked++; asked > 1 { // those of the addresses
			panic("a defect")
		}
		return dial(ctx, network, address)
	}
	d.Only = "ip4"
	defer func() {
		if v := recover(); v == nil || !strings.Contains(fmt.Sprint(v), "a defect") {
			t.Errorf("recovered %v", v)
		}
	}()
	_, err := d.Mail(t.Context(), "example.com")
	t.Errorf("no panic, %v", err)
}
