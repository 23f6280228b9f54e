package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// sizeFlags are the flags of size.
type sizeFlags struct {
	exact   bool
	budget  string
	pause   pause
	ceiling string
	from    string
	files   []string
}

func (a *app) size() *cobra.Command {
	var (
		f flags
		l sizeFlags
	)
	c := &cobra.Command{
		Use:   "size [flags] TARGET...",
		Short: "the maximum message size, declared and (--exact) in force",
		Long: `Size asks the target's mail server for its maximum message size (SIZE, RFC
1870), before and after STARTTLS and a login, and says how large a file attached
in base64 may be. No mail is sent, and no recipient named.

With --exact it finds out what is in force: MAIL FROM:<> SIZE=n, and RSET. A
declared limit that is true takes two MAIL, one of which is refused. Where it is
not, or nothing is declared, the limit is searched for, within what common
servers forgive on one connection: 2 refused and 10 accepted MAIL, then QUIT, a
pause, and the next connection. A server that says it is Postfix is asked more
(9 and 80), Exim too (40 and 10). A number n is said only where n was accepted
and n+1 refused on one connection, and that again: a name behind which there are
several servers with limits of their own has none. The search ends at the
ceiling, at a 421, at a reply that is not about the size, and where replies come
later on one connection after another; then what is known is said: at least,
below.

What is in force at MAIL is not all: a server may still refuse a message behind
its data. A declared limit is believed for two answers: one that changes just
between them may be taken to be in force.

Exit 0: the limit in force is known, or it is known that there is none up to the
ceiling. Exit 23: the session went well and neither is known, for a reason that is
said. Without --exact, that nothing is declared is exit 0. Exit 41: a FILE does not fit; where
that is not known, it changes nothing.

The largest attachment is the largest report.pdf for which this makes a message
that fits, to the octet:

  ehlo send --helo ` + message.ReferenceHost + ` --from ` + message.ReferenceFrom + ` --to ` + message.ReferenceTo + ` \
            --attach ` + message.ReferenceFile + `

(base64 in lines of 76 columns, and ` + aroundText() + ` octets for the header and
the lines of MIME around). Each octet that the names of host, sender, recipient
and file are longer, and each of a subject, a text, or more header fields, leaves
one octet less to the message; further recipients cost their length and 2. --file
says of a file, under its own name, whether it fits, and by how much.`,
		Example: `  ehlo size example.com
  ehlo size --exact example.com
  ehlo size -q --exact --all example.com            # a table, the smallest marked
  ehlo size --exact --file report.pdf mx1.example.com
  ehlo size --exact -o json example.com | jq .sessions[-1].size`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runSize(c, &f, &l, args)
		},
	}
	addGroup(c, "Size", func(s *pflag.FlagSet) {
		s.BoolVar(&l.exact, "exact", false, "find out the limit in force, to the octet, with MAIL and RSET; sends no mail")
		s.StringVar(&l.budget, "budget", "", "with --exact: `REFUSALS,ACCEPTS` on one connection (default 2,10; more where the server is known to forgive)")
		l.pause = pause{duration(flow.DefaultPause)}
		s.Var(&l.pause, "pause", "with --exact: between connections")
		s.StringVar(&l.ceiling, "ceiling", "1TiB", "with --exact: ask for no more than `SIZE` octets, or 100MB, 1GiB …")
		s.StringVar(&l.from, "from", "", "with --exact: reverse-path `ADDR` (default <>)")
		s.StringArrayVar(&l.files, "file", nil, "does `FILE` fit, attached? (repeatable; exit 41: no)")
	})
	f.connecting(c)
	return c
}

// aroundText is what the reference message has besides the attached file.
func aroundText() string {
	return wire.Thousands(uint64(message.AttachedSize(message.ReferenceFile, 1) - message.EncodedSize(1)))
}

func (a *app) runSize(c *cobra.Command, f *flags, l *sizeFlags, args []string) error {
	if err := f.beforeMail(); err != nil {
		return err
	}
	measure, err := a.measure(c, f, l)
	if err != nil {
		return err
	}
	files, err := l.measured()
	if err != nil {
		return err
	}
	what := conversation{
		command: "size",
		do: func(ctx context.Context, s *session.Session, plan flow.Plan) error {
			size, limit, err := flow.Size(ctx, s, plan, measure)
			if err != nil && !unmeasured(err) {
				return err
			}
			known := &limit
			if measure == nil {
				known = nil
			}
			return cmp.Or(files.fit(s, size, known), err)
		},
		result: func(v *transcript.View) []string {
			return append(sizeResult(v), files.lines(v.Now())...)
		},
		report: func(r *transcript.Report) { r.Files = files },
	}
	// What is not shown while it grows is told of in a few lines.
	switch {
	case f.all:
		what.all = sizeTable
		what.live = a.live(func(v *transcript.View) []string { return sizeProgress(v, l.exact) })
	case f.quiet && l.exact:
		what.live = a.live(searchProgress)
	}
	if f.output != "text" {
		what.live = nil
	}
	return a.converse(c, f, args, what)
}

