package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/session"
	"ehlo/session/flow"
	"ehlo/session/transcript"
)

func (a *app) mx() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "mx [flags] DOMAIN...",
		Short: "where mail for a domain goes, and why",
		Long: `Mx asks the DNS where mail for a domain goes: its MX hosts with their addresses,
in the order in which a server would try them, or its own address where it has
no MX. Every question and answer is shown. Nothing is connected.`,
		Example: `  ehlo mx example.com
  ehlo mx --dns 192.0.2.53 -o json example.com example.net`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("see ehlo mx --help", "ehlo mx needs a DOMAIN")
			}
			if err := f.checkOutput(); err != nil {
				return err
			}
			r, err := f.resolver()
			if err != nil {
				return err
			}
			set := settings{options: session.Options{Resolver: r}}
			return a.converseWith(c.Context(), &f, set, args, routing(f.quiet))
		},
	}
	f.tls = string(session.TLSAuto)
	addGroup(c, "Where", func(s *pflag.FlagSet) { f.families(s); f.servers(s) })
	addGroup(c, "Output", f.outputs)
	completeValues(c)
	return c
}

// routing is what `ehlo mx` does. Where nothing else is shown, the route is the
// result.
func routing(quiet bool) conversation {
	return conversation{
		command: "mx",
		do: func(ctx context.Context, s *session.Session, p flow.Plan) error {
			return flow.Route(ctx, s, p)
		},
		result: func(v *transcript.View) []string {
			if v.Route == nil || v.Route.Reason == "" {
				return nil
			}
			lines := []string{"reason: " + v.Route.Reason}
			if quiet {
				lines = append(transcript.RouteLines(*v.Route), lines...)
			}
			return lines
		},
	}
}
