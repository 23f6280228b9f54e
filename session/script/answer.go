package script

import (
	"bytes"
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"ehlo/session/wire"
)

// Answer is a reply that the group expects, as a server says it: its lines with
// CRLF. An x in a code becomes a digit. An asterisk stays an asterisk, so that a
// recorded session is played to the octet, unless what follows asks for more.
//
// following are items behind the group. Up to the next C: or S: line they are
// about this reply: what stands for an asterisk, or behind a code alone, is then
// such that each @capture finds what it looks for, and "@assert enhanced ==" is
// true, as far as the pattern lets it.
//
// list says that the reply is the list of extensions that EHLO asks for. It
// offers what following says of extensions and of their size up to the next
// EHLO, the next handshake or the end of the connection, unless it has that
// already: what @assert wants, and what @auth logs in with (PLAIN where it has no
// mechanism). STARTTLS it offers where any line may stand at its end.
//
// A group whose last line has a hyphen behind its code is half a reply, and said
// as it stands; but where the client speaks next, it would wait for ever, and
// the hyphen becomes a space.
func (i Server) Answer(vars map[string]string, following []Item, list bool) ([]byte, error) {
	a := &answer{list: list}
	codes := i.codes()
	for n, l := range i.Lines {
		_, separator, text := l.split()
		g, err := text.glob(vars)
		if err != nil {
			return nil, err
		}
		line := answerLine{code: codes[n], separator: separator, text: g}
		for range g.gaps {
			a.fill = append(a.fill, "*")
		}
		if n == len(i.Lines)-1 && line.code != "" && strings.TrimSpace(text.Raw) == "" {
			// The code alone stands for any text.
			line.text, line.bare = glob{parts: append(g.parts, nil), gaps: []string{""}}, true
			a.fill = append(a.fill, "")
		}
		a.lines = append(a.lines, line)
	}
	a.follow(following, vars, list)
	last := &a.lines[len(a.lines)-1]
	if a.complete && last.separator == "-" {
		last.separator = " "
	}
	a.declare()
	a.choose()
	for _, code := range sampleCodes {
		if a.good() {
			break
		}
		if a.recode(i, code) {
			a.choose() // what is looked for is in another code
		}
	}
	return a.octets(), nil
}

// sampleCodes are those that are tried where the first that fits has not what a
// @capture looks for.
var sampleCodes = []string{"250", "550", "450", "454", "554", "530", "220"}

// recode gives the lines another code, where the pattern of each lets it.
func (a *answer) recode(i Server, code string) bool {
	for _, l := range i.Lines {
		if pattern, _, _ := l.split(); pattern == "" || !matchCode(pattern, code) {
			return false
		}
	}
	for n := range a.lines {
		a.lines[n].code = code
	}
	return true
}

// Says is the code of the Answer; 0 where the group has none.
func (i Server) Says() int {
	codes := i.codes()
	code, _ := strconv.Atoi(codes[len(codes)-1])
	return code
}

// Find is what a @capture finds in a reply: what the first group of its regular
// expression matches, or all of it where it has none. It sees the lines of the
// reply as they came, with a line feed between every two.
func (i Capture) Find(r wire.Reply) (value string, ok bool) {
	re, err := regexp.Compile(i.Regexp)
	if err != nil {
		return "", false
	}
	found := re.FindSubmatch(captured(r))
	if found == nil {
		return "", false
	}
	return string(found[min(1, len(found)-1)]), true
}

// codes are the codes of the lines: one that fits all, where there is one.
func (i Server) codes() []string {
	list := make([][]byte, len(i.Lines))
	for n, l := range i.Lines {
		code, _, _ := l.split()
		list[n] = []byte(code)
	}
	codes := make([]string, len(list))
	for n, code := range list {
		for at, c := range code {
			if c != 'x' {
				continue
			}
			for _, other := range slices.Backward(list) {
				if len(other) > 0 && other[at] != 'x' {
					code[at] = other[at]
					break
				}
			}
		}
		codes[n] = sampleCode(code)
	}
	return codes
}

