package tui

import (
	"cmp"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/transcript"
)

// enter sends the line, or says why it does not; then the text stays.
func (m *screen) enter() tea.Cmd {
	text := m.line.String()
	now := m.now
	if text == "" && !now.inText && !now.asked && now.doing.still() && now.connected && !m.empty {
		m.empty, m.hint = true, "the line is empty: Enter again sends an empty line"
		return nil
	}
	m.empty = false
	if m.queue.auto {
		m.hint = "the paste is being sent: ctrl+c stops that"
		return nil
	}
	beyond, err := m.engine.send(text)
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	m.line.set("")
	m.queue.sent(&m.line)
	if beyond > 0 {
		m.hint = count(int(beyond), "octet") + " more than the chunk had: the server takes them for a command"
	}
	if !now.inText && !now.asked {
		m.history.add(text)
	}
	m.history.at = len(m.history.lines)
	m.transcript.resume()
	return m.keepHistory()
}

func (m *screen) older() tea.Cmd {
	if m.queue.at >= 0 {
		m.queue.walk(&m.line, -1)
		return nil
	}
	if s, ok := m.history.back(m.line.String()); ok {
		m.line.set(s)
	}
	return nil
}

func (m *screen) newer() tea.Cmd {
	if s, ok := m.history.forth(); ok {
		m.line.set(s)
		return nil
	}
	m.queue.walk(&m.line, 1)
	return nil
}

func (m *screen) offerQuit() tea.Cmd {
	switch {
	case m.now.chunk > 0:
		m.hint = "the chunk has " + m.chunkWords() + ": QUIT would be a part of it"
		return nil
	case m.now.inText:
		m.hint = "a line with only . ends the message text"
		return nil
	}
	m.line.set("QUIT")
	m.hint = "Enter sends QUIT"
	return nil
}

func (m *screen) browse() tea.Cmd {
	m.mode = modeBrowse
	return nil
}

func (m *screen) typeLine() tea.Cmd {
	m.mode = modeLine
	if m.lay.shape != shapeWide || m.pane == messageAt {
		m.pane = 0
	}
	return nil
}

// back goes one level back. In browse mode that is the transcript, and then a
// problem is dismissed.
func (m *screen) back() tea.Cmd {
	switch {
	case m.mode == modeSecret:
		m.forget()
	case m.mode == modePalette && m.offers != nil: // what was typed is there again
		m.palette.erase(m.offers.from, m.palette.at)
		m.palette.insert([]rune(m.offers.typed)...)
		m.offers = nil
	case m.mode == modePalette, m.mode == modeEdit, m.mode == modeFind, m.mode == modeFilter:
		m.mode, m.composer.returns = modeBrowse, false
	case m.mode == modeMatrix, m.mode == modeTime:
		m.mode = modeBrowse
	case m.mode == modePager, m.mode == modeQuestion, m.mode == modeSave:
		m.mode, m.pager = m.back2, nil
	case m.mode == modeField, m.mode == modeReview:
		m.leaveField()
	case m.pane != 0:
		m.pane = 0
	case m.transcript.mark >= 0:
		m.transcript.mark = -1
	case m.filter.on():
		m.filter = filter{}
		m.applyFilter()
	case m.problem != nil:
		m.problem = nil
	case m.transcript.sel >= 0 && !m.transcript.follow:
		m.transcript.sel = -1
	}
	return nil
}

// show chooses a pane.
func (m *screen) show(pane int) tea.Cmd {
	if pane == scriptAt && m.played == nil {
		m.hint = "no script is loaded: :run FILE loads one"
		return nil
	}
	m.pane = pane
	if pane > 0 && pane < panes {
		m.arrange()
		if p := m.facts[pane-1]; p.current() == nil {
			p.ends(false, m.factsHeight(pane-1))
		}
	}
	return nil
}

