// Package background keeps Bubble Tea from asking the terminal a question
// while the program starts.
//
// Importing Bubble Tea v1 runs lipgloss.HasDarkBackground in an init. That
// writes an OSC query to the terminal and waits up to 5 s for an answer that
// many terminals never give: `ehlo version` would hang on them, and the answer,
// if it comes late, is taken for keys. The screen needs no answer: its colours
// are the 16 of the terminal on its own background.
//
// The packages of a program are initialised in the order of their import paths
// as soon as what they import is (Go specification, Program initialization).
// "ehlo/tui/internal/background" sorts before "github.com/charmbracelet/
// bubbletea" and imports lipgloss alone, which bubbletea imports too: so it
// comes first, and lipgloss already has its answer.
package background

import "github.com/charmbracelet/lipgloss"

// The only init of this program that does something: there is no other moment
// between lipgloss' and bubbletea's.
func init() { lipgloss.SetHasDarkBackground(true) }
