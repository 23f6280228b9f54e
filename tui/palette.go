package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// mostOffered is how many values a completion offers.
const mostOffered = 50

// completion is what tab offers for the word before the cursor of the palette.
type completion struct {
	from   int // where the word begins
	typed  string
	values []string
	at     int // the one that stands in the field; -1: what was typed
}

// complete puts the next value (1), or the one before (-1), in the place of the
// word before the cursor.
func (m *screen) complete(way int) tea.Cmd {
	f := &m.palette
	if m.offers == nil {
		c := m.candidates()
		if len(c.values) == 0 {
			m.hint = "nothing completes this"
			return nil
		}
		m.offers = &c
	}
	c := m.offers
	c.at += way
	switch {
	case c.at < -1:
		c.at = len(c.values) - 1
	case c.at == len(c.values):
		c.at = -1
	}
	word := c.typed
	if c.at >= 0 {
		word = c.values[c.at]
	}
	f.erase(c.from, f.at)
	f.insert([]rune(word)...)
	if len(c.values) == 1 { // there is no other: what comes next is another word
		if !strings.HasSuffix(word, "/") && f.at == len(f.text) {
			f.insert(' ')
		}
		m.offers = nil
	}
	return nil
}

// candidates are the values for the word before the cursor.
func (m *screen) candidates() completion {
	before := string(m.palette.text[:m.palette.at])
	from := strings.LastIndexByte(before, ' ') + 1
	c := completion{from: len([]rune(before[:from])), typed: before[from:], at: -1}
	var all []string
	if from == 0 {
		for _, x := range commands() {
			all = append(all, x.name)
		}
	} else if x := findCommand(strings.Fields(before)[0]); x != nil && x.values != nil {
		all = x.values(m, strings.Fields(before[:from])[1:], c.typed)
	}
	for _, v := range all {
		if strings.HasPrefix(strings.ToLower(v), strings.ToLower(c.typed)) && v != c.typed && len(c.values) < mostOffered {
			c.values = append(c.values, v)
		}
	}
	return c
}

// offered is the row that has the values, the chosen one reversed; without
// them, what the command in the palette does.
func (m *screen) offered(w int) string {
	g := m.st.glyphs
	if c := m.offers; c != nil {
		row, used := "", 0
		first := max(c.at-2, 0) // the chosen one stays in sight
		for i := first; i < len(c.values); i++ {
			v := g.words(c.values[i])
			if used += cells(v) + 2; used > w {
				row += g.more
				break
			}
			if i == c.at {
				v = m.st.reverse.Render(v)
			}
			row += v + "  "
		}
		return g.fit(row, w)
	}
	name, _, _ := strings.Cut(m.palette.String(), " ")
	if x := findCommand(name); x != nil {
		return m.st.dim.Render(g.fit(x.usage+": "+x.help, w))
	}
	return m.st.dim.Render(g.fit("tab completes: "+commandNames(), w))
}

// files completes names of files.
func files(_ *screen, _ []string, typed string) []string {
	path := atHome(typed)
	found, _ := filepath.Glob(globbed(path) + "*")
	var names []string
	for _, f := range found[:min(len(found), 10*mostOffered)] {
		name := typed + strings.TrimPrefix(f, path)
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			name += "/"
		}
		if !strings.ContainsAny(name, " \t") && (!strings.HasPrefix(filepath.Base(f), ".") || strings.HasPrefix(filepath.Base(path), ".")) {
			names = append(names, name)
		}
	}
	return names
}

