package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/spf13/cobra"

	"ehlo/session/event"
)

// The parser of go-toml gives each key and value with its place, which its
// decoder does not; and it is the smaller part. What TOML says beyond the
// grammar is here: no key and no table twice.

// reader turns a TOML text into the entries of a config.
type reader struct {
	file   *config
	root   *cobra.Command
	parser unstable.Parser
	seen   map[string]int // the line of each key and table
	first  *event.Error
}

// parseConfig reads a TOML text: keys are flags of root's commands. It goes on
// behind an error of meaning, so that help config can show the rest; the first
// error is returned.
func parseConfig(path string, text []byte, root *cobra.Command) (*config, error) {
	r := &reader{file: &config{path: path}, root: root, seen: map[string]int{}}
	// Clipped: the parser knows where a part is by its capacity.
	r.parser.Reset(slices.Clip(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	var table []string
	known := true // what follows an unknown table is not looked at
	for r.parser.NextExpression() {
		switch e := r.parser.Expression(); e.Kind {
		case unstable.Table:
			var line int
			table, line = r.path(e.Key())
			known = r.open(table, line)
		case unstable.ArrayTable:
			name, line := r.path(e.Key())
			r.fail(line, "write ["+dotted(name)+"]", "[[%s]]: there are no arrays of tables here", dotted(name))
			known = false
		case unstable.KeyValue:
			if key, line := r.path(e.Key()); known {
				r.add(slices.Concat(table, key), e.Value(), line)
			}
		}
	}
	if err := r.parser.Error(); err != nil {
		line := 1 + bytes.Count(r.parser.Data(), []byte("\n"))
		if at, ok := errors.AsType[*unstable.ParserError](err); ok {
			line = r.line(r.parser.Range(at.Highlight))
		}
		r.fail(line, "a line is: key = \"text\", key = 25, key = true, key = [\"one\", \"two\"], or [profile.NAME]", "this is not TOML: %s", err)
	}
	if r.first != nil {
		return r.file, r.first
	}
	return r.file, nil
}

// fail keeps the first error.
func (r *reader) fail(line int, hint, format string, args ...any) {
	if r.first == nil {
		r.first = misconfigured(hint, "%s:%d: %s", r.file.path, line, fmt.Sprintf(format, args...))
	}
}

func (r *reader) line(at unstable.Range) int { return r.parser.Shape(at).Start.Line }

// path is the parts of a key, and its line.
func (r *reader) path(key unstable.Iterator) (parts []string, line int) {
	for key.Next() {
		n := key.Node()
		if line == 0 {
			line = r.line(n.Raw)
		}
		parts = append(parts, string(n.Data))
	}
	return parts, line
}

// scope says for which profile and command the keys of a table are.
func (r *reader) scope(table []string) (profile, command string, ok bool) {
	if len(table) > 0 && table[0] == profileFlag {
		if len(table) == 1 {
			return "", "", true // [profile]: the parent of the profiles
		}
		profile, table = table[1], table[2:]
		if profile == "" {
			return "", "", false
		}
	}
	if len(table) == 1 {
		command, table = table[0], nil
		if r.command(command) == nil {
			return "", "", false
		}
	}
	return profile, command, len(table) == 0
}

// command is the command of that name that takes settings, or nil.
func (r *reader) command(name string) *cobra.Command {
	for _, c := range takers(r.root) {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// open begins a table, and says whether there is one of that name.
func (r *reader) open(table []string, line int) bool {
	profile, _, ok := r.scope(table)
	if !ok {
		r.fail(line, "tables are commands, [send], and profiles, [profile.work] or [profile.work.send]", "[%s] is not known", dotted(table))
		return false
	}
	r.once(table, line, "["+dotted(table)+"]")
	r.profile(profile)
	return true
}

// profile keeps the name of a profile.
func (r *reader) profile(name string) {
	if name != "" && !slices.Contains(r.file.profiles, name) {
		r.file.profiles = append(r.file.profiles, name)
	}
}

// once refuses what stands in the file already.
func (r *reader) once(path []string, line int, name string) bool {
	id := strings.Join(path, "\x00")
	if before, twice := r.seen[id]; twice {
		r.fail(line, "leave one of them out", "%s stands in line %d already", name, before)
		return false
	}
	r.seen[id] = line
	return true
}

// add takes one key with its value.
func (r *reader) add(path []string, v *unstable.Node, line int) {
	if v.Kind == unstable.InlineTable {
		if !r.open(path, line) {
			return
		}
		for i := v.Children(); i.Next(); {
			key, at := r.path(i.Node().Key())
			r.add(slices.Concat(path, key), i.Node().Value(), at)
		}
		return
	}
	table, key := path[:len(path)-1], path[len(path)-1]
	profile, command, ok := r.scope(table)
	if !ok {
		r.fail(line, "tables are commands, [send], and profiles, [profile.work] or [profile.work.send]", "[%s] is not known", dotted(table))
		return
	}
	if path[0] == profileFlag && len(path) < 3 || key == profileFlag {
		r.fail(line, "a profile is a table, [profile.work]; --profile work or EHLO_PROFILE=work chooses it", "%s is no setting", dotted(path))
		return
	}
	e := entry{profile: profile, command: command, line: line, key: key}
	r.profile(profile)
	if r.once(path, line, dotted(path)) && r.read(&e, v) {
		r.try(e)
	}
}

// read takes the value of an entry.
func (r *reader) read(e *entry, v *unstable.Node) bool {
	if v.Kind != unstable.Array {
		text, ok := scalar(v)
		if !ok {
			r.fail(e.line, "a date, too, is a text: in quotes", "%s takes a text, a number, true or false, or a list of texts", e.key)
			return false
		}
		e.texts, e.boolean = []string{text}, v.Kind == unstable.Bool
		e.number = v.Kind == unstable.Integer || v.Kind == unstable.Float
		return true
	}
	e.list = true
	for i := v.Children(); i.Next(); {
		text, ok := scalar(i.Node())
		if !ok || i.Node().Kind == unstable.Bool {
			r.fail(e.line, e.key+` = ["one", "two"]`, "%s takes a list of texts", e.key)
			return false
		}
		e.texts = append(e.texts, text)
	}
	return true
}

// scalar is a single value as it would be typed.
func scalar(v *unstable.Node) (string, bool) {
	switch v.Kind {
	case unstable.String, unstable.Bool:
		return string(v.Data), true
	case unstable.Integer, unstable.Float:
		return strings.ReplaceAll(string(v.Data), "_", ""), true
	}
	return "", false
}

// try sets the flag of an entry in a tree of commands that is not run: so a
// wrong value is found whatever command and profile it is for.
func (r *reader) try(e entry) {
	for _, c := range takers(r.root) {
		if e.command != "" && c.Name() != e.command {
			continue
		}
		f := c.Flags().Lookup(e.key)
		if f == nil || f.Name == "help" {
			continue
		}
		err := set(c, f, e.setting(r.file.path))
		if err == nil {
			r.file.entries = append(r.file.entries, e)
		} else if wrong, ok := errors.AsType[*event.Error](err); ok && r.first == nil {
			r.first = wrong
		}
		return
	}
	if e.command != "" && anyFlag(r.root, e.key) != nil {
		r.fail(e.line, "ehlo help "+e.command+" lists its flags", "ehlo %s has no flag --%s", e.command, e.key)
		return
	}
	r.fail(e.line, suggest(r.root, e.key, func(s string) string { return s }), "%s is no setting", e.key)
}

// dotted is a key as the file would have it.
func dotted(path []string) string { return strings.Join(path, ".") }
