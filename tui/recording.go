package tui

import (
	"errors"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/tui/internal/engine"
)

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
	file := engine.NewScribe(m.feed)
	file.Put(m.log.events)
	m.recorder = file
	open, beside := m.o.Record, m.o.beside
	m.recording, m.mode = path, modeBrowse
	return func() tea.Msg {
		sink, failed, err := open(path)
		if err != nil {
			return recorded{path, err}
		}
		beside(func() { file.Run(sink, failed, nil) })
		return recorded{path, nil}
	}, nil
}

// recorded is that a record has begun, or not.
type recorded struct {
	path string
	err  error
}

// recordStands is how long a record may take nothing while the session waits for
// it: a pipe that nobody reads, a disk that is gone.
const recordStands = 5 * time.Second

// recordFails sees whether the record can no longer be written.
func (m *screen) recordFails() {
	if m.recorder.Stands(recordStands) {
		m.recorder.Fail(errors.New("it takes nothing, and the session waited for it"))
	}
	if m.recorder.Err() == nil {
		return
	}
	path := m.recording
	m.fails(problem{mark: '!', what: "the record " + path + " can no longer be written: " + m.recorder.Err().Error(), next: "the session goes on without it; s saves what there is", aside: true})
	m.recording, m.recorder = "", nil
	m.saved = slices.DeleteFunc(m.saved, func(s string) bool { return s == path })
}

func (m *screen) recordBegun(r recorded) {
	switch {
	case m.recorder == nil: // it has failed already
		return
	case r.err != nil:
		m.recorder.Fail(r.err)
		m.recording, m.recorder, m.hint = "", nil, "not recorded: "+r.err.Error()
		return
	}
	if m.recorder.Err() != nil {
		return // that is said next
	}
	m.saved = append(m.saved, r.path)
	m.hint = "recording to " + r.path + " until the end"
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
