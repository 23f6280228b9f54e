package tui

import (
	"cmp"
	"fmt"
	"net"
	"slices"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/tui/internal/engine"
)

// newExchangers is the pane of the mail exchangers and their state, from the
// session and from a probing:
//
//	 MX of example.org, in this order
//	*   10 mx1.example.org       OK  0.25 s
//	       192.0.2.25              50.0 MiB
//	    20 mx2.example.org    FAIL connect
//	       192.0.2.27
//	  why      connection refused
//	    30 mx3.example.org       not tried
func newExchangers(hosts *routes) *factPane {
	return &factPane{
		title: "MX",
		tab: func(*transcript.View) string {
			if r := hosts.shown(); r != nil {
				return fmt.Sprint(len(r.Exchangers))
			}
			return ""
		},
		build: buildExchangers,
	}
}

// routes keeps where mail goes, as far as it is known now.
type routes struct {
	now    *event.Route
	mail   *event.Route // of a domain; a script may go to one of its hosts
	failed *event.Error
}

// Apply takes the next event, which begins a look-up or not.
func (r *routes) Apply(e event.Event, begins bool) {
	if begins {
		r.now, r.failed = nil, nil
	}
	switch e := e.(type) {
	case event.Route:
		r.now, r.failed = &e, nil
		if preferred(e) || e.Source == "address" {
			r.mail = &e
		}
	case event.Failed:
		if e.Error.Stage == event.Lookup {
			r.failed = e.Error
		}
	}
}

// shown is the route of the pane: the last one, or that of the domain where the
// last one leads to a host of it.
func (r *routes) shown() *event.Route {
	if r.now == nil || r.mail == nil || r.now == r.mail {
		return r.now
	}
	for _, x := range r.now.Exchangers {
		for _, a := range append([]string{x.Host}, x.Addresses...) {
			if leadsTo(r.mail, a) {
				return r.mail
			}
		}
	}
	return r.now
}

// leadsTo says that a route has a host, or an address.
func leadsTo(r *event.Route, name string) bool {
	return slices.ContainsFunc(r.Exchangers, func(x event.Exchanger) bool {
		return engine.SameHost(x.Host, name) || slices.Contains(x.Addresses, name)
	})
}

// preferred says that the exchangers of a route have preferences.
func preferred(r event.Route) bool { return r.Source == "mx" || r.Source == "srv" }

func buildExchangers(b builder) []fact {
	route := b.hosts.shown()
	if route == nil {
		if b.hosts.failed != nil {
			return b.lines("", b.hosts.failed.Message, b.st.Bad)
		}
		if c := b.v.Now(); c != nil {
			one := attempts{}
			if one.add(c); c.Ended.IsZero() {
				one.open = c
			}
			return exchangerFacts(b, event.Exchanger{Host: c.Name()}, "", &one, 0)
		}
		return []fact{{text: " (not looked up yet)", style: b.st.Dim, quiet: true}}
	}
	facts := heading(b, *route)
	if len(route.Exchangers) == 0 {
		why := route.Reason
		if b.hosts.failed != nil {
			why = b.hosts.failed.Message
		}
		facts = append(facts, b.lines("", why, b.st.Bad)...)
	}
	of := byExchanger(b, *route)
	least := least(*route, of)
	untried, reached := 0, ""
	for _, x := range route.Exchangers {
		tried := of[x.Host]
		switch {
		case tried == nil && x.Error == nil:
			untried++
		case tried != nil:
			if word, _, _ := stateOf(b.st, tried.last); word == wordOK && reached == "" {
				reached = x.Host
			}
		}
		preference := ""
		if preferred(*route) {
			preference = fmt.Sprint(x.Preference)
		}
		facts = append(facts, exchangerFacts(b, x, preference, tried, least)...)
	}
	if untried > 0 {
		text := "a tries all of them at once"
		if reached != "" && !b.side {
			text = wordUntried + ": " + reached + " has answered; " + text
		}
		facts = append(facts, b.lines("", text, b.st.Dim)...)
	}
	return facts
}

func domainOf(route event.Route) string { return cmp.Or(route.Unicode, route.Domain) }

// heading says what the pane shows.
func heading(b builder, route event.Route) []fact {
	name := domainOf(route)
	text := ""
	switch route.Source {
	case "mx":
		if text = "MX of " + name + ", tried in this order"; b.side {
			text = ""
		}
	case "srv":
		text = "SRV of " + name + ", tried in this order"
	case "address":
		text = name + " has no MX: its own address"
	case "server":
		text = "asked for by name: no MX look-up"
	case "literal":
		text = "asked for by address: no MX look-up"
	case "socket":
		text = "a UNIX socket"
	case "pipe":
		text = "a command"
	}
	if text == "" || len(route.Exchangers) == 0 {
		return nil
	}
	return b.lines("", text, b.st.Dim)
}

// attempts are those that went to an exchanger: the newest, of all and of each
// address. A batch may come with each of some hundred probes, so there is no
// list of them to be sorted and searched.
type attempts struct {
	last *transcript.Conversation
	open *transcript.Conversation // the session, where it is here and open
	at   map[string]*transcript.Conversation
}

