package script

import (
	"strconv"
	"strings"
	"time"
)

// Lines are the canonical text of one item: several where it is a group of S:
// lines or a Repeat.
func Lines(i Item) []string { return i.lines() }

// String is the canonical text of the script: one space behind tags and
// between arguments, lines inside of @repeat indented by two spaces, text as
// it was written.
func (s *Script) String() string {
	var b strings.Builder
	for _, l := range linesOf(s.Items) {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}

func linesOf(items []Item) []string {
	var lines []string
	for _, i := range items {
		lines = append(lines, i.lines()...)
	}
	return lines
}

func (i Comment) lines() []string { return []string{i.Text} }
func (i Client) lines() []string  { return []string{tagged("C:", i.Line)} }

func (i Server) lines() []string {
	var lines []string
	for _, l := range i.Lines {
		for _, c := range l.Above {
			lines = append(lines, c.Text)
		}
		lines = append(lines, tagged("S:", l.Line))
	}
	return lines
}

func tagged(tag string, t Text) string {
	if t.Raw == "" {
		return tag
	}
	return tag + " " + t.Raw
}

func (i Connect) lines() []string       { return at("@connect", i.Target.Raw) }
func (i StartTLS) lines() []string      { return at("@starttls") }
func (i TLS) lines() []string           { return at("@tls") }
func (i Auth) lines() []string          { return at("@auth", i.Mechanism.Raw) }
func (i Data) lines() []string          { return at("@data", i.File.Raw) }
func (i Raw) lines() []string           { return at("@raw", strconv.Quote(i.Octets)) }
func (i Reply) lines() []string         { return at("@reply", strconv.Quote(i.Octets)) }
func (i Flush) lines() []string         { return at("@flush") }
func (i Sleep) lines() []string         { return at("@sleep", i.For.Raw) }
func (i Timeout) lines() []string       { return at("@timeout", duration(i.After)) }
func (i ExpectClose) lines() []string   { return at("@expect", "close") }
func (i ExpectSilence) lines() []string { return at("@expect", "silence", duration(i.For)) }
func (i Close) lines() []string         { return at("@close") }
func (i Reset) lines() []string         { return at("@reset") }
func (i Set) lines() []string           { return at("@set", i.Name, i.Value.Raw) }
func (i Capture) lines() []string       { return at("@capture", i.Name, i.Regexp) }
func (i Assert) lines() []string        { return at("@assert", i.Subject, i.Op, i.Value.Raw) }
func (i Include) lines() []string       { return at("@include", i.File.Raw) }

func (i BDAT) lines() []string {
	if i.Chunk == 0 {
		return at("@bdat", i.File.Raw)
	}
	return at("@bdat", i.File.Raw, strconv.FormatInt(i.Chunk, 10))
}

func (i Repeat) lines() []string {
	lines := at("@repeat", strconv.Itoa(i.Times))
	for _, l := range linesOf(i.Items) {
		if l != "" {
			l = "  " + l
		}
		lines = append(lines, l)
	}
	return append(lines, "@end")
}

// at is a directive's line; empty arguments are left out.
func at(name string, args ...string) []string {
	for _, a := range args {
		if a != "" {
			name += " " + a
		}
	}
	return []string{name}
}

// duration writes 1m and not 1m0s.
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
