package script

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds every duration in a script.
const maxWait = 24 * time.Hour

// Directive is one row of the table of directives.
type Directive struct {
	Name    string // with its @
	Args    string // as the help has them
	Example string
	Help    string
	parse   func(*args) Item // nil: it is a bracket, see parser.directive
}

// Directives are all that there are.
func Directives() []Directive { return append([]Directive(nil), directives[:]...) }

var directives = [...]Directive{
	{"@connect", "[TARGET]", "@connect smtp://mx1.example.com", "open a connection: to TARGET, or to the one of the command line; a target given there takes the place of every other", func(a *args) Item {
		return Connect{a.at, a.optional()}
	}},
	{"@starttls", "", "@starttls", "STARTTLS, its 220, and the TLS handshake", func(a *args) Item { return StartTLS{a.at} }},
	{"@tls", "", "@tls", "the TLS handshake alone", func(a *args) Item { return TLS{a.at} }},
	{"@auth", "[MECH]", "@auth PLAIN", "log in, with the user and password of the flags; S: lines behind it are the final reply", func(a *args) Item { return Auth{a.at, a.mechanism()} }},
	{"@data", "FILE", "@data message.eml", "the message in FILE, made transparent, and the final dot; every line ends in CRLF", func(a *args) Item { return Data{a.at, a.rest("a FILE")} }},
	{"@bdat", "FILE [CHUNK]", "@bdat message.eml 65536", "the message in FILE by BDAT, in chunks of CHUNK octets; its octets as they are where MAIL said BODY=BINARYMIME", func(a *args) Item {
		chunk := a.trailingNumber()
		return BDAT{a.at, a.rest("a FILE"), chunk}
	}},
	{"@raw", `"a\r\n"`, `@raw "NOOP\r\n\xff"`, "the client sends exactly these octets (string of Go)", func(a *args) Item { return Raw{a.at, a.goString()} }},
	{"@reply", `"a\r\n"`, `@reply "220-mx\n220 no CR\n"`, "the server says exactly these octets: what S: lines cannot say", func(a *args) Item { return Reply{a.at, a.goString()} }},
	{"@flush", "", "@flush", "send what has been collected now", func(a *args) Item { return Flush{a.at} }},
	{"@sleep", "DUR", "@sleep 500ms", "do nothing for a time; DUR may have variables", func(a *args) Item { return Sleep{a.at, a.pause()} }},
	{"@timeout", "DUR", "@timeout 5s", "bound every wait from here on", func(a *args) Item { return Timeout{a.at, a.duration(1)} }},
	{"@expect", "close | silence DUR", "@expect silence 1s", "the server closes the connection; or it says nothing for a time", func(a *args) Item {
		if a.oneOf("close or silence", "close", "silence") == "silence" {
			return ExpectSilence{a.at, a.duration(1)}
		}
		return ExpectClose{a.at}
	}},
	{"@close", "", "@close", "end the connection without QUIT", func(a *args) Item { return Close{a.at} }},
	{"@reset", "", "@reset", "break the connection off (TCP RST)", func(a *args) Item { return Reset{a.at} }},
	{"@set", "NAME VALUE", "@set to user@example.com", "give a variable a value, unless --set has given it one", func(a *args) Item {
		return Set{a.at, a.name(), a.rest("a VALUE")}
	}},
	{"@capture", "NAME REGEXP", `@capture id queued as (\w+)`, "give a variable what REGEXP (RE2) finds in the last reply: its first group, or all of it", func(a *args) Item {
		return Capture{a.at, a.name(), a.regexp()}
	}},
	{"@assert", "SUBJECT OP VALUE", "@assert size >= 10485760", "compare what is known of the session", func(a *args) Item {
		subject := a.subject()
		return Assert{a.at, subject.Name, a.oneOf(strings.Join(subject.Ops, " "), subject.Ops...), a.assertValue(subject)}
	}},
	{"@include", "FILE", "@include login.ehlo", "the script in FILE stands here", func(a *args) Item { return Include{Position: a.at, File: a.rest("a FILE")} }},
	{"@repeat", "N", "@repeat 3", "play the lines up to @end N times", nil},
	{"@end", "", "@end", "the end of @repeat", nil},
}

// Subject is one row of the table of what @assert can judge.
type Subject struct {
	Name  string
	Ops   []string
	Value string // what is expected, in words
	valid func(string) bool
}

// Subjects are all that there are.
func Subjects() []Subject { return append([]Subject(nil), subjects[:]...) }

var (
	ordered = []string{"==", "!=", "<", "<=", ">", ">="}
	equal   = []string{"==", "!="}
)

