package tui

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/atotto/clipboard"
	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/keep"
)

// throughTerminal is how much a terminal is given to copy (OSC 52): many take
// no more than 100,000 octets in base64.
const throughTerminal = 74_000

// desktopWait is how long the desktop's clipboard may take.
const desktopWait = 2 * time.Second

// copied is the end of copying.
type copied struct {
	what string
	to   []string // where it went
	err  error    // why it went nowhere, or not into the file
}

// plainLine is a line of the transcript as a script has it.
func (p *transcriptPane) plainLine(id int64) string {
	x := p.log.line(id)
	switch e := x.event.(type) {
	case event.Sent:
		if x.from == 'C' {
			return "C: " + wire.Text(e.Masked())
		}
	case event.Received:
		return "S: " + wire.Text(e.Masked())
	}
	return "# " + wire.Text([]byte(x.words))
}

// copyExchange copies the selected range, or the command that the selected line
// belongs to with all that was said to it.
func (m *screen) copyExchange() tea.Cmd {
	p, l := m.transcript, m.log
	if p.mark >= 0 && p.sel >= 0 {
		from, to := min(p.mark, p.sel), max(p.mark, p.sel)
		p.mark = -1
		return m.copyLines(from, to, "the selected lines")
	}
	id := p.selected()
	if id < 0 {
		m.hint = "there is nothing to copy yet"
		return nil
	}
	command := func(id int64) bool { x := l.line(id); return x.from == 'C' && x.back == 0 }
	from, to := id, id
	for from > l.first && !command(from) {
		from--
	}
	for to+1 < l.end() && !command(to+1) {
		to++
	}
	return m.copyLines(from, to, "the exchange")
}

func (m *screen) copyAll() tea.Cmd {
	if m.log.empty() {
		m.hint = "there is nothing to copy yet"
		return nil
	}
	what := "all lines"
	if m.filter.on() {
		what = "all lines that are shown"
	}
	return m.copyLines(m.log.first, m.log.end()-1, what)
}

// copyLines copies the shown lines between two, and folded ones too.
func (m *screen) copyLines(from, to int64, what string) tea.Cmd {
	text, n := m.plain(from, to)
	return m.copyText(text, what+", "+count(n, "line"))
}

// plain is the shown lines between two, and folded ones too, as a script has
// them.
func (m *screen) plain(from, to int64) (text string, lines int) {
	var b strings.Builder
	for id := from; id <= to; id++ {
		if m.log.pass == nil || m.log.shown(id) == id {
			b.WriteString(m.transcript.plainLine(id) + "\n")
			lines++
		}
	}
	return b.String(), lines
}

// copyText gives a text to the terminal, to the system's clipboard, and to a
// file: at least one of them is in reach.
func (m *screen) copyText(text, what string) tea.Cmd {
	m.hint = "copying " + what
	out, dir := m.o.clipboard, m.o.Dir
	return func() tea.Msg {
		done := copied{what: what}
		if dir != "" { // first: it is there whatever becomes of the others
			path := filepath.Join(dir, "copied.txt")
			if done.err = keep.Write(path, text); done.err == nil {
				done.to = append(done.to, path)
			}
		}
		// It is one Write, as each of Bubble Tea's frames is, and of a file there is one
		// at a time: neither comes into the other.
		if out != nil && len(text) <= throughTerminal {
			if _, err := osc52.New(text).WriteTo(out); err == nil {
				done.to = append(done.to, "the terminal's clipboard")
			}
		}
		if out != nil && desktop() && toDesktop(text) {
			done.to = append(done.to, "the desktop's")
		}
		if len(done.to) == 0 && done.err == nil {
			done.err = errors.New("there is neither a terminal nor a directory to copy to")
		}
		return done
	}
}

// toDesktop gives the text to the desktop's clipboard, whose tools may wait for
// one that is gone.
func toDesktop(text string) bool {
	done := make(chan error, 1)
	crash.Go(func() error { return clipboard.WriteAll(text) }, func(err error) { done <- err })
	select {
	case err := <-done:
		crash.Raise(err)
		return err == nil
	case <-time.After(desktopWait):
		return false
	}
}

// desktop says that this is a session at a desktop: the tools for its
// clipboard wait for one otherwise.
func desktop() bool {
	if os.Getenv("WAYLAND_DISPLAY") != "" || os.Getenv("DISPLAY") != "" {
		return true
	}
	_, err := exec.LookPath("pbcopy")
	return err == nil || os.Getenv("OS") == "Windows_NT"
}

// copiedTo tells what became of copying.
func (m *screen) copiedTo(c copied) {
	switch {
	case len(c.to) == 0:
		m.hint = "not copied: " + c.err.Error()
	default:
		m.hint = "copied " + c.what + " to " + strings.Join(c.to, " and ")
		if c.err != nil {
			m.hint += "; not to a file: " + c.err.Error()
		}
	}
}

// startRange begins a range of lines at the selected one, or ends it.
func (m *screen) startRange() tea.Cmd {
	p := m.transcript
	if p.mark >= 0 {
		p.mark = -1
		return nil
	}
	if id := p.selected(); id >= 0 {
		p.choose(id)
		p.mark = p.sel
		m.hint = "j and k extend the range, y copies it, esc leaves it"
	}
	return nil
}
