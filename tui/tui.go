// Package tui is the screen: the live transcript, the facts beside it, and a
// line for typing SMTP.
//
// A script is played at its side, line after line, held where the person wants
// it: that is a debugger, whose breakpoints are lines of SMTP.
//
// Three goroutines work together. The engine owns the session and does with it
// what is asked for, one thing after another; between them it watches the
// connection. The feed keeps what the session tells and wakes the screen some
// thirty times a second at most. The screen, a tea.Model, takes all that has
// come at once, and does no I/O: keys become requests to the engine, files are
// written by commands. Each goroutine has a guard, so that a panic, SIGHUP,
// SIGTERM and SIGINT find the terminal restored.
//
// What the server sends is shown escaped and moves nothing: not the focus, the
// cursor, the selection or the scrolling.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/play"
	"ehlo/session/transcript"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
	"ehlo/tui/internal/outline"

	// It keeps the import of Bubble Tea from asking the terminal; see there.
	_ "ehlo/tui/internal/background"
)

// Options are what Run needs.
type Options struct {
	Session session.Options // Sink is called too, before the screen sees an event, and not any more when Run has returned
	Plan    flow.Plan       // what to open at the start; Plan.Target.Text is the title
	Version string          //
	Dir     string          // for the history, transcripts and crash files; empty: nothing is kept
	Input   io.Reader       // nil: the terminal
	Output  io.Writer       // nil: the terminal
	Width   int             // without a terminal: its size
	Height  int             //
	NoColor bool            // bold and reverse stay
	Intro   []string        // notes at the start
	// Script is played instead of opening a session, held before its first
	// item; nil: none. What it says of a Plan is not looked at.
	Script *play.Options
	// Load reads a script for :run; sets are its NAME=VALUE. It may take its
	// time. Nil: there is no :run.
	Load func(file string, sets []string) (*play.Options, error)
	// Record begins a script in a file, for :record; what Run has not ended of
	// it, its caller does. failed says, between two events, what keeps it from
	// being written. Nil: there is no :record.
	Record func(file string) (sink event.Sink, failed func() error, err error)
	// Serve makes a server that plays its side of a script, for :serve, and says
	// where it listens; play plays until the caller of Run ends it. Nil: there is
	// no :serve.
	Serve func(file string) (address string, play func(), err error)
	Now   func() time.Time // nil: time.Now
	From  string           // the sender of a message, where the person names none
	// Away is told when another program has the terminal, and when it has not
	// any more: ctrl+c is meant for that one. Nil: nobody has to know.
	Away func(bool)

	clipboard io.Writer          // a terminal that OSC 52 goes to; nil: none
	beside    func(func())       // runs something beside the screen, guarded
	try       func(func())       // does something guarded
	stop      func() error       // suspends ehlo
	whole     func()             // sets the terminal's modes as they were before; nil: there is none
	pastes    *pastes            // what was pasted, before it is taken; nil: it comes with the keys
	started   func(*tea.Program) // for tests
}

// Result is what is left when the screen is gone.
type Result struct {
	View    transcript.View
	Saved   []string  // files that were written
	Summary []string  // to be printed under the prompt
	Signal  os.Signal // what ended it, or nil
	// Script is why the last script that was played did not go well: the first
	// expectation that failed, or what ended it. Nil: it did, or there was none.
	Script *event.Error
}

const (
	// lastWait is how long the engine may take to end after the screen has.
	lastWait = time.Second

	// stuckAfter is how long the screen may take to end when it has to, another
	// program that has the terminal included.
	stuckAfter = lastWords + 2*time.Second
)

