package tui

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/flow"
)

// login asks for the password of a login; it is shown nowhere, and forgotten
// with the login.
func (m *screen) login(argument string) (tea.Cmd, error) {
	a := session.Auth{Unjudged: true}
	var offered []string
	if c := m.view.Now(); c != nil {
		offered = c.Offers.Mechanisms()
	}
	words := strings.Fields(argument)
	for i, word := range words {
		switch mechanism := strings.ToUpper(word); {
		case word == "--insecure":
			a.Insecure = true
		case slices.Contains(offered, mechanism) && len(a.Mechanisms) == 0:
			a.Mechanisms = []string{mechanism}
		case a.Credentials.User == "":
			a.Credentials.User = word
		default:
			clear(m.palette.Text) // a password, perhaps
			m.palette.Set("auth " + strings.Join(words[:i], " ") + " ")
			return nil, errors.New("auth [MECHANISM] USER: too many words: the password is asked for (offered: " + strings.Join(offered, ", ") + ")")
		}
	}
	if len(offered) == 0 {
		return nil, errors.New("the server offers no login")
	}
	if a.Credentials.User == "" && m.o.Plan.Login != nil {
		a.Credentials.User = m.o.Plan.Login.Credentials.User
	}
	if err := m.engine.Ready(); err != nil {
		return nil, err
	}
	if slices.Equal(a.Mechanisms, []string{"EXTERNAL"}) || slices.Equal(a.Mechanisms, []string{"ANONYMOUS"}) {
		return m.logIn(a)
	}
	if a.Credentials.User == "" {
		return nil, errors.New("auth [MECHANISM] USER: whose login is it?")
	}
	m.asks = &a
	m.asking.Set("")
	m.mode = modeSecret
	return nil, nil
}

// loginValues completes :auth by what the server offers.
func loginValues(m *screen, done []string) values {
	c := m.view.Now()
	if c == nil || len(done) > 2 {
		return values{}
	}
	return values{words: append(slices.Clone(c.Offers.Mechanisms()), "--insecure")}
}

// secretDone logs in with the password that was typed.
func (m *screen) secretDone() tea.Cmd {
	a := *m.asks
	a.Credentials.Password = m.asking.String()
	m.forget()
	if a.Credentials.Password == "" {
		m.hint = "without a password there is no login"
		return nil
	}
	cmd, err := m.logIn(a)
	if err != nil {
		m.hint = err.Error()
	}
	return cmd
}

// forget leaves the field for a password, of which nothing stays.
func (m *screen) forget() {
	clear(m.asking.Text)
	m.asking.Set("")
	m.asks, m.mode = nil, modeBrowse
}

func (m *screen) logIn(a session.Auth) (tea.Cmd, error) {
	return m.started(m.engine.Do(func(ctx context.Context, s *session.Session, _ flow.Plan) { _ = s.Do(ctx, a) }))
}
