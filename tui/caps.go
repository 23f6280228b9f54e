package tui

import (
	"fmt"
	"strings"

	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// newCapabilities is the pane of the extensions, with their meaning, their RFC,
// and what STARTTLS and the login have changed:
//
//	 PIPELINING  commands in groups RFC 2920
//	+AUTH PLAIN LOGIN               RFC 4954
//	~SIZE 52428800  50.0 MiB        RFC 1870
//	by STARTTLS:
//	+ AUTH PLAIN LOGIN
//	~ SIZE 10240000 became SIZE 52428800
//	- STARTTLS
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
		return []fact{{text: "  (no EHLO reply yet)", style: b.st.Dim, quiet: true}}
	case c.Protocol == "":
		return b.lines("", "TLS has begun: the list from before it no longer counts, send EHLO again", b.st.Warn)
	case c.Protocol == "SMTP":
		return b.lines("", "none: the session began with HELO", b.st.Dim)
	case len(c.Offers) == 0:
		return b.lines("", "none: the EHLO reply lists nothing", b.st.Dim)
	}
	marks := map[string]string{}
	var changes []fact
	for _, x := range changesOf(c) {
		for _, o := range x.New {
			marks[o.String()] = "+"
		}
		for _, o := range x.Other {
			marks[o[1].String()] = "~"
		}
		changes = append(changes, changeFacts(b, x)...)
	}
	facts := make([]fact, 0, len(c.Offers)+len(changes))
	for _, o := range c.Offers {
		mark := marks[o.String()]
		if mark == "" {
			mark = " "
		}
		facts = append(facts, offerFact(b, o, mark))
	}
	return append(facts, changes...)
}

// change is what a step of the session has done to the list of the extensions.
type change struct {
	by string
	wire.Difference
}

// changesOf are the changes by STARTTLS and by the login.
func changesOf(c *transcript.Conversation) (all []change) {
	now := c.Offers
	if c.OffersToAnybody != nil {
		all = append(all, change{"the login", wire.Compare(c.OffersToAnybody, now)})
		now = c.OffersToAnybody
	}
	if len(c.OffersBeforeTLS) > 0 {
		all = append([]change{{"STARTTLS", wire.Compare(c.OffersBeforeTLS, now)}}, all...)
	}
	return all
}

// offerFact is the row of an extension.
func offerFact(b builder, o wire.Offer, mark string) fact {
	f := fact{text: mark + b.st.Glyphs.Words(o.String()), style: b.st.Server, detail: explainOffer(o)}
	x, ok := wire.LookupExtension(o.Keyword)
	if !ok {
		f.note = "not in the registry"
		return f
	}
	f.note, f.right = x.Meaning, x.RFC
	if b.w < middleWidth {
		f.note, f.right = briefly(o, x), shortRFC(x.RFC)
	}
	return f
}

// briefly is what an extension means, for a narrow pane.
func briefly(o wire.Offer, x wire.Extension) string {
	if size := (wire.Offers{o}).Size(); size.State == wire.SizeDeclared {
		return wire.Binary(size.Declared)
	}
	return x.Brief
}

// shortRFC leaves out what stands behind the number.
func shortRFC(rfc string) string {
	if words := strings.Fields(rfc); len(words) > 2 && words[0] == "RFC" {
		return "RFC " + words[1]
	}
	return rfc
}

// changeFacts are the rows of a change.
func changeFacts(b builder, x change) (facts []fact) {
	if len(x.New)+len(x.Gone)+len(x.Other) == 0 {
		return b.lines("", x.by+" has changed nothing", b.st.Dim)
	}
	facts = b.lines("", "by "+x.by+":", b.st.Dim)
	row := func(mark, text string, o wire.Offer) {
		facts = append(facts, fact{text: " " + mark + " " + b.st.Glyphs.Words(text), style: b.st.Server, detail: explainOffer(o)})
	}
	for _, o := range x.New {
		row("+", o.String(), o)
	}
	for _, o := range x.Other {
		row("~", o[0].String()+" became "+o[1].String(), o[1])
	}
	for _, o := range x.Gone {
		row("-", o.String(), o)
	}
	return facts
}

func explainOffer(o wire.Offer) []string {
	lines := []string{o.String(), ""}
	x, ok := wire.LookupExtension(o.Keyword)
	if !ok {
		return append(lines, "This keyword is not in the registry of SMTP extensions.")
	}
	lines = append(lines, x.Meaning, "")
	if strings.EqualFold(o.Keyword, string(wire.KeywordLimits)) {
		for _, p := range o.Params {
			lines = append(lines, fmt.Sprintf("%-11s %s", "here", limitWords(p)))
		}
	}
	for _, row := range []struct{ label, text string }{
		{"defined in", x.RFC},
		{"parameters", x.Params},
		{"for MAIL", parameterWords(x.Mail)},
		{"for RCPT", parameterWords(x.Rcpt)},
		{"commands", commandWords(x.Verbs)},
	} {
		if row.text != "" {
			lines = append(lines, fmt.Sprintf("%-11s %s", row.label, row.text))
		}
	}
	return lines
}

func parameterWords(list []wire.Parameter) string {
	var all []string
	for _, p := range list {
		all = append(all, p.Text+p.Value)
	}
	return strings.Join(all, ", ")
}

func commandWords(list []wire.Command) string {
	var all []string
	for _, c := range list {
		all = append(all, strings.TrimSpace(c.Verb+" "+c.Args))
	}
	return strings.Join(all, ", ")
}
