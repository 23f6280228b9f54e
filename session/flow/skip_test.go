package flow_test

import (
	"context"
	"net"
	"slices"
	"testing"

	"ehlo/resolver"
	"ehlo/resolver/dnstest"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/smtptest"
)

// TestSkip: an address that is skipped, while the connection is not yet there
// or the greeting is awaited, is left for the next one.
func TestSkip(t *testing.T) {
	dns, err := dnstest.Start("$ORIGIN example.test.\n$TTL 300\n@ IN SOA ns1 postmaster 1 3600 600 86400 300\n@ IN MX 10 mx1\n@ IN MX 20 mx2\n@ IN MX 30 mx3\nmx1 IN A 192.0.2.1\nmx2 IN A 192.0.2.2\nmx3 IN A 192.0.2.3\n")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	m, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx3.example.test", NoSTARTTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	addr, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	var skip context.CancelFunc
	var lefts []int
	plan := flow.Plan{Target: session.Target{Text: "example.test", Host: "example.test"}}
	plan.Attempt = func(ctx context.Context, left int) (context.Context, context.CancelFunc) {
		lefts = append(lefts, left)
		ctx, skip = context.WithCancel(ctx)
		return ctx, skip
	}
	var failed []*event.Error
	s := session.New(session.Options{
		Resolver: resolver.Resolver{Servers: []string{dns.Addr}},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			switch address {
			case "192.0.2.1:25": // does not answer
				skip()
				<-ctx.Done()
				return nil, ctx.Err()
			case "192.0.2.2:25": // says nothing
				near, _ := net.Pipe()
				return near, nil
			}
			return net.Dial(network, addr)
		},
		Sink: func(e event.Event) {
			switch e := e.(type) {
			case event.Waiting:
				if e.Conn == 2 {
					skip()
				}
			case event.Failed:
				failed = append(failed, e.Error)
			}
		},
	})
	defer func() { _ = s.Do(context.Background(), session.Close{}) }()
	if _, err := flow.Open(t.Context(), s, plan); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(lefts, []int{2, 1, 0}) || s.Where().Host != "mx3.example.test" || !s.Connected() {
		t.Errorf("it is at %s behind attempts with %v left", s.Where().Host, lefts)
	}
	for i, stage := range []event.Stage{event.Connect, event.Banner} {
		if len(failed) != 2 || failed[i].Kind != event.Skipped || failed[i].Stage != stage {
			t.Fatalf("it told %+v", failed)
		}
	}
}
