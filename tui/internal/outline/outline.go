// Package outline lays a script out as rows, one for each of its lines: the
// engine finds in it where the script is, and the screen draws the rows that are
// in sight. It is made once and does not change. What of a line is secret is not
// in its text.
package outline

import (
	"path/filepath"
	"strconv"
	"strings"

	lang "ehlo/session/script"
	"ehlo/session/wire"
)

// Outline is a script as rows.
type Outline struct {
	Name     string
	Rows     []Row
	Sections []Section
	Items    int             // how many there are to carry out
	Sets     map[string]bool // the names that @set and @capture give a value
	hidden   map[string]bool // those of them that a login is made of

	login bool // while it is made: the lines of the client are a login's
}

// Row is a line of a script. It is formatted only while it is visible.
type Row struct {
	Item    lang.Item // nil: the @end of its section
	line    int32     // in a group of S: lines: which of them
	Above   int32     // and which of the comments above that, from 1
	Section int32     // the innermost one that it is in; -1: none
	Ordinal int32     // which of the items, from 1
	depth   uint8     // how many @repeat are around it
	Back    int32     // to the first row of its item
	Head    bool      // an item that is carried out begins here
	secret  secrecy
}

// Section is the rows of a @repeat or an @include, with the directive.
type Section struct {
	Outer       int32 // the one around it; -1: none
	First, Last int32
	Times       int32 // 0: an @include
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

// New lays a script out.
func New(s *lang.Script) *Outline {
	x := &Outline{Name: s.Name, Sets: map[string]bool{}, hidden: map[string]bool{}}
	x.add(s.Items, -1, 0)
	return x
}

func (x *Outline) add(items []lang.Item, within int32, depth uint8) {
	replies := false // the @reply before this item goes on
	for _, item := range items {
		row := Row{Item: item, Section: within, depth: depth}
		switch i := item.(type) {
		case lang.Comment:
			x.row(row)
			continue
		case lang.Server:
			x.group(i, row)
		case lang.Repeat:
			n := x.begin(row, int32(i.Times))
			x.add(i.Items, n, depth+1)
			x.row(Row{Section: n, depth: depth})
			x.Sections[n].Last = int32(len(x.Rows) - 1)
		case lang.Include:
			n := x.begin(row, 0)
			x.add(i.Items, n, depth)
			x.Sections[n].Last = int32(len(x.Rows) - 1)
		default:
			_, reply := item.(lang.Reply)
			row.Head = !(reply && replies)
			row.secret = x.secrecy(item)
			x.row(row)
		}
		_, replies = item.(lang.Reply)
		switch i := item.(type) {
		case lang.Set:
			x.Sets[i.Name] = true
		case lang.Capture:
			x.Sets[i.Name] = true
		}
	}
}

func (x *Outline) row(r Row) {
	if r.Head {
		x.Items++
	}
	r.Ordinal = int32(x.Items)
	x.Rows = append(x.Rows, r)
}

// begin adds the first row of a section.
func (x *Outline) begin(r Row, times int32) int32 {
	n := int32(len(x.Sections))
	x.Sections = append(x.Sections, Section{Outer: r.Section, First: int32(len(x.Rows)), Times: times})
	r.Section = n
	x.row(r)
	return n
}

// group adds the rows of a group of S: lines, with the comments between them.
func (x *Outline) group(i lang.Server, r Row) {
	for n, l := range i.Lines {
		r.line, r.Above = int32(n), 0
		for k := range l.Above {
			r.Above = int32(k + 1)
			x.row(r)
			r.Back++
		}
		r.Above = 0
		r.Head = n == 0
		x.row(r)
		r.Head = false
		r.Back++
	}
	x.login = x.login && strings.HasPrefix(i.Code(), "3")
}

// secrecy follows the logins of a script.
func (x *Outline) secrecy(item lang.Item) secrecy {
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
	case wire.IsAuth([]byte(said)), wire.SecretFrom([]byte(said)) < len(said):
		return secretInitial
	case login && said != "*":
		return secretAll
	}
	return notSecret
}

// At is where a row stands in its file.
func (x *Outline) At(n int32) lang.Position {
	r := x.Rows[n]
	switch i := r.Item.(type) {
	case nil:
		return lang.Position{File: x.Rows[x.Sections[r.Section].First].Item.At().File}
	case lang.Server:
		l := i.Lines[r.line]
		if r.Above > 0 {
			return l.Above[r.Above-1].Position
		}
		return l.Position
	}
	return r.Item.At()
}

