package main

import (
	"context"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/transcript"
)

// conversation is what a command does with each of its targets.
type conversation struct {
	command string
	do      func(context.Context, *session.Session, flow.Plan) error
	// result are the lines of the result, for text.
	result func(*transcript.View) []string
	// all are the lines for every address together, with --all; nil: none.
	all func(*transcript.View) []string
	// live tells how far the command is; nil: nothing does.
	live *live
	// letter is the message that is sent, if it is the same for all targets, and
	// given that it was not composed here.
	letter *message.Message
	given  bool
	// report adds to the JSON report what no event tells; nil: nothing.
	report func(*transcript.Report)
}

// converse runs a command over its targets, one after another: the exit code
// is that of the first one that failed.
func (a *app) converse(c *cobra.Command, f *flags, names []string, what conversation) error {
	set, err := f.check(c.Flags().Changed("timeout"))
	if err != nil {
		return err
	}
	set.options.PipeErrors = &visible{w: a.err}
	if names, err = f.names(names); err != nil {
		return err
	}
	if len(names) == 0 {
		return usage("see "+c.CommandPath()+" --help", "%s needs a TARGET: a domain, host:port or smtp://host", c.CommandPath())
	}
	return a.converseWith(c.Context(), f, set, names, what)
}

func (a *app) converseWith(ctx context.Context, f *flags, set settings, names []string, what conversation) error {
	targets := make([]session.Target, len(names))
	for i, name := range names {
		var err error
		if targets[i], err = f.target(name); err != nil {
			return a.refuse(f, what.command, name, err)
		}
	}
	logins, err := a.logins(ctx, f, targets)
	if err != nil {
		return a.refuse(f, what.command, names[0], err)
	}
	out, err := a.newFaces(f, what.command)
	if err != nil {
		return err
	}
	if out.record != nil {
		out.record.letter, out.record.given = what.letter, what.given
	}
	if what.live != nil {
		out.watch, out.out.w = what.live.apply, what.live.above(out.out.w)
		defer what.live.end()
	}
	var first *event.Error
	for i, t := range targets {
		plan := set.plan
		a.aim(&plan, t)
		plan.Login = logins[i]
		e := asError(ctx, a.one(ctx, out, f, set.options, plan, what))
		if what.live != nil {
			what.live.next()
		}
		if e != nil {
			a.complain(e)
			if first == nil || e.Kind == event.Interrupted {
				first = e
				a.exit = exitOf(ctx, e)
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := out.finish(); err != nil {
		a.complain(asError(ctx, err))
		if a.exit == 0 {
			a.exit = 1
		}
	}
	return nil
}

// logins are the logins of the targets; each user's password is read once.
func (a *app) logins(ctx context.Context, f *flags, targets []session.Target) ([]*session.Auth, error) {
	logins := make([]*session.Auth, len(targets))
	users := map[string]*session.Auth{}
	for i, t := range targets {
		login, known := users[t.User]
		if !known {
			var err error
			if login, err = f.login.login(ctx, t.User, a.prompter(ctx)); err != nil {
				return nil, err
			}
			users[t.User] = login
		}
		logins[i] = login
	}
	return logins, nil
}

// one runs a command for one target and writes its output.
func (a *app) one(ctx context.Context, out *faces, f *flags, opt session.Options, plan flow.Plan, what conversation) error {
	t := out.target(plan.Target.Text)
	var err error
	if t.report.ByAddress = f.all; f.all {
		err = a.each(ctx, t, opt, plan, what)
		if what.all != nil {
			t.part()
			t.say(what.all(&t.report.View)...)
		}
	} else {
		opt.Sink = t.live
		err = what.do(ctx, session.New(opt), plan)
		t.say(named(&t.report.View, f.quiet, what.result(&t.report.View))...)
	}
	e := asError(ctx, err)
	if e != nil && e.Kind == event.Interrupted {
		e.Stage = t.report.Interruption()
	}
	t.report.Failure = e
	if what.report != nil {
		what.report(t.report)
	}
	t.end(e, exitOf(ctx, e))
	if e == nil {
		return nil
	}
	return e
}

// each runs a command for every address of every exchanger of a target.
func (a *app) each(ctx context.Context, t *face, opt session.Options, plan flow.Plan, what conversation) error {
	b := t.branches()
	opt.Sink = b.first()
	err := flow.All(ctx, session.New(opt), plan,
		func(int, session.Candidate) *session.Session {
			o := opt
			o.Sink = b.open().joined
			return session.New(o)
		},
		what.do,
		func(i int, err error) {
			one := b.all[i]
			lines := named(&one.report.View, true, what.result(&one.report.View))
			if err != nil {
				lines = append(lines, "failed: "+asError(ctx, err).Message)
			}
			b.show(one, lines)
		})
	b.end()
	return err
}

// named puts the server's name before the lines of a result that would not
// say whose it is.
func named(v *transcript.View, needed bool, lines []string) []string {
	c := v.Now()
	if !needed || c == nil || len(lines) == 0 {
		return lines
	}
	name := c.Name()
	if c.Address != "" && !strings.HasPrefix(c.Address, name) {
		name += " (" + c.Address + ")"
	}
	return append([]string{name + ":"}, lines...)
}

// refuse is a target that cannot be used: nothing was connected. A program
// that reads JSON is told in JSON.
func (a *app) refuse(f *flags, command, name string, err error) error {
	err, a.refused = a.blame(err), true
	if f.output == "text" {
		return err
	}
	out := a.stdout(f, command)
	e := asError(context.Background(), err)
	out.target(name).end(e, e.Exit())
	return err
}

// suits refuses flags that contradict a target.
func (f *flags) suits(t session.Target) error {
	addr, _ := netip.ParseAddr(t.Host)
	switch {
	case f.ip4 && addr.Is6() && !addr.Is4In6():
		return usage("", "%s is an IPv6 address: -4 contradicts it", t.Text)
	case f.ip6 && addr.Is4():
		return usage("", "%s is an IPv4 address: -6 contradicts it", t.Text)
	case (t.Scheme == "smtps" || t.Scheme == "submissions") && f.tls != "auto" && f.tls != "implicit":
		return usage("leave --tls out, or write smtp://", "%s is TLS from the first octet: --tls %s contradicts it", t.Text, f.tls)
	case t.Scheme == "submission" && (f.tls == "never" || f.tls == "implicit"):
		return usage("leave --tls out, or write smtp://…:587", "%s requires STARTTLS: --tls %s contradicts it", t.Text, f.tls)
	case t.Kind == session.Socket && (f.server != "" || f.port != 0):
		return usage("", "%s is a socket: --server and --port do not go with it", t.Text)
	case t.LMTP() && f.protocol != "" && f.protocol != "lmtp":
		return usage("", "%s is LMTP: --protocol %s contradicts it", t.Text, f.protocol)
	}
	return nil
}
