package tui

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// mode is who gets the keys.
type mode uint8

const (
	modeLine mode = iota
	modeBrowse
	modePalette
	modePager
	modeQuestion // leave?
	modeEdit     // the next line of a script
	modeFind     // a text to search for
	modeFilter   // a text to filter by
	modeSave     // as what?
	modeSecret   // a password
	modeMatrix   // a probing of all addresses
	modeTime     // where the time went
	modeField    // a field of the message
	modeReview   // send it?
	modeRecall   // the history is searched
	modePaste    // a paste of several lines: how?
)

// panes is how many there always are: the transcript and the facts.
const panes = 5

// exchangersAt is the pane of the exchangers.
const exchangersAt = 1

// limitsAt is the pane of the limits.
const limitsAt = 3

// messageAt is the pane of the message, scriptAt that of the script.
const (
	messageAt = 5
	scriptAt  = 6
)

// tickEvery is how often the time of a pending reply is drawn anew. Nothing
// ticks while nothing is awaited.
const tickEvery = 100 * time.Millisecond

type tick struct{}

// saved is the end of writing a file.
type saved struct {
	path    string
	letters []string // messages that were kept beside it
	lost    error    // why one was not
	err     error
}

// gone says that the engine has left.
type gone struct{}

// problem is what went wrong last. It stays until it is dismissed, or until
// what it tells of is over.
type problem struct {
	mark  byte
	lines []string
	reply bool // a refused command, not a failure: the next success ends it
	apart bool // where there is no connection now, how to have one is said too
}

// screen is the program's one model. It does no I/O: the engine talks to the
// server, commands (tea.Cmd) write files.
type screen struct {
	o      Options
	title  string    // the target, as written
	plan   flow.Plan // how it is opened
	st     styles
	keys   []binding
	engine *engine
	feed   *feed

	lay        layout
	log        *log
	transcript *transcriptPane
	facts      [panes - 1]*factPane
	hosts      routes
	clock      *timePane
	prober     *prober
	probed     *matrix     // the last probing; nil: there was none
	played     *scriptPane // nil: none was loaded
	composer   *composer
	view       transcript.View
	now        status
	ready      bool // the session has been ready since it was opened
	dialing    event.Connecting

	mode    mode
	back2   mode // where the pager and the question lead back to
	pane    int  // 0: the transcript
	focus   int  // the pane of facts that had the cursor when they were arranged last
	line    field
	palette field
	edit    field // the line that is to take the place of the next one of the script
	asking  field // a text to search for, or to filter by
	filter  filter
	offers  *completion   // what tab offers in the palette; nil: nothing yet
	asks    *session.Auth // the login whose password is being typed
	// recording is the file that the session is recorded to, or "".
	recording string
	recorder  *until // its sink
	history   *history
	recall    recall
	queue     queue    // lines of a paste
	choices   *choices // how the line may go on
	unsaved   bool     // there is something new in it
	unkept    bool     // that the history cannot be written has been said
	helo      string   // this host's name, as it was last said
	pager     *pager
	problem   *problem
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
	kept      string          // the script that was saved last
	spill     *spill          // the file of what the log has no more room for; nil: it has
	ending    context.Context // its end is the program's
	away      func(bool)      // another program has the terminal
}

func newScreen(o Options, f *feed, e *engine, h *history, st styles) *screen {
	l := newLog()
	l.spills = o.Dir != "" && o.beside != nil
	m := &screen{
		o: o, title: o.Plan.Target.Text, plan: o.Plan, prober: newProber(o.Session, f), st: st, keys: bindings(), engine: e, feed: f,
		log: l, history: h, queue: queue{at: -1},
		facts: [panes - 1]*factPane{nil, newCapabilities(), newLimits(), newTLS()},
		now:   e.now, since: o.Now(), begin: true,
		ending: context.Background(), away: func(bool) {},
	}
	m.facts[0], m.clock = newExchangers(&m.hosts), newTimePane()
	m.composer = newComposer(o.From, o.Plan.Target.Recipient, m.usualSubject())
	if e.script != nil {
		m.load(e.script, "")
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
		m.Apply(m.feed.take())
		m.applyProbes(m.prober.take())
		if cmd = m.awaken(); m.unsaved {
			m.unsaved = false
			cmd = tea.Batch(cmd, m.keepHistory())
		}
	case tick:
		m.ticking = false
		cmd = m.awaken()
	case saved:
		m.wrote(msg)
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
	case attached:
		cmd = m.attaches(msg)
	case edited:
		cmd = m.edited(msg)
	case opened:
		cmd = m.openDraft(msg)
	case reviewed:
		cmd = m.asked(msg)
	case octets:
		m.octetsShown(msg)
	case draftFile:
		cmd = m.keptDraft(msg)
	case gone:
		return m, tea.Quit
	}
	return m, cmd
}

