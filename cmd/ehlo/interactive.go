package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"ehlo/internal/crash"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/play"
	"ehlo/tui"
)

// interactive is the root command: the screen on a terminal, elsewhere a
// probe.
func (a *app) interactive() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "ehlo [flags] TARGET",
		Short: "what a postmaster types instead of `telnet host 25`",
		Long: `Ehlo finds a target's mail server, shows the session with it as it happens, and
says what the server offers and how large a message may be. On a terminal you
type SMTP by hand then; elsewhere it is ` + "`ehlo probe`" + `.

A TARGET is a domain, user@domain, host:port, [address], smtp://host[:port],
smtps://, submission://, submissions://, lmtp://host, lmtp:///path or unix:///path.`,
		Example: `  ehlo example.com
  ehlo size example.com
  ehlo send --from me@example.net --to you@example.com --subject test --body hello`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			args, err := f.names(args)
			switch {
			case err != nil:
				return err
			case len(args) == 0:
				return usage("see ehlo --help, or try ehlo demo", "a TARGET is missing: a domain, host:port or smtp://host")
			case len(args) > 1:
				return usage("ehlo probe takes several targets", "one TARGET at a time: what is %s?", args[1])
			}
			if a.plain(c, &f) || !a.onTerminal() {
				if err := f.beforeMail(); err != nil {
					return err
				}
				return a.converse(c, &f, args, probing)
			}
			set, err := f.check(c.Flags().Changed("timeout"))
			if err != nil {
				return err
			}
			return a.screen(c, &f, set, args[0], nil)
		},
	}
	f.connecting(c)
	return c
}

// onTerminal says whether the screen can be shown: chosen before anything of
// it starts.
func (a *app) onTerminal() bool {
	return isTerminal(a.in) && isTerminal(a.out) && os.Getenv("TERM") != "dumb"
}

// screen runs the interactive session.
func (a *app) screen(c *cobra.Command, f *flags, set settings, name string, intro []string) error {
	_, err := a.screenWith(c, f, set, name, tui.Options{Intro: intro}, play.Options{})
	return err
}

// screenWith runs the screen; scripts that are run in it are played like one.
func (a *app) screenWith(c *cobra.Command, f *flags, set settings, name string, o tui.Options, like play.Options) (tui.Result, error) {
	target, err := f.target(name)
	if err != nil {
		return tui.Result{}, err
	}
	a.aim(&set.plan, target)
	if set.plan.Login, err = f.login.login(c.Context(), target.User, a.prompter(c.Context())); err != nil {
		return tui.Result{}, err
	}
	finish := func() error { return nil }
	if f.record != "" {
		out, err := a.newFaces(f, "interactive")
		if err != nil {
			return tui.Result{}, err
		}
		set.options.Sink = out.record.begin().Apply
		finish = out.finish
	}
	o.Session, o.Plan, o.Version, o.Dir = set.options, set.plan, version(), stateDir()
	o.NoColor = f.noColor || os.Getenv("NO_COLOR") != ""
	o.Load = a.loader(set, like)
	var mu sync.Mutex // :record is carried out beside the screen
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	o.Serve = a.servant(ctx)
	if f.record == "" {
		o.Record = func(file string) (event.Sink, func() error, error) {
			own := *f
			own.record = file
			var failed error
			record, err := openRecord(&own, &failed)
			if err != nil {
				return nil, nil, err
			}
			a.later(record.salvage)
			mu.Lock()
			defer mu.Unlock()
			finish = func() error {
				if err := errors.Join(record.end(), failed); err != nil {
					return &event.Error{Kind: event.Input, Message: "the record could not be written: " + err.Error(), Err: err}
				}
				return nil
			}
			return record.begin().Apply, func() error { return failed }, nil
		}
	}
	o.From, o.Away = a.composeFrom(c, set.options.Helo), a.away.Store
	result, err := tui.Run(c.Context(), o)
	for _, l := range result.Summary {
		fmt.Fprintln(a.out, l)
	}
	if result.Signal != nil {
		a.exit = signalled{result.Signal}.exit()
	}
	mu.Lock()
	defer mu.Unlock()
	if failed := finish(); err == nil {
		err = failed
	}
	return result, err
}

// servant plays the server's side of scripts on loopback until ctx ends.
func (a *app) servant(ctx context.Context) func(file string) (string, func(), error) {
	return func(file string) (string, func(), error) {
		ready, err := a.readyServer(ctx, &flags{timeout: duration(session.DefaultReply)}, &serveFlags{listen: "127.0.0.1:0"}, file)
		if err != nil {
			return "", nil, err
		}
		ready.sink = func(event.Event) {}
		return ready.listener.Addr().String(), func() {
			defer crash.After(ctx, func() { _ = ready.listener.Close() })()
			for {
				c, err := ready.listener.Accept()
				if err != nil {
					return
				}
				_ = ready.server.Play(ctx, ready.listener, c)
			}
		}, nil
	}
}

// composeFrom is the sender that `ehlo send` would use: what is set for it, or
// this user at this host.
func (a *app) composeFrom(c *cobra.Command, helo string) string {
	env, _ := environment(c.Root()) // its errors have been told
	file, _ := readConfig(configPath())
	layers := file.layers(c.Flags().Lookup(profileFlag).Value.String(), "send")
	for _, layer := range append([][]setting{env}, layers...) {
		for _, s := range layer {
			if s.name == "from" && len(s.texts) == 1 {
				return s.texts[0]
			}
		}
	}
	return sender(helo)
}

// stateDir is where the screen keeps its history and what it saves.
func stateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "ehlo")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "state", "ehlo")
}
