package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/transcript"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
)

// tickEvery is how often the time of a pending reply is drawn anew. Nothing
// ticks while nothing is awaited.
const tickEvery = 100 * time.Millisecond

type tick struct{}

// batch is the message that there is something in the feed.
type batch struct{}

// saved is the end of writing a file.
type saved struct {
	path    string
	letters []string // messages that were kept beside it
	lost    error    // why one was not
	talk    int      // how much of what was said is in it
	draft   string   // the draft that is in it
	err     error
}

// gone says that the engine has left.
type gone struct{}

// screen is the program's one model. It does no I/O: the engine talks to the
// server, commands (tea.Cmd) write files.
type screen struct {
	o      Options
	title  string    // the target, as written
	plan   flow.Plan // how it is opened
	st     face.Styles
	keys   []binding
	engine *engine.Engine
	feed   *engine.Feed

	lay        layout
	log        *log
	transcript *transcriptPane
	facts      [panes - 1]*factPane
	hosts      routes
	clock      *timePane
	prober     *engine.Prober
	probed     *matrix     // the last probing; nil: there was none
	played     *scriptPane // nil: none was loaded
	composer   *composer
	view       transcript.View
	now        engine.Status
	ready      bool // the session has been ready since it was opened
	dialing    event.Connecting

	mode    mode
	back2   mode // where the pager and the question lead back to
	pane    int  // 0: the transcript
	focus   int  // the pane of facts that had the cursor when they were arranged last
	line    face.Field
	palette face.Field
	edit    face.Field // the line that is to take the place of the next one of the script
	asking  face.Field // a text to search for, or to filter by
	filter  filter
	looking *looking // the files that it is looking for
	paths   *looker
	asks    *session.Auth // the login whose password is being typed
	// recording is the file that the session is recorded to, or "".
	recording string
	recorder  *engine.Scribe // who writes it
	history   *keep.History
	recall    recall
	queue     queue    // lines of a paste
	choices   *choices // how what is typed may go on
	unsaved   bool     // there is something new in it
	unkept    bool     // that the history cannot be written has been said
	helo      string   // this host's name, as it was last said
	pager     *pager
	problem   *problem
	lastSent  string    // the last command of the connection, as it may be shown
	byHand    bool      // since its last line a script is held, and something was typed
	hint      string    // what the last key came to; gone with the next
	armed     bool      // the next ctrl+c leaves
	empty     bool      // the next Enter sends a line that is empty
	alone     bool      // the transcript has the whole width
	mouse     bool      // the mouse is asked for
	skipped   time.Time // when a host was, see canSkip

	since     time.Time // what runs runs since then
	begin     bool      // the terminal's size has still to come
	loading   string    // the command whose script is being read
	ticking   bool
	leaving   bool
	asksLogin bool // the server has asked for a line of one

	keeping   bool // the draft is being written before leaving
	draftKept draftFile
	saved     []string
	talk      talk
	kept      string          // the script that was saved last
	spill     *spill          // the file of what the log has no more room for; nil: it has
	ending    context.Context // its end is the program's
	away      func(bool)      // another program has the terminal
}

func newScreen(o Options, f *engine.Feed, e *engine.Engine, first *engine.Run, h *keep.History, st face.Styles) *screen {
	l := newLog()
	l.spills = o.Dir != "" && o.beside != nil
	m := &screen{
		o: o, title: o.Plan.Target.Text, plan: o.Plan, prober: engine.NewProber(o.Session, f), st: st, keys: bindings(), engine: e, feed: f,
		log: l, history: h, queue: queue{at: -1}, paths: newLooker(),
		facts: [panes - 1]*factPane{nil, newCapabilities(), newLimits(), newTLS()},
		now:   e.Status(), since: o.Now(), begin: true,
		ending: context.Background(), away: func(bool) {},
	}
	m.facts[0], m.clock = newExchangers(&m.hosts), newTimePane()
	m.composer = newComposer(o.From, o.Plan.Target.Recipient, m.usualSubject())
	if first != nil {
		m.load(first, "")
	}
	m.transcript = newTranscriptPane(l, &m.st)
	if n := len(o.Intro); n > 0 { // the transcript scrolls it away
		m.hint = o.Intro[n-1]
	}
	m.resize(o.Width, o.Height)
	return m
}

func (m *screen) Init() tea.Cmd {
	if m.o.Width <= 0 {
		return m.awaken() // the terminal's size comes by itself
	}
	return tea.Batch(m.awaken(), func() tea.Msg { return tea.WindowSizeMsg{Width: m.o.Width, Height: m.o.Height} })
}

