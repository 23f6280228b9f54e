// Command ehlo is an interactive terminal SMTP debugging client: what a
// postmaster types instead of `telnet host 25`.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

// memory is where the garbage collector begins to work harder, in octets. What
// ehlo keeps is bounded far below; without this the collector would let the heap
// of a flooded screen grow to twice of that before it looks.
const memory = 48 << 20

func main() {
	debug.SetMemoryLimit(memory)
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
