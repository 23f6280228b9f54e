package main

import "github.com/spf13/cobra"

// stepScreen opens the screen with the script at its side.
func (a *app) stepScreen(c *cobra.Command, f *flags, set settings, ready scripted) error {
	return usage("", "--step is not there yet")
}
