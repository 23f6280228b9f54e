package tui

import (
	"fmt"
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// newLimits is the pane of the maximum message size, and of what else the
// server bounds.
func newLimits() *factPane {
	return &factPane{
		title: "Limits",
		tab:   func(*transcript.View) string { return "" },
		build: buildLimits,
	}
}

func buildLimits(b builder) []fact {
	c := b.v.Now()
	if c == nil {
		return b.lines("max size", "unknown: no EHLO reply yet", b.st.Dim)
	}
	if c.Size == nil {
		return append(b.lines("max size", "unknown: no EHLO reply yet", b.st.Dim), b.patience(c)...)
	}
	size := *c.Size
	var facts []fact
	if size.State == wire.SizeDeclared {
		facts = append(facts, b.lines("max size", wire.Octet(size.Declared), b.st.Bold)...)
		facts = append(facts, b.lines("source", "SIZE of "+c.Protocol+said(c), b.st.Server)...)
	} else {
		facts = append(facts, b.lines("max size", size.String(), b.st.Bold)...)
	}
	if c.Limit != nil {
		facts = append(facts, b.found(c)...)
	} else {
		facts = append(facts, b.lines("measured", "not yet (S does it)", b.st.Dim)...)
	}
	if text := transcript.LargestFile(c.Size, c.Limit); text != "" {
		if !strings.HasPrefix(text, "at least") {
			text = strings.Replace(text, " in base64", " at most, in base64", 1)
		}
		facts = append(facts, b.lines("attachment", text, b.st.Server)...)
	}
	if note := size.Note(); note != "" {
		facts = append(facts, b.lines("note", note, b.st.Warn)...)
	}
	if before := c.SizeBeforeLogin; before != nil && *before != size {
		facts = append(facts, b.lines("logged out", before.String(), b.st.Warn)...)
		size = *before
	}
	if before := c.OffersBeforeTLS.Size(); len(c.OffersBeforeTLS) > 0 && (before.State != size.State || before.Declared != size.Declared) {
		facts = append(facts, b.lines("before TLS", before.String(), b.st.Warn)...)
	}
	if o, ok := c.Offers.Find(string(wire.KeywordLimits)); ok {
		for i, p := range o.Params {
			label := "LIMITS"
			if i > 0 {
				label = " "
			}
			facts = append(facts, b.lines(label, limitWords(p), b.st.Server)...)
		}
	}
	return append(facts, b.patience(c)...)
}

func said(c *transcript.Conversation) string {
	if c.TLS != nil {
		return ", under TLS"
	}
	return ", in clear"
}

// limitWords is a parameter of LIMITS in words (RFC 9422 3).
func limitWords(param string) string {
	name, value, _ := strings.Cut(param, "=")
	what := map[string]string{
		"MAILMAX":       "message|in a session",
		"RCPTMAX":       "recipient|for a message",
		"RCPTDOMAINMAX": "domain|of recipients for a message",
	}[strings.ToUpper(name)]
	if what == "" {
		return param + ": not in RFC 9422"
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil || n == 0 || len(value) > 6 || value[0] == '0' {
		return param + ": not a number of RFC 9422"
	}
	word, where, _ := strings.Cut(what, "|")
	if n != 1 {
		word += "s"
	}
	return wire.Thousands(n) + " " + word + " " + where
}

// patience is how many refusals the connection has had, beside what the server
// is likely to forgive.
func (b builder) patience(c *transcript.Conversation) []fact {
	if c.Greeting == nil || b.side && c.Refused == 0 {
		return nil
	}
	greeting := ""
	if texts := c.Greeting.Texts(); len(texts) > 0 {
		greeting = texts[0]
	}
	p := flow.PatienceOf(greeting)
	used, what := c.Refused, "refusal"
	if p.Misuse {
		used, what = c.Misused, "bad command"
	}
	text := fmt.Sprintf("%s of %d that %s forgives", count(used, what), p.Forgive, p.Server)
	if p.Server == "" {
		text = fmt.Sprintf("%s; the strictest servers hang up after %d", count(used, what), p.Forgive)
	}
	s := b.st.Server
	switch {
	case used >= p.Forgive:
		text, s = text+": it may hang up", b.st.Bad
	case 2*used >= p.Forgive:
		s = b.st.Warn
	}
	facts := b.lines("errors", text, s)
	facts[0].quiet = false
	facts[0].title, facts[0].detail = "Errors and patience", patienceDetail(c, p)
	return facts
}

func patienceDetail(c *transcript.Conversation, p flow.Patience) []string {
	lines := []string{count(c.Refused, "refusal") + " in this connection so far (4yz and 5yz)", ""}
	if c.Misused > 0 {
		lines[0] += fmt.Sprintf(", %d of what is no command (500 to 504)", c.Misused)
	}
	lines[0] += "."
	if p.Server != "" {
		lines = append(lines, "The server calls itself "+p.Server+". By its defaults: "+p.Then+".")
	} else {
		lines = append(lines, "The greeting does not say which server it is. "+strings.ToUpper(p.Then[:1])+p.Then[1:]+"; most forgive more.")
	}
	return append(lines, "", "What a server has counted is gone with the connection: r opens another one. The exact search for the maximum size (S) stays below these limits.")
}

// found are the facts of a search for the maximum size.
func (b builder) found(c *transcript.Conversation) []fact {
	l := c.Limit
	facts := b.lines("in force", transcript.Verdict(*c.Size, *l), b.st.Bold)
	if l.Nonsense {
		facts = append(facts, b.lines("note", "it accepts a SIZE that is no number", b.st.Warn)...)
	}
	if l.Reason == flow.UsedUp && l.Verdict == event.Unknown {
		facts = append(facts, b.lines("next", "r, Enter, esc, S: another connection goes on from here", b.st.Dim)...)
	}
	if l.Commands > 0 {
		facts = append(facts, b.lines("asked", fmt.Sprintf("%d MAIL, %d refused; no message, no recipient", l.Commands, l.Rejections), b.st.Dim)...)
	}
	return facts
}