var subjects = [...]Subject{
	{"size", ordered, "a number of octets", isNumber},
	{"elapsed", ordered, "a duration such as 500ms", func(s string) bool { d, err := time.ParseDuration(s); return err == nil && d >= 0 }},
	{"extension", []string{"has", "lacks"}, "a keyword of EHLO, and parameters it has to have", func(s string) bool { return s != "" }},
	{"tls.version", ordered, "a version such as 1.2 or TLS 1.3", func(s string) bool {
		s = strings.TrimPrefix(s, "TLS ")
		return s == "1.0" || s == "1.1" || s == "1.2" || s == "1.3"
	}},
	{"tls.verified", equal, "true or false", func(s string) bool { return s == "true" || s == "false" }},
	{"cert.days", ordered, "a number of days", func(s string) bool { return isNumber(strings.TrimPrefix(s, "-")) }},
	{"enhanced", equal, "an enhanced status code such as 5.1.1 or 4.x.x", isEnhancedPattern},
}

// Valid says whether a value is one that @assert can compare the subject with.
func Valid(subject, value string) error {
	for _, s := range subjects {
		if s.Name == subject && !s.valid(value) {
			return fmt.Errorf("expected %s, and this is %s", s.Value, quoted(value))
		}
	}
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// isEnhancedPattern is a code of RFC 3463 2 in which x stands for a number.
func isEnhancedPattern(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || (parts[0] != "2" && parts[0] != "4" && parts[0] != "5" && parts[0] != "x") {
		return false
	}
	for _, p := range parts[1:] {
		if p != "x" && (len(p) > 3 || !isNumber(p)) {
			return false
		}
	}
	return true
}

// directive reads the line, whose @ stands at octet start.
func (p *parser) directive(start int) *Error {
	end := len(strings.TrimRight(p.line, " \t"))
	a := &args{p: p, at: p.position(start), next: start, end: end}
	from, name := a.word()
	var row *Directive
	for i := range directives {
		if directives[i].Name == name {
			row = &directives[i]
		}
	}
	if row == nil {
		return p.errorf(from, "expected a directive, and there is no %s%s", quoted(name), a.suggestion(name))
	}
	a.row = row
	var item Item
	switch {
	case row.parse != nil:
		item = row.parse(a)
	case name == "@repeat":
		times := a.number(1, 1_000_000)
		if len(p.blocks) > maxDepth {
			a.fail(from, "expected at most %d @repeat in each other", maxDepth)
		}
		if a.done() == nil {
			p.blocks = append(p.blocks, block{repeat: Repeat{Position: a.at, Times: times}})
		}
		return a.done()
	default:
		return p.endRepeat(a)
	}
	if err := a.done(); err != nil {
		return err
	}
	p.add(item)
	return nil
}

func (p *parser) endRepeat(a *args) *Error {
	n := len(p.blocks) - 1
	if n == 0 {
		return &Error{Position: a.at, Message: "expected a @repeat before this @end"}
	}
	if err := a.done(); err != nil {
		return err
	}
	r := p.blocks[n].repeat
	r.Items = p.blocks[n].items
	p.blocks = p.blocks[:n]
	p.add(r)
	return nil
}

// args are the arguments of a directive, read from left to right. The first
// thing that is wrong is kept; what is read after it does not matter.
type args struct {
	p    *parser
	row  *Directive
	at   Position
	next int // octet of the line
	end  int
	err  *Error
}

func (a *args) fail(at int, format string, list ...any) {
	if a.err == nil {
		a.err = a.p.errorf(at, format, list...)
	}
}

// expected fails at an argument that is missing or wrong.
func (a *args) expected(at int, what, got string) {
	if got == "" {
		a.fail(at, "expected %s: %s %s", what, a.row.Name, a.row.Args)
		return
	}
	a.fail(at, "expected %s, and this is %s: %s %s", what, quoted(got), a.row.Name, a.row.Args)
}

// done is the verdict, when all arguments have been read.
func (a *args) done() *Error {
	if from, extra := a.word(); extra != "" {
		usage := strings.TrimSpace(a.row.Name + " " + a.row.Args)
		a.fail(from, "expected the end of the line, and this is %s: %s", quoted(extra), usage)
	}
	return a.err
}

func (a *args) blanks() {
	for a.next < a.end && (a.p.line[a.next] == ' ' || a.p.line[a.next] == '\t') {
		a.next++
	}
}

// word is the next argument and where it stands.
func (a *args) word() (int, string) {
	a.blanks()
	from := a.next
	for a.next < a.end && a.p.line[a.next] != ' ' && a.p.line[a.next] != '\t' {
		a.next++
	}
	return from, a.p.line[from:a.next]
}

func (a *args) text(from, to int) Text {
	t, err := a.p.text(from, to)
	if err != nil && a.err == nil {
		a.err = err
	}
	return t
}

// optional is an argument that may be missing; then it is the zero Text.
func (a *args) optional() Text {
	from, word := a.word()
	if word == "" {
		return Text{}
	}
	return a.text(from, a.next)
}

// rest is all that is left of the line.
func (a *args) rest(what string) Text {
	a.blanks()
	from := a.next
	if from == a.end {
		a.expected(from, what, "")
	}
	a.next = a.end
	return a.text(from, a.end)
}

func (a *args) name() string {
	from, word := a.word()
	if !IsName(word) {
		a.expected(from, "a NAME of letters, digits and _", word)
	}
	return word
}

func (a *args) oneOf(what string, words ...string) string {
	from, word := a.word()
	for _, w := range words {
		if w == word {
			return word
		}
	}
	a.expected(from, what, word)
	return ""
}

// mechanism is the name of a SASL mechanism (RFC 4422 3.1), in any case.
func (a *args) mechanism() Text {
	t := a.optional()
	if len(t.Variables()) > 0 {
		return t
	}
	for _, c := range []byte(t.Raw) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' || len(t.Raw) > 20 {
			a.expected(a.next-len(t.Raw), "the name of a SASL mechanism", t.Raw)
			break
		}
	}
	return t
}

