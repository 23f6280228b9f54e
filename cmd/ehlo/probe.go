package main

import (
	"strings"

	"github.com/spf13/cobra"

	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/transcript"
)

func (a *app) probe() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "probe [flags] TARGET...",
		Short: "connect, greet, list the extensions, quit; sends no mail",
		Long: `Probe connects to the target's mail server, waits for its greeting, sends EHLO
(and STARTTLS and EHLO again where that is offered), says what the server
offers and how large a message may be, and quits. No mail is sent.`,
		Example: `  ehlo probe example.com
  ehlo probe --all -o json example.com
  ehlo probe --tls never mx1.example.com:25`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.beforeMail(); err != nil {
				return err
			}
			return a.converse(c, &f, args, probing)
		},
	}
	f.connecting(c)
	return c
}

// probing is what `ehlo probe` does.
var probing = conversation{command: "probe", do: flow.Probe, result: probeResult}

func probeResult(v *transcript.View) []string {
	c := v.Now()
	if c == nil {
		return nil
	}
	var lines []string
	if len(c.Offers) > 0 {
		lines = append(lines, "extensions:")
		for _, l := range transcript.ExtensionLines(c.Offers) {
			lines = append(lines, "  "+l)
		}
	}
	return append(lines, transcript.SizeLines(c.Size)...)
}

// beforeMail refuses a stop at a stage that a command without mail never
// reaches.
func (f *flags) beforeMail() error {
	for _, given := range [][2]string{{"--quit-after", f.quitAfter}, {"--drop-after", f.dropAfter}} {
		if stage, ok := stops[strings.ToLower(given[1])]; ok && stage >= event.Mail {
			return usage("one of banner, helo, tls, auth", "%s: no mail is sent here: there is no phase %s", given[0], given[1])
		}
	}
	return nil
}
