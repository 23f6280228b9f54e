package tui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

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
			if err := m.engine.Adjust(set, nil); err != nil {
				return err
			}
			m.prober.Adjust(set)
			return nil
		}
	}
	plans := func(change func(p *flow.Plan, value string) error) func(*screen, string) error {
		return func(m *screen, value string) error {
			var probe flow.Plan
			if err := change(&probe, value); err != nil {
				return err
			}
			if err := m.engine.Adjust(nil, func(p *flow.Plan) { _ = change(p, value) }); err != nil {
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

// setting is one of :set.
type setting struct {
	name   string
	values []string // what is offered; any value is taken where there are none
	help   string
	set    func(m *screen, value string) error
}

// setUp changes a setting, or lists them.
func (m *screen) setUp(argument string) (tea.Cmd, error) {
	name, value, _ := strings.Cut(argument, " ")
	value = strings.TrimSpace(value)
	if name == "" {
		lines := []string{"What :set NAME VALUE changes; of the session, for the connections that come.", ""}
		for _, s := range settings() {
			lines = append(lines, fmt.Sprintf("%-16s %s", s.name+" "+strings.Join(s.values, "|"), s.help))
		}
		m.mode = modeBrowse
		m.page("Settings", lines, nil)
		return nil, nil
	}
	if s := findSetting(name); s != nil {
		if value == "" || s.values != nil && !slices.Contains(s.values, value) {
			return nil, fmt.Errorf("set %s: to what? %s", name, cmp.Or(strings.Join(s.values, ", "), s.help))
		}
		if err := s.set(m, value); err != nil {
			return nil, err
		}
		m.mode = modeBrowse
		m.hint = name + " is " + value
		return nil, nil
	}
	return nil, errors.New("there is no setting " + name + " (:set lists them)")
}

func findSetting(name string) *setting {
	for _, s := range settings() {
		if s.name == name {
			return &s
		}
	}
	return nil
}

// settingValues completes :set.
func settingValues(_ *screen, done []string) (v values) {
	for _, s := range settings() {
		switch {
		case len(done) == 0:
			v.words = append(v.words, s.name)
		case len(done) == 1 && s.name == done[0]:
			v.words = s.values
		}
	}
	return v
}
