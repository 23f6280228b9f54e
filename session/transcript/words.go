package transcript

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// Milliseconds writes a duration for people: "12 ms", "0.4 ms", "3.1 s".
func Milliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + " ms"
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

// DNSLine says in one line what was asked and what came.
func DNSLine(e event.DNS) string {
	s := fmt.Sprintf("dns: %s %s: ", strings.TrimSuffix(e.Name, "."), e.Type)
	switch {
	case e.Rcode == "NOERROR" && len(e.Answers) == 0 && e.Error == "":
		s += "no such record"
	case len(e.Answers) > 0:
		s += strings.Join(e.Answers, ", ")
	default:
		s += e.Rcode
	}
	if e.Error != "" {
		s = strings.TrimSuffix(s, ": ") + ": " + e.Error
	}
	s += fmt.Sprintf(" (%s, %s", e.Server, Milliseconds(e.Elapsed))
	if e.Network == "tcp" {
		s += ", tcp"
	}
	if e.Authenticated {
		s += ", authenticated"
	}
	return s + ")"
}

// RouteLines say where the mail goes: the first in one line, then what is
// wrong with single exchangers.
func RouteLines(e event.Route) []string {
	name := e.Domain
	if e.Unicode != "" {
		name = fmt.Sprintf("%s (%s)", e.Unicode, e.Domain)
	}
	var parts, more []string
	for _, x := range e.Exchangers {
		at := ""
		if len(x.Addresses) > 0 {
			at = " (" + strings.Join(x.Addresses, ", ") + ")"
		}
		switch e.Source {
		case "mx":
			parts = append(parts, fmt.Sprintf("MX %d %s%s", x.Preference, x.Host, at))
		case "srv":
			parts = append(parts, fmt.Sprintf("SRV %d %s:%d%s", x.Preference, x.Host, x.Port, at))
		case "address":
			parts = append(parts, "no MX, its own address"+at)
		case "literal", "socket", "pipe":
			return nil
		default:
			name = x.Host
			parts = append(parts, strings.Trim(at, " ()"))
		}
		for _, n := range x.Notes {
			more = append(more, x.Host+": "+n)
		}
		if x.Error != nil {
			more = append(more, x.Error.Message)
		}
	}
	if len(parts) == 0 && e.Reason == "" {
		return more
	}
	if len(parts) == 0 {
		return append([]string{name + ": " + e.Reason}, more...)
	}
	return append([]string{name + ": " + strings.Join(parts, ", ")}, more...)
}

// TLSLine says in one line what the handshake came to.
func TLSLine(e event.TLS) string {
	verdict := "certificate verified for " + e.Expected
	if !e.Verified {
		verdict = "certificate NOT verified: " + e.Problem
	}
	return fmt.Sprintf("%s, %s (%s)", cipherOf(e), verdict, Milliseconds(e.Elapsed))
}

func cipherOf(e event.TLS) string { return e.Version + " " + e.Cipher }

// SizeLines are the result of asking for the maximum message size.
func SizeLines(s *wire.Size) []string {
	if s == nil {
		return nil
	}
	lines := []string{"maximum message size: " + s.String()}
	if text := LargestFile(s, nil); text != "" {
		lines = append(lines, "largest attachment:   "+text)
	}
	if n := s.Note(); n != "" {
		lines = append(lines, n)
	}
	return lines
}

// ExtensionLines list what a server offers, with what it means.
func ExtensionLines(offers wire.Offers) []string {
	var lines []string
	for _, o := range offers {
		said := strings.Join(append([]string{o.Keyword}, o.Params...), " ")
		meaning := "not in the registry"
		if x, ok := wire.LookupExtension(o.Keyword); ok {
			meaning = x.Meaning
			if x.RFC != "" {
				meaning += " (" + x.RFC + ")"
			}
		}
		lines = append(lines, fmt.Sprintf("%-24s %s", said, meaning))
	}
	return lines
}
