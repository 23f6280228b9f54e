package tui

import (
	"errors"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// composing are the keys of the message.
func composing() []binding {
	on := func(is func(*composer) bool) func(*screen) bool {
		return func(m *screen) bool { return is(m.composer) }
	}
	option := on(func(c *composer) bool { return c.at.part.isOption() })
	named := func(m *screen) bool { return m.onPath() && len(m.composer.f.Text) > 0 }
	return []binding{
		{id: "attach", keys: []string{"enter"}, show: "Enter", in: inField, hint: "attach", enabled: named, help: "the name of a file: attach it", do: (*screen).attach},
		{id: "fielddone", keys: []string{"enter"}, show: "Enter", in: inField, hint: "next", enabled: func(m *screen) bool { return !named(m) }, help: "take the field, and on to the next", do: (*screen).fieldDone},
		{id: "completefile", keys: []string{"tab"}, in: inField, hint: "complete", enabled: (*screen).onPath, help: "complete the name of a file", do: (*screen).completeFile},
		{id: "nextfield", keys: []string{"tab"}, in: inField | inBody, enabled: func(m *screen) bool { return m.where() == inBody || !m.onPath() }, help: "the next field", do: func(m *screen) tea.Cmd { return m.nextField(1) }},
		{id: "fieldback", keys: []string{"shift+tab"}, in: inField | inBody, help: "the field before", do: func(m *screen) tea.Cmd { return m.nextField(-1) }},
		{id: "fieldbelow", keys: []string{"down", "ctrl+n"}, show: "down", in: inField, help: "the next field", do: func(m *screen) tea.Cmd { return m.nextField(1) }},
		{id: "fieldabove", keys: []string{"up", "ctrl+p"}, show: "up", in: inField, help: "the field before", do: func(m *screen) tea.Cmd { return m.nextField(-1) }},
		{id: "break", keys: []string{"enter"}, show: "Enter", in: inBody, help: "break the line", do: func(m *screen) tea.Cmd { m.composer.breakLine(); return nil }},
		{id: "linebelow", keys: []string{"down", "ctrl+n"}, show: "down", in: inBody, help: "the next line; below the last, the next field", do: byLine(1)},
		{id: "lineabove", keys: []string{"up", "ctrl+p"}, show: "up", in: inBody, help: "the line before; above the first, the field before", do: byLine(-1)},
		{id: "bodydown", keys: []string{"pgdown"}, show: "PgDn", in: inBody, help: "a page down", do: byLine(10)},
		{id: "bodyup", keys: []string{"pgup"}, show: "PgUp", in: inBody, help: "a page up", do: byLine(-10)},
		{id: "edit", keys: []string{"enter", "i"}, show: "Enter", in: inMessage, hint: "edit", enabled: on((*composer).typeable), help: "edit the field", do: (*screen).editItem},
		{id: "turn", keys: []string{"enter", "i"}, show: "Enter", in: inMessage, hint: "change", enabled: option, help: "an option: its next value", do: func(m *screen) tea.Cmd { m.composer.turn(); return m.recount() }},
		{id: "reply", keys: []string{"enter", "i"}, show: "Enter", in: inMessage, hint: "explain", enabled: on(func(c *composer) bool { return c.at.part == partResult }), help: "a reply: what it means", do: (*screen).explainResult},
		{id: "columnleft", keys: []string{"left"}, in: inMessage, help: "the field before", do: by(-1, false)},
		{id: "columnright", keys: []string{"right"}, in: inMessage, help: "the next field", do: by(1, false)},
		{id: "review", keys: []string{"ctrl+s"}, in: inMessage | inField | inBody, hint: "review+send", help: "look at the message, and send it from there", do: (*screen).askReview},
		{id: "fieldesc", keys: []string{"esc"}, show: "esc", in: inField | inBody, hint: "fields", help: "leave the field; what was typed stays", do: (*screen).back},
		{id: "editor", keys: []string{"ctrl+e"}, in: inMessage | inBody, hint: "$EDITOR", help: "the body in $VISUAL or $EDITOR", do: (*screen).editBody},
		{id: "takeaway", keys: []string{"x", "delete"}, show: "x", in: inMessage, hint: "remove", enabled: on((*composer).removable), help: "take a file or a header field away", do: func(m *screen) tea.Cmd { m.composer.remove(); return m.recount() }},
		{id: "sendit", keys: []string{"y"}, in: inReview, hint: "send", enabled: func(m *screen) bool { return !m.tooLarge() }, help: "send it", do: func(m *screen) tea.Cmd { return m.sendNow(false) }},
		{id: "toolarge", keys: []string{"y"}, in: inReview, enabled: (*screen).tooLarge, help: "where it is too large: say so", do: func(m *screen) tea.Cmd { return m.sendNow(false) }},
		{id: "force", keys: []string{"f"}, in: inReview, hint: "send nevertheless", enabled: (*screen).tooLarge, help: "send it although it is larger than the server accepts", do: func(m *screen) tea.Cmd { return m.sendNow(true) }},
		{id: "toothers", keys: []string{"o"}, in: inReview, hint: "to the others", enabled: on(func(c *composer) bool { return c.again > 0 && c.again < len(c.made.To) }), help: "where some have the message already: leave them out", do: (*screen).sendToOthers},
		{id: "octets", keys: []string{"v"}, in: inReview, hint: "octets", help: "the message as it is sent, and its octets", do: (*screen).showOctets},
		{id: "editagain", keys: []string{"e"}, in: inReview, hint: "edit", help: "back to the field", do: func(m *screen) tea.Cmd { m.back(); return m.editItem() }},
		{id: "eml", keys: []string{"w"}, in: inReview, hint: "write .eml", help: "write the message to a file", do: (*screen).writeReviewed},
		{id: "reviewdown", keys: []string{"pgdown", " "}, show: "PgDn", in: inReview, help: "a page down", do: by(1, true)},
		{id: "reviewup", keys: []string{"pgup"}, show: "PgUp", in: inReview, help: "a page up", do: by(-1, true)},
		{id: "notyet", keys: []string{"n"}, in: inReview, hint: "back", help: "back to the draft; nothing is sent", do: (*screen).back},
	}
}

// removable says that x takes something away.
func (c *composer) removable() bool {
	list := c.list(c.at.part)
	return list != nil && c.at.n < len(*list) || c.at.part == partFile
}

// compose opens the draft at the field to type in.
func (m *screen) compose() tea.Cmd {
	count := m.draftAgain()
	if m.composer.at.part == partResult {
		m.composer.at = item{part: partTo}
	}
	return tea.Batch(count, m.editItem())
}

// draftAgain opens the draft, as it was left.
func (m *screen) draftAgain() tea.Cmd {
	m.composer.begun = true
	m.mode, m.pane = modeBrowse, messageAt
	return tea.Batch(m.recount(), m.idle())
}

// editItem edits what is under the cursor.
func (m *screen) editItem() tea.Cmd {
	c := m.composer
	if !c.typeable() {
		return nil
	}
	m.mode = modeField
	c.open()
	if c.at.part == partBody {
		c.goTo(len(c.body), face.FieldMost)
	}
	return m.recount()
}

// fieldDone takes the field and goes on.
func (m *screen) fieldDone() tea.Cmd {
	if m.composer.take() {
		m.composer.open()
		return nil
	}
	return m.nextField(1)
}

// nextField takes the field, and goes on to the next one that is a text, or
// back.
func (m *screen) nextField(way int) tea.Cmd {
	c := m.composer
	if c.take() && way < 0 {
		c.at.n-- // it stands behind what was added
	}
	fields := c.fields()
	for i := c.place(fields) + way; ; i += way {
		c.at = fields[(i+len(fields))%len(fields)]
		if c.typeable() {
			return m.editItem()
		}
	}
}

// leaveField ends the editing, or the review. What was typed is in the draft.
func (m *screen) leaveField() {
	c := m.composer
	if m.mode == modeField && c.take() {
		c.at.n-- // on what was added
	}
	m.mode, m.pane = modeBrowse, messageAt
}

// byLine moves by lines of the body, and above the first one to the field
// before.
func byLine(n int) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		c := m.composer
		if n == -1 && c.row == 0 {
			return m.nextField(-1)
		}
		if n == 1 && c.row >= len(c.body)-1 {
			return m.nextField(1)
		}
		c.goTo(c.row+n, c.f.At)
		return nil
	}
}