// globbed is a path in which nothing is a pattern.
func globbed(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// scripts completes what was saved, and names of files.
func scripts(m *screen, done []string, typed string) []string {
	if len(done) > 0 {
		return []string{"here"}
	}
	var all []string
	if m.kept != "" {
		all = append(all, m.kept)
	}
	return append(all, files(m, done, typed)...)
}

// targets completes the exchangers of the route.
func targets(m *screen, done []string, _ string) []string {
	var names []string
	if r := m.hosts.shown(); r != nil && len(done) == 0 {
		for _, x := range r.Exchangers {
			names = append(names, x.Host)
		}
	}
	return names
}

// some completes a first argument by fixed values.
func some(values ...string) func(*screen, []string, string) []string {
	return func(_ *screen, done []string, _ string) []string {
		if len(done) > 0 {
			return nil
		}
		return values
	}
}

func findCommand(name string) *command {
	var found *command
	for _, c := range commands() {
		if c.name == name {
			return &c
		}
		if name != "" && strings.HasPrefix(c.name, name) && found == nil {
			found = &c
		}
	}
	return found
}

// startTLS makes TLS of the session.
func (m *screen) startTLS(argument string) (tea.Cmd, error) {
	if argument != "" {
		return nil, errors.New("starttls takes no argument")
	}
	c := m.view.Now()
	if c != nil && c.TLS != nil {
		return nil, errors.New("the session is under TLS already")
	}
	if c != nil && !c.Offers.Has("STARTTLS") {
		return nil, errors.New("the server does not offer STARTTLS: type it in the line (i) to send it all the same")
	}
	e := m.engine
	return m.started(e.do(func(ctx context.Context) { _ = flow.Secure(ctx, e.s, e.plan) }))
}

// started is what follows a job that was taken, or not.
func (m *screen) started(err error) (tea.Cmd, error) {
	if err != nil {
		return nil, err
	}
	m.problem = nil
	m.transcript.resume()
	m.mode, m.pane = modeLine, 0
	return nil, nil
}

// login asks for the password of a login; it is shown nowhere, and forgotten
// with the login.
func (m *screen) login(argument string) (tea.Cmd, error) {
	a := session.Auth{Unjudged: true}
	var offered []string
	if c := m.view.Now(); c != nil {
		offered = c.Offers.Mechanisms()
	}
	words := strings.Fields(argument)
	for i, word := range words {
		switch mechanism := strings.ToUpper(word); {
		case word == "--insecure":
			a.Insecure = true
		case slices.Contains(offered, mechanism) && len(a.Mechanisms) == 0:
			a.Mechanisms = []string{mechanism}
		case a.Credentials.User == "":
			a.Credentials.User = word
		default:
			clear(m.palette.text) // a password, perhaps
			m.palette.set("auth " + strings.Join(words[:i], " ") + " ")
			return nil, errors.New("auth [MECHANISM] USER: too many words: the password is asked for (offered: " + strings.Join(offered, ", ") + ")")
		}
	}
	if len(offered) == 0 {
		return nil, errors.New("the server offers no login")
	}
	if a.Credentials.User == "" && m.o.Plan.Login != nil {
		a.Credentials.User = m.o.Plan.Login.Credentials.User
	}
	m.engine.mu.Lock()
	err := m.engine.able()
	m.engine.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if slices.Equal(a.Mechanisms, []string{"EXTERNAL"}) || slices.Equal(a.Mechanisms, []string{"ANONYMOUS"}) {
		return m.logIn(a)
	}
	if a.Credentials.User == "" {
		return nil, errors.New("auth [MECHANISM] USER: whose login is it?")
	}
	m.asks = &a
	m.asking.set("")
	m.mode = modeSecret
	return nil, nil
}

// loginValues completes :auth by what the server offers.
func loginValues(m *screen, done []string, _ string) []string {
	c := m.view.Now()
	if c == nil || len(done) > 2 {
		return nil
	}
	return append(slices.Clone(c.Offers.Mechanisms()), "--insecure")
}

// secretDone logs in with the password that was typed.
func (m *screen) secretDone() tea.Cmd {
	a := *m.asks
	a.Credentials.Password = m.asking.String()
	m.forget()
	if a.Credentials.Password == "" {
		m.hint = "without a password there is no login"
		return nil
	}
	cmd, err := m.logIn(a)
	if err != nil {
		m.hint = err.Error()
	}
	return cmd
}

// forget leaves the field for a password, of which nothing stays.
func (m *screen) forget() {
	clear(m.asking.text)
	m.asking.set("")
	m.asks, m.mode = nil, modeBrowse
}

func (m *screen) logIn(a session.Auth) (tea.Cmd, error) {
	e := m.engine
	return m.started(e.do(func(ctx context.Context) { _ = e.s.Do(ctx, a) }))
}

// record writes the session to a file from its first line that is still kept,
// and on until the end.
func (m *screen) record(argument string) (tea.Cmd, error) {
	if m.o.Record == nil {
		return nil, errors.New("nothing can be recorded here")
	}
	if argument == "" {
		return nil, errors.New("record FILE: in which file?")
	}
	if m.recording != "" {
		return nil, errors.New("the session is being recorded already, in " + m.recording)
	}
	path := atHome(argument)
	file := &until{}
	m.feed.alsoTo(file.apply, m.log.events)
	m.recorder = file
	open := m.o.Record
	m.recording, m.mode = path, modeBrowse
	return func() tea.Msg {
		sink, fail, err := open(path)
		file.made(sink, fail)
		return recorded{path, err}
	}, nil
}

// recorded is that a record has begun, or not.
type recorded struct {
	path string
	err  error
}

// recordFails sees whether the record can no longer be written.
func (m *screen) recordFails() {
	if m.recorder == nil || m.recorder.failed() == nil {
		return
	}
	path := m.recording
	m.problem = &problem{mark: '!', lines: []string{"the record " + path + " can no longer be written: " + m.recorder.failed().Error(), "the session goes on without it; s saves what there is"}}
	m.recording, m.recorder = "", nil
	m.saved = slices.DeleteFunc(m.saved, func(s string) bool { return s == path })
}

func (m *screen) recordBegun(r recorded) {
	if r.err != nil {
		m.recording, m.recorder, m.hint = "", nil, "not recorded: "+r.err.Error()
		return
	}
	m.saved = append(m.saved, r.path)
	m.hint = "recording to " + r.path + " until the end"
	if m.recordFails(); m.recording == "" {
		m.hint = ""
	}
}

// serve plays the server's side of a script on loopback, for as long as the
// screen is there.
func (m *screen) serve(argument string) (tea.Cmd, error) {
	if m.o.Serve == nil {
		return nil, errors.New("nothing can be served here")
	}
	if argument == "" && m.kept != "" {
		argument = m.kept
	}
	if argument == "" {
		return nil, errors.New("serve FILE: which script? (s saves this session as one)")
	}
	open, beside, path := m.o.Serve, m.o.beside, atHome(argument)
	m.mode = modeBrowse
	m.hint = "reading " + path
	return func() tea.Msg {
		address, play, err := open(path)
		if err == nil {
			beside(play)
		}
		return served{path, address, err}
	}, nil
}

// served is that a script is served, or not.
type served struct {
	path, address string
	err           error
}

func (m *screen) servedAt(s served) {
	if s.err != nil {
		m.hint = "not served: " + s.err.Error()
		return
	}
	m.hint = s.path + " is served at " + s.address + " until the end; :connect " + s.address + " speaks with it"
}

// copyAs copies a command of another tool that does what this session does.
func (m *screen) copyAs(tool string) (tea.Cmd, error) {
	c := m.view.Now()
	if c == nil {
		return nil, errors.New("there was no session yet")
	}
	line, err := commandLine(tool, c, m.transaction())
	if err != nil {
		return nil, err
	}
	cmd := m.copyText(line+"\n", "the command")
	m.mode = modeBrowse
	m.page("As a command of "+tool, []string{line, "", "It was copied. It stands for the last session here: its server, TLS, login and transaction."}, nil)
	return cmd, nil
}

// transaction is the last one that was begun by MAIL.
func (m *screen) transaction() (t transaction) {
	for i := range m.log.lines {
		e, ok := m.log.lines[i].event.(event.Sent)
		if !ok || e.Text || m.log.lines[i].from != 'C' {
			continue
		}
		t.take(e.Masked())
	}
	return t
}

// setting is one of :set.
type setting struct {
	name   string
	values []string // what is offered; any value is taken where there are none
	help   string
	set    func(m *screen, value string) error
}

// setUp changes a setting, or lists them.
func (m *screen) setUp(argument string) (tea.Cmd, error) {
	name, value, _ := strings.Cut(argument, " ")
	value = strings.TrimSpace(value)
	if name == "" {
		lines := []string{"What :set NAME VALUE changes; of the session, for the connections that come.", ""}
		for _, s := range settings() {
			lines = append(lines, fmt.Sprintf("%-16s %s", s.name+" "+strings.Join(s.values, "|"), s.help))
		}
		m.mode = modeBrowse
		m.page("Settings", lines, nil)
		return nil, nil
	}
	for _, s := range settings() {
		if s.name != name {
			continue
		}
		if value == "" || s.values != nil && !slices.Contains(s.values, value) {
			return nil, fmt.Errorf("set %s: to what? %s", name, cmp.Or(strings.Join(s.values, ", "), s.help))
		}
		if err := s.set(m, value); err != nil {
			return nil, err
		}
		m.mode = modeBrowse
		m.hint = name + " is " + value
		return nil, nil
	}
	return nil, errors.New("there is no setting " + name + " (:set lists them)")
}

// settingValues completes :set.
func settingValues(_ *screen, done []string, _ string) []string {
	var all []string
	for _, s := range settings() {
		switch {
		case len(done) == 0:
			all = append(all, s.name)
		case len(done) == 1 && s.name == done[0]:
			return s.values
		}
	}
	return all
}
