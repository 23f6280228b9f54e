package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// newCapabilities is the pane of the extensions, with their meaning.
func newCapabilities() *factPane {
	return &factPane{
		title: "Caps",
		tab: func(v *transcript.View) string {
			if c := v.Now(); c != nil && c.Protocol != "" {
				return fmt.Sprint(len(c.Offers))
			}
			return "-"
		},
		build: buildCapabilities,
	}
}

func buildCapabilities(b builder) []fact {
	c := b.v.Now()
	switch {
	case c == nil || c.Protocol == "" && len(c.OffersBeforeTLS) == 0:
		return []fact{{text: "  (no EHLO reply yet)", style: b.st.dim, quiet: true}}
	case c.Protocol == "":
		return b.lines("", "TLS has begun: the list from before it no longer counts, send EHLO again", b.st.warn)
	case c.Protocol == "SMTP":
		return b.lines("", "none: the session began with HELO", b.st.dim)
	case len(c.Offers) == 0:
		return b.lines("", "none: the EHLO reply lists nothing", b.st.dim)
	}
	facts := make([]fact, 0, len(c.Offers)+1)
	for _, o := range c.Offers {
		said := strings.Join(append([]string{o.Keyword}, o.Params...), " ")
		f := fact{text: " " + b.st.glyphs.words(said), style: b.st.server, detail: explainOffer(o, said)}
		if x, ok := wire.LookupExtension(o.Keyword); ok {
			f.note = x.Meaning
		} else {
			f.note = "not in the registry"
		}
		facts = append(facts, f)
	}
	var gone []string
	for _, o := range c.OffersBeforeTLS {
		if !c.Offers.Has(o.Keyword) {
			gone = append(gone, o.Keyword)
		}
	}
	if len(gone) > 0 {
		facts = append(facts, b.lines("before TLS", strings.Join(gone, ", "), b.st.dim)...)
	}
	return facts
}

func explainOffer(o wire.Offer, said string) []string {
	lines := []string{said, ""}
	x, ok := wire.LookupExtension(o.Keyword)
	if !ok {
		return append(lines, "This keyword is not in the registry of SMTP extensions.")
	}
	lines = append(lines, x.Meaning, "")
	for _, row := range []struct{ label, text string }{
		{"defined in", x.RFC},
		{"parameters", x.Params},
		{"for MAIL", strings.Join(x.Mail, ", ")},
		{"for RCPT", strings.Join(x.Rcpt, ", ")},
		{"commands", strings.Join(x.Verbs, ", ")},
	} {
		if row.text != "" {
			lines = append(lines, fmt.Sprintf("%-11s %s", row.label, row.text))
		}
	}
	return lines
}

// newLimits is the pane of the maximum message size.
func newLimits() *factPane {
	return &factPane{
		title: "Limits",
		tab:   func(*transcript.View) string { return "" },
		build: buildLimits,
	}
}

func buildLimits(b builder) []fact {
	c := b.v.Now()
	if c == nil || c.Size == nil {
		return b.lines("max size", "unknown: no EHLO reply yet", b.st.dim)
	}
	size := *c.Size
	var facts []fact
	if size.State == wire.SizeDeclared {
		facts = append(facts, b.lines("max size", wire.Octet(size.Declared), b.st.bold)...)
		facts = append(facts, b.lines("source", "SIZE of "+c.Protocol+said(c), b.st.server)...)
	} else {
		facts = append(facts, b.lines("max size", size.String(), b.st.bold)...)
	}
	if c.Limit != nil {
		facts = append(facts, b.found(c)...)
	}
	if n, ok := transcript.InForce(c.Size, c.Limit); ok {
		facts = append(facts, b.lines("attachment", transcript.Attachment(n)+" at most, in base64", b.st.server)...)
	}
	if note := size.Note(); note != "" {
		facts = append(facts, b.lines("note", note, b.st.warn)...)
	}
	if before := c.OffersBeforeTLS.Size(); len(c.OffersBeforeTLS) > 0 && (before.State != size.State || before.Declared != size.Declared) {
		facts = append(facts, b.lines("before TLS", before.String(), b.st.warn)...)
	}
	if o, ok := c.Offers.Find("LIMITS"); ok {
		facts = append(facts, b.lines("limits", strings.Join(o.Params, " "), b.st.server)...)
	}
	return facts
}

func said(c *transcript.Conversation) string {
	if c.TLS != nil {
		return ", under TLS"
	}
	return ", in clear"
}

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
		return b.lines("", "not negotiated", b.st.dim)
	case c.TLS == nil && c.Offers.Has("STARTTLS"):
		return b.lines("none", "in clear; STARTTLS is offered", b.st.warn)
	case c.TLS == nil && c.Protocol != "":
		return b.lines("none", "in clear; STARTTLS is not offered", b.st.warn)
	case c.TLS == nil:
		return b.lines("", "not negotiated", b.st.dim)
	}
	t := c.TLS
	var facts []fact
	if t.Verified {
		facts = b.lines("VERIFIED", "for "+t.Expected, b.st.good)
	} else {
		facts = b.lines("UNVERIFIED", t.Problem, b.st.bad)
	}
	facts = append(facts, b.lines("protocol", t.Version+"  "+t.Cipher, b.st.server)...)
	how := "implicit, from the first octet"
	if t.Mode == "starttls" {
		how = "by STARTTLS"
	}
	if t.ServerName != "" {
		how += ", SNI " + t.ServerName
	}
	facts = append(facts, b.lines("begun", how+", "+transcript.Milliseconds(t.Elapsed), b.st.server)...)
	for i, cert := range t.Certificates {
		facts = append(facts, certificateFacts(b, cert, i)...)
	}
	return facts
}

func certificateFacts(b builder, cert event.Certificate, i int) []fact {
	if i > 0 {
		return append(b.lines("chain", cert.Subject, b.st.server), b.lines("", "until "+dated(cert, b.now), b.st.dim)...)
	}
	var facts []fact
	for _, row := range []struct{ label, text string }{
		{"subject", cert.Subject},
		{"names", strings.Join(cert.Names, ", ")},
		{"issuer", cert.Issuer},
		{"from", cert.NotBefore.UTC().Format(time.DateOnly)},
		{"until", dated(cert, b.now)},
		{"key", cert.Key},
		{"SHA-256", cert.SHA256},
	} {
		if row.text != "" {
			facts = append(facts, b.lines(row.label, row.text, b.st.server)...)
		}
	}
	return facts
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
