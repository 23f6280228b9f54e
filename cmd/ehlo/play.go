package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/play"
	"ehlo/session/script"
	"ehlo/session/transcript"
)

// playFlags are the flags of run.
type playFlags struct {
	set       []string
	keepGoing bool
	match     string
	step      bool
	junit     string
}

// playRun is the command `ehlo run`.
func (a *app) playRun() *cobra.Command {
	var (
		f flags
		l playFlags
	)
	c := &cobra.Command{
		Use:   "run [flags] SCRIPT [TARGET]",
		Short: "play the client's side of a script",
		Long: `Run plays the client's side of a script: what ` + "`ehlo`" + ` prints, or --record has
written, or a person has. C: lines are sent, S: lines are what the server has to
say; where it does not, the script's line, what was expected and what came are
shown, and the exit code is 40. SCRIPT - is standard input.

A script that does not say @connect connects to TARGET. Where it does and a
TARGET is given, that takes the place of the script's: a recording can be played
against another server. Variables: ` + strings.Join(play.Names(), " ") + `.`,
		Example: `  ehlo probe --record mx1.smtp mx1.example.com:25
  ehlo run mx1.smtp
  ehlo run mx1.smtp staging.example.com:25
  ehlo run --set to=user@example.com --match code --report-junit out.xml mail.smtp example.com`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runPlay(c, &f, &l, args)
		},
	}
	addGroup(c, "Script", func(s *pflag.FlagSet) {
		s.StringArrayVar(&l.set, "set", nil, "give a variable its value: `NAME=VALUE` (repeatable)")
		s.BoolVar(&l.keepGoing, "keep-going", false, "go on behind an expectation that failed")
		s.StringVar(&l.match, "match", "text", "compare replies by `WHAT`: text, or code alone")
		s.BoolVar(&l.step, "step", false, "open the screen, and stop before each line")
		s.StringVar(&l.junit, "report-junit", "", "write what came true and what did not to `FILE`, as JUnit XML")
	})
	f.connecting(c)
	c.ValidArgsFunction = scriptFiles
	return c
}

// scriptFiles completes the name of a script.
func scriptFiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// scripted is a script that is about to be played.
type scripted struct {
	options play.Options
	target  string // what to connect to; empty: nothing says
}

func (a *app) runPlay(c *cobra.Command, f *flags, l *playFlags, args []string) error {
	runs := &runs{junit: l.junit, all: map[string]*playing{}}
	if len(args) > 0 {
		runs.name = args[0]
		if err := spares("report-junit", l.junit, "the script", args[:1]); err != nil {
			return err
		}
		if err := f.reportable(l.junit); err != nil {
			return err
		}
	}
	err := a.playScript(c, f, l, args, runs)
	if runs.junit == "" || len(args) == 0 {
		return err
	}
	if failed := runs.writeJUnit(asError(c.Context(), err)); failed != nil {
		a.complain(asError(c.Context(), failed))
		if a.exit == 0 {
			a.exit = 1
		}
	}
	return err
}

// reportable finds out whether the report can be written, before mail is sent
// for it.
func (f *flags) reportable(name string) error {
	if name == "" {
		return nil
	}
	if f.record != "" && filepath.Clean(name) == filepath.Clean(f.record) {
		return usage("", "--report-junit and --record name the same file, %s", name)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return input(err, "--report-junit")
	}
	return file.Close()
}

func (a *app) playScript(c *cobra.Command, f *flags, l *playFlags, args []string, runs *runs) error {
	set, err := f.check(c.Flags().Changed("timeout"))
	if err != nil {
		return err
	}
	set.options.PipeErrors = &visible{w: a.err}
	if err := a.fitsScript(c, f, l, &set); err != nil {
		return err
	}
	ready, err := a.prepare(c.Context(), f, l, set, args)
	if err == nil {
		err = runs.begin(ready.options, f.record)
	}
	if err != nil {
		return a.refuse(f, "run", strings.Join(args[:min(len(args), 1)], ""), err)
	}
	if l.step {
		return a.stepScreen(c, f, set, ready)
	}
	what := conversation{command: "run", do: runs.do, result: runs.result, report: runs.report}
	return a.converseWith(c.Context(), f, set, []string{ready.target}, what)
}