// by moves the cursor by lines, or the window by pages.
func by(n int, page bool) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		switch here := m.where(); {
		case here&inReading != 0 && page:
			m.pager.scroll(n*max(m.lay.body-1, 1), m.lay.body)
		case here&inReading != 0:
			m.pager.scroll(n, m.lay.body)
		case here == inMatrix && page:
			m.table().step(n*max(m.probed.shown-1, 1), m.probed.shown)
		case here == inMatrix:
			m.table().step(n, m.probed.shown)
		case here == inTime && page:
			m.steps().step(n*max(m.clock.shown-1, 1), m.clock.shown)
		case here == inTime:
			m.steps().step(n, m.clock.shown)
		case here == inReview:
			m.composer.reviewTop += n
		case here == inMessage && page:
			m.composer.step(n * max(m.lay.body-1, 1))
		case here == inMessage:
			m.composer.step(n)
		case here == inFacts:
			m.facts[m.pane-1].step(n, m.factsHeight(m.pane-1))
		case here == inScript && page:
			m.played.step(n*max(m.scriptHeight()-1, 1), m.now.script)
		case here == inScript:
			m.played.step(n, m.now.script)
		case page:
			m.transcript.scroll(n * max(m.transcript.h-1, 1))
		default:
			m.transcript.step(n)
		}
		return nil
	}
}

func toEnd(last bool) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		switch here := m.where(); {
		case here&inReading != 0 && last:
			m.pager.scroll(m.pager.rows(), m.lay.body)
		case here&inReading != 0:
			m.pager.top = 0
		case here == inMatrix:
			m.table().ends(last, m.probed.shown)
		case here == inTime:
			m.steps().ends(last, m.clock.shown)
		case here == inFacts:
			m.facts[m.pane-1].ends(last, m.factsHeight(m.pane-1))
		case here == inMessage && last:
			m.composer.step(len(m.composer.items()))
		case here == inMessage:
			m.composer.step(-len(m.composer.items()))
		case here == inScript && last:
			m.played.follow = true
		case here == inScript:
			m.played.step(-len(m.played.x.rows), m.now.script)
		case last:
			m.transcript.resume()
		default:
			m.transcript.choose(m.log.first)
			m.transcript.top = place{line: m.log.clamp(m.log.first)}
		}
		return nil
	}
}

// jump selects the next line, or the one before, that tells of a failure.
func (m *screen) jump(way int) tea.Cmd {
	if !m.seek(way, func(x *line) bool { return x.mark != ' ' && x.back == 0 }) {
		m.hint = map[bool]string{true: "no error behind this line", false: "no error before this line"}[way > 0]
	}
	return nil
}

func (m *screen) fold() tea.Cmd {
	id := m.transcript.selected()
	if id < 0 {
		return nil
	}
	if m.log.pass != nil {
		m.hint = "nothing is folded while a filter is on: esc ends the filter"
		return nil
	}
	head := m.log.head(id)
	x := m.log.line(head)
	if x.size < 2 {
		m.hint = "this line stands alone: j and k select another"
		return nil
	}
	x.folded = !x.folded
	if m.transcript.sel >= 0 {
		m.transcript.choose(head)
	}
	return nil
}

func (m *screen) foldAll() tea.Cmd {
	m.log.foldAll(!m.log.fold)
	return nil
}

func (m *screen) times() tea.Cmd {
	m.transcript.times = (m.transcript.times + 1) % timings
	return nil
}

// canChoose says that the fact under the cursor leads somewhere.
func (m *screen) canChoose() bool {
	f := m.facts[m.pane-1].current()
	return f != nil && (f.host != "" || len(f.detail) > 0)
}

func (m *screen) choose() tea.Cmd {
	f := m.facts[m.pane-1].current()
	if f.host != "" {
		return prefill("connect " + f.host)(m)
	}
	m.page(cmp.Or(f.title, "What it means"), f.detail, nil)
	return nil
}

// page opens the pager.
func (m *screen) page(title string, text []string, octets []byte) {
	if m.mode != modePager {
		m.back2 = m.mode
	}
	lines := make([]string, len(text))
	for i, l := range text {
		lines[i] = m.st.glyphs.words(l)
	}
	m.mode, m.pager = modePager, &pager{title: title, text: lines, octets: octets}
}

