package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/play"
	lang "ehlo/session/script"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/outline"
)

// scripting are the keys of a script that is being played.
func scripting() []binding {
	return []binding{
		{id: "runagain", keys: []string{"R"}, in: inBrowse, hint: "play again", enabled: func(m *screen) bool { return (m.played != nil || m.kept != "") && m.o.Load != nil && !m.live() }, help: "run the script again, or what was saved: writes :run FILE, Enter does it", do: (*screen).runAgain},
		{id: "go", keys: []string{" "}, show: "space", in: inBrowse, hint: "go on", enabled: func(m *screen) bool { return m.held() || m.played != nil && m.now.Script.Phase == engine.PhasePausing }, help: "a script that is held: let it go on by itself", do: (*screen).goOn},
		{id: "pause", keys: []string{" "}, show: "space", in: inBrowse, hint: "pause", enabled: func(m *screen) bool { return m.now.Script.Phase == engine.PhaseRunning }, help: "a script that goes on: hold it before its next line", do: (*screen).pause},
		{id: "step", keys: []string{"."}, in: inBrowse, hint: "step", enabled: (*screen).live, help: "carry out one line of the script (a reply of several lines is one)", do: (*screen).stepScript},
		{id: "breakpoint", keys: []string{"b"}, in: inScript, hint: "breakpoint", help: "hold the script before the selected line, or no longer", do: (*screen).breakpoint},
		{id: "editnext", keys: []string{"e"}, in: inBrowse, hint: "edit", enabled: (*screen).held, help: "while the script is held: change its next line before it is carried out", do: (*screen).editNext},
		{id: "stopscript", keys: []string{"ctrl+c"}, in: inBrowse, hint: "stop", enabled: (*screen).live, help: "end what the script does, and hold it there; again, or of a script that is held: end the script", do: (*screen).interrupt},
	}
}

// live says that a script is being played.
func (m *screen) live() bool { return m.played != nil && m.now.Script.Phase.Live() }

// held says that it waits for the person.
func (m *screen) held() bool { return m.played != nil && m.now.Script.Phase == engine.PhaseHeld }

// beside is the pane before or behind the present one.
func (m *screen) beside(way int) int {
	order := []int{0, 1, 2, 3, 4, messageAt}
	if m.played != nil {
		order = append(order, scriptAt)
	}
	for i, pane := range order {
		if pane == m.pane {
			return order[(i+way+len(order))%len(order)]
		}
	}
	return 0
}

// showScript leads to the keys of a script: where there is room for both it is
// shown beside the transcript, else a row below that says what is next.
func (m *screen) showScript() {
	if m.played == nil {
		return
	}
	m.mode, m.pane = modeBrowse, 0
	if m.lay.side > 0 {
		m.pane = scriptAt
	}
}

// load takes a script that is about to be played.
func (m *screen) load(r *engine.Run, run string) {
	if run == "" {
		run = r.Outline.Name
	}
	m.played, m.kept, m.byHand = newScriptPane(r, run), "", false
	m.showScript()
}

func (m *screen) goOn() tea.Cmd {
	m.follow()
	m.engine.GoOn()
	return nil
}

func (m *screen) pause() tea.Cmd {
	m.engine.Pause()
	return nil
}

func (m *screen) stepScript() tea.Cmd {
	m.follow()
	m.engine.Step()
	return nil
}

// follow brings what the script does next into sight: the person asked for it.
func (m *screen) follow() {
	m.byHand = false
	m.played.follow = true
	m.transcript.resume()
}

// breakpoint sets or clears one at the item that the selected row belongs to.
func (m *screen) breakpoint() tea.Cmd {
	p := m.played
	n := p.cursor(m.now.Script)
	if n >= 0 {
		n -= p.x.Rows[n].Back
	}
	if n < 0 || !p.x.Rows[n].Head {
		m.hint = "nothing is carried out in this line: a breakpoint goes to one that is"
		return nil
	}
	on := !p.breaks[n]
	if on {
		p.breaks[n] = true
	} else {
		delete(p.breaks, n)
	}
	m.engine.BreakAt(n, on)
	return nil
}

func (m *screen) scriptDetails() tea.Cmd {
	if n := m.played.cursor(m.now.Script); n >= 0 {
		m.page("A line of the script", m.played.details(n, m.now.Script), nil)
	}
	return nil
}

// notNow says why a key does nothing.
func (m *screen) notNow() tea.Cmd {
	m.hint = "not while a script is played: ctrl+c stops it"
	return nil
}