// awaken starts the ticking where something is awaited.
func (m *screen) awaken() tea.Cmd {
	if m.ticking || m.now.doing.still() && !m.probed.running() {
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
	if m.begin && m.lay.shape != shapeTiny {
		m.begin = false
		m.showScript()
	}
	m.arrange()
	if m.transcript.sel >= 0 && !m.transcript.follow {
		m.transcript.sel = m.log.clamp(m.transcript.sel)
		m.transcript.reveal()
	}
}

// Apply takes what the session told, what became of the script, and what the
// engine does now. It moves neither the focus nor the cursor, the selection or
// the window.
func (m *screen) Apply(events []event.Event, marks map[int32]mark, now status) {
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
		m.composer.hear(e)
		m.heard(e)
	}
	m.spillOver()
	m.recordFails()
	m.composer.settle(now.posted)
	if m.played != nil {
		m.played.Apply(marks)
		m.judgeScript(marks, now.script)
	}
	if len(events) > 0 {
		m.transcript.start = m.view.Started
		for _, p := range m.facts {
			p.stale()
		}
	}
	if now.doing != m.now.doing && now.doing != idle || now.script.row != m.now.script.row {
		m.since = m.o.Now()
	}
	m.now = now
	m.advance()
}

// judge keeps what went wrong in sight.
func (m *screen) judge(e event.Event) {
	switch e := e.(type) {
	case event.Connecting:
		m.ready, m.dialing = false, e
	case event.Failed:
		if e.Error.Kind == event.Skipped || e.Error.Stage == event.Quit && m.problem != nil && !m.problem.reply {
			return // it was asked for; what went wrong before is the cause
		}
		m.problem = &problem{mark: '!', lines: []string{e.Error.Message}}
		if e.Error.Kind == event.ExpectationFailed {
			return
		}
		if e.Error.Kind == event.Interrupted {
			m.problem = &problem{mark: '~', lines: []string{"stopped: the session was not opened"}}
			if m.now.script.phase.live() {
				m.problem.lines[0] = "the script was stopped"
			}
		}
		m.problem.apart = true
	case event.Extensions:
		m.ready, m.problem = true, nil
	case event.Closed:
		if e.By == "server" && m.problem == nil {
			m.problem = &problem{mark: '!', lines: []string{"the server closed the connection", "esc, then r, connects again"}}
			if m.now.script.phase.live() { // it may be what the script expects
				m.problem = &problem{mark: '!', lines: []string{"the server closed the connection"}, reply: true}
			}
		}
	case event.Reply:
		m.asksLogin = m.asksLogin || asksSecret(false, e)
		m.judgeReply(e)
	}
}

// judgeReply explains a refusal where it stands, and ends one that is over.
func (m *screen) judgeReply(e event.Reply) {
	if e.Reply.Class() < 4 || e.Answer {
		if m.problem != nil && m.problem.reply {
			m.problem = nil
		}
		return
	}
	lines := []string{replyHead(e) + ": " + wire.Explain(e.Verb, e.Reply.Code, e.Reply.Enhanced).String()}
	if len(e.Command) > 0 {
		sent := "sent " + string(e.Command) + ", answered after " + transcript.Milliseconds(e.Elapsed)
		lines = append(lines, sent)
	}
	m.problem = &problem{mark: markOf([]byte{byte('0' + e.Reply.Class())}), lines: lines, reply: true}
}

