package transcript

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ehlo/session/event"
)

// mostVarying is up to how long a line is looked at, in octets: RFC 5321 allows
// 512, and beyond that a server has other things to say than ids.
const mostVarying = 1024

// Dates and times, as servers write them.
const (
	weekday = `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*`
	month   = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*`
	zone    = `(?: ?(?:[+-]\d{2}:?\d{2}\b|(?:UTC|GMT|MSK|Z|[A-Z]{1,3}T)\b))?(?: \([A-Z]{1,5}\))?`
	clock   = `\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm]\b)?` + zone
	behind  = `(?:[\s)\],;.]|$)`
)

// rule finds parts of a line that are other each time: the groups of its
// expression that is accepts.
type rule struct {
	find *regexp.Regexp
	is   func(part string, near time.Time) bool // nil: all are
}

// rules are what servers are known to say. An id is known by the words around
// it rather than by its looks, where there are such words.
var rules = [...]rule{
	// RFC 5322 3.3, with and without weekday, time and zone; also 24-Nov-2026.
	{find: regexp.MustCompile(`\b((?:` + weekday + `,? +)?\d{1,2}[ -]` + month + `[ -]\d{2,4}\b(?:,? +` + clock + `)?)`)},
	// asctime, and as Americans write dates.
	{find: regexp.MustCompile(`\b((?:` + weekday + `,? +)?` + month + ` +\d{1,2},? +(?:` + clock + ` +)?\d{4}\b(?:,? +` + clock + `)?)`)},
	// ISO 8601, with separators and without.
	{find: regexp.MustCompile(`\b(\d{4}[-/](?:0\d|1[0-2])[-/][0-3]\d\b(?:[ ,_]+` + clock + `)?|\d{4}-[01]\d-[0-3]\dT` + clock + `|\d{8}T\d{6}(?:\.\d+)?Z?\b)`)},
	{find: regexp.MustCompile(`\b((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)\b`)},
	{find: regexp.MustCompile(`(?:^|[\s(\[])(\d{1,2}/\d{1,2}/\d{4}(?:,? +` + clock + `)?|(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.(?:19|20)\d{2}(?:,? +` + clock + `)?)` + behind)},
	{find: regexp.MustCompile(`(?:^|[\s(\[,;])(\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?[AaPp][Mm]\b)?` + zone + `)` + behind)},
	// Seconds, milliseconds and microseconds since 1970.
	{find: regexp.MustCompile(`\b(\d{10}(?:\.\d+)?|\d{13}|\d{16})\b`), is: isEpoch},
	// How long it took, and how fast it was.
	{find: regexp.MustCompile(`\b(\d+[.,]\d+) ?(?:seconds?|secs?|ms|KB/sec)\b`)},
	{find: regexp.MustCompile(`\b(\d+) bytes in (\d+[.,]\d+)\b`)},
	// What is left of a greylisting counts down.
	{find: regexp.MustCompile(`(?i)\b(?:again|back|retry) (?:in|after) (\d+) ?(?:seconds?|secs?|s|minutes?|mins?)\b`)},

	// Postfix, and many who took its words; Yandex.
	{find: regexp.MustCompile(`(?i)\bqueued(?: on \S+)? as:? "?([^\s"<>()\[\],;]+)`), is: isNoWord},
	// Haraka: Message Queued (UUID.1), and its greeting: ready (UUID).
	{find: regexp.MustCompile(`(?i)\b(?:queued|ready) \(([0-9A-Fa-f][0-9A-Fa-f.-]{5,})\)`), is: hasDigit},
	// Exim: id=1abCDe-0001Xy-2Z; amavis: id=12345-01; KumoMTA: ids=…; Cyrus:
	// SESSIONID=<…>; MDaemon: <Message-ID: …>. In a URL an id is a parameter.
	{find: regexp.MustCompile(`(?i)(?:^|[\s<(\[,;])(?:ids?|sid|(?:message|session|queue|trace|request|transaction)[ -]?id)(?:=|: ?)<?([^\s<>()\[\],;"]+)`), is: hasDigit},
	{find: regexp.MustCompile(`(?i)\b(?:with|message|session|queue|trace|request|transaction) id ([^\s<>()\[\],;"@]+)`), is: hasDigit},
	// Exchange.
	{find: regexp.MustCompile(`\[InternalId=(\d+), Hostname=([^\]\s]+)\]`)},
	{find: regexp.MustCompile(`<([^<>\s]+@[^<>\s]+)> (?:\[InternalId=|Queued mail for delivery)`)},
	// Sendmail and OpenSMTPD.
	{find: regexp.MustCompile(`(?:^|\s)([^\s@<>]{6,}) +(?i:message accepted)\b`), is: hasDigit},
	// Dovecot's LMTP.
	{find: regexp.MustCompile(`\s([^\s@<>]{16,}) Saved$`)},
	// Gmail.
	{find: regexp.MustCompile(`(\S+) - gsmtp\b`)},
	// qmail: ok 1700000000 qp 12345.
	{find: regexp.MustCompile(`\bqp (\d+)\b`)},
	// Cyrus: [mailbox (flags) UID].
	{find: regexp.MustCompile(`\[\S+ \([^)]*\) (\d+)\]$`)},

	// By their looks: UUIDs, Exim's ids, and Courier's.
	{find: regexp.MustCompile(`\b([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?:\.\d+)*)\b`)},
	{find: regexp.MustCompile(`\b(\d[0-9A-Za-z]{5}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4}))\b`)},
	{find: regexp.MustCompile(`\b([0-9A-Fa-f]{8,}(?:\.[0-9A-Fa-f]{8,})+)\b`), is: hasDigit},
}

// self is what is this session's own, and other in the next one.
type self struct {
	address netip.Addr // of this host; invalid: not known
	port    string
	message string // the Message-ID of the last message, without brackets
}

// marks say of each octet of a line whether it varies.
type marks []bool

func (m marks) set(from, to int) {
	for i := from; i < to; i++ {
		m[i] = true
	}
}

// spans are the stretches of octets that vary, in order.
func (m marks) spans() (spans []event.Span) {
	for i := 0; i < len(m); i++ {
		from := i
		for i < len(m) && m[i] {
			i++
		}
		if i > from {
			spans = append(spans, event.Span{Start: from, End: i})
		}
	}
	return spans
}

// varying marks what of a reply's line will be other the next time: dates and
// times, ids, and what is this session's own. What the command said stays, for
// it will say that again. near is when the line came.
func (s self) varying(line, command []byte, near time.Time) marks {
	all := make(marks, len(line))
	start := textStart(line)
	if len(line) > mostVarying || start == len(line) {
		return all
	}
	found, text := all[start:], string(line[start:])
	for _, r := range rules {
		for _, at := range r.find.FindAllStringSubmatchIndex(text, -1) {
			for g := 2; g < len(at); g += 2 {
				if at[g] < 0 {
					continue
				}
				part := strings.TrimRight(text[at[g]:at[g+1]], ".")
				if (r.is == nil || r.is(part, near)) && !bytes.Contains(command, []byte(part)) {
					found.set(at[g], at[g]+len(part))
				}
			}
		}
	}
	for _, t := range tokens(text) {
		if token := text[t.Start:t.End]; isRandom(token) && !bytes.Contains(command, []byte(token)) {
			found.set(t.Start, t.End)
		}
	}
	if n := len(s.message); n > 0 {
		for at := strings.Index(text, s.message); at >= 0; {
			found.set(at, at+n)
			next := strings.Index(text[at+n:], s.message)
			if next < 0 {
				break
			}
			at += n + next
		}
	}
	s.own(text, found)
	return all
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}(?: +|$)`)

// textStart is where the text of a line begins, behind its codes.
func textStart(line []byte) int {
	start := min(len("250"), len(line))
	if start < len(line) && (line[start] == ' ' || line[start] == '-') {
		start++
	}
	return start + len(enhanced.Find(line[start:]))
}

// isEpoch says that a number is a time of these years: 1073741824 is a size.
func isEpoch(part string, near time.Time) bool {
	part, _, _ = strings.Cut(part, ".")
	n, err := strconv.ParseInt(part, 10, 64)
	if err != nil {
		return false
	}
	at := time.Unix(n, 0)
	switch len(part) {
	case 13:
		at = time.UnixMilli(n)
	case 16:
		at = time.UnixMicro(n)
	}
	const years = 5 * 365 * 24 * time.Hour // a clock may be wrong
	return at.Sub(near).Abs() < years
}

func hasDigit(part string, _ time.Time) bool {
	return len(part) > 3 && strings.ContainsAny(part, "0123456789")
}

// isNoWord says that a part is not what stands in a dictionary.
func isNoWord(part string, _ time.Time) bool {
	return strings.ContainsFunc(part, func(c rune) bool { return c < 'a' || c > 'z' })
}

// tokens are the words of a text, without what encloses or ends them; of
// key=value the value.
func tokens(text string) (list []event.Span) {
	const between = " \t\"'<>()[]{},;"
	for i := 0; i < len(text); i++ {
		from := i
		for i < len(text) && strings.IndexByte(between, text[i]) < 0 {
			i++
		}
		word := strings.TrimRight(text[from:i], ".:!?")
		to := from + len(word)
		if eq := strings.LastIndexByte(strings.TrimRight(word, "="), '='); eq >= 0 {
			from += eq + 1
		}
		if from < to {
			list = append(list, event.Span{Start: from, End: to})
		}
	}
	return list
}

// isRandom says that a word looks as if nobody had thought of it: hexadecimal
// with digits and letters, or letters and digits that change again and again.
// Names of hosts, addresses, versions and URLs have a dot or more in them;
// ESMTPUTF8, TLS_AES_256_GCM_SHA384 and ex2019mbx01 change too seldom.
func isRandom(word string) bool {
	var digits, upper, lower, others, hex, changes int
	last := byte(0)
	for _, c := range []byte(word) {
		class := byte(0)
		switch {
		case '0' <= c && c <= '9':
			class, digits = '0', digits+1
		case 'A' <= c && c <= 'Z':
			class, upper = 'A', upper+1
		case 'a' <= c && c <= 'z':
			class, lower = 'a', lower+1
		case c == '-':
			hex++
			continue
		case c == '_' || c == '+' || c == '=':
			others++
			continue
		default:
			return false
		}
		if 'a' <= c|0x20 && c|0x20 <= 'f' || class == '0' {
			hex++
		}
		if last != 0 && class != last {
			changes++
		}
		last = class
	}
	letters := upper + lower
	if hex == len(word) && digits > 0 && letters > 0 && (upper == 0 || lower == 0) && digits+letters >= 8 {
		return true
	}
	return digits > 0 && digits+letters+others >= 12 && changes >= 5
}

// own marks this host's address, in any of its forms, and its port. In a mail
// address it is a domain, which the script says itself.
func (s self) own(text string, found marks) {
	const inAddress, tag = "0123456789abcdefABCDEF:.", "IPv6:"
	for i := 0; i < len(text) && s.address.IsValid(); {
		begin, from := i, i
		if len(text)-i > len(tag) && strings.EqualFold(text[i:i+len(tag)], tag) {
			from += len(tag)
		}
		for i = from; i < len(text) && strings.IndexByte(inAddress, text[i]) >= 0; {
			i++
		}
		if i == from {
			i++
			continue
		}
		inMail := strings.HasSuffix(strings.TrimSuffix(text[:begin], "["), "@")
		if n := s.addressIn(text[from:i]); n > 0 && alone(text, begin, i) && !inMail {
			found.set(begin, from+n)
		}
	}
	for i := 0; s.port != "" && i+len(s.port) <= len(text); i++ {
		end := i + len(s.port)
		// A number of five digits is hardly by chance that of the port.
		if text[i:end] == s.port && alone(text, i, end) && (len(s.port) == 5 || i > 0 && text[i-1] == ':') {
			found.set(i, end)
		}
	}
}

// addressIn is how many octets of a word, with what ends a sentence or a port
// behind them, are this host's address.
func (s self) addressIn(word string) int {
	word = strings.TrimRight(word, ".:")
	if a, err := netip.ParseAddr(word); err == nil && a.Unmap() == s.address {
		return len(word)
	}
	if a, err := netip.ParseAddrPort(word); err == nil && a.Addr().Unmap() == s.address {
		return strings.LastIndexByte(word, ':')
	}
	return 0
}

// alone says that a part of a text is not the middle of a longer word.
func alone(text string, from, to int) bool {
	within := func(c byte) bool {
		return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-' || c == '_'
	}
	if from > 0 && (within(text[from-1]) || text[from-1] == '.') {
		return false
	}
	return to == len(text) || !within(text[to])
}
