// Command ehlo is an interactive terminal SMTP debugging client: what a
// postmaster types instead of `telnet host 25`.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
)

// memory is where the garbage collector begins to work harder, in octets. What
// ehlo keeps is bounded far below; without this the collector would let the heap
// of a flooded screen grow to twice of that before it looks.
const memory = 48 << 20

// hold makes room for something large that was read and stays: a collector that
// works against a limit below what is in use does nothing else.
func hold() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if used := int64(m.HeapAlloc); used > memory/4 {
		debug.SetMemoryLimit(memory + 2*used)
	}
}

func main() {
	debug.SetMemoryLimit(memory)
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
