package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
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
		if err := m.engine.measure(measure); err != nil {
			return nil, err
		}
	case len(words) > 0:
		return nil, errors.New("size " + sizeFlags + ": without --exact there is no search")
	}
	m.mode = modeBrowse
	return m.show(limitsAt), nil
}

const sizeFlags = "--exact [--from ADDR] [--budget R,A] [--ceiling SIZE]"

// search searches for the maximum message size in the open session.
func (e *engine) search(ctx context.Context, what flow.Measure) {
	_, _ = e.sizing.Here(ctx, e.s, what)
	if ctx.Err() != nil && e.s.Connected() {
		e.s.Note("the last MAIL of the search may have opened a transaction: RSET ends it, and S says that first")
	}
}

// mailing says that a transaction is open which is not of a search's making.
func (e *engine) mailing() bool { return e.s.Mailing() && !e.sizing.Ours(e.s) }

// measure takes a search, or says why there can be none now.
func (e *engine) measure(what flow.Measure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.able(); err != nil {
		return err
	}
	if e.now.mailing {
		return errors.New("a transaction is open (MAIL): RSET first, which ends it")
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
	if l.Reason == flow.UsedUp && l.Verdict == event.Unknown {
		facts = append(facts, b.lines("next", "r, Enter, esc, S: another connection goes on from here", b.st.dim)...)
	}
	if l.Commands > 0 {
		facts = append(facts, b.lines("asked", fmt.Sprintf("%d MAIL, %d refused; no message, no recipient", l.Commands, l.Rejections), b.st.dim)...)
	}
	return facts
}