func (m *screen) help() tea.Cmd {
	m.page("Help", m.helpLines(), nil)
	return nil
}

// quit leaves at once where nothing would be lost, else it asks.
func (m *screen) quit() tea.Cmd {
	if !m.now.connected && m.now.doing == idle && len(m.line.text) == 0 && len(m.queue.lines) == 0 && !m.composer.unsent() {
		return m.leave()
	}
	m.back2, m.mode = m.mode, modeQuestion
	return nil
}

// leave ends the session politely and then the program. A second time it does
// not wait for the server.
func (m *screen) leave() tea.Cmd {
	if m.leaving {
		return tea.Quit
	}
	m.leaving = true
	m.mode = modeBrowse
	m.engine.leave()
	done := m.engine.done
	return func() tea.Msg {
		<-done
		return gone{}
	}
}

// busy says that ctrl+c stops something.
func (m *screen) busy() bool {
	return m.now.doing != idle || m.queue.auto || m.probed.running()
}

// interrupt stops what runs. Where nothing runs, it leaves the second time.
func (m *screen) interrupt() tea.Cmd {
	switch {
	case m.leaving || m.armed:
		return m.leave()
	case m.queue.auto:
		m.queue.stop = "as asked"
		m.engine.interrupt()
		m.advance()
		return nil
	case m.canSkip() && m.engine.pass():
		m.skipped = m.o.Now()
		m.hint = m.shortHost() + " is skipped; ctrl+c again, at once, stops"
		return nil
	case m.probed.running() && (m.mode == modeMatrix || m.pane == exchangersAt) && m.prober.interrupt():
		return nil
	case m.engine.interrupt(), m.prober.interrupt():
		return nil
	}
	m.armed = true
	m.hint = "nothing runs: ctrl+c again leaves ehlo"
	if m.lay.shape == shapeTiny {
		m.hint = "again: quit"
	}
	return nil
}

// tinyQuit leaves the second time, where the screen is too small to ask; once,
// it stops nothing.
func (m *screen) tinyQuit() tea.Cmd {
	if m.leaving || m.armed {
		return m.leave()
	}
	m.armed, m.hint = true, "q again leaves"
	if cells(m.hint) > m.lay.w {
		m.hint = "q: leave"
	}
	return nil
}

// prefill opens the palette with a command in it; Enter carries it out.
func prefill(command string) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		m.mode = modePalette
		m.palette.set(command)
		return nil
	}
}

// command is one of those behind ':'.
type command struct {
	name, usage, help string
	do                func(m *screen, argument string) (tea.Cmd, error)
	// values are what may stand for the word that is being typed, behind the
	// arguments that are done; nil: nothing is known.
	values func(m *screen, done []string, typed string) []string
}

func commands() []command {
	return append([]command{
		{"connect", "connect TARGET", "open a session with an exchanger of the list, or with any other target", (*screen).connect, targets},
		{"reconnect", "reconnect", "open a new session with the same server", (*screen).reconnect, nil},
		{"starttls", "starttls", "STARTTLS, the handshake, and EHLO again", (*screen).startTLS, nil},
		{"auth", "auth [MECHANISM] USER [--insecure]", "log in; the password is asked for and not shown", (*screen).login, loginValues},
		{"size", "size " + sizeFlags, "find out the maximum message size in force, with MAIL and RSET, in the open session", (*screen).size, some("--exact", "--from", "--budget", "--ceiling")},
		{"probe", "probe all", "probe every address of the target at once, beside the open session", (*screen).probeAll, some("all")},
		{"run", "run FILE [here] [NAME=VALUE…]", "play a script, held before its first line; here: with this target's servers, whatever its @connect says", (*screen).runFile, scripts},
		{"serve", "serve [FILE]", "play the server's side of a script, or of what was saved, on loopback", (*screen).serve, scripts},
		{"record", "record FILE", "write the session to a script, from its start to the end", (*screen).record, files},
		{"export", "export [FILE]", "save the session: FILE.smtp is a script, .txt text, .json the report, .eml the last message", (*screen).saveAs, files},
		{"copy", "copy swaks|curl|openssl", "copy a command of that tool that does what this session does", (*screen).copyAs, some("swaks", "curl", "openssl")},
		{"set", "set [NAME VALUE]", "change a setting; alone: list them", (*screen).setUp, settingValues},
		{"help", "help", "all keys", func(m *screen, _ string) (tea.Cmd, error) {
			m.mode = modeBrowse
			return m.help(), nil
		}, nil},
		{"quit", "quit", "QUIT, then the end", func(m *screen, _ string) (tea.Cmd, error) { return m.leave(), nil }, nil},
	}, messageCommands()...)
}

