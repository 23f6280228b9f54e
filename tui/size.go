package tui

import (
	"errors"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/flow"
	"ehlo/session/wire"
)

// size shows the pane of the limits, and with --exact searches for the maximum
// message size in the open session, within what one connection may be asked.
func (m *screen) size(argument string) (tea.Cmd, error) {
	measure := flow.Measure{}
	exact := false
	words := strings.Fields(argument)
	for i := 0; i < len(words); i++ {
		if words[i] == "--exact" {
			exact = true
			continue
		}
		if i+1 == len(words) {
			return nil, errors.New("size " + sizeFlags + ": what is " + words[i] + "?")
		}
		var err error
		switch value := words[i+1]; words[i] {
		case "--from":
			measure.From, err = wire.ParseAddress(value)
		case "--budget":
			measure.Budget, err = flow.ParseBudget(value)
		case "--ceiling":
			measure.Ceiling, err = wire.ParseOctets(value)
		default:
			err = errors.New("size " + sizeFlags + ": what is " + words[i] + "?")
		}
		if err != nil {
			return nil, err
		}
		i++
	}
	switch {
	case exact:
		if err := m.engine.Measure(measure); err != nil {
			return nil, err
		}
	case len(words) > 0:
		return nil, errors.New("size " + sizeFlags + ": without --exact there is no search")
	}
	m.mode = modeBrowse
	return m.show(limitsAt), nil
}

const sizeFlags = "--exact [--from ADDR] [--budget R,A] [--ceiling SIZE]"
