package smtpline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ehlo/session/sasl"
	"ehlo/session/wire"
)

// Warn says why a line will surely be refused, or which rule it breaks, in a
// few words; "" where nothing is wrong, or what is wrong may still be mended by
// typing on. It stops nothing.
func (s *Situation) Warn(line string) string {
	if s.Text {
		return s.warnText(line)
	}
	if strings.TrimSpace(line) == "" {
		return ""
	}
	known := line[:SecretFrom(line)] // no warning repeats a secret
	if strings.TrimSpace(known) == "" {
		return unknownVerb
	}
	verb, lead, end := verbOf(known)
	rest := known[end:]
	return first(
		func() string { return controls(line) },
		func() string { return s.warnVerb(verb, rest, lead) },
		func() string { return s.warnOrder(verb) },
		func() string { return s.warnArguments(verb, rest) },
		func() string { return s.warnEightBit(verb, line) },
		func() string {
			if most := s.Offers.CommandLimit(verb); len(line)+len("\r\n") > most {
				return tooLong(len(line)+len("\r\n"), most)
			}
			return ""
		},
	)
}

// first is the first warning of several.
func first(checks ...func() string) string {
	for _, check := range checks {
		if w := check(); w != "" {
			return w
		}
	}
	return ""
}

func tooLong(octets, most int) string {
	return fmt.Sprintf("%s octets with CRLF, a line may have %s", wire.Thousands(uint64(octets)), wire.Thousands(uint64(most)))
}

// controls finds a control character.
func controls(line string) string {
	for i := range len(line) {
		if c := line[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return "a control character: " + wire.Visible([]byte{c})
		}
	}
	return ""
}

// warnText warns of a line of message text.
func (s *Situation) warnText(line string) string {
	binary := hasParameter(s.Open.Mail, "BODY=BINARYMIME")
	size := len(line) + len("\r\n")
	dotted := !s.Chunk && strings.HasPrefix(line, ".") && line != "."
	if dotted {
		size-- // it is there for transparency
	}
	switch {
	case binary:
		return ""
	case size > wire.TextLine:
		return tooLong(size, wire.TextLine)
	case controls(line) != "":
		return controls(line)
	case dotted && !strings.HasPrefix(line, ".."):
		return "the server takes the first dot away: .. keeps one"
	case eightBit(line) && s.Open.Open() && !hasParameter(s.Open.Mail, "BODY=8BITMIME") && !hasParameter(s.Open.Mail, "SMTPUTF8"):
		return "8-bit text, and MAIL had no BODY=8BITMIME"
	}
	return ""
}

// anytime are the commands that need no EHLO before them (RFC 5321 4.1.4).
var anytime = []string{"EHLO", "HELO", "LHLO", "NOOP", "HELP", "EXPN", "VRFY", "RSET", "QUIT"}

const unknownVerb = "no command that ehlo knows"

// warnVerb warns of a verb that the server does not know.
func (s *Situation) warnVerb(verb, rest string, lead int) string {
	x, known := wire.LookupCommand(verb)
	ext, extended := wire.VerbExtension(verb)
	switch {
	case lead > 0:
		return "a blank before the verb"
	case !known && s.Offers.Has(verb):
		return "" // what an extension brings that ehlo does not know
	case !known && rest == "" && slices.ContainsFunc(wire.Commands(), func(x wire.Command) bool { return begins(x.Verb, verb) }):
		return "" // it is being typed
	case !known && rest == "" && wire.BeginsResponse([]byte(verb)):
		return unknownVerb // a secret, perhaps
	case !known:
		return unknownVerb + ": " + wire.VisibleVerb(verb)
	case rest != "" && rest[0] != ' ':
		return "a blank belongs behind " + verb
	case x.Args == "" && strings.TrimSpace(rest) != "":
		return verb + " takes no argument"
	case !s.Live:
		return ""
	case verb == "STARTTLS" && s.Secure:
		return "the connection is under TLS already"
	case s.Protocol == "" && !slices.Contains(anytime, verb):
		return "EHLO comes first (RFC 5321 4.1.4)"
	case s.Protocol == "LMTP" && (verb == "EHLO" || verb == "HELO"):
		return "LMTP greets with LHLO"
	case s.Protocol != "LMTP" && s.Protocol != "" && verb == "LHLO":
		return "LHLO is of LMTP: EHLO greets here"
	case extended && verb != "AUTH" && !slices.Contains(anytime, verb) && !slices.Contains(s.Offers.Verbs(), verb):
		return s.notOffered(string(ext.Keyword))
	}
	return ""
}

