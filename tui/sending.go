package tui

import (
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// sendNow hands the message that was reviewed to the engine.
func (m *screen) sendNow(force bool) tea.Cmd {
	c := m.composer
	if _, over := m.sizeWords(c.made.Message.Size.Octets); over > 0 && !force {
		m.hint = "not sent, too large by " + wire.Octet(over) + ": f sends it nevertheless"
		return nil
	}
	c.made.Force = force
	p := &engine.Posting{Letter: c.made}
	err := engine.ErrNoSession
	if m.view.Now() != nil {
		err = m.engine.Post(p)
	}
	if errors.Is(err, engine.ErrNoSession) {
		c.returns = true
		m.hint = "there is no session: Enter opens one again, and then leads back here; :connect TARGET opens another"
		return prefill("reconnect")(m)
	}
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	c.result.begin(p, m.view.Now())
	c.result.draft, c.result.core = c.text(), c.core()
	c.at, c.top = item{part: partResult}, 0
	m.mode, m.pane = modeBrowse, messageAt
	m.problem = nil
	return m.awaken()
}
