package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// otherVariables begin with EHLO_ and set no flag.
var otherVariables = []string{
	"EHLO_PASSWORD",  // of a login; it must not stand on a command line, so it is no flag
	"EHLO_MTA_CACHE", // of the tests with real mail servers
}

const variablePrefix = "EHLO_"

// variable is the environment variable that sets a flag.
func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// environment is what the variables say, in the order of their names. An
// empty one is like none. For a repeatable flag each line is a value: commas
// stand in header fields and file names. A variable that is no flag of any
// command is an error: a typo that does nothing costs more than a variable
// that must be unset.
func environment(root *cobra.Command) (found []setting, first error) {
	for _, pair := range os.Environ() {
		name, text, _ := strings.Cut(pair, "=")
		word, ours := strings.CutPrefix(name, variablePrefix)
		if !ours || text == "" || slices.Contains(otherVariables, name) {
			continue
		}
		flag := strings.ReplaceAll(strings.ToLower(word), "_", "-")
		f := anyFlag(root, flag)
		if f == nil || variable(flag) != name {
			if first == nil {
				first = misconfigured(suggest(root, flag, variable), "%s is set, and no flag has that name", name)
			}
			continue
		}
		v, at := value{texts: []string{text}}, origin{rank: fromEnvironment, place: name, words: "environment"}
		if _, repeatable := f.Value.(pflag.SliceValue); repeatable {
			v.texts = strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
			at.hint = "several values stand on a line each in " + name
		}
		found = append(found, setting{flag, v, at})
	}
	slices.SortFunc(found, func(a, b setting) int { return strings.Compare(a.name, b.name) })
	return found, first
}

// anyFlag is the flag of that name of the first command that has it, or nil.
func anyFlag(root *cobra.Command, name string) *pflag.Flag {
	for _, c := range takers(root) {
		if f := c.Flags().Lookup(name); f != nil && name != "help" {
			return f
		}
	}
	return nil
}

// suggest says what a name that no flag has was probably meant to be.
func suggest(root *cobra.Command, name string, form func(string) string) string {
	// More edits than that, or half of the word, make it another word.
	best, least := "", 3
	for _, c := range takers(root) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if n := edits(name, f.Name); n < least && 2*n < len(name) {
				best, least = f.Name, n
			}
		})
	}
	if best == "" {
		return "ehlo help config lists the settings"
	}
	return "did you mean " + form(best) + "? ehlo help config lists the settings"
}

// edits is how many octets must be put in, taken out, changed, or swapped with
// the next one to make b of a (optimal string alignment).
func edits(a, b string) int {
	rows := make([][]int, len(a)+1) // rows[i][j]: the edits from a[:i] to b[:j]
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			changed := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			rows[i][j] = min(changed, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