// notOffered says that an extension is not there, or not before EHLO.
func (s *Situation) notOffered(keyword string) string {
	if s.Protocol == "SMTP" {
		return keyword + " is not offered: extensions need EHLO"
	}
	return keyword + " is not offered"
}

// warnOrder warns of a command that is out of its order.
func (s *Situation) warnOrder(verb string) string {
	t := s.Open
	switch {
	case !s.Live:
		return ""
	case s.Due != "" && !s.Offers.Has(string(wire.KeywordPipelining)):
		return s.Due + " is still due, and PIPELINING is not offered"
	case s.Due != "":
		return "" // what it is in when this arrives depends on that
	case verb == "MAIL" && t.Open():
		return "MAIL was accepted already: RSET ends that"
	case verb == "RCPT" && !t.Open(), (verb == "DATA" || verb == "BDAT") && !t.Open():
		return verb + " before MAIL"
	case (verb == "DATA" || verb == "BDAT") && t.Accepted == 0:
		return verb + " before a recipient was accepted"
	case verb == "DATA" && t.Chunked:
		return "DATA behind BDAT: BDAT n LAST ends the message"
	case verb == "AUTH" && s.LoggedIn:
		return "logged in already: a second AUTH is refused (RFC 4954 4)"
	case verb == "AUTH" && t.Open():
		return "AUTH within a transaction is refused (RFC 4954 4)"
	}
	return ""
}

func (s *Situation) warnArguments(verb, rest string) string {
	switch verb {
	case "MAIL":
		return s.warnPath(verb, rest, "FROM:")
	case "RCPT":
		return s.warnPath(verb, rest, "TO:")
	case "AUTH":
		return s.warnAuth(rest)
	case "BDAT":
		fields := strings.Fields(rest)
		if _, _, ok := wire.ParseBDAT([]byte("BDAT" + rest)); ok || len(fields) == 0 {
			return ""
		}
		if len(fields) == 2 && !strings.HasSuffix(rest, " ") && begins("LAST", fields[1]) {
			if _, _, ok := wire.ParseBDAT([]byte("BDAT " + fields[0])); ok {
				return ""
			}
		}
		return "BDAT has a number of octets, and LAST or nothing"
	}
	return ""
}

