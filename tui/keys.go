package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/face"
)

// where is the set of contexts in which a key has its meaning.
type where uint32

const (
	inLine       where = 1 << iota // the SMTP line has the focus
	inTranscript                   // browsing the transcript
	inFacts                        // browsing the facts
	inScript                       // browsing the script
	inPalette                      // the command line behind ':'
	inPager                        // help, or the details of a line
	inQuestion                     // leave?
	inEdit                         // the next line of the script is being edited
	inFind                         // a text to search for, or to filter by
	inSave                         // as what to save the session?
	inSecret                       // the password of a login
	inMatrix                       // a probing of all addresses
	inTime                         // where the time went
	inRecall                       // the history is being searched
	inPaste                        // how are the lines of a paste to be sent?
	inTiny                         // the terminal is too small
	inMessage                      // browsing the message
	inField                        // a field of it is being edited
	inBody                         // its body is
	inReview                       // send it?

	inBrowse  = inTranscript | inFacts | inScript | inMessage
	inReading = inPager | inPaste
	inText    = inLine | inPalette | inEdit | inFind | inSecret | inRecall | inField | inBody
	anywhere  = inLine | inBrowse | inPalette | inPager | inQuestion | inEdit | inFind | inSave | inSecret | inMatrix | inTime | inRecall | inPaste | inField | inBody | inReview
)

// binding is a row of the key table. The table makes the keys work, the hints,
// the help and the README's list of keys.
type binding struct {
	id      string
	keys    []string // as Bubble Tea names them
	show    string   // as people write them; empty: the keys
	in      where
	help    string
	hint    string             // for the row of hints; empty: not there
	enabled func(*screen) bool // nil: always
	do      func(*screen) tea.Cmd
}

func (b *binding) name() string {
	if b.show != "" {
		return b.show
	}
	return strings.Join(b.keys, " ")
}