// runCommand carries out what stands in the palette; what is wrong with it is
// said, and it stays.
func (m *screen) runCommand() tea.Cmd {
	name, argument, _ := strings.Cut(strings.TrimSpace(m.palette.String()), " ")
	if name == "" {
		return m.back()
	}
	found := findCommand(name)
	if found == nil {
		m.hint = "there is no command " + name + " (" + commandNames() + ")"
		return nil
	}
	cmd, err := found.do(m, strings.TrimSpace(argument))
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	if m.mode == modePalette && m.loading == "" {
		m.mode = modeBrowse
	}
	return cmd
}

func commandNames() string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// connect opens a session with an exchanger of the present route, or with
// another target.
func (m *screen) connect(name string) (tea.Cmd, error) {
	if name == "" {
		return m.reconnect("")
	}
	r := request{host: name}
	if !m.exchanger(name) {
		target, err := session.ParseTarget(name)
		if err != nil {
			return nil, err
		}
		plan := m.o.Plan
		plan.Target, plan.Server, plan.Only = target, "", nil
		if target.Port != 0 {
			plan.Port = 0
		}
		r = request{plan: &plan}
	}
	if err := m.engine.open(r); err != nil {
		return nil, err
	}
	if r.plan != nil {
		m.title, m.plan = name, *r.plan
	}
	return m.opened()
}

func (m *screen) exchanger(name string) bool {
	route := m.hosts.shown()
	if route == nil {
		return false
	}
	for _, x := range route.Exchangers {
		if sameHost(x.Host, name) && len(x.Addresses) > 0 {
			return true
		}
	}
	return false
}

func (m *screen) reconnect(string) (tea.Cmd, error) {
	if err := m.engine.open(request{again: true}); err != nil {
		return nil, err
	}
	return m.opened()
}

// opened is what follows an accepted request for a session: the line is where
// the person goes on.
func (m *screen) opened() (tea.Cmd, error) {
	m.problem = nil
	m.transcript.resume()
	m.mode, m.pane = modeLine, 0
	if m.composer.returns { // it is for the draft that there shall be one
		m.composer.returns = false
		m.mode, m.pane = modeBrowse, messageAt
	}
	return nil, nil
}

// summary is what is printed under the prompt when the screen is gone.
func (m *screen) summary() []string {
	g := m.st.glyphs
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
		lines = append(lines, g.words(head))
		if c.Size != nil {
			lines = append(lines, g.words("maximum message size: "+c.Size.String()))
		}
		if d := c.Delivery(); d != transcript.DeliveryNone {
			lines = append(lines, "delivery: "+string(d))
		}
	}
	if e := m.view.Error; e != nil {
		lines = append(lines, g.words("failed: "+e.Message))
	}
	if end := m.now.script.end; end != nil {
		lines = append(lines, g.words(end.text))
		if e := end.err; e != nil && e.Message != end.text {
			lines = append(lines, "  "+g.words(e.Message))
		}
	}
	if m.view.Refused > 0 {
		lines = append(lines, fmt.Sprintf("replies 4yz and 5yz: %d", m.view.Refused))
	}
	for _, path := range m.saved {
		lines = append(lines, "saved: "+g.words(path))
	}
	return lines
}