// readable are the mechanisms that show the password, or a token that is as good,
// to everyone who reads the connection.
var readable = []string{"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}

func (s *Situation) warnAuth(rest string) string {
	fields := strings.Fields(strings.TrimRight(strings.ToUpper(rest), ":="))
	offered := s.Offers.Mechanisms()
	switch {
	case !s.Live:
		return ""
	case len(fields) > 0 && slices.Contains(readable, fields[0]) && !s.Secure && s.Network == "tcp":
		return "no TLS: others can read what " + fields[0] + " sends"
	case len(offered) == 0 && !s.Secure && s.Offers.Has(string(wire.KeywordStartTLS)):
		return "AUTH is not offered before STARTTLS"
	case len(offered) == 0:
		return s.notOffered("AUTH")
	case len(fields) == 0 || slices.Contains(offered, fields[0]):
		return ""
	case len(fields) == 1 && !strings.HasSuffix(rest, " ") && slices.ContainsFunc(offered, func(m string) bool { return begins(m, fields[0]) }):
		return "" // it is being typed
	}
	name := wire.VisibleVerb(fields[0])
	if !slices.Contains(sasl.Names(), name) && wire.BeginsResponse([]byte(name)) {
		name = "this mechanism" // a secret, perhaps
	}
	return name + " is not offered: " + strings.Join(offered, " ")
}

// warnPath warns of what stands behind MAIL and RCPT.
func (s *Situation) warnPath(verb, rest, word string) string {
	head, path, colon := strings.Cut(rest, ":")
	typed := strings.TrimLeft(head, " ")
	switch {
	case !colon && begins(word, typed):
		return ""
	case !colon || !strings.EqualFold(typed+":", word):
		return word + " belongs behind " + verb
	case path == "":
		return ""
	case path[0] == ' ':
		return "no blank belongs behind " + word
	case path[0] != '<':
		return "no angle brackets: " + word + "<address>"
	}
	end := wire.PathEnd(path)
	if end < 0 {
		if strings.Contains(path, " ") && !strings.Contains(path, `"`) {
			return "the bracket before the address is not closed"
		}
		return ""
	}
	address := path[1:end]
	switch _, err := wire.ParseAddress(path[:end+1]); {
	case address == "" && verb == "RCPT":
		return "RCPT needs a recipient"
	case err != nil && !strings.HasPrefix(address, "@"): // a source route is for the server to judge
		return err.Error()
	case end+1 < len(path) && path[end+1] != ' ':
		return "a blank belongs behind the address"
	}
	return s.warnParameters(verb, path[end+1:])
}

// warnParameters warns of parameters whose extension is not offered.
func (s *Situation) warnParameters(verb, tail string) string {
	all := strings.Fields(tail)
	for i, p := range all {
		typing := i == len(all)-1 && !strings.HasSuffix(tail, " ")
		if w := s.warnParameter(verb, strings.ToUpper(p), typing); w != "" {
			return w
		}
	}
	return ""
}

func (s *Situation) warnParameter(verb, p string, typing bool) string {
	name := parameterName(p)
	brought := wire.ParameterExtensions(verb, p)
	offered := func(k wire.Keyword) bool { return s.Offers.Has(string(k)) }
	other := map[string]string{"MAIL": "RCPT", "RCPT": "MAIL"}[verb]
	switch {
	case typing && !strings.Contains(p, "=") && len(brought) == 0:
		return "" // it is being typed
	case len(brought) == 0 && len(wire.ParameterExtensions(other, p)) > 0:
		return name + " belongs to " + other
	case !s.Live:
		return ""
	case len(brought) == 0 && slices.ContainsFunc(s.Offers, func(o wire.Offer) bool { _, known := wire.LookupExtension(o.Keyword); return !known }):
		return "" // what an extension brings that ehlo does not know
	case len(brought) == 0:
		return "no extension that is offered has " + wire.VisibleVerb(name)
	case !slices.ContainsFunc(brought, offered):
		return wire.VisibleVerb(name) + ": " + s.notOffered(string(brought[0]))
	case name == "SIZE=" && verb == "MAIL":
		return s.warnSize(p[len(name):])
	}
	return ""
}

func (s *Situation) warnSize(value string) string {
	n, err := strconv.ParseUint(value, 10, 64)
	switch {
	case value == "":
		return ""
	case strings.Trim(value, "0123456789") != "":
		return "SIZE= takes a number of octets"
	case s.Size.State == wire.SizeDeclared && (err != nil || n > s.Size.Declared):
		return "over the maximum, " + wire.Octet(s.Size.Declared)
	}
	return ""
}

// warnEightBit warns of characters beyond ASCII in a command (RFC 6531 3).
func (s *Situation) warnEightBit(verb, line string) string {
	if !eightBit(line) || !s.Live {
		return ""
	}
	switch verb {
	case "MAIL", "RCPT", "VRFY", "EXPN":
	default:
		return "a command has ASCII characters only"
	}
	switch {
	case !s.Offers.Has(string(wire.KeywordSMTPUTF8)):
		return "not ASCII, and " + s.notOffered("SMTPUTF8")
	case verb == "RCPT" && s.Due == "" && !hasParameter(s.Open.Mail, "SMTPUTF8"):
		return "not ASCII, and MAIL had no SMTPUTF8"
	case verb == "MAIL" && strings.Contains(line, ">") && !hasParameter([]byte(line), "SMTPUTF8"):
		return "not ASCII: SMTPUTF8 belongs behind the address"
	}
	return ""
}

func eightBit(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0
}

// hasParameter says whether a MAIL has a parameter behind its path.
func hasParameter(mail []byte, parameter string) bool {
	_, path, _ := strings.Cut(string(mail), ":")
	path = strings.TrimLeft(path, " ")
	if strings.HasPrefix(path, "<") {
		path = path[wire.PathEnd(path)+1:]
	}
	return slices.ContainsFunc(strings.Fields(path), func(p string) bool { return strings.EqualFold(p, parameter) })
}
