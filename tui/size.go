package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/flow"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// size shows the pane of the limits, and with --exact searches for the maximum
// message size in the open session, within what one connection may be asked.
func (m *screen) size(argument string) (tea.Cmd, error) {
	measure := flow.Measure{}
	exact := false
	words := strings.Fields(argument)
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "--exact":
			exact = true
		case words[i] == "--from" && i+1 < len(words):
			i++
			from, err := wire.ParseAddress(words[i])
			if err != nil {
				return nil, err
			}
			measure.From = from
		default:
			return nil, errors.New("size --exact [--from ADDR]: what is " + words[i] + "?")
		}
	}
	if exact {
		if err := m.engine.measure(measure); err != nil {
			return nil, err
		}
	}
	m.mode = modeBrowse
	return m.show(limitsAt), nil
}

// measure takes a search, or says why there can be none now.
func (e *engine) measure(what flow.Measure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	e.now.doing = asking
	e.put(request{measure: &what})
	return nil
}

// found are the facts of a search for the maximum size.
func (b builder) found(c *transcript.Conversation) []fact {
	l := c.Limit
	facts := b.lines("in force", transcript.Verdict(*c.Size, *l), b.st.bold)
	if l.Nonsense {
		facts = append(facts, b.lines("note", "it accepts a SIZE that is no number", b.st.warn)...)
	}
	if l.Commands > 0 {
		facts = append(facts, b.lines("asked", fmt.Sprintf("%d MAIL, %d refused; no message, no recipient", l.Commands, l.Rejections), b.st.dim)...)
	}
	return facts
}
