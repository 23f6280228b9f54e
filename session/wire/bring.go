package wire

import (
	"slices"
	"strings"
)

// What extensions bring to commands.

// VerbExtension finds the extension that a command comes with; those of RFC
// 5321 itself come with none.
func VerbExtension(verb string) (Extension, bool) {
	for _, x := range extensions {
		for _, v := range x.Verbs {
			if strings.EqualFold(v.Verb, verb) {
				return x, true
			}
		}
	}
	return Extension{}, false
}

// commands are those of RFC 5321 that every server has, and LHLO (RFC 2033).
var commands = [...]Command{
	{"EHLO", "name or [address] of this host"},
	{"HELO", "name of this host"},
	{"LHLO", "name or [address] of this host"},
	{"MAIL", "FROM:<address>"},
	{"RCPT", "TO:<address>"},
	{"DATA", ""},
	{"RSET", ""},
	{"NOOP", "[text]"},
	{"QUIT", ""},
}

// Commands are all that are known: those of RFC 5321, and those that extensions
// bring.
func Commands() []Command {
	all := slices.Clone(commands[:])
	for _, x := range extensions {
		all = append(all, x.Verbs...)
	}
	return all
}

// LookupCommand finds one by its verb, in any case.
func LookupCommand(verb string) (Command, bool) {
	for _, c := range commands {
		if strings.EqualFold(c.Verb, verb) {
			return c, true
		}
	}
	x, ok := VerbExtension(verb)
	for _, c := range x.Verbs {
		if strings.EqualFold(c.Verb, verb) {
			return c, ok
		}
	}
	return Command{}, false
}

// Due are the arguments from the n-th on, counted from 0. What ends in three dots
// may be there several times.
func (c Command) Due(n int) string {
	args := c.Args
	for ; n > 0 && !strings.HasSuffix(args, "..."); n-- {
		end := strings.IndexByte(args, ' ')
		if strings.HasPrefix(args, "[") {
			end = strings.IndexByte(args, ']') + 1
		}
		if end < 0 || end >= len(args) {
			return ""
		}
		args = args[end+1:]
	}
	return args
}

// ParameterExtensions are the extensions that bring a parameter to MAIL or
// RCPT: those that bring it with this value, where some do.
func ParameterExtensions(verb, parameter string) []Keyword {
	name, value, _ := strings.Cut(strings.ToUpper(parameter), "=")
	var named, exact []Keyword
	for _, x := range extensions {
		for _, p := range x.parameters(verb) {
			n, v, _ := strings.Cut(p.Text, "=")
			if n != name || slices.Contains(exact, x.Keyword) {
				continue
			}
			if v == value {
				exact = append(exact, x.Keyword)
			}
			if !slices.Contains(named, x.Keyword) {
				named = append(named, x.Keyword)
			}
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return named
}

func (x Extension) parameters(verb string) []Parameter {
	switch strings.ToUpper(verb) {
	case "MAIL":
		return x.Mail
	case "RCPT":
		return x.Rcpt
	}
	return nil
}

// Parameters are the texts of those of MAIL or RCPT that the offers allow, each
// once.
func (o Offers) Parameters(verb string) []string {
	var all []string
	for _, offer := range o {
		x, _ := LookupExtension(offer.Keyword)
		for _, p := range x.parameters(verb) {
			if !slices.Contains(all, p.Text) {
				all = append(all, p.Text)
			}
		}
	}
	return all
}

// ParameterValue says for people what stands behind the = of a parameter of MAIL
// or RCPT, of which name is all up to there: "octets", "7BIT|8BITMIME". Where none
// of the offers brings it, it is what any extension says.
func (o Offers) ParameterValue(verb, name string) string {
	var offered, known []string
	for _, x := range extensions {
		for _, p := range x.parameters(verb) {
			text, ok := strings.CutPrefix(p.Text+p.Value, name)
			if !ok || text == "" || !strings.HasSuffix(name, "=") || slices.Contains(known, text) {
				continue
			}
			if known = append(known, text); o.Has(string(x.Keyword)) {
				offered = append(offered, text)
			}
		}
	}
	if len(offered) > 0 {
		known = offered
	}
	return strings.Join(known, "|")
}

// Verbs are the commands that the offers add to those of RFC 5321.
func (o Offers) Verbs() []string {
	var all []string
	for _, offer := range o {
		x, _ := LookupExtension(offer.Keyword)
		for _, v := range x.Verbs {
			if !slices.Contains(all, v.Verb) {
				all = append(all, v.Verb)
			}
		}
	}
	return all
}

// Ungrouped says whether a command ends a group of commands that are sent at
// once: what follows has to wait for its reply (RFC 2920 3.1). So does
// everything that is not known to be otherwise.
func Ungrouped(verb string) bool {
	switch verb {
	case "MAIL", "RCPT", "RSET", "SEND", "SOML", "SAML":
		return false
	}
	return true
}

const (
	// AuthLine is the length of an AUTH command with its CRLF (RFC 4954 4).
	AuthLine = 12288
	// TextLine is the length of a line of message text with its CRLF, without
	// the dot that transparency adds (RFC 5321 4.5.3.1.6).
	TextLine = 1000
)

// longer is what extensions add to the length of a command line. Where an RFC
// bounds the parameter and not the line, it is what the parameter takes.
var longer = [...]struct {
	keyword Keyword
	verb    string
	octets  int
}{
	{KeywordSize, "MAIL", 26},     // RFC 1870 3 (5)
	{Keyword8BitMIME, "MAIL", 17}, // RFC 6152 2 (5)
	{KeywordSMTPUTF8, "MAIL", 10}, // RFC 6531 3.1 5
	{KeywordSMTPUTF8, "VRFY", 10}, // RFC 6531 3.1 6
	{KeywordSMTPUTF8, "EXPN", 10},
	{KeywordDSN, "MAIL", len(" RET=FULL ENVID=") + 100},                     // RFC 3461 4.4
	{KeywordDSN, "RCPT", len(" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=") + 500}, // RFC 3461 4.2
	{KeywordAuth, "MAIL", 500},                                              // RFC 4954 3 (5)
	{KeywordDeliverBy, "MAIL", 17},                                          // RFC 2852 3
	{KeywordMTPriority, "MAIL", 15},                                         // RFC 6710 3
	{KeywordRRVS, "RCPT", 59},                                               // RFC 7293 3.1
	{KeywordRequireTLS, "MAIL", len(" REQUIRETLS")},
	{KeywordFutureRelease, "MAIL", len(" HOLDUNTIL=2025-11-24T16:02:11.123456789+00:00")},
	{KeywordNoSoliciting, "MAIL", len(" SOLICIT=") + 1000},
	{KeywordMTRK, "MAIL", 100},
	{KeywordCheckpoint, "MAIL", len(" TRANSID=<>") + 80},
	{KeywordSubmitter, "MAIL", 512},
	{KeywordUTF8SMTP, "MAIL", 460},
	{KeywordUTF8SMTP, "RCPT", 460},
}

// CommandLimit is how long a command may be with its CRLF: what RFC 5321
// allows, and what the offers add to it.
func (o Offers) CommandLimit(verb string) int {
	switch verb = strings.ToUpper(verb); verb {
	case "AUTH":
		return AuthLine
	case "BURL":
		return MaxLine // RFC 4468 bounds no URL
	}
	limit := CommandLine
	for _, l := range longer {
		if l.verb == verb && o.Has(string(l.keyword)) {
			limit += l.octets
		}
	}
	return limit
}
