package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/internal/crash"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// letterFlags are the flags of send.
type letterFlags struct {
	from         string
	to           []string
	subject      string
	headers      []string
	body         string
	attach       []string
	data         string
	force        bool
	noPipelining bool
	smtputf8     string
	chunking     bool
	notify       string
	ret          string
	envID        string
	prdr         bool
	padTo        string
	size         int64 // that padTo says
}

func (a *app) send() *cobra.Command {
	var (
		f flags
		l letterFlags
	)
	c := &cobra.Command{
		Use:   "send [flags] [TARGET]",
		Short: "send one message",
		Long: `Send hands one message to the target's mail server and shows the session. Without
a TARGET the recipients' domain is the target. The size is known before anything
is sent: a message that is larger than the server accepts is not transferred.
The same message is never sent twice; with --all one copy goes through every
address of every exchanger.`,
		Example: `  ehlo send --from me@example.net --to you@example.com --subject test --body hello
  ehlo send --to you@example.com --data message.eml
  ehlo send --to you@example.com --body - < text`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runSend(c, &f, &l, args)
		},
	}
	addGroup(c, "Message", func(s *pflag.FlagSet) {
		s.StringVar(&l.from, "from", "", "reverse-path `ADDR`; empty for <> (default: you at this host)")
		s.StringArrayVar(&l.to, "to", nil, "recipient `ADDR` (repeatable; comma lists)")
		s.StringVar(&l.subject, "subject", "", "Subject: `TEXT`")
		s.StringArrayVar(&l.headers, "header", nil, "a header field, `'K: V'` (repeatable)")
		s.StringVar(&l.body, "body", "", "the text: `TEXT`, @FILE, or - for standard input")
		s.StringArrayVar(&l.attach, "attach", nil, "attach `FILE` (repeatable)")
		s.StringVar(&l.padTo, "pad-to", "", "make the message exactly `SIZE` octets, or 10MB, 1GiB …, by lines behind the text")
		s.StringVar(&l.data, "data", "", "a complete message instead: `FILE`, or - for standard input; sent as it is but for line ends and transparency")
		s.BoolVar(&l.force, "force", false, "send although it is larger than the server accepts")
		s.BoolVar(&l.noPipelining, "no-pipelining", false, "one command at a time")
		s.BoolVar(&l.chunking, "chunking", false, "send the message with BDAT, where the server offers CHUNKING")
		s.StringVar(&l.notify, "dsn-notify", "", "ask for delivery reports: `WHEN` is never, or some of success,failure,delay")
		s.StringVar(&l.ret, "dsn-ret", "", "what a report returns: `WHAT` is full or hdrs")
		s.StringVar(&l.envID, "dsn-envid", "", "an envelope `ID`, which reports repeat")
		s.BoolVar(&l.prdr, "prdr", false, "ask for a reply for each recipient behind the message, where the server offers PRDR")
		s.StringVar(&l.smtputf8, "smtputf8", "auto", "say SMTPUTF8: `WHEN` is auto (where an address or a header needs it), always, never")
	})
	f.connecting(c)
	return c
}

func (a *app) runSend(c *cobra.Command, f *flags, l *letterFlags, args []string) error {
	set, err := f.check(c.Flags().Changed("timeout"))
	if err != nil {
		return err
	}
	if err := l.check(c); err != nil {
		return err
	}
	letter, err := l.envelope(c.Flags().Changed("from"), set.options.Helo, args)
	if err != nil {
		return err
	}
	names, err := f.names(args)
	if err != nil {
		return err
	}
	target, err := sendTarget(letter.To, f.server, names)
	if err != nil {
		return err
	}
	set.options.PipeErrors = &visible{w: a.err}
	if err := spares("record", f.record, "the message", l.files()); err != nil {
		return err
	}
	m, err := a.message(c.Context(), l, letter, set.options.Helo)
	if err != nil {
		return err
	}
	letter.Message = m
	what := conversation{
		command: "send",
		do: func(ctx context.Context, s *session.Session, p flow.Plan) error {
			return flow.Send(ctx, s, p, letter)
		},
		result: func(v *transcript.View) []string { return sendResult(v, m) },
		letter: m, given: l.data != "" || l.dated(),
	}
	return a.converseWith(c.Context(), f, set, []string{target}, what)
}

// check refuses flags that contradict each other.
func (l *letterFlags) check(c *cobra.Command) error {
	if err := oneOf("smtputf8", l.smtputf8); err != nil {
		return err
	}
	if l.padTo != "" {
		n, err := wire.ParseOctets(l.padTo)
		if err != nil {
			return usage("--pad-to 10485760, --pad-to 10MB or --pad-to 1.5GiB", "--pad-to: %s", err)
		}
		l.size = int64(n) // it is at most that
	}
	if !c.Flags().Changed("data") {
		return nil
	}
	for _, name := range []string{"subject", "header", "body", "attach", "pad-to"} {
		if c.Flags().Changed(name) {
			return usage("put it into the message, or leave --data out", "--data is a complete message: --%s does not go with it", name)
		}
	}
	if l.data == "" {
		return usage("", "--data needs a FILE, or - for standard input")
	}
	return nil
}