// fitsScript refuses flags that say what a script says itself. Where they are
// set for other commands too, they are left out.
func (a *app) fitsScript(c *cobra.Command, f *flags, l *playFlags, set *settings) error {
	for _, own := range []struct{ flag, value, line string }{
		{"protocol", f.protocol, "C: EHLO ${helo}, C: HELO ${helo} or C: LHLO ${helo}"},
		{"xclient", f.xclient, "C: XCLIENT …, S: 220, C: EHLO ${helo}"},
		{"xforward", f.xforward, "C: XFORWARD …, S: 250"},
	} {
		if own.value != "" && a.typedFlag(c, own.flag) {
			return usage("write it into the script: "+own.line, "--%s does not go with run: the script says what is sent", own.flag)
		}
	}
	set.plan.Protocol, set.plan.XClient, set.plan.XForward = "", "", ""
	if l.match != "text" && l.match != "code" {
		return usage("--match text or --match code", "--match %s is not known", l.match)
	}
	if l.step && l.junit != "" {
		return usage("", "--step and --report-junit contradict each other")
	}
	return nil
}

// prepare reads the script and finds out where it leads and how it logs in,
// before anything is connected.
func (a *app) prepare(ctx context.Context, f *flags, l *playFlags, set settings, args []string) (scripted, error) {
	var ready scripted
	switch {
	case len(args) == 0:
		return ready, usage("ehlo run SCRIPT [TARGET]; - is standard input", "run needs a SCRIPT")
	case len(args) > 2:
		return ready, usage("", "one TARGET at a time: what is %s?", args[2])
	case l.step && !a.onTerminal():
		return ready, usage("leave --step out to run the script as a whole", "--step needs a terminal")
	case l.step && args[0] == "-":
		return ready, usage("save the script to a file", "--step reads keys from standard input: the script cannot be there too")
	}
	vars, err := parseSets(l.set)
	if err != nil {
		return ready, err
	}
	names, err := f.names(args[1:])
	if err != nil {
		return ready, err
	}
	s, err := a.loadScript(args[0], vars)
	if err != nil {
		return ready, err
	}
	o := play.Options{Script: s, Plan: set.plan, Vars: vars, KeepGoing: l.keepGoing, Codes: l.match == "code"}
	o.Known = map[string]string{"from": sender(set.options.Helo)}
	if f.login.user != "" {
		o.Known["user"] = f.login.user
	}
	switch {
	case len(names) > 0:
		ready.target, o.Here = names[0], true
	case f.server != "":
		ready.target = f.server
	default:
		ready.target = leadsTo(s, vars)
	}
	if ready.target == "" {
		return ready, usage("ehlo run SCRIPT TARGET, or @connect TARGET in the script", "%s does not say where to connect to: a TARGET is missing", s.Name)
	}
	ready.options = o
	if err := f.scriptTLS(s, ready.target); err != nil {
		return ready, err
	}
	return ready, f.scriptLogin(s, ready.target)
}

// scriptTLS refuses a script that does not use TLS as --tls wants it: what is
// sent is the script's to say.
func (f *flags) scriptTLS(s *script.Script, target string) error {
	t, _ := session.ParseTarget(target)
	implicit := t.Scheme == "smtps" || t.Scheme == "submissions" || t.Port == session.PortSubmissions
	var secure script.Item
	for i := range s.All {
		switch i.(type) {
		case script.StartTLS, script.TLS:
			secure = i
		}
	}
	switch {
	case f.tls == "never" && secure != nil:
		return usage("", "%s: the script makes TLS, and --tls never contradicts it", secure.At())
	case f.tls == "require" && secure == nil && !implicit:
		return usage("@starttls, or C: STARTTLS with @tls", "--tls require: %s has no handshake", s.Name)
	}
	return nil
}

// leadsTo is the target of the script's first @connect.
func leadsTo(s *script.Script, vars map[string]string) (target string) {
	s.All(func(i script.Item) bool {
		c, ok := i.(script.Connect)
		if !ok {
			return true
		}
		if text, err := c.Target.Expand(vars); err == nil {
			target = string(text)
		}
		return false
	})
	return target
}

