package smtpline

import (
	"slices"
	"strings"

	"ehlo/session/wire"
)

// Ghost is the syntax of what may follow at the end of a line, for people:
// "FROM:<address> [SIZE=octets]". It is never a part of what is sent.
func (s *Situation) Ghost(line string) string {
	typed := strings.TrimLeft(line, " ")
	if s.Text || typed == "" {
		return ""
	}
	verb, _, end := verbOf(typed)
	x, known := wire.LookupCommand(verb)
	if end == len(typed) {
		if known {
			return s.arguments(x)
		}
		for _, v := range s.verbs() {
			if begins(v, typed) {
				x, _ := wire.LookupCommand(v)
				return strings.TrimSpace(v + " " + s.arguments(x))
			}
		}
		return ""
	}
	if !known || typed[end] != ' ' {
		return ""
	}
	args := typed[end+1:]
	switch fields := strings.Fields(args); {
	case verb == "MAIL":
		return s.ghostPath(args, "FROM:", verb)
	case verb == "RCPT":
		return s.ghostPath(args, "TO:", verb)
	case len(fields) == 0:
		return s.arguments(x)
	case strings.HasSuffix(args, " "):
		return x.Due(len(fields))
	}
	return ""
}

// arguments are all that may stand behind a verb.
func (s *Situation) arguments(x wire.Command) string {
	switch mechanisms := s.Offers.Mechanisms(); {
	case x.Verb == "MAIL" || x.Verb == "RCPT":
		return strings.TrimSpace(x.Args + " " + s.parameters(x.Verb, nil))
	case x.Verb == "AUTH" && len(mechanisms) > 0:
		return strings.Join(mechanisms, "|") + " " + x.Due(1)
	}
	return x.Args
}

func (s *Situation) ghostPath(args, word, verb string) string {
	rest := func(text string) string {
		return strings.TrimSpace(text + " " + s.parameters(verb, nil))
	}
	head, path, colon := strings.Cut(args, ":")
	if !colon {
		typed := strings.TrimLeft(head, " ")
		if !begins(word, typed) {
			return ""
		}
		return rest(remainder(typed, word) + "<address>")
	}
	path = strings.TrimLeft(path, " ")
	switch {
	case !strings.EqualFold(strings.TrimSpace(head)+":", word):
		return ""
	case path == "":
		return rest("<address>")
	case path[0] != '<':
		return ""
	case path == "<":
		return rest("address>")
	}
	end := wire.PathEnd(path)
	if end < 0 {
		return rest(">")
	}
	tail := path[end+1:]
	if tail != "" && tail[0] != ' ' {
		return ""
	}
	typed := tail[strings.LastIndexByte(tail, ' ')+1:]
	if strings.HasSuffix(typed, "=") {
		return s.Offers.ParameterValue(verb, strings.ToUpper(typed))
	}
	if typed != "" && !strings.Contains(typed, "=") {
		for _, p := range s.Offers.Parameters(verb) {
			if name := parameterName(p); begins(name, typed) && len(name) > len(typed) {
				return remainder(typed, name) + s.Offers.ParameterValue(verb, name)
			}
		}
	}
	return s.parameters(verb, strings.Fields(strings.ToUpper(tail)))
}

// remainder is what a word has beyond what is typed of it, in its case.
func remainder(typed, word string) string { return words{}.cased(typed, word)[len(typed):] }

// parameters are those that are announced and not there yet: "[SIZE=octets]
// [SMTPUTF8]".
func (s *Situation) parameters(verb string, there []string) string {
	var all, names []string
	for _, p := range there {
		names = append(names, parameterName(p))
	}
	for _, p := range s.Offers.Parameters(verb) {
		if name := parameterName(p); !slices.Contains(names, name) {
			names = append(names, name)
			all = append(all, "["+name+s.Offers.ParameterValue(verb, name)+"]")
		}
	}
	return strings.Join(all, " ")
}
