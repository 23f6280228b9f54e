package script

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"ehlo/session/wire"
)

// Pattern is what a reply has to be: a Server with its variables expanded.
//
// The code of the reply has to be that of the last line. Each line has to
// match, in order, some line of the reply; whether that is a last line, with a
// space behind its code, or one before it, with a hyphen, does not matter. A
// line without text says the code and no more: it matches without needing a
// line of its own. In a code x is any digit.
type Pattern struct {
	Position
	lines []linePattern
}

type linePattern struct {
	at   Position
	code string // three digits or x; empty: text is the whole line
	text glob
	raw  string
}

// glob is octets with a gap between every two, where anything may stand.
type glob struct {
	parts [][]byte // at least one
	gaps  []string // the free variable in each gap; empty: an asterisk
}

// Pattern expands the group.
func (i Server) Pattern(vars map[string]string) (Pattern, error) {
	p := Pattern{Position: i.Position}
	for _, l := range i.Lines {
		code, _, text := l.split()
		g, err := text.glob(vars)
		if err != nil {
			return Pattern{}, err
		}
		p.lines = append(p.lines, linePattern{l.Position, code, g, l.Line.Raw})
	}
	return p, nil
}

// split is the code of the line's pattern, its separator and its text. A line
// that begins with no code is text.
func (l ServerLine) split() (code, separator string, text Text) {
	raw := l.Line.Raw
	if !isCode(raw) {
		return "", "", l.Line
	}
	n := len("250")
	if len(raw) > n && (raw[n] == ' ' || raw[n] == '-') {
		n++
	}
	return raw[:3], raw[3:n], Text{raw[n:], l.Line.position(n)}
}

// isCode says that a line begins with a code or a pattern of one: as wire
// reads codes, and with x for a digit where a separator follows.
func isCode(s string) bool {
	if len(s) < 3 || strings.IndexByte("2345x", s[0]) < 0 {
		return false
	}
	for i := 1; i < 3; i++ {
		if s[i] != 'x' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	if len(s) == 3 || s[3] == ' ' || s[3] == '-' {
		return true
	}
	return strings.IndexByte(s[:3], 'x') < 0 && (s[3] < '0' || s[3] > '9')
}

// more says that another line of the reply has to follow.
func (l ServerLine) more() bool {
	_, separator, _ := l.split()
	return separator == "-"
}

// String is the pattern in one line, for a sentence.
func (p Pattern) String() string {
	parts := make([]string, len(p.lines))
	for i, l := range p.lines {
		parts[i] = l.raw
	}
	return strings.Join(parts, " / ")
}

// Mismatch is an expectation that did not come true.
type Mismatch struct {
	Position        // of the line that says what was expected
	Expected string // "S: 250-SIZE *"
	Actual   string // what came instead, in words
}

func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s: expected %s, got %s", m.Position, short(m.Expected), short(m.Actual))
}

// Lines are the mismatch as a person compares it: one above the other.
func (m *Mismatch) Lines() []string {
	actual := m.Actual
	if strings.HasPrefix(m.Expected, "S: ") && actual != "" && '0' <= actual[0] && actual[0] <= '9' {
		actual = "S: " + actual
	}
	return []string{"FAILED " + m.Position.String(), "  expected  " + short(m.Expected), "  actual    " + short(actual)}
}

// Match says whether the reply is the expected one, and if not, why.
func (p Pattern) Match(reply wire.Reply) (ok bool, why string) {
	m := p.Compare(reply)
	if m == nil {
		return true, ""
	}
	return false, fmt.Sprintf("expected %s, got %s", m.Expected, m.Actual)
}