// bindings is the key table. The first row that fits a key and a context
// counts; the hints stand in this order.
func bindings() []binding {
	rows := slices.Concat(typing(), pasting(), recalling(), []binding{
		{id: "editdone", keys: []string{"enter"}, show: "Enter", in: inEdit, hint: "take it", help: "this is carried out in place of the next line; an empty line leaves it out", do: (*screen).editDone},
		{id: "editback", keys: []string{"esc", "ctrl+c"}, show: "esc", in: inEdit, hint: "leave it", help: "the line stays as it was", do: (*screen).back},
		{id: "secretdone", keys: []string{"enter"}, show: "Enter", in: inSecret, hint: "log in", help: "log in with this password", do: (*screen).secretDone},
		{id: "secretback", keys: []string{"esc", "ctrl+c"}, show: "esc", in: inSecret, hint: "do not", help: "forget it: there is no login", do: (*screen).back},
		{id: "finddone", keys: []string{"enter"}, show: "Enter", in: inFind, hint: "find", help: "search, or filter; with an empty text, no more", do: (*screen).findDone},
		{id: "findback", keys: []string{"esc", "ctrl+c"}, show: "esc", in: inFind, hint: "leave it", help: "all stays as it was", do: (*screen).back},
		{id: "older", keys: []string{"up", "ctrl+p"}, show: "up", in: inLine, hint: "history", help: "the line typed before", do: (*screen).older},
		{id: "newer", keys: []string{"down", "ctrl+n"}, show: "down", in: inLine, help: "the line typed after", do: (*screen).newer},
		{id: "pageup", keys: []string{"pgup"}, show: "PgUp", in: inLine | inReading, hint: "scroll", help: "a page up", do: by(-1, true)},
		{id: "pagedown", keys: []string{"pgdown"}, show: "PgDn", in: inLine | inReading, help: "a page down", do: by(1, true)},
		{id: "quitline", keys: []string{"ctrl+d"}, in: inLine, enabled: func(m *screen) bool { return len(m.line.Text) == 0 }, help: "in an empty line: write QUIT into it", do: (*screen).offerQuit},
	})
	rows = append(rows, composing()...)
	rows = append(rows, editing()...)
	rows = append(append(rows, full()...), browsing()...)
	return append(rows, []binding{
		{id: "savescript", keys: []string{"s", "enter"}, show: "s", in: inSave, hint: "script", help: "as a script, which ehlo run plays", do: saveIn(formats[0])},
		{id: "savetext", keys: []string{"t"}, in: inSave, hint: "text", help: "as text: all that ehlo says too, DNS and times", do: saveIn(formats[1])},
		{id: "savejson", keys: []string{"j"}, in: inSave, hint: "JSON", help: "as the JSON report", do: saveIn(formats[2])},
		{id: "saveletter", keys: []string{"e"}, in: inSave, hint: ".eml", help: "the last message, as it was sent (.eml)", do: saveIn(formats[3])},
		{id: "savefile", keys: []string{":"}, in: inSave, hint: "another file", help: "in a file that you name: writes :export", do: prefill("export ")},
		{id: "back", keys: []string{"esc"}, show: "esc", in: inPager | inBrowse | inQuestion | inSave | inReview, help: "one level back; never quits, never discards", do: (*screen).back},
		{id: "closepager", keys: []string{"q", "enter"}, show: "q", in: inPager, hint: "back", help: "close", do: (*screen).back},
		{id: "yes", keys: []string{"y"}, in: inQuestion, hint: "leave", help: "leave: QUIT, then the end", do: (*screen).leaveKeeping},
		{id: "savefirst", keys: []string{"s"}, in: inQuestion, hint: "save", enabled: (*screen).unsavedTalk, help: "save the session as a script, then leave", do: (*screen).saveAndLeave},
		{id: "no", keys: []string{"n"}, in: inQuestion, hint: "stay", help: "stay", do: (*screen).back},
		{id: "help", keys: []string{"f1"}, show: "F1", in: inText&^inLine | inReview, hint: "help", help: "all keys", do: (*screen).help},
		{id: "skip", keys: []string{"ctrl+c"}, in: anywhere&^(inEdit|inFind|inSecret|inRecall|inPaste) | inTiny, hint: "skip host", enabled: (*screen).canSkip, help: "while a session is opened: leave a host that does not answer for the next one; twice stops", do: (*screen).interrupt},
		{id: "stop", keys: []string{"ctrl+c"}, in: anywhere&^(inEdit|inFind|inSecret|inRecall|inPaste) | inTiny, hint: "stop", enabled: func(m *screen) bool { return m.busy() && !(m.live() && m.where()&inBrowse != 0) }, help: "stop what runs: a wait, a connection attempt, a script", do: (*screen).interrupt},
		{id: "leave", keys: []string{"ctrl+c"}, show: "ctrl+c ctrl+c", in: anywhere&^(inEdit|inFind|inSecret|inRecall|inPaste) | inTiny, hint: "leave", enabled: func(m *screen) bool { return !m.busy() }, help: "where nothing runs: leave, with QUIT", do: (*screen).interrupt},
		{id: "tinyquit", keys: []string{"q"}, in: inTiny, help: "twice: leave, where the terminal is too small for anything else", do: (*screen).tinyQuit},
		{id: "repaint", keys: []string{"ctrl+l"}, in: anywhere, help: "paint the screen anew", do: func(*screen) tea.Cmd { return tea.ClearScreen }},
		{id: "suspend", keys: []string{"ctrl+z"}, in: anywhere, help: "suspend (fg comes back)", enabled: func(m *screen) bool { return canSuspend && m.o.Input == nil }, do: (*screen).suspend},
	}...)
}

// editing are the keys of the text fields.
func editing() []binding {
	edit := func(id, help string, f func(*face.Field), keys ...string) binding {
		return binding{id: id, keys: keys, in: inText, help: help, do: func(m *screen) tea.Cmd {
			if m.where() != inBody || !m.composer.beyond(id) {
				f(m.field())
			}
			return nil
		}}
	}
	end := edit("end", "to its end", func(f *face.Field) { f.Move(len(f.Text)) }, "ctrl+e", "end")
	endBody := end // there ctrl+e opens the editor
	end.in &^= inBody
	endBody.id, endBody.keys, endBody.in = "endbody", []string{"end"}, inBody
	return []binding{
		edit("left", "a character to the left", func(f *face.Field) { f.Move(f.At - 1) }, "left", "ctrl+b"),
		edit("right", "a character to the right", func(f *face.Field) { f.Move(f.At + 1) }, "right", "ctrl+f"),
		edit("wordleft", "a word to the left", func(f *face.Field) { f.Move(f.WordBefore()) }, "ctrl+left"),
		edit("wordright", "a word to the right", func(f *face.Field) { f.Move(f.WordBehind()) }, "ctrl+right"),
		edit("start", "to the start of the line", func(f *face.Field) { f.Move(0) }, "ctrl+a", "home"),
		end, endBody,
		edit("erase", "erase the character before the cursor", func(f *face.Field) { f.Erase(f.At-1, f.At) }, "backspace", "ctrl+h"),
		edit("delete", "erase the one under it", func(f *face.Field) { f.Erase(f.At, f.At+1) }, "delete", "ctrl+d"),
		edit("word", "erase the word before the cursor", func(f *face.Field) { f.Erase(f.WordBefore(), f.At) }, "ctrl+w"),
		edit("before", "erase all before the cursor", func(f *face.Field) { f.Erase(0, f.At) }, "ctrl+u"),
		edit("behind", "erase all behind it", func(f *face.Field) { f.Erase(f.At, len(f.Text)) }, "ctrl+k"),
	}
}

