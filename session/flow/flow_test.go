package flow_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// far is a mail server behind a line of 20 ms each way.
func far(t *testing.T) *smtptest.LatencyProxy {
	t.Helper()
	m, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx.example.test", MaxSize: 14680064, NoSTARTTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	addr, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	p, err := smtptest.Proxy(addr, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func letter(t *testing.T, recipients int) flow.Letter {
	t.Helper()
	m, err := message.Compose(message.Draft{From: "a@example.net", To: []string{"user@example.test"}, Body: []byte("hi\r\n")})
	if err != nil {
		t.Fatal(err)
	}
	l := flow.Letter{From: wire.Address{Local: "a", Domain: "example.net"}, Message: m}
	for i := range recipients {
		l.To = append(l.To, wire.Address{Local: fmt.Sprintf("user%d", i), Domain: "example.test"})
	}
	return l
}

// The round trips of a session: the client's turns, and a half for the
// greeting. No round trip that RFC 2920 saves is made.
func TestRoundTrips(t *testing.T) {
	for _, row := range []struct {
		why   string
		turns int
		run   func(context.Context, *session.Session, flow.Plan) error
	}{
		{"a probe: EHLO, QUIT", 2, flow.Probe},
		{"a message to 50: EHLO; MAIL, 50 RCPT, DATA; message, QUIT", 3, func(ctx context.Context, s *session.Session, p flow.Plan) error {
			return flow.Send(ctx, s, p, letter(t, 50))
		}},
		{"without pipelining each command waits", 6, func(ctx context.Context, s *session.Session, p flow.Plan) error {
			l := letter(t, 1)
			l.NoPipelining = true
			return flow.Send(ctx, s, p, l)
		}},
	} {
		p := far(t)
		target, err := session.ParseTarget(p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := row.run(t.Context(), session.New(session.Options{}), flow.Plan{Target: target}); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
		if got := p.Turns(); got != row.turns {
			t.Errorf("%s: %d turns", row.why, got)
		}
	}
}
