// Command ehlo is an interactive terminal SMTP debugging client: what a
// postmaster types instead of `telnet host 25`.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