// Compare is Match for a report: nil, or what does not match. The line that is
// named is the first one that nothing in the reply matches, or the last one
// where the code is another.
func (p Pattern) Compare(reply wire.Reply) *Mismatch {
	if m := p.CompareCode(reply); m != nil {
		return m
	}
	used := make([]bool, len(reply.Lines))
	next := 0
	for _, l := range p.lines {
		if l.bare() {
			continue
		}
		at := next
		for at < len(reply.Lines) && !l.match(reply.Lines[at].Octets) {
			at++
		}
		if at == len(reply.Lines) {
			return l.mismatch(p.missing(l, reply, next))
		}
		used[at] = true
		next = at + 1
	}
	// What nobody can understand passes only where the script has it.
	if a, bad := reply.Malformed(); bad && !used[a.Line] && !p.lines[len(p.lines)-1].match(reply.Lines[a.Line].Octets) {
		return p.lines[len(p.lines)-1].mismatch(fmt.Sprintf("a malformed reply (%s): %s", a.Kind, shown(reply)))
	}
	return nil
}

// missing says what came where a line was not found.
func (p Pattern) missing(l linePattern, reply wire.Reply, next int) string {
	for i, line := range reply.Lines[:next] {
		if l.match(line.Octets) {
			return fmt.Sprintf("it too early, as line %d of the reply", i+1)
		}
	}
	if len(reply.Lines) == 1 || len(p.lines) == 1 && len(reply.Lines) < 4 {
		return shown(reply)
	}
	return fmt.Sprintf("no such line in the %d of the reply", len(reply.Lines))
}

// CompareCode compares the codes only (--match code).
func (p Pattern) CompareCode(reply wire.Reply) *Mismatch {
	last := p.lines[len(p.lines)-1]
	if last.code == "" || reply.Code != 0 && matchCode(last.code, fmt.Sprintf("%03d", reply.Code)) {
		return nil
	}
	// A malformed reply may end in a line of another code, and so does its
	// pattern.
	if a, bad := reply.Malformed(); bad && len(reply.Lines[a.Line].Octets) >= 3 && matchCode(last.code, string(reply.Lines[a.Line].Octets[:3])) {
		return nil
	}
	return last.mismatch(shown(reply))
}

func (l linePattern) mismatch(actual string) *Mismatch {
	return &Mismatch{l.at, "S: " + l.raw, actual}
}

// shown is a reply in one line that is not too long to read.
func shown(r wire.Reply) string {
	if len(r.Lines) == 0 {
		return "nothing"
	}
	if _, bad := r.Malformed(); bad && r.Code != 0 {
		// It has no code that would stand for all of it.
		lines := make([]string, len(r.Lines))
		for i, l := range r.Lines {
			lines[i] = wire.Text(l.Octets)
		}
		return short(strings.Join(lines, " / "))
	}
	if s := r.String(); s != "" {
		return short(s)
	}
	return "an empty line"
}

// short cuts what was said to a length that can be read.
func short(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	r := []rune(s[:min(len(s), (most+1)*utf8.UTFMax)])
	if len(r) <= most {
		return s
	}
	return string(r[:most]) + "…"
}

// Said is a line of the client for a sentence: escaped, and not longer than a
// person reads.
func Said(line []byte) string { return "C: " + short(wire.Text(line)) }

// bare is a line that says no more than a code.
func (l linePattern) bare() bool {
	return l.code != "" && l.text.blank()
}

func (l linePattern) match(line []byte) bool {
	if l.code == "" {
		return l.text.match(line)
	}
	if len(line) < 3 || !matchCode(l.code, string(line[:3])) {
		return false
	}
	line = line[3:]
	if len(line) > 0 && (line[0] == ' ' || line[0] == '-') {
		line = line[1:]
	}
	return l.text.match(line)
}

func matchCode(pattern, code string) bool {
	for i := range len(pattern) {
		if digit := '0' <= code[i] && code[i] <= '9'; !digit || pattern[i] != 'x' && pattern[i] != code[i] {
			return false
		}
	}
	return true
}

