package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// sizeTable is the maximum message size at every address, the smallest marked:
// a message may go through any of them.
func sizeTable(v *transcript.View) []string {
	type row struct {
		name, limit, says string
		most              uint64
		known             bool
	}
	var rows []*row
	byName := map[string]*row{}
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
			r = &row{name: name}
			byName[name], rows = r, append(rows, r)
		}
		if c.Size == nil { // it failed, or the one before knew more
			if r.says == "" && c.Error != nil {
				r.limit, r.says = "?", string(c.Error.Kind)
			}
			continue
		}
		r.most, r.known = transcript.InForce(c.Size, c.Limit)
		r.limit, r.says = "none known", string(c.Size.State)
		if c.Limit != nil {
			r.says = strings.ReplaceAll(string(c.Limit.Verdict), "_", " ")
		}
		if r.known {
			r.limit = wire.Octet(r.most)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	width, column := 0, 0
	smallest, all := uint64(0), true
	for _, r := range rows {
		width, column = max(width, len(r.name)), max(column, len(r.limit))
		if r.known && (smallest == 0 || r.most < smallest) {
			smallest = r.most
		}
	}
	for _, r := range rows {
		all = all && r.known && r.most == smallest
	}
	lines := []string{"maximum message size at every address:"}
	for _, r := range rows {
		mark, end := " ", ""
		if r.known && r.most == smallest && !all {
			mark, end = ">", "   <- the smallest: a message must not be larger"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s %-*s  %*s  %s%s", mark, width, r.name, column, r.limit, r.says, end), " "))
	}
	return lines
}

// progress is one line on a terminal that tells how far a search is. It is
// taken away before anything else is written.
type progress struct {
	w io.Writer

	mu    sync.Mutex
	hosts map[int]string // by connection
	shown bool
}

// apply takes the next event.
func (p *progress) apply(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	conn := e.Header().Conn
	switch e := e.(type) {
	case event.Connecting:
		if p.hosts == nil {
			p.hosts = map[int]string{}
		}
		p.hosts[conn] = e.Host
		if e.Host == "" {
			p.hosts[conn] = e.Address
		}
		p.show(p.hosts[conn] + ": connecting")
	case event.Size:
		if e.Limit == nil {
			return
		}
		p.show(fmt.Sprintf("%s: connection %d, %d MAIL, %d refused; %s", p.hosts[conn], e.Limit.Connections, e.Limit.Commands, e.Limit.Rejections, left(*e.Limit)))
	}
}

// left is what a search has still to look through, in few words.
func left(l event.Limit) string {
	switch {
	case l.Rejected > 0:
		return fmt.Sprintf("%s to %s, %s to tell apart", wire.Binary(l.Accepted), wire.Binary(l.Rejected), wire.Octet(l.Rejected-l.Accepted))
	case l.Accepted > 0:
		return "at least " + wire.Binary(l.Accepted)
	}
	return "nothing known yet"
}

func (p *progress) show(text string) {
	fmt.Fprintf(p.w, "\r\x1b[K%s", wire.Visible([]byte(text)))
	p.shown = true
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
