package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// save saves the transcript where ehlo keeps them.
func (m *screen) save() tea.Cmd {
	if m.o.Dir == "" {
		return prefill("export ")(m)
	}
	cmd, _ := m.saveAs("")
	return cmd
}

// saveAs saves the transcript as a script, in a new file.
func (m *screen) saveAs(file string) (tea.Cmd, error) {
	path := atHome(file)
	if path == "" {
		if m.o.Dir == "" {
			return nil, errors.New("export FILE: there is no directory for transcripts")
		}
		path = filepath.Join(m.o.Dir, "transcripts", fileName(m.shortHost(), m.o.Now()))
	}
	s := m.script()
	m.hint = "saving to " + path
	return func() tea.Msg {
		if file == "" { // a directory that a person names is there, or it is a slip
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return saved{path: path, err: err}
			}
		}
		letters := letters{script: path}
		err := s.write(path, &letters)
		return saved{path, letters.files, letters.err, err}
	}, nil
}

// atHome is a path in which ~ stands for the home directory, as it does in a
// shell.
func atHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// wrote tells what became of saving.
func (m *screen) wrote(s saved) {
	switch {
	case errors.Is(s.err, os.ErrExist):
		m.hint = s.path + " exists already: nothing was written"
	case s.err != nil:
		m.hint = "not saved: " + s.err.Error()
	default:
		m.saved = append(append(m.saved, s.path), s.letters...)
		m.hint = "saved: " + s.path
		if n := len(s.letters); n > 0 {
			m.hint += ", and " + count(n, "message") + " beside it"
		}
		if n := m.log.first; n > 0 {
			m.hint += "; the first " + wire.Thousands(uint64(n)) + " lines were no longer kept"
		}
		if s.lost != nil {
			m.hint += "; a message could not be kept: " + s.lost.Error()
		}
	}
}

// fileName is a name from a host, of which only what is safe in a name is
// taken, and a time.
func fileName(host string, at time.Time) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, host)
	safe = strings.Trim(safe[:min(len(safe), 100)], ".")
	if safe == "" {
		safe = "session"
	}
	return safe + "-" + at.Format("20060102-150405.000") + ".smtp"
}

// script is the transcript as it is at a moment, to be written elsewhere.
type script struct {
	head   string
	lost   int64
	events []event.Event
}

func (m *screen) script() script {
	return script{
		head:   fmt.Sprintf("# ehlo %s, %s, %s\n", wire.Text([]byte(m.o.Version)), wire.Text([]byte(m.title)), m.o.Now().Format(time.RFC3339)),
		lost:   m.log.first,
		events: slices.Clone(m.log.events),
	}
}

// writeTo writes the script; save keeps the messages that it names, or nil.
func (s script) writeTo(w io.Writer, save func(event.Message) (string, error)) error {
	head := s.head
	if s.lost > 0 {
		head += fmt.Sprintf("# the first %s lines were no longer kept\n", wire.Thousands(uint64(s.lost)))
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	record := transcript.Record{W: w, Time: true, Save: save}
	for _, e := range s.events {
		record.Apply(e)
	}
	return record.Flush()
}

// write makes a new file, readable by its owner alone, and beside it those of
// the messages that it names.
func (s script) write(path string, letters *letters) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = s.writeTo(&b, letters.save)
	if err == nil {
		_, err = f.Write(b.Bytes())
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