// fieldTyped takes what a key has done to the field.
func (m *screen) fieldTyped() tea.Cmd {
	if m.mode == modeField {
		m.composer.typed()
	}
	return m.recount()
}

// writeReviewed writes the message under review where ehlo keeps messages.
func (m *screen) writeReviewed() tea.Cmd {
	cmd, err := m.writeLetter("")
	if err != nil {
		m.hint = err.Error()
	}
	return cmd
}

func (m *screen) explainResult() tea.Cmd {
	r := m.composer.result.explained(m.composer.at.n)
	if r == nil {
		_, _, text := m.composer.result.row(0)
		m.page("The delivery", []string{text}, nil)
		return nil
	}
	m.page("A reply", append([]string{r.Reply.String()}, explainReply(*r)...), nil)
	return nil
}

// sendCommand is :send: the review of the draft, or the draft to begin with. A
// file is a complete message, with the envelope of the draft.
func (m *screen) sendCommand(argument string) (tea.Cmd, error) {
	c := m.composer
	if argument == "" && !c.begun {
		return m.compose(), nil
	}
	if strings.HasPrefix(argument, "-") {
		return m.sendWith(argument)
	}
	if argument != "" {
		c.file, c.at = atHome(argument), item{part: partFile}
		c.changed()
	}
	open := m.draftAgain()
	return tea.Batch(open, m.askReview()), nil
}

// usualSubject is the subject where none is given: it says when.
func (m *screen) usualSubject() string {
	return "test " + m.o.Now().UTC().Format("2006-01-02T15:04:05Z")
}

// messageCommands are those of the palette.
func messageCommands() []command {
	return []command{
		{"compose", "compose [new | FILE]", "write a message: the draft, a new one, or one that was kept in FILE", (*screen).composeCommand, func(*screen, []string) values {
			return values{[]string{"new"}, true}
		}},
		{"send", "send [FILE | --to ADDR --attach FILE …]", "review the draft, and send it from there; FILE is a complete message, the envelope is the draft's; the flags are those of ehlo send and go into the draft", (*screen).sendCommand, sendValues},
		{"write", "write [FILE]", "write the message of the draft as .eml, in FILE or where ehlo keeps them", func(m *screen, argument string) (tea.Cmd, error) {
			if !m.composer.begun {
				return nil, errors.New("there is no draft: c begins one")
			}
			return m.writeLetter(strings.TrimSpace(argument))
		}, files},
	}
}
