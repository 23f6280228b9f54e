package tui

import (
	"cmp"

	tea "github.com/charmbracelet/bubbletea"
)

// enter sends the line, or says why it does not; then the text stays.
func (m *screen) enter() tea.Cmd {
	text := m.line.String()
	now := m.now
	if text == "" && !now.InText && !now.Asked && now.Doing.Still() && now.Connected && !m.empty {
		m.empty, m.hint = true, "the line is empty: Enter again sends an empty line"
		return nil
	}
	m.empty = false
	if m.queue.going != nil {
		m.hint = "the paste is being sent: ctrl+c stops that"
		return nil
	}
	as, err := m.engine.Send(text)
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	m.talk.typed = m.talk.typed || as.Text || says(text)
	m.byHand = true
	m.line.Set("")
	m.queue.sent(&m.line)
	if as.Beyond > 0 {
		m.hint = count(int(as.Beyond), "octet") + " more than the chunk had: the server takes them for a command"
	}
	if !as.Text && !as.Secret {
		m.history.Add(text)
	}
	m.history.At = len(m.history.Lines)
	m.transcript.resume()
	return m.keepHistory()
}

func (m *screen) older() tea.Cmd {
	if m.queue.at >= 0 {
		m.queue.walk(&m.line, -1)
		return nil
	}
	if s, ok := m.history.Back(m.line.String()); ok {
		m.line.Set(s)
	}
	return nil
}

func (m *screen) newer() tea.Cmd {
	if s, ok := m.history.Forth(); ok {
		m.line.Set(s)
		return nil
	}
	m.queue.walk(&m.line, 1)
	return nil
}

func (m *screen) offerQuit() tea.Cmd {
	switch {
	case m.now.Chunk > 0:
		m.hint = "the chunk has " + m.chunkWords() + ": QUIT would be a part of it"
		return nil
	case m.now.InText:
		m.hint = "a line with only . ends the message text"
		return nil
	}
	m.line.Set("QUIT")
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
	case m.mode == modeFind && m.pager != nil:
		m.mode = modePager
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
		case here == inReview && page:
			m.composer.reviewTop += n * max(m.lay.body-1, 1)
		case here == inReview:
			m.composer.reviewTop += n
		case here == inMessage && page:
			m.composer.step(n * max(m.lay.body-1, 1))
		case here == inMessage:
			m.composer.step(n)
		case here == inFacts:
			m.facts[m.pane-1].step(n, m.factsHeight(m.pane-1))
		case here == inScript && page:
			m.played.step(n*max(m.scriptHeight()-1, 1), m.now.Script)
		case here == inScript:
			m.played.step(n, m.now.Script)
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
			m.composer.step(stepMost)
		case here == inMessage:
			m.composer.step(-stepMost)
		case here == inScript && last:
			m.played.follow = true
		case here == inScript:
			m.played.step(-len(m.played.x.Rows), m.now.Script)
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
		lines[i] = m.st.Glyphs.Words(l)
	}
	m.mode, m.pager = modePager, &pager{title: title, text: lines, octets: octets}
}