// scriptLogin sees to it that a script that logs in has somebody to log in as,
// and that nobody is asked for a password that no line needs.
func (f *flags) scriptLogin(s *script.Script, target string) error {
	var login *script.Auth
	for i := range s.All {
		if a, ok := i.(script.Auth); ok {
			login = &a
			if needsPassword([]string{strings.ToUpper(a.Mechanism.Raw)}) {
				break
			}
		}
	}
	if login == nil {
		f.login = loginFlags{initial: f.login.initial}
		return nil
	}
	t, _ := session.ParseTarget(target)
	if !f.login.wanted(t.User) && needsPassword([]string{strings.ToUpper(login.Mechanism.Raw)}) {
		return usage("--user NAME, and the password by --password-file, --password-command or EHLO_PASSWORD", "%s: @auth logs in, and nothing says as whom", login.Position)
	}
	return nil
}

// runs are the runs of a script: one, or with --all one for each address.
type runs struct {
	name    string // of the script
	junit   string // the file of --report-junit, or ""
	options play.Options

	mu  sync.Mutex
	all map[string]*playing // by address; without --all by ""
	log []*playing          // as they began
	err *event.Error        // what ended them
}

// playing is one of them.
type playing struct {
	where    string
	tally    play.Tally
	outcomes []play.Outcome // of the expectations that failed; for --report-junit, of all
	err      *event.Error   // what ended it, beside the expectations
}

// begin takes the script. Its messages and what it includes are not to be written
// over; it has itself been read, and may be recorded over.
func (r *runs) begin(o play.Options, record string) error {
	r.name, r.options = o.Script.Name, o
	names := fileNames(o.Script, o.Vars)
	if err := spares("record", record, "a file of the script", names); err != nil {
		return err
	}
	if err := spares("report-junit", r.junit, "a file of the script", names); err != nil {
		r.junit = ""
		return err
	}
	return nil
}

// fileNames are the files that a script names, as far as that is known before
// it is played.
func fileNames(s *script.Script, vars map[string]string) (names []string) {
	for item := range s.All {
		var name script.Text
		switch i := item.(type) {
		case script.Data:
			name = i.File
		case script.BDAT:
			name = i.File
		case script.Include:
			name = i.File
		default:
			continue
		}
		if path, err := script.File(item.At(), name, vars); err == nil {
			names = append(names, path)
		}
	}
	return names
}

func (r *runs) do(ctx context.Context, s *session.Session, plan flow.Plan) error {
	one := &playing{}
	if plan.Only != nil {
		one.where = plan.Only.Address
	}
	r.mu.Lock()
	r.all[one.where] = one
	r.log = append(r.log, one)
	r.mu.Unlock()

	o := r.options
	o.Plan, o.Vars = plan, maps.Clone(o.Vars)
	o.Done = func(x play.Outcome) { one.add(x, r.junit != "") }
	err := play.Run(ctx, s, o)
	e := asError(ctx, err)
	if e != nil && e.Kind == event.ExpectationFailed {
		e = asError(ctx, e.Err) // what ended it behind a failure
	}
	one.err = e
	return err
}

// add takes what became of an item. A script may have millions: all are kept
// only for a report that lists them.
func (one *playing) add(x play.Outcome, keep bool) {
	one.tally.Add(x)
	if x.Mismatch != nil || keep && x.Counts() {
		one.outcomes = append(one.outcomes, x)
	}
}

func (r *runs) of(v *transcript.View) *playing {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one, ok := r.all[""]; ok {
		return one
	}
	if c := v.Now(); c != nil {
		return r.all[c.Address]
	}
	return nil
}

// result says how many expectations there were, and which did not come true.
func (r *runs) result(v *transcript.View) []string {
	one := r.of(v)
	if one == nil || one.tally.Expectations == 0 && one.err != nil {
		return nil // it did not come to that
	}
	count := one.tally.String()
	if one.err != nil {
		count = one.tally.Until(one.err.Message)
	}
	lines := []string{r.name + ": " + count}
	for _, x := range one.failed() {
		lines = append(lines, "  "+x.Mismatch.Error())
	}
	return lines
}

func (one *playing) failed() []play.Outcome {
	return slices.DeleteFunc(slices.Clone(one.outcomes), func(x play.Outcome) bool { return x.Mismatch == nil })
}

// report adds the expectations to the JSON report.
func (r *runs) report(out *transcript.Report) {
	result := &transcript.ScriptResult{File: r.name}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.log {
		result.Expectations += one.tally.Expectations
		for _, x := range one.failed() {
			m := x.Mismatch
			result.Failed = append(result.Failed, transcript.Expectation{
				Address: one.where, File: m.File, Line: m.Line, Expected: m.Expected, Actual: m.Actual,
			})
		}
	}
	out.Script, r.err = result, out.Failure
}
