package tui

import (
	"fmt"
	"math/bits"
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// help opens all keys, those that work here first.
func (m *screen) help() tea.Cmd {
	column := 22
	if m.lay.w < middleWidth {
		column = 12
	}
	m.page("Help", m.helpLines(column), nil)
	m.pager.hang, m.pager.heads = column+3, true
	return nil
}

// often is in how many contexts a key works to be told of once: the keys of
// every text field, those that scroll, those that end things.
const often = 6

// common says that a key works in many contexts.
func (b *binding) common() bool { return bits.OnesCount32(uint32(b.in&^inTiny)) >= often }

// helpLines is the help: the keys of where the person is, those that work now
// first, what the marks mean, then all other keys, by context, and the commands.
func (m *screen) helpLines(column int) []string {
	row := func(name, help string) string { return fmt.Sprintf("  %-*s %s", column, name, help) }
	var later []string // of the keys here, those that do nothing now
	keys := func(c section, here bool) (lines []string) {
		for i := range m.keys {
			switch b := &m.keys[i]; {
			case b.in&c.in == 0, !here && b.common():
			case here && b.enabled != nil && !b.enabled(m):
				later = append(later, row(b.name(), b.help))
			default:
				lines = append(lines, row(b.name(), b.help))
			}
		}
		return lines
	}
	commandLines := []string{"The commands behind :"}
	for _, c := range commands() {
		commandLines = append(commandLines, row(c.usage, c.help))
	}
	var lines []string
	here := slices.IndexFunc(contexts[:], func(c section) bool { return c.in&m.where() != 0 })
	if here >= 0 {
		lines = append(append(lines, contexts[here].title), keys(contexts[here], true)...)
		if later != nil {
			lines = append(append(lines, "  Not now:"), later...)
		}
		if contexts[here].in == inPalette {
			lines, commandLines = append(append(lines, ""), commandLines...), nil
		}
		lines = append(lines, "")
	}
	lines = append(
		lines, "Marks and words",
		row("the line", "sends what is typed as it is; esc leaves it for browsing, where letters are keys, and i goes back"),
		row("[...] behind it", "what may follow; it is not sent"),
		row("~ below it", "what is wrong with the line as it stands; it stops nothing"),
		row("C: S: *:", "sent, received, said by ehlo"),
		row("> ! ~ + |", "selected, failed for good (5yz), failed for now (4yz), folded, the line goes on"),
		row(`^[ <U+202E> \x9b`, "a control octet, a character that is not seen, an octet that is no character; Enter shows all in hex"),
		row("a host", "OK, WAIT, FAIL and at which stage, skipped or stopped (by ctrl+c), not tried (another one answered first; a probes all of them)"),
		row("a script", "> selected, * breakpoint, ~ edited; its lines: NEXT, RUN, OK, FAIL, left (out), -- (not yet), in (a @repeat or @include that has begun)"),
	)
	for i, c := range contexts {
		if list := keys(c, false); i != here && len(list) > 0 {
			lines = append(append(lines, "", c.title), list...)
		}
	}
	lines = append(lines, "", "In many places")
	for i := range m.keys {
		if b := &m.keys[i]; b.common() {
			lines = append(lines, row(b.name(), b.help))
		}
	}
	if commandLines != nil {
		lines = append(append(lines, ""), commandLines...)
	}
	return lines
}
