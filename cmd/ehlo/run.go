package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/wire"
)

// streams are the standard streams; tests put their own in place.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is one run of the program.
type app struct {
	streams
	mu   sync.Mutex
	last []func() // what is to be done before the end
	gone bool     // and was done

	away    atomic.Bool       // an editor has the terminal: ctrl+c is meant for it
	exit    int               // the exit code that a command has chosen
	origins map[string]origin // where flags that were not typed come from, by name and letter
	refused bool              // the report of a refused target is written
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ sig os.Signal }

func (s signalled) Error() string { return "ended by " + s.sig.String() }

// exit is the code of the contract: 128 and the signal's number.
func (s signalled) exit() int {
	if n, ok := s.sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}

// grace is how long a command may take to come to its end after a signal. It
// ends sessions at once; what it may be stuck in is a file that nobody writes,
// or an output that nobody reads.
const grace = 2 * time.Second

// run is the whole program: arguments and streams in, the exit code out.
func run(ctx context.Context, args []string, io streams) int {
	a := &app{streams: io}
	ctx, stop := withSignals(ctx, &a.away)
	defer stop()
	defer a.cleanUp()
	done := make(chan int, 1)
	crash.Go(func() error {
		done <- a.command(ctx, args)
		return nil
	}, func(err error) {
		if err != nil {
			fmt.Fprintf(a.err, "ehlo: a defect in ehlo: %s\n", err)
			done <- 70
		}
	})
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	select {
	case code := <-done:
		return code
	case <-time.After(grace):
	}
	e := asError(ctx, ctx.Err())
	a.complain(e)
	return exitOf(ctx, e)
}

// later has something done before the program ends, however that comes.
func (a *app) later(what func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone { // what reads a stream may be late
		what()
		return
	}
	a.last = append(a.last, what)
}

func (a *app) cleanUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, what := range a.last {
		what()
	}
	a.last, a.gone = nil, true
}

// command carries out a command line.
func (a *app) command(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return a.exit
	}
	e := asError(ctx, err)
	a.complain(e)
	if a.exit != 0 {
		return a.exit
	}
	return exitOf(ctx, e)
}

// withSignals gives a context that the first SIGINT, SIGTERM or SIGHUP ends,
// with a signalled as its cause; a defect here would be the cause too. A second one ends the program at once. A
// closed pipe at standard output is an error of the write, not the end: a
// session in the middle of a message is not cut off because a reader left. Nor
// is the ctrl+c that a person types in an editor, which all its terminal's
// programs hear.
func withSignals(parent context.Context, away *atomic.Bool) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	got := make(chan os.Signal, 1)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ignorePipe()
	crash.Go(func() error {
		defer signal.Stop(got)
		for {
			select {
			case sig := <-got:
				if sig == os.Interrupt && away.Load() {
					continue
				}
				return signalled{sig}
			case <-ctx.Done():
				return nil
			}
		}
	}, cancel)
	return ctx, func() { cancel(nil) }
}

// asError gives an error of any origin the form of the contract.
func asError(ctx context.Context, err error) *event.Error {
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if sig, ok := errors.AsType[signalled](cause); ok {
		return &event.Error{Kind: event.Interrupted, Message: sig.Error(), Err: err}
	}
	if c, ok := errors.AsType[*crash.Crash](cause); ok {
		return &event.Error{Kind: event.Internal, Message: "a defect in ehlo: " + c.Error(), Err: c}
	}
	if e, ok := errors.AsType[*event.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &event.Error{Kind: event.Interrupted, Message: "interrupted", Err: err}
	}
	return &event.Error{Kind: event.Internal, Message: "a defect in ehlo: " + err.Error(), Err: err}
}

// exitOf is the exit code for an error.
func exitOf(ctx context.Context, e *event.Error) int {
	if e != nil && e.Kind == event.Interrupted {
		if sig, ok := errors.AsType[signalled](context.Cause(ctx)); ok {
			return sig.exit()
		}
	}
	return e.Exit()
}

// complain writes an error to standard error: one line, and what to do.
func (a *app) complain(e *event.Error) {
	fmt.Fprintf(a.err, "ehlo: %s\n", wire.Visible([]byte(e.Message)))
	if e.Hint != "" {
		fmt.Fprintf(a.err, "      %s\n", wire.Visible([]byte(e.Hint)))
	}
}

// usage is an error of the command line.
func usage(hint, format string, args ...any) *event.Error {
	e := event.Errorf(event.Usage, event.NoStage, format, args...)
	e.Hint = hint
	return e
}

// input is an error of a file that was to be read.
func input(err error, what string) *event.Error {
	why := err.Error()
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		why = file.Path + ": " + file.Err.Error()
	}
	return &event.Error{Kind: event.Input, Message: what + ": " + why, Err: err}
}

// root is the tree of commands.
func (a *app) root() *cobra.Command {
	root := a.interactive()
	root.AddCommand(a.probe(), a.size(), a.send(), a.playRun(), a.serve(), a.mx(), a.demo(), a.completion(), a.version())
	root.SetHelpCommand(a.help(root))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("see "+c.CommandPath()+" --help", "%s", err)
	})
	root.SetHelpFunc(printHelp)
	root.SetUsageFunc(func(c *cobra.Command) error { printHelp(c, nil); return nil })
	a.withSettings(root)
	return root
}