// browsing are the keys of browse mode, where letters are keys.
func browsing() []binding {
	rows := append(scripting(), []binding{
		{id: "type", keys: []string{"i"}, in: inBrowse &^ inMessage, hint: "type", help: "back to the SMTP line", do: (*screen).typeLine},
		{id: "compose", keys: []string{"c"}, in: inBrowse, hint: "mail", enabled: func(m *screen) bool { return !m.live() }, help: "write a message, or go on with the draft", do: (*screen).compose},
		{id: "helpkey", keys: []string{"?", "f1"}, show: "?", in: inBrowse, hint: "help", help: "all keys", do: (*screen).help},
		{id: "palette", keys: []string{":"}, in: inBrowse, hint: "command", help: "commands: " + commandNames(), do: prefill("")},
		{id: "details", keys: []string{"enter"}, show: "Enter", in: inTranscript, hint: "explain", help: "the whole line, its octets, and what a reply means", do: (*screen).details},
		{id: "scriptdetails", keys: []string{"enter"}, show: "Enter", in: inScript, hint: "explain", help: "the whole line, where it stands, and what became of it", do: (*screen).scriptDetails},
		{id: "connectto", keys: []string{"enter"}, show: "Enter", in: inFacts, hint: "connect", help: "in the pane MX: connect to the exchanger: writes :connect, Enter does it", enabled: func(m *screen) bool { return m.pane == exchangersAt && m.canChoose() }, do: (*screen).choose},
		{id: "choose", keys: []string{"enter"}, show: "Enter", in: inFacts, hint: "explain", help: "in the others: an extension: what it means; TLS: the chain of certificates", enabled: func(m *screen) bool { return m.pane != exchangersAt && m.canChoose() }, do: (*screen).choose},
		{id: "probe", keys: []string{"a"}, in: inFacts, hint: "probe all", enabled: func(m *screen) bool { return !m.hasProbed() && m.pane == exchangersAt }, help: "in the pane MX: probe every address at once: writes :probe all, Enter does it", do: (*screen).offerProbe},
		{id: "probed", keys: []string{"a"}, in: inFacts, hint: "probed", enabled: func(m *screen) bool { return m.hasProbed() && m.pane == exchangersAt }, help: "there, when they were probed: the table of that", do: (*screen).offerProbe},
		{id: "probekey", keys: []string{"a"}, in: inBrowse, enabled: func(m *screen) bool { return m.pane != exchangersAt }, help: "probe every address at once, from any pane", do: (*screen).offerProbe},
		{id: "pane", keys: []string{"tab"}, in: inBrowse, hint: "pane", help: "the next pane", do: func(m *screen) tea.Cmd { return m.show(m.beside(1)) }},
		{id: "paneback", keys: []string{"shift+tab"}, in: inBrowse, help: "the pane before", do: func(m *screen) tea.Cmd { return m.show(m.beside(-1)) }},
		{id: "export", keys: []string{"s"}, in: inBrowse, hint: "save", help: "save the session: asks as what", do: (*screen).save},
		{id: "quit", keys: []string{"q"}, in: inBrowse, hint: "quit", help: "leave; asks while a session is open", do: (*screen).quit},
	}...)
	for i, p := range []string{"Transcript", "MX", "Caps", "Limits", "TLS"} {
		rows = append(rows, binding{id: "pane" + p, keys: []string{fmt.Sprint(i + 1)}, in: inBrowse, help: "the pane " + p, do: func(m *screen) tea.Cmd { return m.show(i) }})
	}
	return append(rows, []binding{
		{id: "paneMessage", keys: []string{"6", "m"}, in: inBrowse, help: "the pane Message: the draft as it was left", do: (*screen).draftAgain},
		{id: "paneScript", keys: []string{"7"}, in: inBrowse, help: "the pane Script", do: func(m *screen) tea.Cmd { return m.show(scriptAt) }},
		{id: "reconnect", keys: []string{"r"}, in: inBrowse, hint: "reconnect", enabled: func(m *screen) bool { return !m.live() }, help: "connect again: writes :reconnect, Enter does it", do: prefill("reconnect")},
		{id: "size", keys: []string{"S"}, in: inBrowse, enabled: func(m *screen) bool { return !m.live() }, help: "the exact maximum size: writes :size --exact, Enter does it", do: prefill("size --exact")},
		{id: "nexterror", keys: []string{"e"}, in: inTranscript, hint: "error", enabled: func(m *screen) bool { return m.log.errors > 0 && !m.held() }, help: "the next line that tells of a failure", do: func(m *screen) tea.Cmd { return m.jump(1) }},
		{id: "preverror", keys: []string{"E"}, in: inTranscript, help: "the one before", do: func(m *screen) tea.Cmd { return m.jump(-1) }},
		{id: "find", keys: []string{"/"}, in: inTranscript, hint: "search", help: "search for a text", do: startFind(modeFind)},
		{id: "findnext", keys: []string{"n"}, in: inTranscript, help: "the next line that has it", do: func(m *screen) tea.Cmd { return m.findNext(1) }},
		{id: "findprev", keys: []string{"N"}, in: inTranscript, help: "the one before", do: func(m *screen) tea.Cmd { return m.findNext(-1) }},
		{id: "filter", keys: []string{"&"}, in: inTranscript, help: "show only the lines that have a text", do: startFind(modeFilter)},
		{id: "whose", keys: []string{"x"}, in: inTranscript, help: "show the lines of the client, of the server, of all", do: (*screen).whose},
		{id: "exchange", keys: []string{"}"}, in: inTranscript, help: "the next command", do: func(m *screen) tea.Cmd { return m.exchange(1) }},
		{id: "exchangeback", keys: []string{"{"}, in: inTranscript, help: "the one before", do: func(m *screen) tea.Cmd { return m.exchange(-1) }},
		{id: "copy", keys: []string{"y"}, in: inTranscript, help: "copy the command of the selected line with its reply, or the range: to the clipboard and to a file", do: (*screen).copyExchange},
		{id: "range", keys: []string{"v"}, in: inTranscript, help: "begin a range of lines to copy", do: (*screen).startRange},
		{id: "copyall", keys: []string{"Y"}, in: inTranscript, help: "copy all lines that are shown", do: (*screen).copyAll},
		{id: "down", keys: []string{"j", "down"}, in: inBrowse | inReading | inReview, help: "a line down", do: by(1, false)},
		{id: "up", keys: []string{"k", "up"}, in: inBrowse | inReading | inReview, help: "a line up", do: by(-1, false)},
		{id: "pagerdown", keys: []string{" "}, show: "space", in: inReading, help: "a page down", do: by(1, true)},
		{id: "pagerfind", keys: []string{"/"}, in: inPager, hint: "search", help: "search for a text", do: startFind(modeFind)},
		{id: "pagernext", keys: []string{"n"}, in: inPager, help: "the next place that has it", do: func(m *screen) tea.Cmd { return m.findPage(1) }},
		{id: "pagerprev", keys: []string{"N"}, in: inPager, help: "the one before", do: func(m *screen) tea.Cmd { return m.findPage(-1) }},
		{id: "pagerup", keys: []string{"b"}, in: inPager, help: "a page up", do: by(-1, true)},
		{id: "space", keys: []string{" "}, show: "space", in: inTranscript, enabled: func(m *screen) bool { return !m.live() }, help: "a page down, while no script is played", do: by(1, true)},
		{id: "forward", keys: []string{"ctrl+f", "pgdown"}, show: "PgDn", in: inTranscript | inScript | inMessage, help: "a page down", do: by(1, true)},
		{id: "pageback", keys: []string{"b"}, in: inTranscript, help: "a page up", do: by(-1, true)},
		{id: "backward", keys: []string{"ctrl+b", "pgup"}, show: "PgUp", in: inTranscript | inScript | inMessage, help: "a page up", do: by(-1, true)},
		{id: "halfdown", keys: []string{"ctrl+d"}, in: inTranscript, help: "half a page down", do: func(m *screen) tea.Cmd { m.transcript.scroll(max(m.transcript.h/2, 1)); return nil }},
		{id: "halfup", keys: []string{"ctrl+u"}, in: inTranscript, help: "half a page up", do: func(m *screen) tea.Cmd { m.transcript.scroll(-max(m.transcript.h/2, 1)); return nil }},
		{id: "top", keys: []string{"g", "home"}, show: "g", in: inBrowse | inReading, help: "to the start", do: toEnd(false)},
		{id: "follow", keys: []string{"G", "end"}, show: "G", in: inTranscript, hint: "follow", enabled: func(m *screen) bool { return !m.transcript.follow }, help: "to the end, and follow what comes", do: toEnd(true)},
		{id: "next", keys: []string{"G", "end"}, show: "G", in: inScript, hint: "follow", enabled: func(m *screen) bool { return !m.played.follow }, help: "to the next line of the script, and follow it", do: toEnd(true)},
		{id: "bottom", keys: []string{"G", "end"}, show: "G", in: inFacts | inReading | inMessage, help: "to the end", do: toEnd(true)},
		{id: "followkey", keys: []string{"F"}, in: inTranscript, help: "follow what comes, or stay here", do: (*screen).toggleFollow},
		{id: "alone", keys: []string{"f"}, in: inBrowse, enabled: func(m *screen) bool { return m.lay.shape == shapeWide }, help: "on a wide screen: the transcript alone, or the facts beside it", do: (*screen).toggleAlone},
		{id: "pager", keys: []string{"o"}, in: inTranscript, help: "the lines that are shown, in $PAGER", do: (*screen).openPager},
		{id: "notnow", keys: []string{"c", "r", "S"}, in: inBrowse, enabled: (*screen).live, help: "while a script is played they do nothing, and say so", do: (*screen).notNow},
		{id: "mouse", keys: []string{"M"}, in: inBrowse, help: "the mouse scrolls and selects, or it is the terminal's own again", do: (*screen).toggleMouse},
		{id: "fold", keys: []string{"z"}, in: inTranscript, help: "fold or unfold a reply of several lines, or a message", do: (*screen).fold},
		{id: "foldall", keys: []string{"Z"}, in: inTranscript, help: "the same for all of them", do: (*screen).foldAll},
		{id: "times", keys: []string{"t"}, in: inTranscript, help: "times since the start, times of day, none", do: (*screen).times},
		{id: "time", keys: []string{"T"}, in: inBrowse, hint: "time", help: "where the time went: each step with a bar to scale, from the selected line on", do: (*screen).showTime},
		{id: "wrap", keys: []string{"w"}, in: inTranscript, help: "wrap long lines, or cut them at the edge", do: func(m *screen) tea.Cmd { m.transcript.cut = !m.transcript.cut; return nil }},
	}...)
}

