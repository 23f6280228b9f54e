package main

import (
	"github.com/spf13/cobra"
)

func (a *app) completion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "the script that completes ehlo's commands and flags in a shell",
		Long: `Completion writes the script that makes a shell complete ehlo's commands, flags
and their values.`,
		Example: `  source <(ehlo completion bash)
  ehlo completion zsh > "${fpath[1]}/_ehlo"
  ehlo completion fish > ~/.config/fish/completions/ehlo.fish`,
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(c *cobra.Command, args []string) error {
			shell := ""
			if len(args) == 1 {
				shell = args[0]
			}
			switch shell {
			case "bash":
				return c.Root().GenBashCompletionV2(a.out, true)
			case "zsh":
				return c.Root().GenZshCompletion(a.out)
			case "fish":
				return c.Root().GenFishCompletion(a.out, true)
			}
			return usage("ehlo completion bash, zsh or fish", "completion needs the name of a shell")
		},
	}
}
