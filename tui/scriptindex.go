package tui

import (
	"path/filepath"
	"strconv"
	"strings"

	lang "ehlo/session/script"
	"ehlo/session/wire"
)

// scriptIndex is a script as rows, one for each of its lines. It is made once
// and does not change: the engine finds in it where the script is, and the pane
// draws the rows that are in sight.
type scriptIndex struct {
	name     string
	rows     []scriptRow
	sections []section
	items    int             // how many there are to carry out
	sets     map[string]bool // the names that @set and @capture give a value
	hidden   map[string]bool // those of them that a login is made of

	login bool // while it is made: the lines of the client are a login's
}

// scriptRow is a line of a script. It is formatted only while it is visible.
type scriptRow struct {
	item    lang.Item // nil: the @end of its section
	line    int32     // in a group of S: lines: which of them
	above   int32     // and which of the comments above that, from 1
	section int32     // the innermost one that it is in; -1: none
	ordinal int32     // which of the items, from 1
	depth   uint8     // how many @repeat are around it
	back    int32     // to the first row of its item
	head    bool      // an item that is carried out begins here
	secret  secrecy
}

// section is the rows of a @repeat or an @include, with the directive.
type section struct {
	outer       int32 // the one around it; -1: none
	first, last int32
	times       int32 // 0: an @include
}

// secrecy is what of a line is never shown.
type secrecy uint8

const (
	notSecret     secrecy = iota
	secretInitial         // the initial response of an AUTH
	secretAll             // all of an answer in a login
)

// rowMost is how much of a line is looked at for drawing it, in octets: no row
// is wider, and a line may have megabytes.
const rowMost = 2 << 10

func newScriptIndex(s *lang.Script) *scriptIndex {
	x := &scriptIndex{name: s.Name, sets: map[string]bool{}, hidden: map[string]bool{}}
	x.add(s.Items, -1, 0)
	return x
}

func (x *scriptIndex) add(items []lang.Item, within int32, depth uint8) {
	replies := false // the @reply before this item goes on
	for _, item := range items {
		row := scriptRow{item: item, section: within, depth: depth}
		switch i := item.(type) {
		case lang.Comment:
			x.row(row)
			continue
		case lang.Server:
			x.group(i, row)
		case lang.Repeat:
			n := x.begin(row, int32(i.Times))
			x.add(i.Items, n, depth+1)
			x.row(scriptRow{section: n, depth: depth})
			x.sections[n].last = int32(len(x.rows) - 1)
		case lang.Include:
			n := x.begin(row, 0)
			x.add(i.Items, n, depth)
			x.sections[n].last = int32(len(x.rows) - 1)
		default:
			_, reply := item.(lang.Reply)
			row.head = !(reply && replies)
			row.secret = x.secrecy(item)
			x.row(row)
		}
		_, replies = item.(lang.Reply)
		switch i := item.(type) {
		case lang.Set:
			x.sets[i.Name] = true
		case lang.Capture:
			x.sets[i.Name] = true
		}
	}
}

func (x *scriptIndex) row(r scriptRow) {
	if r.head {
		x.items++
	}
	r.ordinal = int32(x.items)
	x.rows = append(x.rows, r)
}

// begin adds the first row of a section.
func (x *scriptIndex) begin(r scriptRow, times int32) int32 {
	n := int32(len(x.sections))
	x.sections = append(x.sections, section{outer: r.section, first: int32(len(x.rows)), times: times})
	r.section = n
	x.row(r)
	return n
}

// group adds the rows of a group of S: lines, with the comments between them.
func (x *scriptIndex) group(i lang.Server, r scriptRow) {
	for n, l := range i.Lines {
		r.line, r.above = int32(n), 0
		for k := range l.Above {
			r.above = int32(k + 1)
			x.row(r)
			r.back++
		}
		r.above = 0
		r.head = n == 0
		x.row(r)
		r.head = false
		r.back++
	}
	x.login = x.login && strings.HasPrefix(i.Code(), "3")
}

// secrecy follows the logins of a script.
func (x *scriptIndex) secrecy(item lang.Item) secrecy {
	secret := secrecyOf(item, x.login)
	x.login = x.login || secret == secretInitial
	if c, ok := item.(lang.Client); ok && secret != notSecret {
		for _, v := range c.Line.Variables() {
			x.hidden[v.Name] = true
		}
	}
	return secret
}