// envelope reads the addresses. A target that is an address is the recipient
// where no other is given.
func (l *letterFlags) envelope(fromGiven bool, helo string, args []string) (flow.Letter, error) {
	letter := flow.Letter{
		Force: l.force, NoPipelining: l.noPipelining, SMTPUTF8: flow.UTF8(l.smtputf8), Chunking: l.chunking, PRDR: l.prdr,
	}
	var err error
	if letter.DSN, err = l.dsn(); err != nil {
		return letter, err
	}
	if !fromGiven {
		l.from = sender(helo)
	}
	if letter.From, err = mailAddress("--from", l.from); err != nil {
		return letter, err
	}
	to := l.to
	if len(to) == 0 && len(args) == 1 {
		if t, err := session.ParseTarget(args[0]); err == nil && t.Recipient != "" {
			to = []string{t.Recipient}
		}
	}
	for _, list := range to {
		for _, one := range session.SplitAddresses(list) {
			address, err := mailAddress("--to", one)
			if err != nil {
				return letter, err
			}
			if address == (wire.Address{}) {
				return letter, usage("", "--to %q: there is no address", list)
			}
			letter.To = append(letter.To, address)
		}
	}
	if len(letter.To) == 0 {
		return letter, usage("ehlo send --to you@example.com …", "send needs a recipient")
	}
	return letter, nil
}

// mailAddress reads the address of a flag.
func mailAddress(flag, s string) (wire.Address, error) {
	a, err := session.ParseAddress(s)
	if err != nil {
		return a, usage("", "%s: %s", flag, err)
	}
	return a, nil
}

// sender is the reverse-path where none is given: this user at this host.
func sender(helo string) string {
	host := helo
	if host == "" {
		host, _ = os.Hostname()
	}
	me, err := user.Current()
	if err != nil || host == "" {
		return ""
	}
	name := me.Username
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:] // DOMAIN\user
	}
	return name + "@" + host
}

// sendTarget is the target that was given, or the recipients' domain.
func sendTarget(to []wire.Address, server string, args []string) (string, error) {
	if len(args) > 1 {
		return "", usage("", "one TARGET at a time: what is %s?", args[1])
	}
	if len(args) == 1 {
		return args[0], nil
	}
	domain := to[0].Domain
	for _, a := range to {
		if !strings.EqualFold(a.Domain, domain) {
			return "", usage("name a TARGET, or send to one domain at a time", "the recipients are in several domains (%s, %s): where shall it go?", domain, a.Domain)
		}
	}
	if domain == "" && server == "" {
		return "", usage("name a TARGET", "the recipient %s has no domain: where shall it go?", to[0])
	}
	if domain == "" {
		return server, nil
	}
	return domain, nil
}

// dated says that a field by which every message differs is given: it is not
// ours to replace in a record.
func (l *letterFlags) dated() bool {
	return slices.ContainsFunc(l.headers, func(h string) bool {
		name, _, _ := strings.Cut(strings.ToLower(h), ":")
		name = strings.TrimSpace(name)
		return name == "date" || name == "message-id"
	})
}

// files are those that the message is made of.
func (l *letterFlags) files() []string {
	list := append([]string{l.data}, l.attach...)
	if body, ok := strings.CutPrefix(l.body, "@"); ok {
		list = append(list, body)
	}
	return list
}

// message reads or composes the message. What it reads may never come, from a
// terminal or a pipe: the end of ctx ends the wait.
func (a *app) message(ctx context.Context, l *letterFlags, letter flow.Letter, helo string) (*message.Message, error) {
	var m *message.Message
	done := make(chan error, 1)
	crash.Go(func() (err error) {
		m, err = a.readMessage(l, letter, helo)
		return err
	}, func(err error) { done <- err })
	select {
	case err := <-done:
		crash.Raise(err)
		return m, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// spool is where streams are kept until the program ends, however that comes.
func (a *app) spool() message.Spool {
	return sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "ehlo-")
		if err == nil {
			a.later(func() { _ = os.RemoveAll(dir) })
		}
		return dir, err
	})
}

func (a *app) readMessage(l *letterFlags, letter flow.Letter, helo string) (m *message.Message, err error) {
	switch l.data {
	case "":
		return a.compose(l, letter, helo, a.spool())
	case "-":
		m, err = message.FromReader(a.in, a.spool())
	default:
		// The transcript names the file: it may be played elsewhere.
		var path string
		if path, err = filepath.Abs(l.data); err == nil {
			m, err = message.FromPath(path, a.spool())
		}
	}
	if err != nil {
		return nil, input(err, "--data")
	}
	return m, nil
}

func sendResult(v *transcript.View, m *message.Message) []string {
	c := v.Now()
	if c == nil {
		return nil
	}
	lines := []string{"message: " + wire.Octet(uint64(m.Size.Octets))}
	for _, r := range c.Recipients {
		// Behind a refused MAIL the replies to RCPT say nothing of the recipients.
		if !r.Reply.Positive() && (c.Error == nil || c.Error.Stage != event.Mail) {
			lines = append(lines, fmt.Sprintf("recipient %s: %s", r.Address, r.Reply))
		}
	}
	return append(lines, "delivery: "+string(c.Delivery()))
}
