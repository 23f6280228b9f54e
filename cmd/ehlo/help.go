package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where the help wraps.
const helpWidth = 100

func (a *app) help(root *cobra.Command) *cobra.Command {
	profile := ""
	c := &cobra.Command{
		Use:   "help [COMMAND|config|script]",
		Short: "what a command does and its flags; config: the settings; script: the language",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			names := []string{"config", "script"}
			for _, c := range root.Commands() {
				names = append(names, c.Name())
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "config" {
				return a.helpConfig(profile)
			}
			if len(args) == 1 && args[0] == "script" {
				a.helpScript()
				return nil
			}
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage("ehlo help lists the commands", "there is no command %s", strings.Join(args, " "))
			}
			printHelp(c, nil)
			return nil
		},
	}
	c.Flags().StringVar(&profile, profileFlag, "", "for config: the settings with the profile `NAME`")
	return c
}

// printHelp writes the help of a command: its flags in their groups.
func printHelp(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	text := c.Long
	if text == "" {
		text = c.CommandPath() + ": " + c.Short + "."
	}
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", text, useLine(c))
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(w, "  %-12s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	printFlags(w, c)
	if c.HasSubCommands() {
		fmt.Fprint(w, "\nehlo help COMMAND says more of a command, ehlo help config of the environment and the config file,\nehlo help script of the language of scripts.\n")
	}
}

func useLine(c *cobra.Command) string {
	if !c.HasParent() {
		return c.Use
	}
	return c.Parent().CommandPath() + " " + c.Use
}

// groupOf is the title of a flag's group.
func groupOf(f *pflag.Flag) string {
	if t := f.Annotations[groupAnnotation]; len(t) > 0 {
		return t[0]
	}
	return "Other"
}

func printFlags(w io.Writer, c *cobra.Command) {
	var titles []string
	sets := map[string]*pflag.FlagSet{}
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		title := groupOf(f)
		if sets[title] == nil {
			titles = append(titles, title)
			sets[title] = pflag.NewFlagSet(title, pflag.ContinueOnError)
			sets[title].SortFlags = false
		}
		sets[title].AddFlag(f)
	})
	for _, title := range titles {
		fmt.Fprintf(w, "\n%s:\n%s", title, sets[title].FlagUsagesWrapped(helpWidth))
	}
}
