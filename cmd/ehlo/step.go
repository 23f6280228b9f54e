package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ehlo/session/event"
	"ehlo/session/play"
	"ehlo/session/script"
	"ehlo/tui"
)

// stepScreen opens the screen with the script at its side, held before its
// first line.
func (a *app) stepScreen(c *cobra.Command, f *flags, set settings, ready scripted) error {
	if a.plain(c, f) {
		return usage("leave one of them out", "--step opens the screen: --output, --quiet, --time, --all, --quit-after and --drop-after do not go with it")
	}
	if err := checkNames(ready.options); err != nil {
		return err
	}
	set.options.PipeErrors = nil // they would be written over the screen
	result, err := a.screenWith(c, f, set, ready.target, tui.Options{Script: &ready.options}, ready.options)
	// What the person stopped is theirs to judge.
	if e := result.Script; e != nil && a.exit == 0 && e.Kind != event.Interrupted {
		a.exit = e.Exit()
	}
	return err
}

// loader reads the scripts of :run. They are played like the one that the
// screen was opened with, if there was one.
func (a *app) loader(set settings, like play.Options) func(string, []string) (*play.Options, error) {
	return func(file string, sets []string) (*play.Options, error) {
		if rest, ok := strings.CutPrefix(file, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				file = filepath.Join(home, rest)
			}
		}
		if file == "-" {
			return nil, usage("", "the screen reads keys from standard input: the script cannot be there too")
		}
		vars, err := parseSets(sets)
		if err != nil {
			return nil, err
		}
		o := like
		o.Vars = maps.Clone(like.Vars)
		if o.Vars == nil {
			o.Vars = map[string]string{}
		}
		maps.Copy(o.Vars, vars)
		if o.Script, err = a.loadScript(file, o.Vars); err != nil {
			return nil, err
		}
		if o.Known == nil {
			o.Known = map[string]string{"from": sender(set.options.Helo)}
			if set.plan.Login != nil {
				o.Known["user"] = set.plan.Login.Credentials.User
			}
		}
		if err := checkNames(o); err != nil {
			return nil, err
		}
		for i := range o.Script.All {
			login, ok := i.(script.Auth)
			if ok && set.plan.Login == nil && needsPassword([]string{strings.ToUpper(login.Mechanism.Raw)}) {
				return nil, usage("", "%s: @auth logs in, and nothing says as whom: start ehlo with --user NAME", login.Position)
			}
		}
		return &o, nil
	}
}

// checkNames finds a variable of the script that nothing gives a value, before
// anything is connected.
func checkNames(o play.Options) error {
	known := map[string]string{}
	for _, name := range play.Names() {
		known[name] = ""
	}
	maps.Copy(known, o.Known)
	maps.Copy(known, o.Vars)
	if err := o.Script.Check(known); err != nil {
		return scriptError(err)
	}
	return nil
}