// Place is a row in words: "line 12", or "login.ehlo:3" in a file that the
// script includes.
func (x *Outline) Place(n int32) string {
	if n < 0 {
		return "its first line"
	}
	at := x.At(n)
	if at.File == x.Name {
		return "line " + strconv.Itoa(at.Line)
	}
	return filepath.Base(at.File) + ":" + strconv.Itoa(at.Line)
}

// Text is what a row says, without its secrets; of a long line the beginning.
func (x *Outline) Text(n int32) string {
	r := x.Rows[n]
	indent := strings.Repeat("  ", int(r.depth))
	switch i := r.Item.(type) {
	case nil:
		return indent + "@end"
	case lang.Repeat:
		return indent + "@repeat " + strconv.Itoa(i.Times)
	case lang.Server:
		l := i.Lines[r.line]
		if r.Above > 0 {
			return indent + Beginning(l.Above[r.Above-1].Text)
		}
		return indent + strings.TrimRight("S: "+Beginning(l.Line.Raw), " ")
	}
	if x.Hides(n) && r.secret == notSecret {
		return indent + "@set " + r.Item.(lang.Set).Name + " " + mask
	}
	return indent + itemText(r.Item, r.secret)
}

// Instead is what a row says when another item takes its place; nil: none does.
func (x *Outline) Instead(n int32, item lang.Item) string {
	if item == nil {
		return "(left out)"
	}
	if s, ok := item.(lang.Server); ok {
		return "S: " + Beginning(s.Lines[0].Line.Raw)
	}
	return itemText(item, secrecyOf(item, x.Rows[n].secret == secretAll))
}

// Hides says that something of a row is not shown.
func (x *Outline) Hides(n int32) bool {
	r := x.Rows[n]
	if s, ok := r.Item.(lang.Set); ok {
		return x.hidden[s.Name]
	}
	return r.secret == secretAll || r.secret == secretInitial && itemText(r.Item, r.secret) != itemText(r.Item, notSecret)
}

// itemText is an item that has one line.
func itemText(item lang.Item, secret secrecy) string {
	switch i := item.(type) {
	case lang.Client:
		return strings.TrimRight("C: "+masked(Beginning(i.Line.Raw), secret), " ")
	case lang.Raw:
		if secret != notSecret {
			return `@raw "` + mask + `"`
		}
		return "@raw " + strconv.Quote(Beginning(i.Octets))
	case lang.Reply:
		return "@reply " + strconv.Quote(Beginning(i.Octets))
	}
	return Beginning(lang.Lines(item)[0])
}

// mask stands for a secret, however long that is.
const mask = "********"

func masked(line string, secret secrecy) string {
	switch secret {
	case secretAll:
		return mask
	case secretInitial:
		if n := wire.SecretFrom([]byte(line)); n < len(line) {
			return line[:n] + mask
		}
	}
	return line
}

// Beginning is as much of a long line as can be drawn.
func Beginning(s string) string { return s[:min(len(s), rowMost)] }

// Inside says that a row is in a section.
func (x *Outline) Inside(row, n int32) bool {
	s := x.Sections[n]
	return s.First <= row && row <= s.Last
}

// Find is the row of the item at a place of a file, for a script that was at
// the row from: the next one there, in the innermost section first, since a
// file may be included twice. again is the @repeat that has begun once more, or
// -1; may says whether one can.
func (x *Outline) Find(from int32, at lang.Position, may func(n int32) bool) (row, again int32) {
	within := int32(-1)
	if from >= 0 {
		within = x.Rows[from].Section
	}
	for {
		end := int32(len(x.Rows))
		if within >= 0 {
			end = x.Sections[within].Last + 1
		}
		if row := x.scan(from+1, end, at); row >= 0 {
			return row, -1
		}
		if within < 0 {
			return from, -1
		}
		if s := x.Sections[within]; may(within) {
			if row := x.scan(s.First, from+1, at); row >= 0 {
				return row, within
			}
		}
		within = x.Sections[within].Outer
	}
}

func (x *Outline) scan(from, to int32, at lang.Position) int32 {
	for n := from; n < to; n++ {
		if r := &x.Rows[n]; r.Head && r.Item.At() == at {
			return n
		}
	}
	return -1
}
