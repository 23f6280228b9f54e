package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// Settings are values for flags that were not typed: from the environment, a
// profile or the config file. Each goes through its flag's own Set and counts
// as given, so that the commands need not know of them; where it came from is
// remembered for the errors, and for what typed words alone decide.

// profileFlag chooses a profile. It is the one flag without a key: a table of
// that name holds the profiles.
const profileFlag = "profile"

// rank is the place of a source in the order. A lower one wins.
type rank int

const (
	typed rank = iota
	fromEnvironment
	fromProfileCommand // [profile.work.send]
	fromProfile        // [profile.work]
	fromFileCommand    // [send]
	fromFile
)

// origin is where a setting was made.
type origin struct {
	rank  rank
	place string // for an error: EHLO_TLS, or FILE:LINE
	words string // for help config: "file, line 3"
	hint  string // what to know where the value is refused, or ""
}

// value is what a setting says.
type value struct {
	texts   []string
	list    bool // it is an array
	boolean bool // it is true or false without quotes
	number  bool // it is a number without quotes
}

// setting is a value for the flag of that name.
type setting struct {
	name string
	value
	origin
}

// withSettings makes every command with flags take settings.
func (a *app) withSettings(root *cobra.Command) {
	for _, c := range append(root.Commands(), root) {
		if !c.Flags().HasFlags() {
			continue // version and completion work with any environment and file
		}
		addGroup(c, "Settings", func(s *pflag.FlagSet) {
			s.String(profileFlag, "", "take the settings of the profile `NAME` too (ehlo help config)")
		})
		_ = c.RegisterFlagCompletionFunc(profileFlag, completeProfiles)
		run := c.RunE
		c.RunE = func(c *cobra.Command, args []string) error {
			err := a.settle(c)
			if err == nil {
				err = a.blame(run(c, args))
			}
			return a.tell(c, args, err)
		}
	}
}

// takers are the commands that take settings, the root first.
func takers(root *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range append([]*cobra.Command{root}, root.Commands()...) {
		if c.Flags().Lookup(profileFlag) != nil {
			all = append(all, c)
		}
	}
	return all
}

// settle gives a command's flags what the environment and the config file
// say. It goes on behind an error, for help config; the first one is returned.
func (a *app) settle(c *cobra.Command) error {
	a.origins = map[string]origin{}
	env, first := environment(c.Root())
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	keep(a.apply(c, env))
	file, err := readConfig(configPath())
	keep(err)
	profile := c.Flags().Lookup(profileFlag).Value.String()
	if profile != "" && err == nil {
		keep(file.knows(profile, a.origins[profileFlag]))
	}
	for _, one := range file.layers(profile, c.Name()) {
		keep(a.apply(c, one))
	}
	return first
}

// apply sets the flags of a command that nothing before has set.
func (a *app) apply(c *cobra.Command, layer []setting) (first error) {
	for _, s := range layer {
		f := c.Flags().Lookup(s.name)
		switch {
		case f == nil: // another command's
		case f.Changed, leftAside(c, f, s), a.outranked(c, s):
		default:
			if err := set(c, f, s); err != nil {
				if first == nil {
					first = err
				}
				continue
			}
			a.origins[f.Name] = s.origin
			if f.Shorthand != "" {
				a.origins[f.Shorthand] = s.origin // an error may name it so
			}
		}
	}
	return first
}

// set gives a flag a setting's value, through the flag's own check.
func set(c *cobra.Command, f *pflag.Flag, s setting) error {
	slice, repeatable := f.Value.(pflag.SliceValue)
	switch {
	case s.list && !repeatable:
		return s.wrong("it takes one value, not a list", "")
	case s.boolean && f.Value.Type() != "bool":
		return s.wrong("it takes a text, not true or false", "write "+s.name+" = \"…\"")
	case s.list && len(s.texts) == 0:
		f.Changed = true
		return slice.Replace(nil)
	}
	for _, text := range s.texts {
		if err := closedChoice(s.name, text); err != nil {
			return s.wrong("not known", err.Hint)
		}
		err := c.Flags().Set(f.Name, text)
		if err == nil {
			continue
		}
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		switch kind := f.Value.Type(); {
		case kind == "bool":
			return s.wrong("it takes true or false", "")
		case kind == "uint16":
			return s.wrong("it takes a number from 0 to 65535", "")
		case text != shown(s.name, text):
			return s.wrong("it cannot be used", "") // the reason may repeat a secret
		}
		return s.wrong(err.Error(), "")
	}
	return nil
}

// closedChoice refuses what is none of the values of a flag that has a few.
// Flags are here if their command would refuse it in the same way.
func closedChoice(flag, text string) *event.Error {
	switch flag {
	case "output", "tls", "protocol", "smtputf8":
		if err, refused := errors.AsType[*event.Error](oneOf(flag, text)); refused {
			return err
		}
	case "quit-after", "drop-after":
		if _, ok := stops[strings.ToLower(text)]; !ok && text != "" {
			return usage("one of "+strings.Join(choices[flag], ", "), "")
		}
	}
	return nil
}

// wrong is the error of a value that cannot stand.
func (s setting) wrong(why, hint string) *event.Error {
	texts := make([]string, len(s.texts))
	for i, text := range s.texts {
		texts[i] = shown(s.name, text)
		if s.rank != fromEnvironment && !s.boolean && !s.number {
			texts[i] = `"` + texts[i] + `"`
		}
	}
	text := strings.Join(texts, ", ")
	if s.list {
		text = "[" + text + "]"
	}
	what := s.place + "=" + text
	if s.rank != fromEnvironment {
		what = s.place + ": " + s.name + " = " + text
	}
	if hint == "" {
		hint = "ehlo help config lists the settings"
	}
	return misconfigured(hint, "%s: %s", what, why)
}

