package script

import (
	"slices"
	"strings"
	"unicode/utf8"

	"ehlo/session/wire"
)

// Text is text of a script as it is written there: with its variables and
// escapes.
type Text struct {
	Raw string
	Pos Position // of its first character
}

// Variable is the use of a variable.
type Variable struct {
	Name string
	Pos  Position // of its $
}

// piece is a part of a Text: literal text with its escapes, or a variable, or
// an octet string that is to be taken as it is.
type piece struct {
	literal string
	name    string
	plain   bool
	at      int // where it begins in Raw
}

// cut splits a text into its pieces. Where it is malformed, why says so, and
// at is where.
func (t Text) cut() (pieces []piece, at int, why string) {
	from := 0 // t.Raw[from:i] is a literal that has not ended
	for i := 0; i < len(t.Raw); {
		rest := t.Raw[i:]
		if !strings.HasPrefix(rest, "$${") && !strings.HasPrefix(rest, "${") {
			i++
			continue
		}
		if from < i {
			pieces = append(pieces, piece{literal: t.Raw[from:i], at: from})
		}
		if rest[1] == '$' {
			pieces = append(pieces, piece{literal: "${", plain: true, at: i})
			i += len("$${")
			from = i
			continue
		}
		name, _, closed := strings.Cut(rest[len("${"):], "}")
		switch {
		case !closed:
			return nil, i, "expected } behind the name of a variable; $${ is a literal ${"
		case !IsName(name):
			return nil, i + len("${"), "expected the name of a variable: letters, digits and _; $${ is a literal ${"
		}
		pieces = append(pieces, piece{name: name, at: i})
		i += len("${}") + len(name)
		from = i
	}
	if from < len(t.Raw) {
		pieces = append(pieces, piece{literal: t.Raw[from:], at: from})
	}
	return pieces, 0, ""
}

// IsName says what may stand in ${} and behind @set.
func IsName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return s != ""
}

// position is where the octet at i of the text stands.
func (t Text) position(i int) Position {
	p := t.Pos
	p.Column += utf8.RuneCountInString(t.Raw[:i])
	return p
}

// Variables are those that the text uses, in order.
func (t Text) Variables() []Variable {
	if !strings.Contains(t.Raw, "${") {
		return nil
	}
	pieces, _, _ := t.cut()
	var uses []Variable
	at, pos := 0, t.Pos
	for _, p := range pieces {
		if p.name != "" {
			pos.Column += utf8.RuneCountInString(t.Raw[at:p.at])
			at = p.at
			uses = append(uses, Variable{p.name, pos})
		}
	}
	return uses
}

// maxExpanded is how many octets the values of a text's variables may have
// together: a script can double one again and again.
const maxExpanded = 1 << 20

// Expand makes octets of the text: variables become their values, as they are,
// and \xHH that octet. Its error is an *Error with the position of a name that
// vars does not have.
func (t Text) Expand(vars map[string]string) ([]byte, error) {
	pieces, err := t.known(vars)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, p := range pieces {
		out = append(out, p.octets()...)
	}
	return out, nil
}

// known are the pieces with values in the place of variables. Those that are
// free stay where they have no value.
func (t Text) known(vars map[string]string, free ...string) ([]piece, error) {
	pieces, at, why := t.cut()
	if why != "" {
		return nil, &Error{Position: t.position(at), Message: why}
	}
	size := 0
	for i, p := range pieces {
		if p.name == "" {
			continue
		}
		value, ok := vars[p.name]
		if size += len(value); size > maxExpanded {
			return nil, &Error{Position: t.position(p.at), Message: "expected variables that have at most " + wire.Thousands(maxExpanded) + " octets together"}
		}
		switch {
		case !ok && slices.Contains(free, p.name):
			continue
		case !ok:
			return nil, unknown(Variable{p.name, t.position(p.at)})
		}
		pieces[i] = piece{literal: value, plain: true}
	}
	return pieces, nil
}

func (p piece) octets() []byte {
	if p.plain {
		return []byte(p.literal)
	}
	return wire.Octets(p.literal)
}

func unknown(v Variable) *Error {
	return &Error{Position: v.Pos, Message: "the variable ${" + v.Name + "} is not known here; $${ is a literal ${"}
}

// Check finds the first use of a variable that is neither in vars nor set
// before it by @set or @capture; its error is an *Error with the position.
// Behind an @include that Load has not read every name may be set: it is taken
// for known.
func (s *Script) Check(vars map[string]string) error {
	set := map[string]bool{}
	var failed error
	s.All(func(i Item) bool {
		if failed = check(texts(i), vars, set); failed != nil {
			return false
		}
		if n, ok := i.(Include); ok && n.Items == nil {
			return false
		}
		switch i := i.(type) {
		case Set:
			set[i.Name] = true
		case Capture:
			set[i.Name] = true
		}
		return true
	})
	return failed
}

func check(list []Text, vars map[string]string, set map[string]bool) error {
	for _, t := range list {
		for _, v := range t.Variables() {
			if _, known := vars[v.Name]; !known && !set[v.Name] {
				return unknown(v)
			}
		}
	}
	return nil
}

// texts are those of an item.
func texts(i Item) []Text {
	switch i := i.(type) {
	case Client:
		return []Text{i.Line}
	case Server:
		var list []Text
		for _, l := range i.Lines {
			list = append(list, l.Line)
		}
		return list
	case Connect:
		return []Text{i.Target}
	case Auth:
		return []Text{i.Mechanism}
	case Data:
		return []Text{i.File}
	case BDAT:
		return []Text{i.File}
	case Sleep:
		return []Text{i.For}
	case Set:
		return []Text{i.Value}
	case Assert:
		return []Text{i.Value}
	case Include:
		return []Text{i.File}
	}
	return nil
}