// secrecyOf is what of an item nobody is to see: what is behind AUTH, and in a
// login what the client answers to 334 (RFC 4954 4).
func secrecyOf(item lang.Item, login bool) secrecy {
	said := ""
	switch i := item.(type) {
	case lang.Client:
		said = i.Line.Raw
	case lang.Raw:
		said = i.Octets
	default:
		return notSecret
	}
	switch {
	case wire.Verb([]byte(said)) == "AUTH":
		return secretInitial
	case login && said != "*":
		return secretAll
	}
	return notSecret
}

// at is where a row stands in its file.
func (x *scriptIndex) at(n int32) lang.Position {
	r := x.rows[n]
	switch i := r.item.(type) {
	case nil:
		return lang.Position{File: x.rows[x.sections[r.section].first].item.At().File}
	case lang.Server:
		l := i.Lines[r.line]
		if r.above > 0 {
			return l.Above[r.above-1].Position
		}
		return l.Position
	}
	return r.item.At()
}

// place is a row in words: "line 12", or "login.ehlo:3" in a file that the
// script includes.
func (x *scriptIndex) place(n int32) string {
	if n < 0 {
		return "its first line"
	}
	at := x.at(n)
	if at.File == x.name {
		return "line " + strconv.Itoa(at.Line)
	}
	return filepath.Base(at.File) + ":" + strconv.Itoa(at.Line)
}

// text is what a row says, without its secrets; of a long line the beginning.
func (x *scriptIndex) text(n int32) string {
	r := x.rows[n]
	indent := strings.Repeat("  ", int(r.depth))
	switch i := r.item.(type) {
	case nil:
		return indent + "@end"
	case lang.Repeat:
		return indent + "@repeat " + strconv.Itoa(i.Times)
	case lang.Server:
		l := i.Lines[r.line]
		if r.above > 0 {
			return indent + beginning(l.Above[r.above-1].Text)
		}
		return indent + strings.TrimRight("S: "+beginning(l.Line.Raw), " ")
	}
	if x.hides(n) && r.secret == notSecret {
		return indent + "@set " + r.item.(lang.Set).Name + " " + mask
	}
	return indent + itemText(r.item, r.secret)
}

// hides says that something of a row is not shown.
func (x *scriptIndex) hides(n int32) bool {
	r := x.rows[n]
	if s, ok := r.item.(lang.Set); ok {
		return x.hidden[s.Name]
	}
	return r.secret == secretAll || r.secret == secretInitial && itemText(r.item, r.secret) != itemText(r.item, notSecret)
}

// itemText is an item that has one line.
func itemText(item lang.Item, secret secrecy) string {
	switch i := item.(type) {
	case lang.Client:
		return strings.TrimRight("C: "+masked(beginning(i.Line.Raw), secret), " ")
	case lang.Raw:
		if secret != notSecret {
			return `@raw "` + mask + `"`
		}
		return "@raw " + strconv.Quote(beginning(i.Octets))
	case lang.Reply:
		return "@reply " + strconv.Quote(beginning(i.Octets))
	}
	return beginning(lang.Lines(item)[0])
}

// mask stands for a secret, however long that is.
const mask = "********"

func masked(line string, secret secrecy) string {
	switch secret {
	case secretAll:
		return mask
	case secretInitial:
		if words := strings.Fields(line); len(words) > 2 {
			return words[0] + " " + words[1] + " " + mask
		}
	}
	return line
}

func beginning(s string) string { return s[:min(len(s), rowMost)] }

// inside says that a row is in a section.
func (x *scriptIndex) inside(row, n int32) bool {
	s := x.sections[n]
	return s.first <= row && row <= s.last
}

// find is the row of the item at a place of a file, for a script that was at
// the row from: the next one there, in the innermost section first, since a
// file may be included twice. again is the @repeat that has begun once more, or
// -1; may says whether one can.
func (x *scriptIndex) find(from int32, at lang.Position, may func(n int32) bool) (row, again int32) {
	within := int32(-1)
	if from >= 0 {
		within = x.rows[from].section
	}
	for {
		end := int32(len(x.rows))
		if within >= 0 {
			end = x.sections[within].last + 1
		}
		if row := x.scan(from+1, end, at); row >= 0 {
			return row, -1
		}
		if within < 0 {
			return from, -1
		}
		if s := x.sections[within]; may(within) {
			if row := x.scan(s.first, from+1, at); row >= 0 {
				return row, within
			}
		}
		within = x.sections[within].outer
	}
}

func (x *scriptIndex) scan(from, to int32, at lang.Position) int32 {
	for n := from; n < to; n++ {
		if r := &x.rows[n]; r.head && r.item.At() == at {
			return n
		}
	}
	return -1
}
