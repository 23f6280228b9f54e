package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ehlo/internal/crash"
	"ehlo/resolver/dnstest"
	"ehlo/session"
	"ehlo/session/flow"
)

// TestAPanicAmongAll: where one candidate ends in a panic, so does All, and the
// others end with it.
func TestAPanicAmongAll(t *testing.T) {
	zone := "$ORIGIN example.com.\n$TTL 60\n@ IN SOA ns1 postmaster 1 3600 600 86400 30\n@ IN MX 10 mx\n"
	for i := range 50 { // more than go at the same time
		zone += fmt.Sprintf("mx IN A 192.0.2.%d\n", i+1)
	}
	defect := func(context.Context, *session.Session, flow.Plan) error { panic("a defect") }
	for _, x := range []struct {
		name string
		do   func(ctx context.Context, s *session.Session, p flow.Plan) error
		done func(int, error)
	}{
		{"do", defect, func(int, error) {}},
		{"done", func(context.Context, *session.Session, flow.Plan) error { return nil }, func(int, error) { panic("a defect") }},
		{"one", func(ctx context.Context, s *session.Session, p flow.Plan) error {
			if p.Only.Address == "192.0.2.1:25" {
				return defect(ctx, s, p)
			}
			<-ctx.Done()
			return ctx.Err()
		}, func(int, error) {}},
	} {
		synctest.Test(t, func(t *testing.T) {
			server, err := dnstest.New(zone)
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			opt := session.Options{Dial: server.Dial}
			opt.Resolver.Servers, opt.Resolver.Dial, opt.Resolver.Only = []string{"192.0.2.53"}, server.Dial, "ip4"
			target, err := session.ParseTarget("example.com")
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			defer func() {
				c, ok := recover().(*crash.Crash)
				if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), "TestAPanicAmongAll") {
					t.Errorf("%s: recovered %v", x.name, c)
				}
				if took := time.Since(began); took > 0 {
					t.Errorf("%s: it took %s", x.name, took)
				}
			}()
			err = flow.All(t.Context(), session.New(opt), flow.Plan{Target: target},
				func(int, session.Candidate) *session.Session { return session.New(opt) }, x.do, x.done)
			t.Errorf("%s: no panic, but %v", x.name, err)
		})
	}
}