// section is where the keys of a part of the help work.
type section struct {
	in    where
	title string
}

// contexts in the order in which the help has them.
var contexts = [...]section{
	{inLine, "The SMTP line"},
	{inTranscript, "Browsing the transcript (esc leads there)"},
	{inPaste, "A paste of several lines"},
	{inRecall, "Searching what was typed (ctrl+r)"},
	{inFacts, "Browsing the facts: MX, Caps, Limits, TLS"},
	{inMatrix, "Probing all addresses (a)"},
	{inTime, "Where the time went (T)"},
	{inMessage, "Browsing the message (6)"},
	{inField, "Editing a field of the message"},
	{inBody, "Editing its body"},
	{inReview, "The review: send it?"},
	{inScript, "Browsing the script (7)"},
	{inPalette, "Commands (behind :)"},
	{inSecret, "A password (:auth)"},
	{inSave, "Saving (s)"},
	{inFind, "A text to search for, or to filter by (/ and &)"},
	{inEdit, "Editing the next line of the script (e)"},
	{inPager, "Help and details"},
	{inQuestion, "Leave?"},
	{inTiny, "A terminal below 20x5"},
}

// hints is the row of keys that work now, cut from the right to w cells.
func (m *screen) hints(w int) string {
	here := m.where()
	row := ""
	used := 0
	for i := range m.keys {
		b := &m.keys[i]
		if b.hint == "" || b.in&here == 0 || b.enabled != nil && !b.enabled(m) {
			continue
		}
		n := face.Cells(b.name()) + 1 + face.Cells(b.hint)
		if used > 0 {
			n += 2
		}
		if used+n > w {
			break
		}
		if used > 0 {
			row += "  "
		}
		row += m.st.Bold.Render(b.name()) + " " + b.hint
		used += n
	}
	return row
}

// KeyTable is the list of keys for the README, in Markdown.
func KeyTable() string {
	var b strings.Builder
	all := bindings()
	for _, c := range contexts {
		fmt.Fprintf(&b, "**%s**\n\n| keys | |\n| --- | --- |\n", c.title)
		for _, k := range all {
			if k.in&c.in != 0 {
				fmt.Fprintf(&b, "| `%s` | %s |\n", k.name(), strings.ReplaceAll(k.help, "|", "\\|"))
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("**The commands behind `:`**\n\n| command | |\n| --- | --- |\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.usage, c.help)
	}
	return b.String()
}
