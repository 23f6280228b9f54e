package tui

import (
	"fmt"
	"net"

	"ehlo/session/event"
	"ehlo/session/transcript"
)

// The words for how far an exchanger is.
const (
	wordOK   = "OK"
	wordWait = "WAIT"
	wordFail = "FAIL"
	wordNone = "--"
)

// newExchangers is the pane of the mail exchangers and their state:
//
//   - 10 mx1.example.org          OK  44 ms
//     192.0.2.25
//     20 mx3.example.org               FAIL
//     192.0.2.27
//     connection refused
func newExchangers() *factPane {
	return &factPane{
		title: "MX",
		tab: func(v *transcript.View) string {
			if v.Route == nil {
				return ""
			}
			return fmt.Sprint(len(v.Route.Exchangers))
		},
		build: buildExchangers,
	}
}

func buildExchangers(b builder) []fact {
	if b.v.Route == nil {
		if c := b.v.Now(); c != nil {
			x := event.Exchanger{Host: c.Name()}
			return exchangerFacts(b, x, "", []*transcript.Conversation{c})
		}
		return []fact{{text: "  (not looked up yet)", style: b.st.dim, quiet: true}}
	}
	route := b.v.Route
	var facts []fact
	switch {
	case route.Source == "mx":
	case route.Source == "srv":
		facts = append(facts, b.lines("SRV of", route.Domain, b.st.dim)...)
	case route.Source == "address":
		facts = append(facts, b.lines("no MX:", "the domain's own address", b.st.dim)...)
	}
	if len(route.Exchangers) == 0 {
		facts = append(facts, b.lines("none:", route.Reason, b.st.bad)...)
	}
	attempts := byExchanger(b.v)
	for _, x := range route.Exchangers {
		preference := ""
		if route.Source == "mx" || route.Source == "srv" {
			preference = fmt.Sprint(x.Preference)
		}
		facts = append(facts, exchangerFacts(b, x, preference, attempts[x.Host])...)
	}
	return facts
}

// byExchanger sorts the attempts of this run by the exchanger they went to.
func byExchanger(v *transcript.View) map[string][]*transcript.Conversation {
	of := map[string]string{}
	for _, x := range v.Route.Exchangers {
		for _, a := range x.Addresses {
			of[a] = x.Host
		}
	}
	attempts := map[string][]*transcript.Conversation{}
	for _, c := range v.Sessions {
		name := c.Host
		if name == "" {
			if name = c.Address; of[addressOf(c)] != "" {
				name = of[addressOf(c)]
			}
		}
		attempts[name] = append(attempts[name], c)
	}
	return attempts
}

// addressOf is a connection's address without its port.
func addressOf(c *transcript.Conversation) string {
	if host, _, err := net.SplitHostPort(c.Address); err == nil {
		return host
	}
	return c.Address
}

// exchangerFacts are an exchanger, its addresses, and what went wrong with it.
func exchangerFacts(b builder, x event.Exchanger, preference string, attempts []*transcript.Conversation) []fact {
	word, s, right := wordNone, b.st.server, ""
	var last *transcript.Conversation
	if len(attempts) > 0 {
		last = attempts[len(attempts)-1]
		word, s = stateWord(b.st, last)
		if word == wordOK && last.Timings.Connect > 0 {
			right = "  " + transcript.Milliseconds(last.Timings.Connect)
		}
	}
	problem := x.Error
	if last != nil && last.Error != nil {
		problem = last.Error
	}
	if x.Error != nil {
		word, s = wordFail, b.st.bad
	}
	mark := " "
	if last != nil && last == b.v.Now() && last.State != transcript.Closed && last.State != transcript.Failing {
		mark = "*"
	}
	name := b.st.glyphs.words(x.Host)
	if preference != "" {
		name = fmt.Sprintf("%5s %s", preference, name)
	} else {
		name = "  " + name
	}
	facts := []fact{{text: mark + name, right: word + right, style: s, host: x.Host}}
	if x.Unicode != "" {
		facts = append(facts, fact{text: "       " + b.st.glyphs.words(x.Unicode), style: b.st.dim, quiet: true})
	}
	for _, a := range x.Addresses {
		if a == x.Host {
			continue
		}
		facts = append(facts, fact{text: "       " + b.st.glyphs.words(a), right: addressState(a, attempts), style: b.st.dim, quiet: true})
	}
	for _, n := range x.Notes {
		facts = append(facts, b.lines("  note", n, b.st.warn)...)
	}
	if problem != nil {
		facts = append(facts, b.lines("  why", problem.Message, b.st.bad)...)
	}
	return facts
}

// addressState is the word for one address, where there are several attempts.
func addressState(address string, attempts []*transcript.Conversation) string {
	for i := len(attempts) - 1; i >= 0; i-- {
		if addressOf(attempts[i]) == address {
			word, _ := stateWord(nil, attempts[i])
			return word
		}
	}
	return ""
}

func stateWord(st *styles, c *transcript.Conversation) (string, style) {
	if st == nil {
		st = &styles{}
	}
	switch c.State {
	case transcript.Connecting, transcript.Greeting, transcript.Greeted:
		return wordWait, st.warn
	case transcript.Failing:
		return wordFail, st.bad
	case transcript.Closed:
		if c.Protocol == "" && len(c.OffersBeforeTLS) == 0 {
			return wordNone, st.server
		}
	}
	return wordOK, st.good
}
