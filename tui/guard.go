package tui

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui/internal/keep"
	"ehlo/tui/internal/smtpline"
)

// panicked is a panic that was caught.
type panicked struct {
	value any
	stack []byte
}

// guard ends the program when something goes wrong in one of its goroutines,
// in a way in which Bubble Tea restores the terminal: by Kill, which its loop
// notices at once. Bubble Tea v1 does not restore on SIGHUP, nor on a panic in
// a goroutine that is not its own.
type guard struct {
	kill  func()
	stuck chan struct{} // closed when the screen should have ended since kill
	away  atomic.Bool   // another program has the terminal: ctrl+c is meant for that one

	mu     sync.Mutex
	crash  *panicked
	signal os.Signal
}

// run runs a goroutine.
func (g *guard) run(f func()) {
	go func() {
		defer g.recover()
		f()
	}()
}

// try does something that may be the victim of an earlier panic.
func (g *guard) try(f func()) {
	defer g.recover()
	f()
}

// recover catches a panic; it is to be deferred.
func (g *guard) recover() {
	if v := recover(); v != nil {
		p := &panicked{v, debug.Stack()}
		if c, ok := v.(*crash.Crash); ok { // handed on by whoever waited for the goroutine
			p = &panicked{c.Value, c.Stack}
		}
		g.mu.Lock()
		if g.crash == nil {
			g.crash = p
		}
		g.mu.Unlock()
		g.kill()
	}
}

// signals ends the program at a signal that asks for it.
func (g *guard) signals() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, ending...)
	done := make(chan struct{})
	g.run(func() {
		for {
			select {
			case s := <-c:
				if (s == os.Interrupt || s == quitKey) && g.away.Load() { // typed for that one
					continue
				}
				g.mu.Lock()
				g.signal = s
				g.mu.Unlock()
				g.kill()
				return
			case <-done:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		signal.Stop(c)
		close(done)
	})
}

// loop runs Bubble Tea until it ends, or until it is stuck: then the terminal is
// restored all the same.
func (g *guard) loop(p *tea.Program) (stuck bool, err error) {
	ended := make(chan error, 1)
	g.run(func() {
		_, err := p.Run()
		ended <- err
	})
	select {
	case err := <-ended:
		return false, err
	case <-g.stuck:
		released := make(chan struct{})
		g.run(func() {
			defer close(released)
			_ = p.ReleaseTerminal()
		})
		select {
		case <-released:
		case <-time.After(lastWait): // nobody reads what is written to it
		}
		return true, tea.ErrProgramKilled
	}
}

func (g *guard) ended() (os.Signal, *panicked) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.signal, g.crash
}

// guarded is the model behind its guard.
type guarded struct {
	m *screen
	g *guard
}

func (x guarded) Init() tea.Cmd {
	defer x.g.recover()
	return x.command(x.m.Init())
}

func (x guarded) Update(msg tea.Msg) (same tea.Model, cmd tea.Cmd) {
	same = x // after a panic too: the loop draws once more
	defer x.g.recover()
	_, cmd = x.m.Update(msg)
	return x, x.command(cmd)
}

func (x guarded) View() string {
	defer x.g.recover()
	return x.m.View()
}

// command puts the guard around a command, which Bubble Tea runs in a
// goroutine of its own.
func (x guarded) command(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer x.g.recover()
		msg := cmd()
		if many, ok := msg.(tea.BatchMsg); ok {
			for i := range many {
				many[i] = x.command(many[i])
			}
		}
		return msg
	}
}

// crashFile keeps what is needed to understand the end: why, the stack, and the
// transcript as a script, in which secrets are masked.
func (m *screen) crashFile(why string, crash *panicked) (string, error) {
	if m.o.Dir == "" {
		return "", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# ehlo %s: %s\n", m.o.Version, strings.ReplaceAll(why, "\n", " "))
	if crash != nil {
		for _, l := range strings.Split(strings.TrimSpace(string(crash.stack)), "\n") {
			b.WriteString("# " + l + "\n")
		}
	}
	for _, l := range m.unsentLines() {
		b.WriteString("# typed and not sent: " + wire.Text([]byte(l)) + "\n")
	}
	if err := m.script().writeTo(&b, nil); err != nil {
		return "", err
	}
	return keep.Create(filepath.Join(m.o.Dir, "crashes"), fileName(m.shortHost(), m.o.Now(), "-*.smtp"), b.String())
}

// unsentLines are what stands in the SMTP line, and the rest of a paste, as they
// may be kept. What is no command may be what a login asked for, also when the
// connection has ended since.
func (m *screen) unsentLines() []string {
	q := &m.queue
	q.keep(&m.line)
	typed := m.line.String()
	if q.at >= 0 {
		typed = q.draft.String()
	}
	secret := m.secretLine() || m.asksLogin
	lines := smtpline.Shown(q.lines, secret)
	if typed == "" {
		return lines
	}
	shown := smtpline.Shown([]string{typed}, secret)[0]
	if m.secretLine() {
		shown = event.Mask
	}
	return append([]string{shown}, lines...)
}