// replyHead is a reply in a few words: "550 5.1.1 to RCPT".
func replyHead(e event.Reply) string {
	words := []string{}
	if e.Reply.Code != 0 {
		words = append(words, strconv.Itoa(e.Reply.Code))
	}
	if e.Reply.Enhanced != "" {
		words = append(words, e.Reply.Enhanced)
	}
	switch {
	case e.Unasked:
		words = append(words, "unasked")
	case e.Verb == "" && e.Stage != event.Banner:
		words = append(words, "to an empty line")
	case e.Verb == "":
		words = append(words, "as greeting")
	case e.Verb == ".":
		words = append(words, "to the message")
	default:
		words = append(words, "to "+visibleVerb(e.Verb))
	}
	return strings.Join(words, " ")
}

// where is the context of the keys.
func (m *screen) where() where {
	switch {
	case m.lay.shape == shapeTiny:
		return inTiny
	case m.mode == modeLine:
		return inLine
	case m.mode == modePalette:
		return inPalette
	case m.mode == modePager:
		return inPager
	case m.mode == modeQuestion:
		return inQuestion
	case m.mode == modeEdit:
		return inEdit
	case m.mode == modeFind, m.mode == modeFilter:
		return inFind
	case m.mode == modeSave:
		return inSave
	case m.mode == modeSecret:
		return inSecret
	case m.mode == modeMatrix:
		return inMatrix
	case m.mode == modeTime:
		return inTime
	case m.mode == modeField && m.composer.at.part == partBody:
		return inBody
	case m.mode == modeField:
		return inField
	case m.mode == modeReview:
		return inReview
	case m.pane == messageAt:
		return inMessage
	case m.mode == modeRecall:
		return inRecall
	case m.mode == modePaste:
		return inPaste
	case m.pane == scriptAt:
		return inScript
	case m.pane != 0:
		return inFacts
	}
	return inTranscript
}

// field is the text field that has the focus.
func (m *screen) field() *field {
	switch m.mode {
	case modePalette:
		return &m.palette
	case modeEdit:
		return &m.edit
	case modeFind, modeFilter, modeSecret:
		return &m.asking
	case modeField:
		return &m.composer.f
	case modeRecall:
		return &m.recall.text
	}
	return &m.line
}

// key takes a key message apart: keys that arrive together are one message in
// Bubble Tea v1 ("jjj"), and over a slow line an esc and the letter behind it
// are alt and that letter.
func (m *screen) key(k tea.KeyMsg) tea.Cmd {
	if k.Paste {
		m.paste(k.Runes)
		return m.fieldTyped()
	}
	if k.Type != tea.KeyRunes && k.Type != tea.KeySpace {
		if k.Alt {
			k.Alt = false
		}
		return m.press(k.String(), 0)
	}
	var cmds []tea.Cmd
	if k.Alt {
		cmds = append(cmds, m.press("esc", 0))
	}
	for _, r := range k.Runes {
		cmds = append(cmds, m.press(string(r), r))
	}
	return tea.Batch(cmds...)
}

// press carries out one key.
func (m *screen) press(name string, r rune) (cmd tea.Cmd) {
	here := m.where()
	if here&(inField|inBody) != 0 {
		defer func() { cmd = tea.Batch(cmd, m.fieldTyped()) }()
	}
	m.hint = ""
	if name != "enter" {
		m.empty = false
	}
	if name != "ctrl+c" && !(here == inTiny && name == "q") {
		m.armed = false
	}
	if name != "tab" && name != "shift+tab" && name != "esc" {
		m.offers = nil
	}
	m.arrange()
	if here&inText == 0 || r == 0 {
		for i := range m.keys {
			b := &m.keys[i]
			if b.in&here != 0 && contains(b.keys, name) && (b.enabled == nil || b.enabled(m)) {
				return b.do(m)
			}
		}
	}
	if here&inText != 0 && r != 0 {
		m.field().insert(r)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
