package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// newTLS is the pane of the handshake, its verdict first.
func newTLS() *factPane {
	return &factPane{
		title: "TLS",
		tab: func(v *transcript.View) string {
			switch c := v.Now(); {
			case c == nil || c.TLS == nil:
				return wordNone
			case c.TLS.Verified:
				return "ok"
			}
			return "BAD"
		},
		build: buildTLS,
	}
}

func buildTLS(b builder) []fact {
	c := b.v.Now()
	switch {
	case c == nil:
		return b.lines("", "not negotiated", b.st.Dim)
	case c.TLS == nil && c.Offers.Has("STARTTLS"):
		return b.lines("none", "in clear; STARTTLS is offered", b.st.Warn)
	case c.TLS == nil && c.Protocol != "":
		return b.lines("none", "in clear; STARTTLS is not offered", b.st.Warn)
	case c.TLS == nil:
		return b.lines("", "not negotiated", b.st.Dim)
	}
	t := *c.TLS
	var facts []fact
	if t.Verified {
		facts = b.lines("VERIFIED", "for "+t.Expected, b.st.Good)
	} else {
		facts = b.lines("UNVERIFIED", t.Problem, b.st.Bad)
	}
	facts[0].quiet = false
	facts[0].title, facts[0].detail = "The chain of certificates", chainLines(t, b.now)
	if b.side {
		return append(facts, briefTLS(b, t)...)
	}
	facts = append(facts, b.lines("protocol", t.Version+"  "+t.Cipher, b.st.Server)...)
	facts = append(facts, b.lines("begun", howTLS(t), b.st.Server)...)
	for i, cert := range t.Certificates {
		facts = append(facts, certificateFacts(b, cert, i, len(t.Certificates))...)
	}
	return facts
}

// briefTLS is what stands at the side: the rest is behind Enter.
func briefTLS(b builder, t event.TLS) []fact {
	facts := b.lines("protocol", t.Version, b.st.Server)
	for i, cert := range t.Certificates {
		if i == 0 {
			facts = append(facts, b.lines("until", dated(cert, b.now), b.st.Server)...)
		}
		facts = append(facts, b.lines("issuer", unescaped(cert.Issuer), b.st.Server)...)
	}
	return facts
}

// howTLS says how TLS began, and how long the handshake took.
func howTLS(t event.TLS) string {
	how := "implicit, from the first octet"
	if t.Mode == "starttls" {
		how = "by STARTTLS"
	}
	if t.ServerName != "" {
		how += ", SNI " + t.ServerName
	}
	return how + ", " + transcript.Milliseconds(t.Elapsed)
}

// certificateFacts are the rows of a certificate, of which the first leads to
// all of it.
func certificateFacts(b builder, cert event.Certificate, i, n int) []fact {
	facts := b.lines(placeInChain(i, n), unescaped(cert.Subject), b.st.Server)
	facts[0].quiet = false
	facts[0].title, facts[0].detail = "A certificate", certificateLines(cert, b.now)
	if i > 0 {
		return append(facts, b.lines("until", dated(cert, b.now), b.st.Dim)...)
	}
	for _, row := range fieldsOf(cert, b.now)[1:] {
		facts = append(facts, b.lines(row[0], row[1], b.st.Server)...)
	}
	return facts
}

// placeInChain is which certificate of a chain it is.
func placeInChain(i, n int) string {
	if i == 0 {
		return "subject"
	}
	return fmt.Sprintf("chain %d/%d", i+1, n)
}

// fieldsOf are the fields of a certificate with their labels, those that are
// there.
func fieldsOf(cert event.Certificate, now time.Time) (rows [][2]string) {
	for _, row := range [][2]string{
		{"subject", unescaped(cert.Subject)},
		{"names", unescaped(strings.Join(cert.Names, ", "))},
		{"issuer", unescaped(cert.Issuer)},
		{"from", cert.NotBefore.UTC().Format(time.DateOnly)},
		{"until", dated(cert, now)},
		{"key", cert.Key},
		{"SHA-256", cert.SHA256},
	} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	return rows
}

func certificateLines(cert event.Certificate, now time.Time) (lines []string) {
	for _, row := range fieldsOf(cert, now) {
		lines = append(lines, fmt.Sprintf("%-10s %s", row[0], row[1]))
	}
	return lines
}

// chainLines are the verdict on a handshake, and every certificate in full.
func chainLines(t event.TLS, now time.Time) []string {
	verdict := "VERIFIED   for " + t.Expected
	if !t.Verified {
		verdict = "UNVERIFIED " + t.Problem
	}
	lines := []string{verdict, "protocol   " + t.Version + "  " + t.Cipher, "begun      " + howTLS(t)}
	for i, cert := range t.Certificates {
		whose := "the server's own"
		if i > 0 {
			whose = "as the server sent it"
		}
		lines = append(lines, "", fmt.Sprintf("certificate %d of %d, %s", i+1, len(t.Certificates), whose))
		lines = append(lines, certificateLines(cert, now)...)
	}
	return lines
}

// dated is the end of a certificate's time with the days that are left.
func dated(cert event.Certificate, now time.Time) string {
	text := cert.NotAfter.UTC().Format(time.DateOnly)
	days := int(cert.NotAfter.Sub(now) / (24 * time.Hour))
	switch {
	case now.After(cert.NotAfter):
		return text + " (EXPIRED)"
	case days == 1:
		return text + " (1 day)"
	}
	return fmt.Sprintf("%s (%d days)", text, days)
}

// count is a number with its word, in the plural where it needs one.
func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// unescaped is what an event has as Text does, as the screen shows it.
func unescaped(text string) string { return wire.VisibleOctets(wire.Octets(text)) }