// misconfigured is an error of the environment or the config file.
func misconfigured(hint, format string, args ...any) *event.Error {
	e := event.Errorf(event.Config, event.NoStage, format, args...)
	e.Hint = hint
	return e
}

// rivals are flags that contradict each other: the first one, with that value
// where one is named, and each of the others.
var rivals = []struct {
	flag, value string
	others      []string
}{
	{"ipv4", "", []string{"ipv6"}},
	{"quit-after", "", []string{"drop-after"}},
	{"tls", "never", []string{"tls-verify"}},
	{"data", "", []string{"subject", "header", "body", "attach"}},
	{"pipe", "", []string{"server", "port", "proxy", "proxy-protocol", "bind", "all", "no-mx", "dns", "ipv4", "ipv6"}},
}

// outranked says that a source before this setting's has given a flag that
// contradicts it: what was typed wins over a config file that says otherwise.
// In one source it is a contradiction, which the command refuses.
func (a *app) outranked(c *cobra.Command, s setting) bool {
	given := func(name, text string) bool {
		f := c.Flags().Lookup(name)
		return f != nil && f.Changed && a.origins[name].rank < s.rank && means(f.Value.String(), text)
	}
	mine := strings.Join(s.texts, "\n")
	for _, r := range rivals {
		if r.flag == s.name && means(mine, r.value) && slices.ContainsFunc(r.others, func(o string) bool { return given(o, "") }) {
			return true
		}
		if slices.Contains(r.others, s.name) && means(mine, "") && given(r.flag, r.value) {
			return true
		}
	}
	return false
}

// means says that a flag's value is this one; where none is named, that it
// asks for anything.
func means(text, want string) bool {
	if want != "" {
		return text == want
	}
	return text != "" && text != "false" && text != "0" && text != "[]"
}

// leftAside says that a setting is not for this command: the demo has its own
// servers, and must run whatever somebody set for other ones. Certificate, login
// and patience of a client are none of a server's: it takes those that a file has
// for it alone.
func leftAside(c *cobra.Command, f *pflag.Flag, s setting) bool {
	if c.Name() == "serve" {
		own := s.rank != fromFile && s.rank != fromProfile
		return !own && (f.Name == "timeout" || groupOf(f) == "TLS" || groupOf(f) == "Login")
	}
	if c.Name() != "demo" {
		return false
	}
	switch f.Name {
	case "bind", "no-mx", "protocol", "proxy", "proxy-protocol", "xclient", "xforward", "sni", "cert", "key", "quit-after", "drop-after":
		return true
	case "tls":
		return slices.Equal(s.texts, []string{"implicit"})
	}
	return slices.Contains(demoOwn, f.Name) || groupOf(f) == "Login"
}

// typedFlag says that a flag stood on the command line.
func (a *app) typedFlag(c *cobra.Command, name string) bool {
	return c.Flags().Changed(name) && a.origins[name].rank == typed
}

// plain says that the flags ask for text in place of the screen. How text
// shall look may be set for good without losing the screen: there typed flags
// alone count. An order to end the session early counts from anywhere.
func (a *app) plain(c *cobra.Command, f *flags) bool {
	return a.typedFlag(c, "output") ||
		f.quiet && a.typedFlag(c, "quiet") || f.all && a.typedFlag(c, "all") || f.time && a.typedFlag(c, "time") ||
		f.quitAfter != "" || f.dropAfter != ""
}

// aim gives a plan its target. A port that the target names was typed: it wins
// over one that was set.
func (a *app) aim(p *flow.Plan, t session.Target) {
	p.Target = t
	if (t.Port != 0 || t.Scheme != "" && t.Scheme != "smtp") && a.origins["port"].rank != typed {
		p.Port = 0
	}
}

// blame says of an error that names a flag where that flag was set.
func (a *app) blame(err error) error {
	e, ok := errors.AsType[*event.Error](err)
	if !ok || e.Kind != event.Usage && e.Kind != event.Input {
		return err
	}
	told := *e
	var places []string
	for _, word := range strings.Fields(e.Message) {
		name, dashed := strings.CutPrefix(strings.TrimLeft(word, `("'`), "-")
		if !dashed {
			continue
		}
		name = strings.TrimPrefix(name, "-")
		if end := strings.IndexFunc(name, func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }); end >= 0 {
			name = name[:end]
		}
		if o := a.origins[name]; o.rank != typed && !slices.Contains(places, o.place) {
			places = append(places, o.place)
			if o.hint != "" {
				told.Hint = o.hint
			}
		}
	}
	if len(places) == 0 {
		return err
	}
	if told.Hint == "" {
		told.Hint = "change it there; ehlo help config shows where each value comes from"
	}
	told.Kind, told.Message = event.Config, strings.Join(places, ", ")+": "+e.Message
	return &told
}

// tell writes the report of an error of the settings for a program that reads
// JSON; refuse has told those of a target.
func (a *app) tell(c *cobra.Command, args []string, err error) error {
	e, ok := errors.AsType[*event.Error](err)
	output := c.Flags().Lookup("output")
	if !ok || e.Kind != event.Config || a.refused || output == nil || !slices.Contains([]string{"json", "events"}, output.Value.String()) {
		return err
	}
	command := c.Name()
	if !c.HasParent() {
		command = probing.command
	}
	if len(args) == 0 {
		args = []string{""}
	}
	for _, name := range args {
		_ = a.refuse(&flags{output: output.Value.String()}, command, name, err)
	}
	return err
}