// glob expands a text in which unescaped asterisks are wild, and so are
// variables without a value that are free. An asterisk in the value of a
// variable is an asterisk.
func (t Text) glob(vars map[string]string, free ...string) (glob, error) {
	pieces, err := t.known(vars, free...)
	if err != nil {
		return glob{}, err
	}
	g := glob{parts: [][]byte{nil}}
	literal := func(octets []byte) {
		last := &g.parts[len(g.parts)-1]
		*last = append(*last, octets...)
	}
	gap := func(name string) { g.parts, g.gaps = append(g.parts, nil), append(g.gaps, name) }
	for _, p := range pieces {
		switch {
		case p.name != "":
			gap(p.name)
			continue
		case p.plain:
			literal(p.octets())
			continue
		}
		for i, part := range strings.Split(p.literal, "*") {
			if i > 0 {
				gap("")
			}
			literal(wire.Octets(part))
		}
	}
	return g, nil
}

// blank says that nothing but blanks matches.
func (g glob) blank() bool { return len(g.gaps) == 0 && len(bytes.TrimSpace(g.parts[0])) == 0 }

func (g glob) match(line []byte) bool {
	_, ok := g.find(line)
	return ok
}

// find looks for the parts in their order, the first at the start and the last
// at the end, and returns what stands in the gaps. Taking each as early as it
// comes is enough for that, and costs no more than the line is long times the
// parts. A variable that is there twice has to stand for the same twice.
func (g glob) find(line []byte) (found [][]byte, ok bool) {
	first, last := g.parts[0], g.parts[len(g.parts)-1]
	if len(g.gaps) == 0 {
		return nil, bytes.Equal(first, line)
	}
	if len(line) < len(first)+len(last) || !bytes.HasPrefix(line, first) || !bytes.HasSuffix(line, last) {
		return nil, false
	}
	line = line[len(first) : len(line)-len(last)]
	for _, part := range g.parts[1 : len(g.parts)-1] {
		i := bytes.Index(line, part)
		if i < 0 {
			return nil, false
		}
		found = append(found, line[:i])
		line = line[i+len(part):]
	}
	found = append(found, line)
	for i, name := range g.gaps {
		if before := slices.Index(g.gaps, name); name != "" && !bytes.Equal(found[before], found[i]) {
			return nil, false
		}
	}
	return found, true
}

// LinePattern is what a line of the client has to be: a Client with its
// variables expanded, for the server's side of a script. A variable that the
// client alone knows is free: it matches anything, and Values says what.
type LinePattern struct {
	Position
	text glob
	raw  string
}

// Pattern expands the line. Those of the free variables that vars does not have
// match anything.
func (i Client) Pattern(vars map[string]string, free ...string) (LinePattern, error) {
	g, err := i.Line.glob(vars, free...)
	return LinePattern{i.Position, g, i.Line.Raw}, err
}

// Values are what the free variables stand for in a line that matches: as
// little as makes it match.
func (p LinePattern) Values(line []byte) map[string]string {
	found, _ := p.text.find(line)
	values := map[string]string{}
	for i, octets := range found {
		if name := p.text.gaps[i]; name != "" {
			values[name] = string(octets)
		}
	}
	return values
}

// String is the pattern as its line of the script.
func (p LinePattern) String() string { return strings.TrimRight("C: "+p.raw, " ") }

// Match says whether the line, without its CRLF, is the expected one, and if
// not, why.
func (p LinePattern) Match(line []byte) (ok bool, why string) {
	m := p.Compare(wire.Line{Octets: line})
	if m == nil {
		return true, ""
	}
	return false, fmt.Sprintf("expected %s, got %s", m.Expected, m.Actual)
}

// Compare is Match for a report: nil, or what does not match. A line that does
// not end in CRLF is no C: line.
func (p LinePattern) Compare(line wire.Line) *Mismatch {
	if line.Ending == wire.CRLF && p.text.match(line.Octets) {
		return nil
	}
	return &Mismatch{p.Position, p.String(), SaidLine(line)}
}

// SaidLine is Said, with what is wrong with the line's end.
func SaidLine(line wire.Line) string {
	said := Said(line.Octets)
	switch line.Ending {
	case wire.CRLF:
		return said
	case wire.LF:
		return said + " ended by a bare LF"
	}
	return said + " without its end"
}
