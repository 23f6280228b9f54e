package main

import (
	"context"
	"fmt"
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
	pause   duration
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
(9 and 80), Exim too (40 and 10). The search ends at the ceiling, at a 421, at a
reply that is not about the size, and where replies begin to come late; then
what is known is said: at least, below.

What is in force at MAIL is not all: a server may still refuse a message behind
its data.

The largest attachment is the largest FILE for which ` + "`ehlo send --attach FILE`" + `
makes a message that fits: base64 in lines of 76 columns, and 1,024 octets for
the header, a short text and the lines of MIME around. --file says of a file
whether it fits, and by how much: exit 0 or 41.`,
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
		l.pause = duration(flow.DefaultPause)
		s.Var(&l.pause, "pause", "with --exact: between connections")
		s.StringVar(&l.ceiling, "ceiling", "1TiB", "with --exact: ask for no more than `SIZE` octets, or 100MB, 1GiB …")
		s.StringVar(&l.from, "from", "", "with --exact: reverse-path `ADDR` (default <>)")
		s.StringArrayVar(&l.files, "file", nil, "does `FILE` fit, attached? (repeatable; exit 41: no)")
	})
	f.connecting(c)
	return c
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
			if err != nil {
				return err
			}
			return files.fit(s, size, limit)
		},
		result: func(v *transcript.View) []string {
			return append(sizeResult(v), files.lines(v.Now())...)
		},
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

// measure is the search that the flags ask for; nil without --exact.
func (a *app) measure(c *cobra.Command, f *flags, l *sizeFlags) (*flow.Measure, error) {
	if !l.exact {
		for _, name := range []string{"budget", "pause", "ceiling"} {
			if _, setting := a.origins[name]; c.Flags().Changed(name) && !setting {
				return nil, usage("add --exact", "--%s is for a search: without --exact there is none", name)
			}
		}
		return nil, nil
	}
	if f.quitAfter != "" || f.dropAfter != "" {
		return nil, usage("leave one of them out", "--exact needs the whole session: --quit-after and --drop-after do not go with it")
	}
	m := &flow.Measure{Pause: time.Duration(l.pause)}
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

// attached is a file, and the message that it makes.
type attached struct {
	name         string
	octets, mail int64
}

type attachedFiles []attached

// measured looks at the files before anything is connected.
func (l *sizeFlags) measured() (attachedFiles, error) {
	var all attachedFiles
	for _, name := range l.files {
		info, err := os.Stat(name)
		if err != nil {
			return nil, input(err, "--file")
		}
		if !info.Mode().IsRegular() {
			return nil, &event.Error{Kind: event.Input, Message: "--file: " + name + " is no regular file: its size is not known"}
		}
		all = append(all, attached{name, info.Size(), message.AttachedSize(info.Size())})
	}
	return all, nil
}

// fit is the error of the first file that does not fit.
func (all attachedFiles) fit(s *session.Session, size wire.Size, limit event.Limit) error {
	for _, one := range all {
		if line, fits := one.fits(&size, &limit); !fits {
			return s.Fail(event.Errorf(event.MessageTooLarge, event.Mail, "%s", line))
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
		line, _ := one.fits(c.Size, c.Limit)
		lines = append(lines, line)
	}
	return lines
}

// fits says whether the file fits, and by how much. What is not known to be too
// large fits.
func (one attached) fits(size *wire.Size, limit *event.Limit) (line string, fits bool) {
	line = fmt.Sprintf("%s, %s, makes a message of up to %s: ", one.name, wire.Octet(uint64(one.octets)), wire.Octet(uint64(one.mail)))
	most, known := transcript.InForce(size, limit)
	mail := uint64(one.mail)
	switch {
	case !known:
		return line + "it fits, as far as is known: no limit is", true
	case mail <= most:
		return line + fmt.Sprintf("it fits, with %s to spare", wire.Octet(most-mail)), true
	case limit != nil && limit.Rejected > 0 && !limit.Exact() && mail < limit.Rejected:
		return line + "it is not known whether it fits", true
	}
	return line + fmt.Sprintf("it does not fit: %s too many", wire.Octet(mail-most)), false
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
