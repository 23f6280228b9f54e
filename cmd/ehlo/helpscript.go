package main

import (
	"fmt"
	"strings"

	"ehlo/session/play"
	"ehlo/session/script"
)

// helpScript writes the script language: what a person needs at the terminal to
// read one, and to write one.
func (a *app) helpScript() {
	fmt.Fprintf(a.out, `A script is UTF-8 text, a line each. What ehlo prints is one.

  # a comment                nothing, like a blank line
  C: EHLO ${helo}            what the client sends, with CRLF. Lines of C: go out together
                             before the next reply is awaited: a pipelined group (RFC 2920)
  S: 250-SIZE *              the next reply has to have these lines, in this order, among its
  S: 250                     own; its code is that of the last one, and a code alone takes any
                             text. * is any run of characters, x in a code any digit

In text ${name} is a variable, $${ a literal ${, \xHH that octet; all else is literal.
Variables: %s,
and what --set, @set and @capture add. Files are relative to the script.

`, strings.Join(play.Names(), " "))
	for _, d := range script.Directives() {
		usage := strings.TrimSpace(d.Name + " " + d.Args)
		if len(usage) > 26 {
			fmt.Fprintf(a.out, "  %s\n", usage)
			usage = ""
		}
		for i, l := range wrapped(d.Help, helpWidth-29) {
			if i > 0 {
				usage = ""
			}
			fmt.Fprintf(a.out, "  %-26s %s\n", usage, l)
		}
	}
	fmt.Fprint(a.out, "\nWhat @assert can judge:\n\n")
	for _, s := range script.Subjects() {
		fmt.Fprintf(a.out, "  %-13s %-18s %s\n", s.Name, strings.Join(s.Ops, " "), s.Value)
	}
	fmt.Fprint(a.out, `
ehlo run plays the client's side, ehlo serve the server's; ehlo run --step stops before each line.
--record writes a session as a script in which what varies from run to run is a pattern.
`)
}

// wrapped breaks a text into lines of at most w characters.
func wrapped(text string, w int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > w:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// directiveTable is the list of directives for the README, in Markdown.
func directiveTable() string {
	var b strings.Builder
	b.WriteString("| directive | |\n| --- | --- |\n")
	for _, d := range script.Directives() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(strings.TrimSpace(d.Name+" "+d.Args), "|", "\\|"), d.Help)
	}
	b.WriteString("\n| `@assert` | operators | value |\n| --- | --- | --- |\n")
	for _, s := range script.Subjects() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", s.Name, strings.Join(s.Ops, " "), s.Value)
	}
	return b.String()
}
