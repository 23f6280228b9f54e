package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// had are those that have a message: where a part of the recipients was refused,
// the draft is sent again, and nobody should get it twice unawares.
type had struct {
	message string // the draft without its recipients
	by      map[string]bool
}

// core is the draft without its recipients: two that have the same are the same
// message to others.
func (d *draft) core() string {
	c := *d
	c.one[partTo] = ""
	return c.text()
}

// note takes what became of a message that was sent to the end.
func (h *had) note(message string, d transcript.Delivery, recipients []transcript.Recipient) {
	if d != transcript.DeliveryAccepted && d != transcript.DeliveryPartial {
		return
	}
	if h.by == nil || h.message != message {
		*h = had{message, map[string]bool{}}
	}
	for _, r := range recipients {
		if r.Reply.Positive() {
			h.by[r.Address] = true
		}
	}
}

// has counts those among the recipients that have this message.
func (h *had) has(message string, to []wire.Address) (n int) {
	if h.message != message {
		return 0
	}
	for _, a := range to {
		if h.by[a.String()] {
			n++
		}
	}
	return n
}

// sendToOthers leaves those out of the letter under review who have it already.
// The draft stays as it is: its header names them all.
func (m *screen) sendToOthers() tea.Cmd {
	c := m.composer
	c.made.To = slices.DeleteFunc(slices.Clone(c.made.To), func(a wire.Address) bool { return c.had.by[a.String()] })
	m.hint = count(c.again, "recipient") + " left out: the message was accepted for them"
	c.again, c.reviewTop = 0, 0
	return nil
}
