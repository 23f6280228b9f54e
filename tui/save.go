package tui

import (
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
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
)

// format is what a session can be saved as.
type format struct {
	suffix string
	what   string
	write  func(s script, w io.Writer, save func(event.Message) (string, error)) error
}

var formats = [...]format{
	{".smtp", "a script, which ehlo run plays", script.writeTo},
	{".txt", "text: all that ehlo says too, DNS and times", script.writeText},
	{".json", "the JSON report", script.writeJSON},
	{".eml", "the last message, as it was sent", script.writeLetter},
}

// formatOf is the format that a file's name asks for: a script, where it asks
// for no other.
func formatOf(path string) format {
	for _, f := range formats {
		if strings.EqualFold(filepath.Ext(path), f.suffix) {
			return f
		}
	}
	return formats[0]
}

// formatNamed is the format that a bare word asks for, in the place where ehlo
// keeps them; -1: it is the name of a file.
func formatNamed(word string) int {
	for i, names := range [...][]string{{"script", "smtp"}, {"text", "txt"}, {"json"}, {"eml"}} {
		if slices.Contains(names, strings.ToLower(word)) {
			return i
		}
	}
	return -1
}

// save asks what to save the session as.
func (m *screen) save() tea.Cmd {
	m.back2, m.mode = m.mode, modeSave
	return nil
}

// saveQuestion asks as what, in w cells; each form names the way back.
func saveQuestion(w int) string {
	for _, text := range [...]string{
		"Save the session as: s script, t text, j JSON, e the last message, : in a file that you name, esc not at all",
		"Save as: s script, t text, j JSON, e last message, : named file, esc not at all",
	} {
		if face.Cells(text) <= w {
			return text
		}
	}
	return "SAVE s script t text j json e eml esc no"
}

// saveIn saves the session where ehlo keeps them.
func saveIn(f format) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		m.mode = m.back2
		if m.o.Dir == "" {
			return prefill("export " + fileName(m.shortHost(), m.o.Now(), f.suffix))(m)
		}
		cmd, err := m.export(filepath.Join(m.o.Dir, "transcripts", fileName(m.shortHost(), m.o.Now(), f.suffix)), true)
		if err != nil {
			m.hint = err.Error()
		}
		return cmd
	}
}

// saveAs saves the session in a file, as its name asks for.
func (m *screen) saveAs(file string) (tea.Cmd, error) {
	switch {
	case formatNamed(file) >= 0:
		return saveIn(formats[formatNamed(file)])(m), nil
	case file != "":
		return m.export(atHome(file), false)
	case m.o.Dir == "":
		return nil, errors.New("export FILE: there is no directory for transcripts")
	}
	return saveIn(formats[0])(m), nil
}

// export writes a new file; own is one in the place where ehlo keeps them.
func (m *screen) export(path string, own bool) (tea.Cmd, error) {
	f, s := formatOf(path), m.script()
	if f.suffix == ".eml" && !s.hasLetter() {
		return nil, errors.New("no message was sent that is still kept here")
	}
	m.hint = "saving to " + path
	talk := m.talk.said
	return func() tea.Msg {
		letters := letters{script: path, made: s.made}
		err := s.write(path, own, f, &letters)
		return saved{path: path, letters: letters.files, lost: letters.err, talk: talk, err: err}
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
		if filepath.Ext(s.path) != formats[3].suffix {
			m.talk.keep(s.talk)
		}
		if s.draft != "" {
			m.composer.kept = s.draft
		}
		m.hint = "saved: " + s.path
		if filepath.Ext(s.path) == formats[0].suffix && m.o.Load != nil {
			m.kept, m.hint = s.path, m.hint+" (esc, R plays it again)"
			if m.where()&inBrowse != 0 {
				m.hint = "saved: " + s.path + " (R plays it again)"
			}
		}
		if n := len(s.letters); n > 0 {
			m.hint += ", and " + count(n, "message") + " beside it"
		}
		if n := m.log.first; n > 0 {
			m.hint += "; the first " + wire.Thousands(uint64(n)) + " lines were no longer kept" + m.elsewhere()
		}
		if s.lost != nil {
			m.hint += "; a message could not be kept: " + s.lost.Error()
		}
	}
}

// fileName is a name from a host, of which only what is safe in a name is
// taken, and a time.
func fileName(host string, at time.Time, suffix string) string {
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
	return safe + "-" + at.Format("20060102-150405.000") + suffix
}

// script is the transcript as it is at a moment, to be written elsewhere.
type script struct {
	head            string
	version, target string
	lost            int64
	elsewhere       string // where they are
	events          []event.Event
	probing         *keptProbing               // beside it, or nil
	made            map[int64]*message.Message // those that were composed, by the number of their event
}

func (m *screen) script() script {
	return script{
		version: m.o.Version, target: m.title,
		head: fmt.Sprintf("# ehlo %s, %s, %s\n", wire.Text([]byte(m.o.Version)), wire.Text([]byte(m.title)), m.o.Now().Format(time.RFC3339)),
		lost: m.log.first, elsewhere: m.elsewhere(),
		events: slices.Clone(m.log.events), probing: m.keptProbing(),
		made: m.composer.letters,
	}
}

// elsewhere says where the lines are that are no longer kept.
func (m *screen) elsewhere() string {
	if m.spill == nil {
		return ""
	}
	return ": they are in " + wire.Text([]byte(m.spill.path))
}

// writeTo writes the script; save keeps the messages that it names, or nil.
func (s script) writeTo(w io.Writer, save func(event.Message) (string, error)) error {
	head := s.head
	if s.lost > 0 {
		head += fmt.Sprintf("# the first %s lines were no longer kept%s\n", wire.Thousands(uint64(s.lost)), s.elsewhere)
	}
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	record := transcript.Record{W: w, Time: true, Save: save}
	for _, e := range s.events {
		record.Apply(e)
	}
	if err := record.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, s.probing.text("# ")) // it is no part of what is played
	return err
}

// writeText writes all that ehlo said and heard, with the times.
func (s script) writeText(w io.Writer, _ func(event.Message) (string, error)) error {
	if _, err := io.WriteString(w, s.head); err != nil {
		return err
	}
	text := transcript.Text{W: w, Time: true, DNS: true}
	for _, e := range s.events {
		text.Apply(e)
	}
	if text.Err != nil {
		return text.Err
	}
	_, err := io.WriteString(w, s.probing.text(""))
	return err
}

func (s script) writeJSON(w io.Writer, _ func(event.Message) (string, error)) error {
	report := transcript.Report{Version: s.version, Command: "interactive", Target: s.target}
	for _, e := range s.events {
		report.Apply(e)
	}
	s.probing.adopt(&report)
	_, err := w.Write(report.JSON())
	return err
}

// write makes a new file, and beside it those of the messages that it names: all
// of them, or none.
func (s script) write(path string, own bool, as format, letters *letters) error {
	err := keep.WriteNew(path, own, func(w io.Writer) error { return as.write(s, w, letters.save) })
	if err != nil {
		for _, file := range letters.files {
			_ = os.Remove(file)
		}
	}
	return err
}