func (a *args) duration(least time.Duration) time.Duration {
	from, word := a.word()
	d, err := time.ParseDuration(word)
	switch {
	case err != nil:
		a.expected(from, "a duration such as 500ms or 5s", word)
	case d < least || d > maxWait:
		a.expected(from, "a duration above 0s, up to "+duration(maxWait), word)
	}
	return d
}

// pause is a duration that may have variables.
func (a *args) pause() Text {
	at := a.next
	t := a.optional()
	if len(t.Variables()) > 0 {
		return t
	}
	a.next = at
	t.Raw = duration(a.duration(0))
	return t
}

// Duration is how long a @sleep is.
func (i Sleep) Duration(vars map[string]string) (time.Duration, error) {
	octets, err := i.For.Expand(vars)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(string(octets))
	if err != nil || d < 0 || d > maxWait {
		return 0, &Error{Position: i.For.Pos, Message: "expected a duration from 0s to " + duration(maxWait) + ", and this is " + quoted(string(octets))}
	}
	return d, nil
}

func (a *args) number(least, most int64) int {
	from, word := a.word()
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < least || n > most {
		a.expected(from, "a number from "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10), word)
		return 0
	}
	return int(n)
}

// trailingNumber takes a number off the end of the line, if there is one and
// something in front of it: a file name can have blanks.
func (a *args) trailingNumber() int64 {
	a.blanks()
	all := a.p.line[a.next:a.end]
	i := strings.LastIndexAny(all, " \t")
	if i < 0 {
		return 0
	}
	n, err := strconv.ParseUint(all[i+1:], 10, 64)
	if err != nil {
		return 0
	}
	if n == 0 || n > math.MaxInt64 {
		a.expected(a.next+i+1, "a CHUNK of one octet or more", all[i+1:])
	}
	a.end = a.next + len(strings.TrimRight(all[:i], " \t"))
	return int64(n)
}

func (a *args) goString() string {
	a.blanks()
	from, all := a.next, a.p.line[a.next:a.end]
	a.next = a.end
	s, err := strconv.Unquote(all)
	if err != nil || all[0] == '\'' {
		a.expected(from, `a string in the syntax of Go, such as "NOOP\r\n"`, all)
	}
	return s
}

func (a *args) regexp() string {
	a.blanks()
	from, all := a.next, a.p.line[a.next:a.end]
	a.next = a.end
	if all == "" {
		a.expected(from, "a REGEXP", "")
	}
	if _, err := regexp.Compile(all); err != nil {
		a.fail(from, "expected a regular expression (RE2): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return all
}

func (a *args) subject() Subject {
	from, word := a.word()
	var names []string
	for _, s := range subjects {
		if s.Name == word {
			return s
		}
		names = append(names, s.Name)
	}
	a.expected(from, "a SUBJECT ("+strings.Join(names, ", ")+")", word)
	return Subject{}
}

// assertValue is checked here where it has no variables.
func (a *args) assertValue(s Subject) Text {
	t := a.rest("a VALUE")
	if a.err == nil && len(t.Variables()) == 0 && !s.valid(t.Raw) {
		a.expected(a.end-len(t.Raw), s.Value, t.Raw)
	}
	return t
}

// suggestion names the directive that was probably meant.
func (a *args) suggestion(name string) string {
	for _, d := range directives {
		if strings.EqualFold(d.Name, name) || len(name) > 2 && strings.HasPrefix(d.Name, strings.ToLower(name)) {
			return "; " + d.Name + "?"
		}
	}
	return ""
}
