package tui

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// The bounds of what is kept of one session of a probing. There are up to 32
// exchangers with their addresses.
const (
	probeLines  = 300
	probeOctets = 64 << 10
	lookups     = 200 // DNS exchanges that are kept
)

// matrix is a probing of all addresses of a target at the same time: for each
// one how far it came, and how long each stage took.
//
//	demo.test: 3 addresses, 2 OK, 1 FAIL; the smallest maximum is 14.0 MiB        0.012 s
//	 exchanger, address (ms)          state        dns connect greeting  ehlo   tls  total  max size
//	   10 mx1.demo.test 127.0.0.1     OK           0.4     0.1      0.2   0.5   1.0    2.2  14.0 MiB min
//	>  20 mx2.demo.test 127.0.0.2     FAIL         0.4     0.1     FAIL     -     -    0.7
//	   30 mx3.demo.test 127.0.0.3     OK           0.4     0.1      0.2   0.5   1.0    2.2  50.0 MiB
//	 mx2.demo.test 127.0.0.2  FAIL at greeting
//	 why        mx2.demo.test refuses the session: 554 …
//	 means      permanent: no mail service here for this client: often its address is blocked
//	     0.001 S: 554 …
type matrix struct {
	title   string
	started time.Time
	ended   time.Time // zero: it goes on
	err     *event.Error
	stopped bool

	dns   []event.DNS
	route *event.Route
	rows  []*probe
	byAt  map[int]*probe
	list  *factPane
	shown int // rows of the table that were drawn last
}

// probe is a row: an address of an exchanger, or an exchanger that has none.
type probe struct {
	first      bool // of its exchanger
	exchanger  event.Exchanger
	preference string
	address    string
	dns        time.Duration // the longest look-up of its exchanger's addresses
	view       transcript.View
	log        *log
	begun      bool
	done       bool
}

func newMatrix(title string, now time.Time) *matrix {
	x := &matrix{title: title, started: now, byAt: map[int]*probe{}, list: &factPane{title: "Probe"}}
	x.list.build = x.build
	return x
}

// Apply takes what has come of the probing.
func (x *matrix) Apply(news []engine.ProbeNews, now time.Time) {
	for _, n := range news {
		switch {
		case n.At == engine.Whole:
			x.ended = now
			x.end(n.Err)
		case n.At == engine.LookUp:
			x.lookUp(n.Event)
		case n.Event != nil:
			if p := x.byAt[n.At]; p != nil {
				p.take(n.Event)
			}
		case n.Done:
			if p := x.byAt[n.At]; p != nil {
				p.done = true
			}
		default:
			x.begin(n)
		}
	}
	x.list.stale()
}

func (x *matrix) end(err error) {
	if err == nil {
		return
	}
	for _, p := range x.rows {
		if c := p.view.Now(); c == nil && p.exchanger.Error == nil || c != nil && c.Error != nil && c.Error.Kind == event.Interrupted {
			x.stopped = true
		}
	}
}

// lookUp takes an event of the look-up, which all rows come from.
func (x *matrix) lookUp(e event.Event) {
	switch e := e.(type) {
	case event.DNS:
		if len(x.dns) < lookups {
			x.dns = append(x.dns, e)
		}
	case event.Route:
		x.route = &e
		for _, to := range e.Exchangers {
			addresses := to.Addresses
			if len(addresses) == 0 {
				addresses = []string{""}
			}
			for i, a := range addresses {
				x.rows = append(x.rows, x.row(to, a, i == 0, e))
			}
		}
	case event.Failed:
		x.err = e.Error
	}
}

// row is a new row; what was looked up for it begins its transcript.
func (x *matrix) row(to event.Exchanger, address string, first bool, route event.Route) *probe {
	p := &probe{first: first, exchanger: to, address: address, log: newLog()}
	p.log.keptLines, p.log.keptOctets = probeLines, probeOctets
	if preferred(route) {
		p.preference = fmt.Sprint(to.Preference)
	}
	for _, d := range x.dns {
		if engine.SameHost(d.Name, to.Host) {
			p.dns = max(p.dns, d.Elapsed)
			p.log.Apply(d)
		}
	}
	if to.Error != nil {
		p.log.Apply(event.Failed{Head: route.Head, Error: to.Error})
	}
	return p
}

// begin gives a session its row: that of its address.
func (x *matrix) begin(n engine.ProbeNews) {
	host, _, err := net.SplitHostPort(n.To.Address)
	if err != nil {
		host = n.To.Address
	}
	for _, p := range x.rows {
		if !p.begun && (engine.SameHost(p.exchanger.Host, n.To.Name()) && p.address == host || p.address == "" && p.exchanger.Error == nil) {
			p.begun = true
			x.byAt[n.At] = p
			return
		}
	}
	p := &probe{first: true, exchanger: event.Exchanger{Host: n.To.Name()}, address: host, log: newLog(), begun: true}
	p.log.keptLines, p.log.keptOctets = probeLines, probeOctets
	x.rows, x.byAt[n.At] = append(x.rows, p), p
}

func (p *probe) take(e event.Event) {
	p.log.Apply(e)
	p.view.Apply(e)
}

// state is the word for how far a row is, and the stage that belongs to it.
func (p *probe) state(st *face.Styles, over bool) (word, stage string, s face.Style) {
	c := p.view.Now()
	switch {
	case p.exchanger.Error != nil:
		return wordFail, stageNames[stageDNS], st.Bad
	case c != nil:
		return stateOf(st, c)
	case p.exchanger.Host != "" && p.address == "" && !p.begun && len(p.exchanger.Notes) > 0:
		return wordUntried, "", st.Warn
	case over:
		return wordStopped, "", st.Warn
	}
	return wordQueued, "", st.Dim
}

// counts are how many rows there are, are done, are good and have failed.
func (x *matrix) counts() (done, good, failed int) {
	for _, p := range x.rows {
		word, _, _ := p.state(&face.Styles{}, !x.ended.IsZero())
		switch {
		case word == wordOK && (p.done || !x.ended.IsZero()):
			good++
		case word == wordFail:
			failed++
		}
		if p.done || p.exchanger.Error != nil {
			done++
		}
	}
	return done, good, failed
}

// running says that it goes on.
func (x *matrix) running() bool { return x != nil && x.ended.IsZero() }

// smallest is the smallest of the maximum sizes: a message may go through any
// of the addresses. 0 where none stands out.
func (x *matrix) smallest() uint64 {
	var sizes []uint64
	for _, p := range x.rows {
		if _, n, known := sizeOf(p.view.Now()); known {
			sizes = append(sizes, n)
		}
	}
	return smallest(sizes)
}

func smallest(sizes []uint64) uint64 {
	if len(sizes) == 0 || slices.Max(sizes) == slices.Min(sizes) {
		return 0
	}
	return slices.Min(sizes)
}

// verdict is what the probing came to, in a row.
func (x *matrix) verdict() string {
	done, good, failed := x.counts()
	switch {
	case len(x.rows) == 0 && x.err != nil:
		return x.err.Message
	case len(x.rows) == 0 && x.running():
		return "looking up"
	}
	words := []string{}
	if x.running() {
		words = append(words, fmt.Sprintf("%d of %d done", done, len(x.rows)))
	} else {
		words = append(words, addressCount(len(x.rows)))
	}
	if good > 0 {
		words = append(words, fmt.Sprintf("%d OK", good))
	}
	if failed > 0 {
		words = append(words, fmt.Sprintf("%d FAIL", failed))
	}
	if x.stopped {
		words = append(words, "stopped")
	}
	return strings.Join(words, ", ")
}

func addressCount(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}
