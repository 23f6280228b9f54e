package transcript

import (
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// ScriptText is the text of a script's line that stands for these octets:
// wire.Text, with "${" written so that it is no variable, and a blank at the
// end so that no editor strips it.
func ScriptText(octets []byte) string {
	s := plainText(octets)
	if rest, blank := strings.CutSuffix(s, " "); blank {
		return rest + `\x20`
	}
	return s // a tab is \x09 anyway
}

// plainText is ScriptText for octets that others follow on the line.
func plainText(octets []byte) string { return strings.ReplaceAll(wire.Text(octets), "${", "$${") }

// scriptArgument is the last argument of a directive, which may have blanks,
// but not in front.
func scriptArgument(text string) string {
	s := ScriptText([]byte(text))
	if rest, blank := strings.CutPrefix(s, " "); blank {
		return `\x20` + rest
	}
	return s
}

// scriptWord is an argument of a directive that others may follow.
func scriptWord(text string) string {
	return strings.ReplaceAll(ScriptText([]byte(text)), " ", `\x20`)
}

// quote is octets as @raw and @reply have them.
func quote(octets []byte) string { return strconv.QuoteToASCII(string(octets)) }

// asSent is a line of the server's with its ending.
func asSent(e event.Received) []byte {
	octets := append([]byte(nil), e.Masked()...)
	switch e.Line.Ending {
	case wire.CRLF:
		return append(octets, "\r\n"...)
	case wire.LF:
		return append(octets, '\n')
	}
	return octets // it has none
}

// codeOf is the code that a line begins with, or 0.
func codeOf(line []byte) int {
	var r wire.Reply
	r.Add(wire.Line{Octets: line[:min(len(line), len("250-"))]})
	return r.Code
}

// serverText is the text of an S: line for a line of the server's. coded says
// that the line has the code of its reply. A script would take some other lines
// for something else: "2xx" stands for any code, and another code with a hyphen
// would go on, where the reply is over. An escaped octet makes them the text that
// they are.
func serverText(line []byte, coded bool) string {
	s := ScriptText(line)
	if !coded && likeCode(s) && (strings.Contains(s[:3], "x") || len(s) > 3 && s[3] == '-') {
		return `\x` + strconv.FormatUint(uint64(s[0]), 16) + s[1:]
	}
	return s
}

// likeCode says that a script takes what a text begins with for a code.
func likeCode(s string) bool {
	if len(s) < 3 || strings.IndexByte("2345x", s[0]) < 0 || strings.Trim(s[1:3], "0123456789x") != "" {
		return false
	}
	if len(s) == 3 || s[3] == ' ' || s[3] == '-' {
		return true
	}
	return !strings.Contains(s[:3], "x") && (s[3] < '0' || s[3] > '9')
}