func (m *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyMsg:
		cmd = m.key(msg)
	case batch:
		m.Apply(m.feed.Take())
		m.applyProbes(m.prober.Take())
		if cmd = tea.Batch(m.awaken(), m.idle(), m.recount()); m.unsaved {
			m.unsaved = false
			cmd = tea.Batch(cmd, m.keepHistory())
		}
	case tick:
		m.ticking = false
		if m.recorder != nil {
			m.recordFails()
		}
		cmd = m.awaken()
	case idleTick:
		m.composer.idling = false
		cmd = tea.Batch(m.idle(), m.lookAgain())
	case filesChanged:
		cmd = m.countAgain(msg)
	case saved:
		m.wrote(msg)
		cmd = m.savedFirst(msg)
	case tea.MouseMsg:
		m.clicked(tea.MouseEvent(msg))
	case copied:
		m.copiedTo(msg)
	case recorded:
		m.recordBegun(msg)
	case served:
		m.servedAt(msg)
	case paging:
		cmd = m.pageFile(msg)
	case paged:
		if msg.err != nil {
			m.hint = "the pager: " + msg.err.Error()
		}
	case kept:
		m.keptHistory(msg)
	case loaded:
		cmd = m.run(msg)
	case draftSize:
		cmd = m.measured(msg)
	case completed:
		m.completes(msg)
	case namesFound:
		m.namesFound(msg)
	case attached:
		cmd = m.attaches(msg)
	case edited:
		cmd = m.edited(msg)
	case opened:
		cmd = m.openDraft(msg)
	case textRead:
		cmd = m.textIsRead(msg)
	case reviewed:
		cmd = m.asked(msg)
	case octets:
		m.octetsShown(msg)
	case draftFile:
		cmd = m.keptDraft(msg)
	case suspend:
		cmd = m.suspend()
	case goOn:
		cmd = m.retake()
	case back:
		if msg.err != nil {
			m.hint = msg.err.Error()
		}
	case gone:
		return m, tea.Quit
	}
	return m, cmd
}

// awaken starts the ticking where something is awaited.
func (m *screen) awaken() tea.Cmd {
	if m.ticking || m.now.Doing.Still() && !m.probed.running() {
		return nil
	}
	m.ticking = true
	return tea.Tick(tickEvery, func(time.Time) tea.Msg { return tick{} })
}

func (m *screen) resize(w, h int) {
	m.lay = divide(w, h)
	if m.alone {
		m.lay = m.lay.alone()
	}
	m.composer.small = m.lay.shape == shapeSmall
	if m.begin && m.lay.shape != shapeTiny {
		m.begin = false
		m.showScript()
	}
	m.arrange()
	m.transcript.fill()
	if m.transcript.sel >= 0 && !m.transcript.follow {
		m.transcript.sel = m.log.clamp(m.transcript.sel)
		m.transcript.reveal()
	}
}

// Apply takes what the session told, what became of the script, and what the
// engine does now. It moves neither the focus nor the cursor, the selection or
// the window.
func (m *screen) Apply(events []event.Event, marks map[int32]engine.Mark, now engine.Status) {
	for _, e := range events {
		m.log.Apply(e)
		before := m.view.Lookup
		if f, failed := e.(event.Failed); !failed || f.Error.Kind != event.ExpectationFailed {
			m.view.Apply(e) // that is the script's failure, the session goes on
		}
		begins := !m.view.Lookup.IsZero() && !m.view.Lookup.Equal(before)
		m.hosts.Apply(e, begins)
		m.clock.Apply(e, begins)
		m.judge(e)
		m.talk.Apply(e)
		m.composer.hear(e)
		m.heard(e)
	}
	m.spillOver()
	m.spillFails()
	if m.recorder != nil {
		m.recorder.Put(events)
		m.recordFails()
	}
	m.talk.settle(m.now.Script.End, now.Script.End)
	m.composer.settle(now.Posted)
	if m.played != nil {
		m.played.Apply(marks)
		m.judgeScript(marks, now.Script)
	}
	if len(events) > 0 {
		m.transcript.start = m.view.Started
		for _, p := range m.facts {
			p.stale()
		}
	}
	if now.Plan != nil && now.Plan != m.now.Plan {
		m.title, m.plan = now.Plan.Target.Text, *now.Plan
	}
	if now.Doing != m.now.Doing && now.Doing != engine.Idle || now.Script.Row != m.now.Script.Row {
		m.since = m.o.Now()
	}
	m.now = now
	m.settlePaste(now.Pasted)
}
