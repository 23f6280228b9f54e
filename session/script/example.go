package script

import (
	"regexp/syntax"
	"strings"
)

// examples are texts that a regular expression matches, also without a code at
// their start, which stands in front of an asterisk mostly; and then such that
// its groups do.
func examples(tree *syntax.Regexp) []string {
	list := []string{example(tree)}
	if whole := list[0]; len(whole) > len("250 ") && isCode(whole) {
		list = append(list, whole[len("250 "):])
	}
	var groups func(*syntax.Regexp)
	groups = func(re *syntax.Regexp) {
		if re.Op == syntax.OpCapture {
			list = append(list, example(re))
		}
		for _, sub := range re.Sub {
			groups(sub)
		}
	}
	groups(tree)
	return list
}

// example is a text that an expression matches, as short as can be; where it
// stands in a line is left out of account.
func example(re *syntax.Regexp) string {
	var b strings.Builder
	write := func(times int, subs ...*syntax.Regexp) {
		for range times {
			for _, sub := range subs {
				b.WriteString(example(sub))
			}
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(exampleOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpCapture, syntax.OpConcat, syntax.OpPlus:
		write(1, re.Sub...)
	case syntax.OpAlternate:
		write(1, re.Sub[0])
	case syntax.OpRepeat:
		write(re.Min, re.Sub...)
	}
	return b.String()
}

// exampleOf is a character of a class, which is pairs of first and last: a
// common one, if it has one.
func exampleOf(class []rune) rune {
	for _, r := range "a0A-._ " {
		for i := 0; i+1 < len(class); i += 2 {
			if class[i] <= r && r <= class[i+1] {
				return r
			}
		}
	}
	if len(class) == 0 {
		return 'a'
	}
	return class[0]
}