// runAgain offers the script that was saved since the last one was played, or
// that one.
func (m *screen) runAgain() tea.Cmd {
	file := m.kept
	if file == "" {
		file = m.played.run
	}
	return prefill("run " + file)(m)
}

// editNext opens the next line of the script for a change.
func (m *screen) editNext() tea.Cmd {
	p, n := m.played, m.now.Script.Row
	if n < 0 {
		return nil
	}
	item, changed := p.edited[n]
	if !changed {
		item = p.x.Rows[n].Item
	}
	m.follow()
	m.mode = modeEdit
	m.edit.Set("")
	group, several := item.(lang.Server)
	switch {
	case item == nil:
	case p.x.Hides(n) && !changed:
		m.hint = "there is a secret in this line, which is not shown: what is typed takes its place"
	case several && len(group.Lines) > 1:
		m.hint = fmt.Sprintf("the line takes the place of all %d of this reply", len(group.Lines))
		fallthrough
	default:
		m.edit.Set(play.Line(item))
	}
	return nil
}

// editDone takes the edited line; what is wrong with it is said, and it stays.
func (m *screen) editDone() tea.Cmd {
	n := m.now.Script.Row
	item, err := m.parseEdit(n, m.edit.String())
	if err == nil {
		var items []lang.Item
		if item != nil {
			items = append(items, item)
		}
		err = m.engine.Replace(n, items)
	}
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	m.played.edited[n] = item
	m.mode = modeBrowse
	return nil
}

// parseEdit is a line as an item of the script in the place of a row; nil: it
// says nothing.
func (m *screen) parseEdit(n int32, line string) (lang.Item, error) {
	at := m.played.x.At(n)
	// Below as many empty lines as there are lines before it: so it has its
	// place in the script for whatever is said of it.
	s, err := lang.Parse(at.File, strings.NewReader(strings.Repeat("\n", max(at.Line-1, 0))+line))
	if wrong, ok := errors.AsType[*lang.Error](err); ok {
		return nil, fmt.Errorf("column %d: %s", wrong.Column, wrong.Message)
	}
	if err != nil {
		return nil, err
	}
	var item lang.Item
	for _, i := range s.Items {
		switch i.(type) {
		case lang.Comment:
		case lang.Include, lang.Repeat:
			return nil, errors.New("expected one line that is carried out: no @include, no @repeat")
		default:
			item = i
		}
	}
	known := map[string]string{}
	for _, name := range play.Names() {
		known[name] = ""
	}
	for _, names := range []map[string]string{m.played.o.Vars, m.played.o.Known} {
		for name := range names {
			known[name] = ""
		}
	}
	for name := range m.played.x.Sets {
		known[name] = ""
	}
	if wrong, ok := errors.AsType[*lang.Error](s.Check(known)); ok {
		return nil, fmt.Errorf("column %d: %s", wrong.Column, wrong.Message)
	}
	return item, nil
}

// loaded is a script that was read for :run.
type loaded struct {
	argument string
	run      *engine.Run
	err      error
}

// runFile reads a script; it is played when it has been read.
func (m *screen) runFile(argument string) (tea.Cmd, error) {
	switch {
	case m.o.Load == nil:
		return nil, errors.New("no script can be run here")
	case m.loading != "":
		return nil, errors.New(m.loading + " is still being read")
	case m.live():
		return nil, errors.New("a script is being played: ctrl+c stops it")
	case m.now.Doing != engine.Idle:
		return nil, errors.New("something else is being done (ctrl+c stops it)")
	}
	file, here, sets := runArguments(argument)
	if file == "" {
		return nil, errors.New("run FILE [here] [NAME=VALUE...]")
	}
	m.loading, m.hint = file, "reading "+file
	load := m.o.Load
	return func() tea.Msg {
		o, err := load(file, sets)
		if err != nil {
			return loaded{argument, nil, err}
		}
		o.Here = here
		return loaded{argument, engine.NewRun(outline.New(o.Script), *o), nil}
	}, nil
}

// runArguments takes the NAME=VALUE off the end of what :run was given, and the
// word here before them; the name of a file may have blanks.
func runArguments(argument string) (file string, here bool, sets []string) {
	words := strings.Fields(argument)
	for len(words) > 1 {
		last := words[len(words)-1]
		name, _, ok := strings.Cut(last, "=")
		if !ok || !lang.IsName(name) {
			break
		}
		sets = append([]string{last}, sets...)
		words = words[:len(words)-1]
		argument = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), last))
	}
	if file, ok := strings.CutSuffix(argument, " here"); ok {
		return strings.TrimSpace(file), true, sets
	}
	return argument, false, sets
}

