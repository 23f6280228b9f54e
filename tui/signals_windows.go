package tui

import "os"

// ending are the signals that end the screen.
var ending = []os.Signal{os.Interrupt}

// quitKey is of other systems.
var quitKey = os.Interrupt