// Run shows the screen until the person leaves, a signal comes, or ctx ends.
// The terminal is restored whenever it returns. An error is a defect (the crash
// file is named in it), a terminal that cannot be used, or that of ctx.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Session.Now == nil {
		o.Session.Now = o.Now
	}
	if o.Output == nil {
		o.Output = os.Stdout
	}
	o.clipboard = o.Output
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := engine.NewFeed(o.Session.Sink)
	h := keep.LoadHistory(o.Dir)
	var first *engine.Run
	if o.Script != nil {
		first = engine.NewRun(outline.New(o.Script.Script), *o.Script)
	}
	guard := &guard{}
	o.beside, o.try = guard.run, guard.try
	job := newJob()
	o.stop = job.suspend
	e := engine.New(engine.Options{Session: o.Session, Plan: o.Plan, Intro: o.Intro}, f, first)
	input := o.Input
	if input == nil && runtime.GOOS != "windows" { // there keys come as events
		input = os.Stdin
	}
	if input != nil {
		input, o.pastes = withPastes(input)
	}
	if o.Input == nil {
		if before, err := term.GetState(os.Stdin.Fd()); err == nil {
			o.whole = func() { _ = term.Restore(os.Stdin.Fd(), before) }
		}
	}
	m := newScreen(o, f, e, first, h, face.New(!o.NoColor && face.ColorTerminal(os.Getenv("TERM")), face.UTF8Locale()))

	ending, end := context.WithCancel(ctx)
	m.ending, m.away = ending, func(is bool) {
		guard.away.Store(is)
		if o.Away != nil {
			o.Away(is)
		}
	}
	p := tea.NewProgram(guarded{m, guard}, programOptions(ctx, o, input)...)
	guard.stuck = make(chan struct{})
	late := sync.OnceFunc(func() { time.AfterFunc(stuckAfter, func() { close(guard.stuck) }) })
	guard.kill = func() {
		late()
		end() // Bubble Tea waits for a program that has the terminal
		p.Kill()
	}
	if o.started != nil {
		o.started(p)
	}
	stopSignals := guard.signals()
	if o.Input == nil {
		defer guard.jobControl(job, p.Send)()
	}
	guard.run(func() { e.Run(ctx) })
	guard.run(func() { m.prober.Run(ctx) })
	guard.run(func() { f.Run(ctx, func() { p.Send(batch{}) }) })

	stuck, err := guard.loop(p)
	if o.whole != nil {
		o.whole()
	}
	// A terminal that goes away is told by the kernel and by the shell: what
	// comes second does not keep the session from being saved.
	time.AfterFunc(stuckAfter, stopSignals)
	cancel()
	f.Close()
	m.prober.Close()
	select {
	case <-e.Done:
	case <-time.After(lastWait):
	}
	f.End()
	events, marks, now := f.Take()
	if stuck { // in the midst of something: what was said is saved all the same
		for _, e := range events {
			guard.try(func() { m.log.Apply(e) })
		}
	} else {
		guard.try(func() { m.Apply(events, marks, now) })
	}
	return finish(m, guard, ctx, err)
}

func programOptions(ctx context.Context, o Options, input io.Reader) []tea.ProgramOption {
	options := []tea.ProgramOption{
		tea.WithAltScreen(), tea.WithContext(ctx), tea.WithFPS(30),
		// Its handler ends on SIGTERM without an error, and knows no SIGHUP.
		tea.WithoutSignalHandler(),
		// The model has a guard of its own, which keeps the stack for a file
		// instead of printing it over the prompt.
		tea.WithoutCatchPanics(),
	}
	if input != nil {
		options = append(options, tea.WithInput(input))
	}
	return append(options, tea.WithOutput(o.Output))
}

// finish makes the result, and keeps what is to be kept.
func finish(m *screen, g *guard, ctx context.Context, err error) (Result, error) {
	_ = m.history.Keep(m.o.Dir)
	signal, crash := g.ended()
	r := Result{View: m.view, Saved: m.saved, Signal: signal}
	if end := m.now.Script.End; end != nil {
		r.Script = end.Err
	}
	g.try(func() { r.Summary = m.summary() })
	if m.recorder != nil && !m.recorder.Close(spillWait) {
		r.Summary = append(r.Summary, "the record "+m.recording+" may not be whole: it could not be written in time")
	}
	if m.spill != nil {
		r.Summary = append(r.Summary, m.spill.close())
		r.Saved = append(r.Saved, m.spill.path)
	}
	g.try(func() { m.keepDraft(&r) })
	killed := errors.Is(err, tea.ErrProgramKilled)
	if signal == nil && crash == nil && !killed {
		return r, err
	}
	why := ""
	switch {
	case crash != nil:
		why = "a defect in ehlo: " + fmt.Sprint(crash.value)
	case signal != nil:
		why = "ended by a signal: " + signal.String()
	default: // whoever gave ctx has heard the signal first
		why = context.Cause(ctx).Error()
	}
	path, failed := "", errors.New("writing it failed too")
	g.try(func() { path, failed = m.crashFile(why, crash) })
	if failed == nil && path != "" {
		r.Saved = append(r.Saved, path)
		r.Summary = append(r.Summary, "the transcript is in "+path)
	}
	switch {
	case crash == nil && signal == nil:
		return r, context.Cause(ctx)
	case crash == nil:
		if failed != nil {
			r.Summary = append(r.Summary, "the transcript could not be kept: "+failed.Error())
		}
		return r, nil
	case failed != nil:
		return r, fmt.Errorf("%s (and no crash file: %w)\n%s", why, failed, crash.stack)
	case path == "":
		return r, fmt.Errorf("%s\n%s", why, crash.stack)
	}
	return r, fmt.Errorf("%s; see %s", why, path)
}