// unmeasured says that the session went well, and only the limit is not known:
// what is known may be enough to tell that a file does not fit.
func unmeasured(err error) bool {
	e, ok := errors.AsType[*event.Error](err)
	return ok && e.Stage == event.Mail && (e.Kind == event.Rejected || e.Kind == event.Deferred || e.Kind == event.SMTPUTF8Unavailable)
}

// measure is the search that the flags ask for; nil without --exact.
func (a *app) measure(c *cobra.Command, f *flags, l *sizeFlags) (*flow.Measure, error) {
	if !l.exact {
		for _, name := range []string{"budget", "pause", "ceiling", "from"} {
			if _, setting := a.origins[name]; c.Flags().Changed(name) && !setting {
				return nil, usage("add --exact", "--%s is for a search: without --exact there is none", name)
			}
		}
		return nil, nil
	}
	if l.budget == "" && c.Flags().Changed("budget") {
		return nil, usage("", "--budget needs REFUSALS,ACCEPTS")
	}
	if f.quitAfter != "" || f.dropAfter != "" {
		return nil, usage("leave one of them out", "--exact needs the whole session: --quit-after and --drop-after do not go with it")
	}
	m := &flow.Measure{Pause: time.Duration(l.pause.duration)}
	var err error
	if m.From, err = mailAddress("--from", l.from); err != nil {
		return nil, err
	}
	if l.budget != "" {
		if m.Budget, err = flow.ParseBudget(l.budget); err != nil {
			return nil, usage("--budget 2,10: two refused and ten accepted MAIL on a connection", "--budget: %s", err)
		}
	}
	if m.Ceiling, err = wire.ParseOctets(l.ceiling); err != nil {
		return nil, usage("--ceiling 104857600, --ceiling 100MB or --ceiling 1.5GiB", "--ceiling: %s", err)
	}
	return m, nil
}

// attachedFiles are the files of --file.
type attachedFiles []transcript.File

// measured looks at the files before anything is connected.
func (l *sizeFlags) measured() (attachedFiles, error) {
	var all attachedFiles
	for _, name := range l.files {
		if name == "" {
			return nil, usage("", "--file needs a FILE")
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, input(err, "--file")
		}
		if !info.Mode().IsRegular() {
			return nil, &event.Error{Kind: event.Input, Message: "--file: " + name + " is no regular file: its size is not known"}
		}
		all = append(all, transcript.File{Name: name, Octets: info.Size(), Message: message.AttachedSize(name, info.Size())})
	}
	return all, nil
}

// fit is the error of the first file that does not fit. What is not known to be
// too large is no error.
func (all attachedFiles) fit(s *session.Session, size wire.Size, limit *event.Limit) error {
	for _, one := range all {
		if fit, _ := one.Fit(&size, limit); fit == transcript.TooLarge {
			return s.Fail(event.Errorf(event.MessageTooLarge, event.Mail, "%s", one.Line(&size, limit)))
		}
	}
	return nil
}

func (all attachedFiles) lines(c *transcript.Conversation) []string {
	if c == nil || c.Size == nil {
		return nil
	}
	var lines []string
	for _, one := range all {
		lines = append(lines, one.Line(c.Size, c.Limit))
	}
	return lines
}

func sizeResult(v *transcript.View) []string {
	c := v.Now()
	if c == nil {
		return nil
	}
	lines := transcript.LimitLines(c.Size, c.Limit)
	if c.Size == nil {
		return lines
	}
	if c.TLS != nil && c.TLS.Mode == "starttls" {
		lines = append(lines, before("STARTTLS", c.OffersBeforeTLS.Size(), *c.Size))
	}
	if c.SizeBeforeLogin != nil {
		lines = append(lines, before("the login", *c.SizeBeforeLogin, *c.Size))
	}
	return lines
}

func before(what string, was, is wire.Size) string {
	if was == is {
		return "before " + what + " it was the same"
	}
	return "before " + what + " it was: " + was.String()
}