func (a *attempts) add(c *transcript.Conversation) {
	if a.last == nil || !c.Started.Before(a.last.Started) {
		a.last = c
	}
	if a.at == nil {
		a.at = map[string]*transcript.Conversation{}
	}
	address := addressOf(c)
	if before := a.at[address]; before == nil || !c.Started.Before(before.Started) {
		a.at[address] = c
	}
}

// lastAt is the newest that went to an address, or nil.
func (a *attempts) lastAt(address string) *transcript.Conversation {
	if a == nil {
		return nil
	}
	return a.at[address]
}

// byExchanger finds the attempts of this run, and those of a probing, by the
// exchanger they went to.
func byExchanger(b builder, route event.Route) map[string]*attempts {
	of := map[string]string{}
	for _, x := range route.Exchangers {
		for _, a := range x.Addresses {
			of[a] = cmp.Or(of[a], x.Host)
		}
	}
	all, now := map[string]*attempts{}, b.v.Now()
	add := func(c *transcript.Conversation) {
		name := c.Host
		if name == "" {
			name = cmp.Or(of[addressOf(c)], c.Address)
		}
		if all[name] == nil {
			all[name] = &attempts{}
		}
		all[name].add(c)
		if c == now && c.Ended.IsZero() {
			all[name].open = c
		}
	}
	for _, c := range b.v.Sessions {
		add(c)
	}
	if b.probed != nil {
		for _, p := range b.probed.rows {
			for _, c := range p.view.Sessions {
				add(c)
			}
		}
	}
	return all
}

// least is the smallest of the hosts' maximum sizes; 0 where none stands out.
func least(route event.Route, of map[string]*attempts) uint64 {
	var sizes []uint64
	for _, x := range route.Exchangers {
		for _, a := range x.Addresses {
			if _, n, known := sizeOf(of[x.Host].lastAt(a)); known {
				sizes = append(sizes, n)
			}
		}
	}
	return smallest(sizes)
}

// addressOf is a connection's address without its port.
func addressOf(c *transcript.Conversation) string {
	if host, _, err := net.SplitHostPort(c.Address); err == nil {
		return host
	}
	return c.Address
}

// exchangerFacts are an exchanger, its addresses, and what went wrong with it.
func exchangerFacts(b builder, x event.Exchanger, preference string, tried *attempts, least uint64) []fact {
	word, stage, s := wordUntried, "", b.st.Server
	var last *transcript.Conversation
	problem := x.Error
	mark := " "
	if tried != nil {
		last = tried.last
		if tried.open != nil {
			last, mark = tried.open, "*"
		}
		word, stage, s = stateOf(b.st, last)
		if last.Error != nil {
			problem = last.Error
		}
	}
	if x.Error != nil {
		word, stage, s = wordFail, stageNames[stageDNS], b.st.Bad
	}
	right := word
	switch {
	case stage != "":
		right += " " + stage
	case word == wordOK:
		right += "  " + transcript.Milliseconds(stagesOf(last).opened())
	}
	name := b.st.Glyphs.Words(x.Host)
	if preference != "" {
		name = fmt.Sprintf("%5s %s", preference, name)
	} else {
		name = " " + name
	}
	facts := []fact{{text: mark + name, right: right, style: s, host: x.Host}}
	if x.Unicode != "" {
		facts = append(facts, fact{text: "       " + b.st.Glyphs.Words(x.Unicode), style: b.st.Dim, quiet: true})
	}
	for _, a := range x.Addresses {
		if b.side && !b.focus && tried == nil {
			continue // the room is for the hosts
		}
		if f := addressFact(b, x, a, tried, least); a != x.Host || f.right != "" {
			facts = append(facts, f)
		}
	}
	for _, n := range x.Notes {
		facts = append(facts, b.lines("  note", n, b.st.Warn)...)
	}
	why, means := reason(problem)
	if why != "" {
		label := "  why"
		if word == wordOK { // it could be opened
			label = "  later"
		}
		facts = append(facts, b.lines(label, why, b.st.Bad)...)
	}
	if means != "" {
		facts = append(facts, b.lines("  means", means, b.st.Server)...)
	}
	return facts
}

// addressFact is the row of an address, with its maximum size, and its state
// where the exchanger has several.
func addressFact(b builder, x event.Exchanger, address string, tried *attempts, least uint64) fact {
	f := fact{text: "       " + b.st.Glyphs.Words(address), style: b.st.Dim, quiet: true}
	if address == x.Host {
		f.text = ""
	}
	c := tried.lastAt(address)
	if c == nil {
		return f
	}
	word, _, _ := stateOf(b.st, c)
	size, n, known := sizeOf(c)
	switch {
	case size != "" && known && n == least:
		f.right = "lowest " + size
	case size != "":
		f.right = "max " + size
	}
	if len(x.Addresses) > 1 && (word != wordOK || size == "") {
		f.right = word
	}
	return f
}
