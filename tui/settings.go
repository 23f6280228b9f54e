package tui

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"ehlo/session"
	"ehlo/session/flow"
)

// onOff are the values of a switch.
var onOff = []string{"on", "off"}

// settings are what :set changes: of the session what the flags of the same
// names do, and how the transcript is shown.
func settings() []setting {
	options := func(change func(o *session.Options, value string) error) func(*screen, string) error {
		return func(m *screen, value string) error {
			var probe session.Options
			if err := change(&probe, value); err != nil {
				return err
			}
			set := func(o *session.Options) { _ = change(o, value) }
			if err := m.engine.adjust(set, nil); err != nil {
				return err
			}
			m.prober.adjust(set)
			return nil
		}
	}
	plans := func(change func(p *flow.Plan, value string) error) func(*screen, string) error {
		return func(m *screen, value string) error {
			var probe flow.Plan
			if err := change(&probe, value); err != nil {
				return err
			}
			if err := m.engine.adjust(nil, func(p *flow.Plan) { _ = change(p, value) }); err != nil {
				return err
			}
			_, _ = change(&m.o.Plan, value), change(&m.plan, value)
			return nil
		}
	}
	return []setting{
		{"helo", nil, "the name that EHLO says", options(func(o *session.Options, v string) error {
			if strings.ContainsAny(v, " \t") || len(v) > 255 {
				return errors.New("set helo NAME: one name, of 255 octets at most")
			}
			o.Helo = v
			return nil
		})},
		{"tls", []string{"auto", "require", "never", "implicit"}, "as --tls", options(func(o *session.Options, v string) error {
			o.TLS = session.TLSMode(v)
			return nil
		})},
		{"tls-verify", onOff, "a certificate that does not verify ends the session", plans(func(p *flow.Plan, v string) error {
			p.Verify = v == "on"
			return nil
		})},
		{"timeout", nil, "for a reply, a handshake, a write: 30s, 5m", options(func(o *session.Options, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d <= 0 {
				return errors.New("set timeout DUR: 30s or 5m")
			}
			o.Timeouts.Reply, o.Timeouts.Dot = d, d
			return nil
		})},
		{"connect-timeout", nil, "for a connection: 5s", options(func(o *session.Options, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d <= 0 {
				return errors.New("set connect-timeout DUR: 5s or 1m")
			}
			o.Timeouts.Connect = d
			return nil
		})},
		{"protocol", []string{"auto", "esmtp", "smtp", "lmtp"}, "as --protocol", plans(func(p *flow.Plan, v string) error {
			p.Protocol = flow.Protocol(v)
			if v == "auto" {
				p.Protocol = ""
			}
			return nil
		})},
		{"port", nil, "as --port", plans(func(p *flow.Plan, v string) error {
			n, err := strconv.ParseUint(v, 10, 16)
			if err != nil || n == 0 {
				return errors.New("set port NUMBER: from 1 to 65535")
			}
			p.Port = uint16(n)
			return nil
		})},
		{"no-mx", onOff, "as --no-mx: the domain's own address instead of its MX", plans(func(p *flow.Plan, v string) error {
			p.NoMX = v == "on"
			return nil
		})},
		{"times", []string{"relative", "clock", "none"}, "the times before the lines (t)", func(m *screen, v string) error {
			m.transcript.times = map[string]timing{"relative": timeRelative, "clock": timeClock, "none": timeNone}[v]
			return nil
		}},
		{"wrap", onOff, "long lines are wrapped, or cut at the edge (w)", func(m *screen, v string) error {
			m.transcript.cut = v == "off"
			return nil
		}},
	}
}