// sampleCode puts digits in the place of x: those of 354 where it fits, which is
// all that 3yz is but for a login's 334, else those of 250.
func sampleCode(code []byte) string {
	digits := "250"
	if len(code) > 0 && code[0] == '3' {
		digits = "354"
	}
	code = bytes.Clone(code)
	for i, c := range code {
		if c == 'x' {
			code[i] = digits[i]
		}
	}
	return string(code)
}

// answer is a reply that is being made.
type answer struct {
	lines []answerLine
	fill  []string // what stands in each gap of the lines
	more  []string // further extensions

	captures []*regexp.Regexp
	enhanced []enhancedDemand
	offers   wire.Offers // that it has to have
	logins   []string    // mechanisms that it has to have; empty: any
	startTLS bool        // it has to have that, if it can
	sizes    []sizeDemand
	complete bool // the client speaks next
	list     bool // it is the list of extensions
	work     int  // done in the search so far
}

type answerLine struct {
	code, separator string
	text            glob
	bare            bool // no more than a code; its one gap is the text
}

// enhancedDemand is one "@assert enhanced": the code is that one, or is not.
type enhancedDemand struct {
	is   bool
	code string // x is any number
}

// sizeDemand is one "@assert size".
type sizeDemand struct {
	op string
	n  uint64
}

func (d sizeDemand) holds(n uint64) bool { return Holds(d.op, cmp.Compare(n, d.n)) }

// Holds applies an operator of @assert to the order of two values, as
// cmp.Compare has it.
func Holds(op string, order int) bool {
	switch op {
	case "==":
		return order == 0
	case "!=":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	}
	return false
}

// Greets says that an item is a command that begins anew: what a reply to an
// earlier one offered does not count behind it.
func Greets(item Item) bool {
	i, ok := item.(Client)
	if !ok {
		return false
	}
	switch wire.Verb([]byte(i.Line.Raw)) {
	case "EHLO", "LHLO", "HELO":
		return true
	}
	return false
}

// follow reads what the items behind the group ask of it.
func (a *answer) follow(items []Item, vars map[string]string, list bool) {
	near, waiting := true, true // about this reply; nothing but the client is waited for
	for _, item := range items {
		switch i := item.(type) {
		case Comment, Flush, Set, Timeout:
		case Capture:
			if re, err := regexp.Compile(i.Regexp); err == nil && near {
				a.captures = append(a.captures, re)
			}
		case Assert:
			a.assert(i, near, list, vars)
		case Client, Raw, Data, BDAT, Auth, StartTLS:
			a.complete = a.complete || near && waiting
			near = false
			list = list && a.used(i, vars)
		case Sleep, ExpectSilence:
			waiting = false
		case Connect, TLS, Close, Reset, ExpectClose:
			near, list = false, false
		default:
			near = false
		}
		if !near && !list {
			break
		}
	}
}

// used reads what the client takes of the list of extensions when it speaks;
// false: behind that there is another.
func (a *answer) used(item Item, vars map[string]string) bool {
	switch i := item.(type) {
	case Auth:
		mechanism, err := i.Mechanism.Expand(vars)
		if err == nil && len(bytes.Fields(mechanism)) < 2 {
			a.logins = append(a.logins, string(bytes.TrimSpace(mechanism)))
		}
	case StartTLS:
		a.startTLS = true
		return false
	case Client:
		a.startTLS = a.startTLS || wire.Verb([]byte(i.Line.Raw)) == "STARTTLS"
		return !Greets(i)
	}
	return true
}

func (a *answer) assert(i Assert, near, list bool, vars map[string]string) {
	octets, err := i.Value.Expand(vars)
	if err != nil {
		return
	}
	value := string(octets)
	switch i.Subject {
	case "enhanced":
		if near {
			a.enhanced = append(a.enhanced, enhancedDemand{i.Op == "==", value})
		}
	case "size":
		if n, err := strconv.ParseUint(value, 10, 64); err == nil && list {
			a.sizes = append(a.sizes, sizeDemand{i.Op, n})
		}
	case "extension":
		if words := strings.Fields(value); i.Op == "has" && len(words) > 0 && list {
			a.demand(words[0], words[1:]...)
		}
	}
}

