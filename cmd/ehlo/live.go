package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui"
)

// frame is how long what has changed may wait to be drawn.
const frame = 50 * time.Millisecond

// live is some lines at the bottom of a terminal that tell how far a command
// is. They are taken away before anything else is written, and in the end.
type live struct {
	terminal *os.File
	lines    func(*transcript.View) []string

	mu    sync.Mutex
	view  transcript.View
	drawn int         // lines that stand there
	timer *time.Timer // draws; nil: nothing has changed
	ended bool

	crashes crash.Kept
}

// live makes the lines of a command; nil where standard error is no terminal
// that can take lines away again.
func (a *app) live(lines func(*transcript.View) []string) *live {
	file, ok := a.err.(*os.File)
	if !ok || !isTerminal(file) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &live{terminal: file, lines: lines}
}

// apply takes the next event.
func (l *live) apply(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.crashes.Raise()
	l.view.Apply(e)
	if l.timer == nil && !l.ended {
		l.later()
	}
}

// later draws in a while. A panic of the drawing is one of who comes next.
func (l *live) later() {
	l.timer = crash.Later(frame, func() error {
		l.draw()
		return nil
	}, l.crashes.Keep)
}

// next is another target.
func (l *live) next() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	l.view = transcript.View{}
}

// end takes the lines away for good.
func (l *live) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	l.ended = true
	l.crashes.Raise()
}

func (l *live) draw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = nil
	if l.ended {
		return
	}
	width, height, err := term.GetSize(int(l.terminal.Fd()))
	if err != nil || width < 2 || height < 2 {
		return
	}
	lines := l.lines(&l.view)
	if over := len(lines) - (height - 1); over > 0 { // the last ones are the latest
		lines = lines[over:]
	}
	var out strings.Builder
	out.WriteString(l.back())
	for _, line := range lines {
		out.WriteString(tui.Cut(wire.Visible([]byte(line)), width-1) + "\r\n")
	}
	l.drawn = len(lines)
	_, _ = io.WriteString(l.terminal, out.String())
}

// back leads to where the lines begin, and takes them away.
func (l *live) back() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", l.drawn)
}

func (l *live) erase() {
	if l.drawn > 0 {
		_, _ = io.WriteString(l.terminal, l.back())
		l.drawn = 0
	}
}

// above is a writer whose lines stand above these.
func (l *live) above(w io.Writer) io.Writer { return aboveLive{l, w} }

type aboveLive struct {
	l *live
	w io.Writer
}

func (a aboveLive) Write(p []byte) (int, error) {
	a.l.mu.Lock()
	defer a.l.mu.Unlock()
	a.l.erase()
	if a.l.timer == nil && !a.l.ended {
		a.l.later()
	}
	return a.w.Write(p)
}
