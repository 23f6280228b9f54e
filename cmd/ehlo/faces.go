package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"ehlo/session/event"
	"ehlo/session/transcript"
)

// faces are the outputs of a command that is not the screen: text, json or
// events on standard output, and the recorded script.
type faces struct {
	output  string
	quiet   bool
	command string
	out     *keeper // standard output
	record  *record // nil: nothing is recorded
	style   transcript.Text
	watch   event.Sink // hears every event, or nil

	failed error // the first error of out or record
	close  func() error
}

// newFaces opens what a command writes to.
func (a *app) newFaces(f *flags, command string) (*faces, error) {
	out := a.stdout(f, command)
	if f.record == "" {
		return out, nil
	}
	var err error
	if out.record, err = openRecord(f, &out.failed); err != nil {
		return nil, err
	}
	out.close = out.record.end
	a.later(out.record.salvage)
	return out, nil
}

// stdout is the output of a command without a record.
func (a *app) stdout(f *flags, command string) *faces {
	out := &faces{output: f.output, quiet: f.quiet, command: command, close: func() error { return nil }}
	out.out = &keeper{w: a.out, failed: &out.failed}
	out.style = transcript.Text{Time: f.time, Color: a.colored(f), DNS: command == "mx"}
	return out
}

// colored says whether standard output is a terminal that may have colours.
func (a *app) colored(f *flags) bool {
	return !f.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(a.out)
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// keeper keeps the first error of a writer and writes no more after it. The
// session goes on: what is under way at a server is not broken off because
// nobody reads along.
type keeper struct {
	w      io.Writer
	failed *error
	broken bool
	wrote  bool // something, since the last gap
	gap    bool // an empty line comes before what is written next
}

func (k *keeper) Write(p []byte) (int, error) {
	if k.broken {
		return len(p), nil
	}
	if k.gap && k.wrote {
		p = append([]byte("\n"), p...)
	}
	k.gap, k.wrote = false, true
	if _, err := k.w.Write(p); err != nil {
		k.broken = true
		if *k.failed == nil {
			*k.failed = err
		}
	}
	return len(p), nil
}

// separate has an empty line written between what was and what comes, if
// anything was and anything comes.
func (k *keeper) separate() { k.gap = true }

// finish closes what was opened and says whether all could be written. A
// reader that left is no failure.
func (f *faces) finish() error {
	if err := f.close(); err != nil && f.failed == nil {
		f.failed = err
	}
	if f.failed == nil || errors.Is(f.failed, syscall.EPIPE) {
		return nil
	}
	return &event.Error{Kind: event.Input, Message: "the output could not be written: " + f.failed.Error(), Err: f.failed}
}

// face is the outputs of one target.
type face struct {
	*faces
	report *transcript.Report
	text   transcript.Text
	script *recording // nil: nothing is recorded
	begun  time.Time
}

// target begins the output of one target.
func (f *faces) target(name string) *face {
	t := &face{faces: f, report: &transcript.Report{Version: version(), Command: f.command, Target: name}, text: f.style}
	t.text.W = f.out
	if f.quiet {
		t.text.W = io.Discard
	}
	if f.record != nil {
		t.script = f.record.begin()
	}
	t.part()
	t.report.Started = time.Now()
	t.report.NoTranscript = f.output == "text" || f.quiet
	return t
}

// live is the sink for a session that is shown as it goes on.
func (t *face) live(e event.Event) {
	t.event(e)
	t.report.Apply(e)
	t.show(e)
}

// event writes one line of --output events.
func (t *face) event(e event.Event) {
	if t.watch != nil {
		t.watch(e)
	}
	if t.output != "events" || t.quiet {
		return
	}
	if t.begun.IsZero() {
		t.begun = e.Header().At
	}
	_, _ = t.out.Write(transcript.EventJSON(e, t.begun))
}

// show writes an event as text, and to the record.
func (t *face) show(e event.Event) {
	if t.output == "text" {
		t.text.Apply(e)
	}
	if t.script != nil {
		t.script.Apply(e)
	}
}

// part has an empty line come before what text is written next.
func (t *face) part() {
	if t.output == "text" {
		t.out.separate()
	}
}

// say writes lines of the result, as text.
func (t *face) say(lines ...string) {
	if t.output == "text" {
		result := t.style
		result.W = t.out
		result.Summary(lines...)
	}
}

// end writes the report.
func (t *face) end(e *event.Error, exit int) {
	t.report.Failure, t.report.Exit = e, exit
	if t.script != nil {
		t.script.Flush()
	}
	if t.output == "text" {
		return
	}
	_, _ = t.out.Write(t.report.JSON())
}

// branch is the output of one of several sessions of a target that run at the
// same time: its text is held back until it is done and then written whole.
type branch struct {
	face   *face
	report *transcript.Report
	held   []event.Event
	joined event.Sink
}

// branches makes the outputs of sessions that run at the same time. Their
// events get numbers in one sequence, which begins behind what was shown live.
type branches struct {
	face *face
	mu   sync.Mutex
	line *event.Line
	all  []*branch
}

func (t *face) branches() *branches {
	b := &branches{face: t}
	// The sink of the line is called by one session at a time.
	b.line = event.NewLine(func(e event.Event) { t.event(e) })
	return b
}

// first is the sink for the session that does the look-up.
func (b *branches) first() event.Sink {
	number := b.line.Join(func(e event.Event) {
		b.face.report.Apply(e)
		b.face.show(e)
	})
	return number
}

// open is one more session.
func (b *branches) open() *branch {
	one := &branch{face: b.face, report: &transcript.Report{NoTranscript: b.face.report.NoTranscript}}
	one.joined = b.line.Join(func(e event.Event) {
		one.report.Apply(e)
		one.held = append(one.held, e)
	})
	b.all = append(b.all, one)
	return one
}

// show writes what a session of the branches has held back, and its result.
func (b *branches) show(one *branch, lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var block bytes.Buffer
	text := b.face.text
	if text.W != io.Discard {
		text.W = &block
	}
	if b.face.script != nil {
		for _, e := range one.held {
			b.face.script.Apply(e)
		}
		b.face.script.Flush()
	}
	if b.face.output != "text" {
		return
	}
	for _, e := range one.held {
		text.Apply(e)
	}
	result := b.face.style
	result.W = &block
	result.Summary(lines...)
	if block.Len() > 0 {
		b.face.out.separate()
		_, _ = b.face.out.Write(block.Bytes())
	}
	one.held = nil
}

// end puts the sessions into the report, in the order of the candidates.
func (b *branches) end() {
	for _, one := range b.all {
		b.face.report.Adopt(one.report)
	}
}