// run plays a script that was read. Where that cannot be, what was typed stays
// in the palette.
func (m *screen) run(l loaded) tea.Cmd {
	m.loading, m.hint = "", ""
	if p := m.played; l.err == nil && p != nil && p.x.Name == l.run.Outline.Name {
		for n := range p.breaks { // they stay where they are, when a script is run again
			if x := l.run.Outline; int(n) < len(x.Rows) && x.Rows[n].Head {
				l.run.Breaks[n] = true
			}
		}
	}
	if l.err == nil {
		l.err = m.engine.Open(engine.Request{Script: l.run})
	}
	if l.err != nil {
		m.hint = l.err.Error()
		return nil
	}
	m.problem = nil
	m.transcript.resume()
	m.load(l.run, l.argument)
	return m.awaken()
}

// judgeScript keeps what went wrong with the script in sight, and not what it
// expected.
func (m *screen) judgeScript(marks map[int32]engine.Mark, now engine.ScriptStatus) {
	for _, k := range marks {
		if k.State == engine.StateOK && m.problem != nil && m.problem.script {
			m.problem = nil
		}
	}
	if now.Phase == engine.PhaseEnded && m.now.Script.Phase != engine.PhaseEnded && now.End != nil {
		if e := now.End.Err; e != nil && e.Kind == event.Interrupted {
			m.fails(problem{mark: '!', what: e.Message})
		}
		if now.End.Err != nil && m.problem != nil && m.o.Load != nil {
			m.problem.next = "esc, then R runs the script again"
		}
	}
}

// scriptWords say where the script is: "held before line 12", which one and how
// far it is the header says; when it has ended, "SCRIPT smoke.smtp OK: all 9
// expectations came true".
func (m *screen) scriptWords() string {
	if m.played == nil {
		return ""
	}
	now := m.now.Script
	if now.Phase == engine.PhaseEnded {
		head := "SCRIPT " + m.st.Glyphs.Cut(m.played.name(), m.lay.w/4)
		if now.End == nil {
			return head
		}
		return head + " " + string(now.End.How) + ": " + now.End.Count
	}
	place := m.played.x.Place(now.Row)
	switch {
	case now.Phase == engine.PhaseHeld && m.now.Doing == engine.Asking:
		return m.waiting()
	case now.Phase == engine.PhaseHeld && now.Stop:
		return "breakpoint before " + place
	case now.Phase == engine.PhaseHeld:
		return "held before " + place
	}
	head := m.waiting()
	if now.Phase == engine.PhasePausing {
		head += ", held then"
	}
	return head
}

// scriptCount is which of its items the script is at.
func (m *screen) scriptCount() string {
	x := m.played.x
	n := int32(0)
	if row := m.now.Script.Row; row >= 0 {
		n = x.Rows[row].Ordinal
	}
	return fmt.Sprintf("%d/%d", n, x.Items)
}

// mailRow says, before anything of a script is carried out, that it sends mail:
// one that was recorded sends it again.
func (m *screen) mailRow() string {
	if !m.held() || m.played.begun {
		return ""
	}
	x := m.played.mail
	if x.Messages == 0 {
		return ""
	}
	what, to := "a message", count(x.Recipients, "recipient")
	if x.Messages > 1 {
		what = count(x.Messages, "message")
	}
	if x.More {
		what, to = "at least "+what, "at least "+to
	}
	return "* this script sends " + what + " to " + to
}

// nextRow says what the script does or does next, where its pane is not in
// sight; elapsed is for how long.
func (m *screen) nextRow() (text, elapsed string) {
	if !m.live() || m.lay.side > 0 || m.pane == scriptAt {
		return "", ""
	}
	now := m.now.Script
	word := "next"
	if now.Phase.Goes() {
		word = "run "
		if _, since, _ := m.awaited(); !since.IsZero() {
			elapsed = fmt.Sprintf("%.1f s", max(m.o.Now().Sub(since), 0).Seconds())
		}
	}
	text = "(connecting)"
	if now.Row >= 0 {
		text = m.played.x.Text(now.Row)
		if item, changed := m.played.edited[now.Row]; changed {
			text = "~ " + m.played.x.Instead(now.Row, item)
		}
		text = fmt.Sprintf("%s %s", strings.TrimPrefix(m.played.x.Place(now.Row), "line "), strings.TrimSpace(text))
	}
	return word + " " + text, elapsed
}
