package main

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui"
)

// sizeRow is the maximum message size at one address.
type sizeRow struct {
	name   string
	ip     string
	stages [3]string // declared in clear, under TLS, behind the login; "": there was no such stage
	limit  string
	says   string
	most   uint64       // octets: no larger message is accepted, as far as is known
	known  bool         // most is
	exact  bool         // and a message of so many octets is accepted
	search *event.Limit // what a search knows; nil: there was none as yet
	ended  bool         // its last connection is closed
}

var sizeStages = [3]string{"in clear", "under TLS", "logged in"}

// sizeRows are the rows of the table, one for each address, which may have had
// several connections: the last one that knew anything counts.
func sizeRows(v *transcript.View) []*sizeRow {
	var rows []*sizeRow
	byName := map[string]*sizeRow{}
	for _, c := range v.Sessions {
		name := c.Name()
		switch {
		case strings.HasPrefix(c.Address, name):
			name = c.Address
		case c.Address != "":
			name += " " + c.Address
		}
		r := byName[name]
		if r == nil {
			r = &sizeRow{name: name}
			r.ip, _, _ = net.SplitHostPort(c.Address)
			byName[name], rows = r, append(rows, r)
		}
		r.ended = c.State == transcript.Closed || c.State == transcript.Failing
		if c.Size == nil { // it is not so far, it failed, or the one before knew more
			if r.says == "" && c.Error != nil {
				r.limit, r.says = "?", string(c.Error.Kind)
			}
			continue
		}
		if c.Limit == nil && r.search != nil {
			continue
		}
		r.stages = declaredAt(c)
		r.limit, r.says = "none known", string(c.Size.State)
		if r.search = c.Limit; c.Limit != nil {
			r.says = strings.ReplaceAll(string(c.Limit.Verdict), "_", " ")
		}
		r.measured(c.Size, c.Limit)
	}
	return rows
}

// measured takes what is known into the row.
func (r *sizeRow) measured(s *wire.Size, l *event.Limit) {
	f, ok := transcript.InForce(s, l)
	r.most, r.known, r.exact = f.Octets, ok && !f.AtLeast, ok && !f.AtLeast
	switch {
	case l != nil && l.Verdict == event.Searching:
		r.limit, r.known = left(*l), false
	case ok && f.AtLeast:
		r.limit = transcript.Bounds(event.Limit{Accepted: f.Octets, Rejected: f.Below})
		if f.Below > 0 {
			r.most, r.known = f.Below-1, true
		}
	case ok:
		r.limit = f.String()
	case l != nil && l.Rejected > 0:
		r.limit, r.most, r.known = transcript.Bounds(*l), l.Rejected-1, true
	}
}

// declaredAt is what was declared at each stage of a session.
func declaredAt(c *transcript.Conversation) (stages [3]string) {
	now := 0
	if c.TLS != nil {
		now = 1
		if c.TLS.Mode == "starttls" {
			stages[0] = declared(c.OffersBeforeTLS.Size())
		}
	}
	if c.SizeBeforeLogin != nil {
		stages[now], now = declared(*c.SizeBeforeLogin), 2
	}
	stages[now] = declared(*c.Size)
	return stages
}

func declared(s wire.Size) string {
	if s.State == wire.SizeDeclared {
		return wire.Thousands(s.Declared)
	}
	return string(s.State)
}

// sizeLines lays the rows out, under a header, the smallest limit marked: a
// message may go through any of the addresses. One that is not known exactly is
// the smallest where it is below all others.
func sizeLines(rows []*sizeRow) []string {
	smallest, all, exact := uint64(math.MaxUint64), true, true
	for _, r := range rows {
		if r.known && r.most < smallest {
			smallest = r.most
		}
	}
	for _, r := range rows {
		all = all && r.known && r.exact && r.most == smallest
		exact = exact && (r.exact || r.limit == "none known")
	}
	cells := [][]string{append(append([]string{"  address"}, sizeStages[:]...), "maximum", "")}
	for _, r := range rows {
		mark := "  "
		if r.known && r.most == smallest && !all {
			mark = "> "
		}
		cells = append(cells, append(append([]string{mark + r.name}, r.stages[:]...), r.limit, r.says))
	}
	lines := make([]string, len(cells))
	for column := range cells[0] {
		width, used := 0, column == 0
		for i, row := range cells {
			width, used = max(width, tui.Cells(row[column])), used || i > 0 && row[column] != ""
		}
		if !used {
			continue
		}
		for i, row := range cells {
			space := strings.Repeat(" ", width-tui.Cells(row[column]))
			switch column {
			case 0:
				lines[i] = row[column] + space
			case len(row) - 1:
				lines[i] += "  " + row[column]
			default: // numbers
				lines[i] += "  " + space + row[column]
			}
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if slices.ContainsFunc(lines, func(line string) bool { return line[0] == '>' }) {
		if exact {
			return append(lines, "> the smallest: a message must not be larger")
		}
		lines = append(lines, "> the smallest, as far as is known: a message must not be larger")
	}
	return lines
}

// sizeTable is the maximum message size at every address.
func sizeTable(v *transcript.View) []string {
	rows := sizeRows(v)
	if len(rows) == 0 {
		return nil
	}
	return append([]string{"maximum message size at every address:"}, sizeLines(rows)...)
}

// sizeProgress is the table while it grows, in the order of the exchangers,
// with what a search has still to look through, and a line that tells how far
// all of it is.
func sizeProgress(v *transcript.View, exact bool) []string {
	rows := sizeRows(v)
	done, asked, refused := 0, 0, 0
	for _, r := range rows {
		if l := r.search; l != nil {
			asked, refused = asked+l.Commands, refused+l.Rejections
		}
		switch {
		case r.search != nil && r.search.Verdict == event.Searching:
			r.says = fmt.Sprintf("connection %d", r.search.Connections)
			r.known = false
		case r.ended && (!exact || r.search != nil || r.limit == "?"):
			done++
		case r.limit == "":
			r.says = "connecting"
		}
	}
	addresses := len(rows)
	if v.Route != nil {
		place := map[string]int{}
		for _, x := range v.Route.Exchangers {
			for _, address := range x.Addresses {
				place[address] = len(place)
			}
		}
		addresses = max(addresses, len(place))
		slices.SortStableFunc(rows, func(a, b *sizeRow) int { return cmp.Compare(place[a.ip], place[b.ip]) })
	}
	line := fmt.Sprintf("%d of %d addresses done", done, addresses)
	if exact {
		line += fmt.Sprintf(", %d MAIL, %d refused", asked, refused)
	}
	return append(sizeLines(rows), line)
}

// searchProgress is the line for one search.
func searchProgress(v *transcript.View) []string {
	c := v.Now()
	switch {
	case c == nil:
		return nil
	case c.Limit == nil:
		return []string{c.Name() + ": connecting"}
	}
	l := *c.Limit
	return []string{fmt.Sprintf("%s: connection %d, %d MAIL, %d refused; %s", c.Name(), l.Connections, l.Commands, l.Rejections, left(l))}
}

// left is what a search has still to look through, in few words.
func left(l event.Limit) string {
	switch {
	case l.Rejected > 0:
		low, high := wire.Binary(l.Accepted), wire.Binary(l.Rejected)
		if low == high {
			low, high = wire.Thousands(l.Accepted), wire.Thousands(l.Rejected)
		}
		return low + " to " + high
	case l.Accepted > 0:
		return "at least " + wire.Binary(l.Accepted)
	}
	return "nothing known yet"
}