// octets is the reply as it is so far.
func (a *answer) octets() []byte {
	var out []byte
	fill := a.fill
	line := func(code, separator string, text []byte) {
		out = append(out, code...)
		out = append(out, separator...)
		out = append(append(out, text...), "\r\n"...)
	}
	for n, l := range a.lines {
		text := bytes.Clone(l.text.parts[0])
		for i := range l.text.gaps {
			text = append(append(text, fill[i]...), l.text.parts[i+1]...)
		}
		fill = fill[len(l.text.gaps):]
		if l.bare && l.separator == "" && len(text) > 0 {
			l.separator = " "
		}
		more := a.more
		if a.list && n == 0 && l.bare && len(text) > 0 && l.code[0] == '2' {
			// The first line of a list greets, and offers nothing.
			more, text = append(slices.Clone(more), string(text)), nil
		}
		if n < len(a.lines)-1 || len(more) == 0 {
			line(l.code, l.separator, text)
			continue
		}
		if n == 0 {
			// It greets; the last extension is the last line.
			if len(text) == 0 {
				text = []byte("localhost")
			}
			line(l.code, "-", text)
			text, more = []byte(more[len(more)-1]), more[:len(more)-1]
			if l.separator == "" {
				l.separator = " "
			}
		}
		for _, m := range more {
			line(l.code, "-", []byte(m))
		}
		line(l.code, l.separator, text)
	}
	return out
}

func (a *answer) reply() wire.Reply {
	r, _, _ := wire.ParseReply(a.octets())
	return r
}

// mostWork bounds the search for what to put in the place of asterisks: octets
// of the replies that were tried, times those of the expressions. It is some
// tenths of a second.
const mostWork = 32 << 20

// choose puts into the gaps what makes the captures find something: the same
// into all of them, or else the first combination that does.
func (a *answer) choose() {
	if a.good() {
		return
	}
	before := slices.Clone(a.fill)
	words := a.words()
	for _, w := range words {
		if len(w)*len(a.fill) > wire.MaxLine || a.work > mostWork {
			continue
		}
		for i := range a.fill {
			a.fill[i] = w
		}
		if a.good() {
			return
		}
	}
	digits := make([]int, len(a.fill)) // 0: as it was
	for a.work < mostWork {
		at := len(digits) - 1
		for ; at >= 0; at-- {
			if digits[at]++; digits[at] <= len(words) {
				break
			}
			digits[at] = 0
		}
		if at < 0 {
			break
		}
		for i, d := range digits {
			a.fill[i] = before[i]
			if d > 0 {
				a.fill[i] = words[d-1]
			}
		}
		if a.good() {
			return
		}
	}
	a.fill = before
}

// good says that the reply is what the items behind it look for.
func (a *answer) good() bool {
	if len(a.captures)+len(a.enhanced) == 0 {
		return true
	}
	r := a.reply()
	text := captured(r)
	a.work += 1000 + len(text)
	for _, re := range a.captures {
		a.work += len(text) * len(re.String())
		if !re.Match(text) {
			return false
		}
	}
	for _, e := range a.enhanced {
		if MatchEnhanced(e.code, r.Enhanced) != e.is {
			return false
		}
	}
	return true
}

// captured is what @capture looks at: the lines of the reply as they came.
func captured(r wire.Reply) []byte {
	lines := make([][]byte, len(r.Lines))
	for i, l := range r.Lines {
		lines[i] = l.Octets
	}
	return bytes.Join(lines, []byte("\n"))
}

// words are what may stand for an asterisk.
func (a *answer) words() []string {
	var words []string
	for _, e := range a.enhanced {
		class, rest, ok := strings.Cut(e.code, ".")
		if code := a.lines[len(a.lines)-1].code; class == "x" && code != "" {
			class = code[:1]
		}
		if ok && e.is {
			code := class + "." + strings.ReplaceAll(rest, "x", "0")
			words = append(words, code, code+" ")
		}
	}
	words = append(words, "0", "1", "abc", "a1b2c3d4", "user@example.test", "2.0.0", "127.0.0.1", "Thu, 1 Jan 2026 00:00:00 +0000", "2026-01-01T00:00:00Z")
	for _, re := range a.captures {
		if tree, err := syntax.Parse(re.String(), syntax.Perl); err == nil {
			words = append(words, examples(tree)...)
		}
	}
	words = slices.DeleteFunc(words, func(w string) bool { return strings.ContainsAny(w, "\r\n") || len(w) > wire.ReplyLine })
	return words
}
