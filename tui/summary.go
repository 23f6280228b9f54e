package tui

import (
	"fmt"

	"ehlo/session/transcript"
)

// summary is what is printed under the prompt when the screen is gone.
func (m *screen) summary() []string {
	g := m.st.Glyphs
	var lines []string
	if c := m.view.Now(); c != nil {
		head := hostAndAddress(c.Host, c.Address)
		if m.title != c.Host && m.title != c.Address && m.title != "" {
			head = m.title + ": " + head
		}
		switch {
		case c.TLS == nil && c.Protocol == "": // it did not come to that
		case c.TLS == nil:
			head += ", no TLS"
		case c.TLS.Verified:
			head += ", " + c.TLS.Version + " verified"
		default:
			head += ", " + c.TLS.Version + " NOT verified: " + c.TLS.Problem
		}
		lines = append(lines, g.Words(head))
		if c.Size != nil {
			lines = append(lines, g.Words("maximum message size: "+c.Size.String()))
		}
		if d := c.Delivery(); d != transcript.DeliveryNone {
			lines = append(lines, "delivery: "+string(d))
		}
		if c.QueueID != "" {
			lines = append(lines, "queue id: "+c.QueueID)
		}
	}
	if e := m.view.Error; e != nil {
		lines = append(lines, g.Words("failed: "+e.Message))
	}
	if end := m.now.Script.End; end != nil {
		lines = append(lines, g.Words(end.Text))
		if e := end.Err; e != nil && e.Message != end.Text {
			lines = append(lines, "  "+g.Words(e.Message))
		}
	}
	if m.view.Refused > 0 {
		lines = append(lines, fmt.Sprintf("replies 4yz and 5yz: %d", m.view.Refused))
	}
	for _, path := range m.saved {
		lines = append(lines, "saved: "+g.Words(path))
	}
	return lines
}
