// Package smtpline knows how a line of SMTP that is being typed may go on: which
// verbs, parameters and addresses complete it, what its syntax is, and why it
// will be refused. It is pure: what is known of the session is in a Situation.
// It changes no line and stops none.
package smtpline

import (
	"slices"
	"strings"

	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// Situation is what is known at the moment in which a line is typed.
type Situation struct {
	Offers   wire.Offers
	Size     wire.Size
	Protocol string // empty: there was no EHLO yet
	Network  string // "tcp": others may read what is sent
	Secure   bool
	LoggedIn bool
	Live     bool   // a session is open, and what it is in is known
	Due      string // what the server has still to answer, or ""
	Text     bool   // message text is typed
	Chunk    bool   // as a part of a chunk (BDAT)
	Open     transcript.Transaction

	Senders, Recipients, Names []string // used before, the last first
}

// then is what the completion puts behind a verb: what comes next in any case.
func then(c wire.Command) string {
	head, _, path := strings.Cut(c.Args, ":<")
	switch {
	case path:
		return " " + head + ":<"
	case c.Args == "" || c.Args[0] == '[':
		return ""
	}
	return " "
}

// Known says that ehlo knows a verb.
func Known(verb string) bool {
	_, ok := wire.LookupCommand(verb)
	return ok
}

// verbs are the commands that the server should know, those first that are next
// in a transaction.
func (s *Situation) verbs() []string {
	hello := []string{"EHLO", "HELO"}
	if s.Protocol == "LMTP" {
		hello = []string{"LHLO"}
	}
	var next []string
	switch {
	case s.Protocol == "":
		next = hello
	case s.Open.Chunked:
		next = []string{"BDAT", "RSET"}
	case s.Open.Accepted > 0:
		next = []string{"DATA", "RCPT", "BDAT", "RSET"}
	case s.Open.Open():
		next = []string{"RCPT", "RSET"}
	}
	usual := []string{"MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT"}
	brought := s.Offers.Verbs()
	var all []string
	for _, v := range slices.Concat(next, usual, hello, brought) {
		switch ext, extended := wire.VerbExtension(v); {
		case slices.Contains(all, v),
			extended && !slices.Contains(usual, v) && !s.Offers.Has(string(ext.Keyword)) && !slices.Contains(brought, v),
			v == "STARTTLS" && s.Secure,
			v == "AUTH" && s.LoggedIn:
		default:
			all = append(all, v)
		}
	}
	return all
}

// Candidate is a way to go on with a line: text takes the place of what stands
// between from and the cursor.
type Candidate struct {
	From int
	Text string
	Name string // as it is shown
}

// Complete finds how the line may go on at the cursor, which stands between
// before and behind. What was typed keeps its case.
func (s *Situation) Complete(before, behind string) []Candidate {
	if s.Text {
		return nil
	}
	verb, lead, end := verbOf(before)
	if end == len(before) {
		return s.completeVerb(before[lead:], behind, lead)
	}
	if before[end] != ' ' {
		return nil
	}
	args := before[end+1:]
	w := words{before: before, behind: behind, like: before[lead:end]}
	last := args[strings.LastIndexByte(args, ' ')+1:]
	first := strings.TrimSpace(args[:len(args)-len(last)]) == "" // last is the first word
	switch verb {
	case "MAIL":
		return s.completePath(w, args, "FROM:", verb)
	case "RCPT":
		return s.completePath(w, args, "TO:", verb)
	case "EHLO", "HELO", "LHLO":
		if first {
			return w.exact(last, s.Names)
		}
	case "VRFY", "EXPN":
		if first {
			return w.exact(last, both(s.Recipients, s.Senders))
		}
	case "HELP":
		if first {
			return w.all(last, s.verbs())
		}
	case "AUTH":
		if first {
			return w.all(last, s.Offers.Mechanisms())
		}
	case "BDAT":
		if fields := strings.Fields(args); !first && (len(fields) == 1 || len(fields) == 2 && last != "") {
			return w.all(last, []string{"LAST"})
		}
	case "XCLIENT", "XFORWARD":
		offer, _ := s.Offers.Find(verb)
		var attributes []string
		for _, a := range offer.Params {
			attributes = append(attributes, a+"=")
		}
		return w.all(last, attributes)
	}
	return nil
}

// verbOf is the verb of a line, in upper case, and where it stands.
func verbOf(line string) (verb string, from, to int) {
	from = len(line) - len(strings.TrimLeft(line, " \t"))
	to = len(line)
	if i := strings.IndexAny(line[from:], " \t:"); i >= 0 {
		to = from + i
	}
	return wire.Verb([]byte(line)), from, to
}

func (s *Situation) completeVerb(typed, behind string, from int) []Candidate {
	var list []Candidate
	w := words{before: typed, like: typed}
	for _, v := range s.verbs() {
		x, _ := wire.LookupCommand(v)
		if !begins(v, typed) {
			continue
		}
		text := v + then(x)
		if behind != "" {
			text = v // what stands behind the cursor follows
		}
		list = append(list, Candidate{from, w.cased(typed, text), v})
	}
	if len(list) == 1 && list[0].Text == typed {
		return nil // it stands there already
	}
	return list
}

// completePath goes on behind MAIL or RCPT: with FROM: or TO:, the address, the
// parameters.
func (s *Situation) completePath(w words, args, word, verb string) []Candidate {
	head, path, colon := strings.Cut(args, ":")
	if !colon {
		typed := strings.TrimLeft(head, " ")
		if !begins(word, typed) {
			return nil
		}
		return w.one(typed, word+"<", word)
	}
	if !strings.EqualFold(strings.TrimSpace(head)+":", word) {
		return nil
	}
	path = strings.TrimLeft(path, " ")
	known := both(s.Recipients, s.Senders)
	if verb == "MAIL" {
		known = both(s.Senders, s.Recipients)
	}
	if path == "" {
		list := append(w.paths("", "<", known), Candidate{len(w.before), "<", "<"})
		if verb == "MAIL" {
			list = append(list, Candidate{len(w.before), "<>", nobody})
		}
		return list
	}
	if path[0] != '<' {
		return nil
	}
	end := wire.PathEnd(path)
	if end < 0 {
		list := w.paths(path[1:], "", known)
		if verb == "MAIL" && path == "<" {
			list = append(list, Candidate{len(w.before), closing(w.behind), nobody})
		}
		return list
	}
	return s.completeParameter(w, path[:end+1], path[end+1:], verb)
}

// nobody is how the null reverse-path is shown.
const nobody = "<> (no sender)"

// notify are the values of NOTIFY= (RFC 3461 4.1).
var notify = []string{"SUCCESS", "FAILURE", "DELAY", "NEVER"}

func (s *Situation) completeParameter(w words, path, tail, verb string) []Candidate {
	typed := tail[strings.LastIndexByte(tail, ' ')+1:]
	others := strings.Fields(strings.ToUpper(tail[:len(tail)-len(typed)] + " " + w.behind))
	has := func(name string) bool {
		return slices.ContainsFunc(others, func(p string) bool { return parameterName(p) == name })
	}
	announced := s.Offers.Parameters(verb)
	if value, ok := cutFold(typed, "NOTIFY="); ok && slices.Contains(announced, "NOTIFY=NEVER") {
		if list := w.notify(value); len(list) > 0 {
			return list
		}
	}
	var list []Candidate
	complete := false // what is typed is one
	for _, p := range announced {
		name := parameterName(p)
		whole := strings.EqualFold(p, typed) || strings.HasSuffix(name, "=") && begins(typed, name)
		complete = complete || whole
		if begins(p, typed) && !strings.EqualFold(p, typed) && !has(name) {
			text := w.cased(typed, p)
			if p == "ORCPT=rfc822;" {
				text += originalRecipient(path)
			}
			list = append(list, Candidate{len(w.before) - len(typed), text, p})
		}
	}
	if typed != "" && !(complete && len(list) == 0) {
		return list
	}
	if valued := strings.TrimRight(typed, "=;,"); typed != "" && (valued != typed || !complete) {
		return nil // its value is to be typed
	}
	// The next one, behind a blank.
	list = nil
	blank := " "
	if typed == "" && strings.HasSuffix(w.before, " ") {
		blank = ""
	}
	for _, p := range announced {
		if name := parameterName(p); name != parameterName(strings.ToUpper(typed)) && !has(name) {
			text := w.cased("", p)
			if p == "ORCPT=rfc822;" {
				text += originalRecipient(path)
			}
			list = append(list, Candidate{len(w.before), blank + text, p})
		}
	}
	return list
}

// originalRecipient is the address of a path as it stands behind ORCPT=rfc822;
// or nothing where it needs another type.
func originalRecipient(path string) string {
	a, err := wire.ParseAddress(path)
	if err != nil || !a.IsASCII() {
		return ""
	}
	return wire.Xtext(a.String())
}

// parameterName is "SIZE=" of "SIZE=1000", or all of one that has no value.
func parameterName(p string) string {
	if i := strings.IndexByte(p, '='); i >= 0 {
		return p[:i+1]
	}
	return p
}

// words makes candidates for what stands before a cursor.
type words struct {
	before, behind string
	like           string // a word that shows in which case the person types
}

// all are the candidates that what is typed begins, in any case.
func (w words) all(typed string, among []string) []Candidate {
	var list []Candidate
	for _, x := range among {
		if begins(x, typed) && x != typed {
			list = append(list, Candidate{len(w.before) - len(typed), w.cased(typed, x), x})
		}
	}
	return list
}

// one is all of one.
func (w words) one(typed, text, name string) []Candidate {
	return []Candidate{{len(w.before) - len(typed), w.cased(typed, text), name}}
}

// exact is all where the case matters: in addresses.
func (w words) exact(typed string, among []string) []Candidate {
	var list []Candidate
	for _, x := range among {
		if strings.HasPrefix(x, typed) && x != typed {
			list = append(list, Candidate{len(w.before) - len(typed), x, x})
		}
	}
	return list
}

// paths are the addresses that what is typed begins, with what closes them.
func (w words) paths(typed, open string, among []string) []Candidate {
	var list []Candidate
	for _, x := range among {
		if strings.HasPrefix(x, typed) {
			list = append(list, Candidate{len(w.before) - len(typed), open + x + closing(w.behind), x})
		}
	}
	return list
}

// closing is the bracket behind an address, unless it is there.
func closing(behind string) string {
	if strings.HasPrefix(behind, ">") {
		return ""
	}
	return ">"
}

// notify are the values that NOTIFY= has not yet; NEVER stands alone.
func (w words) notify(value string) []Candidate {
	have := strings.Split(strings.ToUpper(value), ",")
	typed := value[strings.LastIndexByte(value, ',')+1:]
	have = have[:len(have)-1]
	comma := ""
	if slices.Contains(notify, strings.ToUpper(typed)) {
		have, typed, comma = append(have, strings.ToUpper(typed)), "", ","
	}
	var list []Candidate
	for _, v := range notify {
		if slices.Contains(have, v) || slices.Contains(have, "NEVER") || v == "NEVER" && len(have) > 0 || !begins(v, typed) {
			continue
		}
		list = append(list, Candidate{len(w.before) - len(typed), comma + w.cased(typed, v), v})
	}
	return list
}

// cased is what was typed and the rest of a text, in the case in which the
// person types.
func (w words) cased(typed, text string) string {
	rest := text[len(typed):]
	like := typed
	if !hasLetter(like) {
		like = w.like
	}
	if hasLetter(like) && strings.ToLower(like) == like {
		rest = strings.ToLower(rest)
	}
	return typed + rest
}

func hasLetter(s string) bool { return strings.ToLower(s) != strings.ToUpper(s) }

// begins says that a word begins with a text, in any case.
func begins(word, with string) bool {
	return len(with) <= len(word) && strings.EqualFold(word[:len(with)], with)
}

// cutFold cuts a beginning off in any case.
func cutFold(s, with string) (rest string, ok bool) {
	if !begins(s, with) {
		return s, false
	}
	return s[len(with):], true
}

// both are those of one list, and then what the other has beside them.
func both(one, other []string) []string {
	all := slices.Clone(one)
	for _, x := range other {
		if !slices.Contains(one, x) {
			all = append(all, x)
		}
	}
	return all
}
