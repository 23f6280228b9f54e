package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// talk counts what was said that somebody may want to keep, and how much of it is
// in a file. A session that was only opened is nothing to ask about.
type talk struct {
	said, saved int
	typed       bool // something of it by hand
	probed      bool // a probing is in no file
	leave       bool // when it is saved
}

// says says that a command asks for something: those that ehlo sends by itself do
// not, nor the last one, nor those without an effect.
func says(command string) bool {
	return !slices.Contains([]string{"EHLO", "HELO", "LHLO", "STARTTLS", "QUIT", "NOOP", "RSET"}, wire.Verb([]byte(command)))
}

// Apply takes an event.
func (t *talk) Apply(e event.Event) {
	if sent, ok := e.(event.Sent); ok && (sent.Text || says(string(sent.Line))) {
		t.said++
	}
}

// keep takes what a file has.
func (t *talk) keep(said int) {
	t.probed = false
	if said > t.saved {
		t.saved, t.typed = said, false
	}
}

// settle takes the end of a script: one that went well says the same again from
// its file.
func (t *talk) settle(before, end *engine.End) {
	if end != nil && end != before && end.Err == nil && end.How == engine.EndedWell && !t.typed {
		t.saved = t.said
	}
}

// unsavedTalk says that something was said that is in no file.
func (m *screen) unsavedTalk() bool {
	return m.talk.probed || m.talk.said > m.talk.saved && m.recording == "" && m.o.Session.Sink == nil
}

// saveAndLeave saves the session and then leaves.
func (m *screen) saveAndLeave() tea.Cmd {
	back := m.back2
	cmd := saveIn(formats[0])(m)
	if m.mode == modePalette { // there is no place of ehlo's own: the person names a file
		return cmd
	}
	m.back2, m.mode = back, modeQuestion
	m.talk.leave = cmd != nil
	return cmd
}

// savedFirst leaves, if the session was to be saved before that and is.
func (m *screen) savedFirst(s saved) tea.Cmd {
	leave := m.talk.leave && m.mode == modeQuestion
	m.talk.leave = false
	switch {
	case !leave:
		return nil
	case s.err != nil:
		m.mode = m.back2
		return nil
	}
	return m.leaveKeeping()
}

// leaveQuestion asks whether to leave, and says what would be lost, in as many
// words as there is room for.
func (m *screen) leaveQuestion(w int) string {
	what, short, yes := m.openEnd()
	unsaved, more, brief, save := m.unsavedTalk(), "", "", ""
	if unsaved {
		more, brief, save = ", and what was said is not saved", ", not saved", ", s saves and leaves"
	}
	switch {
	case what == "" && unsaved:
		what, short, more, brief = "What was said is not saved", "not saved", "", ""
	case what == "":
		what, short = "Something still runs", "busy"
	}
	letters := "y/n"
	if unsaved {
		letters = "y/s/n"
	}
	for _, text := range []string{
		"Leave? " + what + more + ": y " + yes + save + ", n stays",
		"Leave? " + what + brief + ": y " + yes + save + ", n stays",
		"Leave? " + what + brief + ": y leaves" + strings.Replace(save, "and leaves", "first", 1) + ", n stays",
		"Leave? " + what + brief + ": " + letters,
		"Leave? " + short + brief + ": " + letters,
	} {
		if face.Cells(text) <= w {
			return text
		}
	}
	return "Leave? " + letters
}

// openEnd is what is not at its end, in words and in few, and what leaving does
// to it.
func (m *screen) openEnd() (what, short, yes string) {
	switch n := len(m.queue.lines); {
	case m.live():
		return "The script has not ended", "script runs", "stops it and leaves"
	case m.now.Chunk > 0:
		return "The chunk is not complete", "chunk open", "drops it and leaves"
	case m.now.InText:
		return "The message text is not ended", "text open", "drops it and leaves"
	case m.composer.seemsUnsent() && m.o.Dir != "":
		return "The draft is not sent", "draft unsent", "keeps it in a file and leaves"
	case m.composer.seemsUnsent():
		return "The draft is not sent", "draft unsent", "drops it and leaves"
	case n == 1:
		return "1 pasted line is not sent", "paste unsent", "drops it and leaves"
	case n > 0:
		return count(n, "pasted line") + " are not sent", "paste unsent", "drops them and leaves"
	case m.now.Doing == engine.Opening:
		return "The session is being opened", "opening", "stops that and leaves"
	case !m.now.Connected && len(m.line.Text) > 0:
		return "There is text in the line", "text in line", "leaves"
	case m.now.Connected:
		return "The session is open", "session open", "sends QUIT and leaves"
	}
	return "", "", "leaves"
}
