package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// sendFlag is a flag of :send.
type sendFlag struct {
	name string
	part part
	bare string // the value where the flag has none of its own
}

// sendFlags are the flags of ehlo send which :send takes too, and the part of
// the draft that each is. A value takes the place of what was there, and those
// of a list come to it.
var sendFlags = []sendFlag{
	{"--from", partFrom, ""},
	{"--to", partTo, ""},
	{"--subject", partSubject, ""},
	{"--header", partHeader, ""},
	{"--body", partBody, ""},
	{"--attach", partAttach, ""},
	{"--pad-to", partPad, ""},
	{"--data", partFile, ""},
	{"--template", partTemplate, ""},
	{"--chunking", partChunks, "yes"},
	{"--dsn-notify", partDSN, ""},
	{"--dsn-ret", partReturn, ""},
	{"--dsn-envid", partEnvelope, ""},
	{"--prdr", partPRDR, "yes"},
	{"--smtputf8", partUTF8, ""},
	{"--no-pipelining", partOneByOne, "no"},
}

// given is a part of the draft that a flag gave.
type given struct {
	part  part
	value string
}

// parseSend reads the flags of :send; all of them, before one has an effect.
func parseSend(argument string) (all []given, err error) {
	words, err := splitWords(argument)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(words); i++ {
		name, value, has := strings.Cut(words[i], "=")
		at := slices.IndexFunc(sendFlags, func(f sendFlag) bool { return f.name == name })
		if at < 0 {
			return nil, fmt.Errorf("send: what is %s? (tab shows the flags)", words[i])
		}
		f := sendFlags[at]
		switch {
		case f.bare != "" && has:
			return nil, fmt.Errorf("%s has no value", name)
		case f.bare != "":
			value = f.bare
		case !has && i+1 == len(words):
			return nil, fmt.Errorf("%s needs a value", name)
		case !has:
			i++
			value = words[i]
		}
		if f.part.isOption() {
			if value, err = optionValue(f.part, value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		all = append(all, given{f.part, value})
	}
	return all, nil
}

// optionValue is the value of an option as the draft has it.
func optionValue(p part, typed string) (string, error) {
	values := optionsOf(p)
	sorted := func(s string) string { // NOTIFY may have them in any order
		list := strings.Split(strings.ToUpper(s), ",")
		slices.Sort(list)
		return strings.Join(list, ",")
	}
	for _, v := range values {
		if sorted(v) == sorted(typed) {
			return v, nil
		}
	}
	return "", fmt.Errorf("%q is none of %s", typed, strings.Trim(strings.Join(values, " "), " "))
}

// sendWith is :send with flags: they go into the draft, and its review opens.
func (m *screen) sendWith(argument string) (tea.Cmd, error) {
	all, err := parseSend(argument)
	if err != nil {
		return nil, err
	}
	c := m.composer
	if c.result.of != nil && !c.result.ended {
		return nil, errors.New("the message is still being sent (ctrl+c stops it)")
	}
	if err := c.wholeOr(all); err != nil {
		return nil, err
	}
	to, body := "", ""
	for _, g := range all {
		list := c.list(g.part)
		switch {
		case g.part == partTo && to != "":
			to += ", " + g.value
			c.one[partTo] = to
		case g.part == partTo:
			to = g.value
			c.one[partTo] = to
		case g.part < single:
			c.one[g.part] = g.value
		case g.part == partAttach:
			*list = append(*list, atHome(g.value))
		case list != nil:
			*list = append(*list, g.value)
		case g.part == partFile:
			c.file = atHome(g.value)
		case g.part == partTemplate:
			c.useTemplate(g.value)
		case g.part == partBody && strings.HasPrefix(g.value, "@"):
			body = atHome(g.value[1:])
		case g.part == partBody:
			c.setBody(g.value)
		default:
			c.choose(g.part, g.value)
		}
	}
	c.changed()
	if c.at.part != partTo {
		c.at = item{part: partSubject}
	}
	if body != "" {
		return tea.Batch(m.draftAgain(), readText(body)), nil
	}
	return tea.Batch(m.draftAgain(), m.askReview()), nil
}

// textRead is a text from a file, which is to be the body.
type textRead struct {
	text string
	err  error
}

// readText reads the text for a body.
func readText(path string) tea.Cmd {
	return func() tea.Msg {
		text, err := readSmall(path, bodyMost, "the body of a message")
		return textRead{text, err}
	}
}

// textIsRead takes it, and goes on to the review.
func (m *screen) textIsRead(r textRead) tea.Cmd {
	if r.err != nil {
		m.hint = "the body is as it was: " + r.err.Error()
		return m.recount()
	}
	m.composer.setBody(r.text)
	if m.mode != modeBrowse || m.pane != messageAt {
		return m.recount() // the person went on meanwhile
	}
	return tea.Batch(m.recount(), m.askReview())
}

// sendValues are what tab offers behind :send.
func sendValues(_ *screen, done []string) (v values) {
	if n := len(done); n > 0 {
		for _, f := range sendFlags {
			if f.name != done[n-1] || f.bare != "" {
				continue
			}
			switch {
			case f.part.isOption():
				v.words = slices.DeleteFunc(optionsOf(f.part), func(v string) bool { return v == "" })
			case f.part == partAttach, f.part == partFile:
				v.files = true
			case f.part == partPad:
				v.words = []string{"limit", "limit+1"}
			}
			return v
		}
	}
	for _, f := range sendFlags {
		v.words = append(v.words, f.name)
	}
	v.files = len(done) == 0
	return v
}

// splitWords takes a line apart at its spaces; quotes hold a word together, as
// does a backslash before a space.
func splitWords(s string) (words []string, err error) {
	var b strings.Builder
	quote, within := rune(0), false
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			b.WriteRune(r)
		case r == '\'' || r == '"':
			quote, within = r, true
		case r == '\\' && i+1 < len(runes):
			i++
			b.WriteRune(runes[i])
			within = true
		case r == ' ' || r == '\t':
			if within {
				words = append(words, b.String())
			}
			b.Reset()
			within = false
		default:
			b.WriteRune(r)
			within = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if within {
		words = append(words, b.String())
	}
	return words, nil
}

// wholeOr refuses a complete message beside parts of one, as ehlo send does. A
// file that was given before gives way to them.
func (c *composer) wholeOr(all []given) error {
	is := func(among ...part) bool {
		return slices.ContainsFunc(all, func(g given) bool { return slices.Contains(among, g.part) })
	}
	parts := is(partSubject, partAttach, partHeader, partTemplate, partBody)
	if parts && is(partFile) {
		return errors.New("--data is a complete message: put the rest into it, or leave --data out")
	}
	if parts {
		c.file = ""
	}
	return nil
}
