package resolver_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/internal/crash"
	"ehlo/resolver"
	"ehlo/resolver/dnstest"
)

// brittle is a connection with a defect.
type brittle struct{ net.Conn }

func (brittle) Write([]byte) (int, error) { panic("a defect") }

// stiff has it where a question is interrupted only.
type stiff struct{ net.Conn }

func (s stiff) SetDeadline(time.Time) error {
	_ = s.Close() // or nothing would wake it
	panic("a defect")
}

// TestAPanicBelongsToWhoAsked: addresses are looked up in goroutines of their
// own, and a panic there is one of the caller.
func TestAPanicBelongsToWhoAsked(t *testing.T) {
	const twoNames = small + "@ IN MX 20 far\n"
	for _, x := range []struct {
		name string
		make func(d *dns, s *dnstest.Server)
	}{
		{"func1", func(d *dns, s *dnstest.Server) {
			dial := d.Dial
			var n atomic.Int32
			d.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if n.Add(1) == 2 { // the first one asks for MX
					panic("a defect")
				}
				return dial(ctx, network, address)
			}
			d.Only = "ip4"
		}},
		{"brittle.Write", func(d *dns, s *dnstest.Server) {
			dial := d.Dial
			var n atomic.Int32
			d.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := dial(ctx, network, address)
				if n.Add(1) == 2 {
					c = brittle{c}
				}
				return c, err
			}
			d.Only = "ip4"
		}},
		{"stiff.SetDeadline", func(d *dns, s *dnstest.Server) {
			s.Fault("", "", dnstest.Fault{Drop: true})
			dial := d.Dial
			d.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := dial(ctx, network, address)
				return stiff{c}, err
			}
		}},
		{"func4", func(d *dns, s *dnstest.Server) { // far waits for the answer about mx
			s.Fault("far.example.com", "", dnstest.Fault{Unchained: true})
			s.Fault("mx.example.com", "", dnstest.Fault{Delay: time.Second})
			d.Observe = func(x resolver.Exchange) {
				if strings.HasPrefix(x.Name, "mx.") {
					panic("a defect")
				}
			}
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, twoNames)
			d := in(t, s)
			d.Rand = nil
			x.make(d, s)
			defer func() {
				c, ok := recover().(*crash.Crash)
				if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), x.name) {
					t.Errorf("%s: recovered %v", x.name, c)
				}
			}()
			route, err := d.Mail(t.Context(), "example.com")
			t.Errorf("%s: no panic, but %s", x.name, show(route, err))
		})
	}
}
