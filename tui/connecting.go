package tui

import (
	"context"
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/flow"
	"ehlo/tui/internal/engine"
)

// connect opens a session with an exchanger of the present route, or with
// another target.
func (m *screen) connect(name string) (tea.Cmd, error) {
	if name == "" {
		return m.reconnect("")
	}
	r := engine.Request{Host: name}
	if !m.exchanger(name) {
		target, err := session.ParseTarget(name)
		if err != nil {
			return nil, err
		}
		plan := m.o.Plan
		plan.Target, plan.Server, plan.Only = target, "", nil
		if target.Port != 0 {
			plan.Port = 0
		}
		r = engine.Request{Plan: &plan}
	}
	if err := m.engine.Open(r); err != nil {
		return nil, err
	}
	return m.opened()
}

func (m *screen) exchanger(name string) bool {
	route := m.hosts.shown()
	if route == nil {
		return false
	}
	for _, x := range route.Exchangers {
		if engine.SameHost(x.Host, name) && len(x.Addresses) > 0 {
			return true
		}
	}
	return false
}

func (m *screen) reconnect(string) (tea.Cmd, error) {
	if err := m.engine.Open(engine.Request{Again: true}); err != nil {
		return nil, err
	}
	return m.opened()
}

// opened is what follows an accepted request for a session: the line is where
// the person goes on.
func (m *screen) opened() (tea.Cmd, error) {
	m.problem = nil
	m.transcript.resume()
	m.mode, m.pane = modeLine, 0
	if m.composer.returns { // it is for the draft that there shall be one
		m.composer.returns = false
		m.mode, m.pane = modeBrowse, messageAt
	}
	return nil, nil
}

// startTLS makes TLS of the session.
func (m *screen) startTLS(argument string) (tea.Cmd, error) {
	if argument != "" {
		return nil, errors.New("starttls takes no argument")
	}
	c := m.view.Now()
	if c != nil && c.TLS != nil {
		return nil, errors.New("the session is under TLS already")
	}
	if c != nil && !c.Offers.Has("STARTTLS") {
		return nil, errors.New("the server does not offer STARTTLS: type it in the line (i) to send it all the same")
	}
	return m.started(m.engine.Do(func(ctx context.Context, s *session.Session, plan flow.Plan) { _ = flow.Secure(ctx, s, plan) }))
}

// started is what follows a job that was taken, or not.
func (m *screen) started(err error) (tea.Cmd, error) {
	if err != nil {
		return nil, err
	}
	m.problem = nil
	m.transcript.resume()
	m.mode, m.pane = modeLine, 0
	return nil, nil
}
