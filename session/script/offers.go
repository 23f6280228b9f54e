package script

import (
	"slices"
	"strconv"
	"strings"

	"ehlo/session/wire"
)

// What a list of extensions has to offer, for what a script does with it.

// demand adds an extension, or parameters to one, to what the reply has to have.
func (a *answer) demand(keyword string, params ...string) {
	at := slices.IndexFunc(a.offers, func(o wire.Offer) bool { return strings.EqualFold(o.Keyword, keyword) })
	if at < 0 {
		a.offers = append(a.offers, wire.Offer{Keyword: keyword})
		at = len(a.offers) - 1
	}
	a.offers[at].Params = united(a.offers[at].Params, params)
}

// united adds those words that are not there.
func united(words, more []string) []string {
	for _, w := range more {
		if !slices.ContainsFunc(words, func(have string) bool { return strings.EqualFold(have, w) }) {
			words = append(words, w)
		}
	}
	return words
}

// declare sees to it that the reply offers what is asserted and used.
func (a *answer) declare() {
	last := a.lines[len(a.lines)-1]
	if !strings.HasPrefix(last.code, "2") {
		return
	}
	a.declareSize()
	a.declareLogins()
	if a.startTLS && last.any() {
		a.demand("STARTTLS")
	}
	for _, o := range a.offers {
		if len(o.Params) > 0 {
			a.fillIn(o.Keyword, strings.Join(o.Params, " "))
		}
	}
	offered := wire.ParseEHLO(a.reply())
	for _, o := range a.offers {
		have, ok := offered.Find(o.Keyword)
		params := slices.DeleteFunc(slices.Clone(have.Params), func(w string) bool { return w == "*" })
		if all := united(params, o.Params); !ok || len(all) > len(params) {
			a.more = append(a.more, wire.Offer{Keyword: o.Keyword, Params: all}.String())
		}
	}
}

// any says that any text may stand in the line.
func (l answerLine) any() bool {
	return len(l.text.gaps) == 1 && len(l.text.parts[0])+len(l.text.parts[1]) == 0
}

// declareLogins demands the mechanisms that are not there, in whatever form.
func (a *answer) declareLogins() {
	have := wire.ParseEHLO(a.reply()).Mechanisms()
	have = slices.DeleteFunc(have, func(m string) bool { return m == "*" })
	if asserted, ok := a.offers.Find("AUTH"); ok {
		have = united(have, asserted.Params)
	}
	for _, m := range a.logins {
		if m == "" && len(have) == 0 {
			m = "PLAIN"
		}
		if all := united(have, []string{m}); m != "" && len(all) > len(have) {
			have = all
			a.demand("AUTH", m)
		}
	}
}

// fillIn writes parameters in the place of the asterisk of a line that has them
// open: "SIZE *".
func (a *answer) fillIn(keyword, params string) {
	gap := 0
	for at, l := range a.lines {
		// The first line greets, and offers nothing.
		if at > 0 && len(l.text.gaps) == 1 && strings.EqualFold(string(l.text.parts[0]), keyword+" ") && len(l.text.parts[1]) == 0 {
			a.fill[gap] = params
		}
		gap += len(l.text.gaps)
	}
}

// declareSize finds a size that all assertions hold for. A number that the
// script has itself stays.
func (a *answer) declareSize() {
	fits := func(n uint64) bool {
		return !slices.ContainsFunc(a.sizes, func(d sizeDemand) bool { return !d.holds(n) })
	}
	if len(a.sizes) == 0 {
		return
	}
	for _, d := range a.sizes {
		for _, n := range []uint64{d.n, d.n + 1, d.n - 1} {
			if !fits(n) {
				continue
			}
			text := strconv.FormatUint(n, 10)
			a.fillIn("SIZE", text)
			if wire.ParseEHLO(a.reply()).Size().State == wire.SizeUnsupported {
				a.more = append(a.more, "SIZE "+text)
			}
			return
		}
	}
}
