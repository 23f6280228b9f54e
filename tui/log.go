package tui

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// The bounds of what the screen keeps, in lines and in octets: a server that
// floods fills neither the memory nor a frame.
const (
	keptLines  = 20_000
	keptOctets = 8 << 20
)

// line is a line of the transcript. Lines have consecutive ids; a line is
// formatted only while it is visible.
type line struct {
	at     time.Time
	event  event.Event
	words  string       // of a line of ehlo's own, from '*'
	reply  *event.Reply // what a line of the server's belongs to, once that is complete
	back   int32        // lines from the head of its group: the reply, the message
	size   int32        // at the head: the lines of the group
	from   byte         // 'C', 'S' or '*'
	mark   byte         // '!' failed for good, '~' for now, or ' '
	folded bool         // at the head: only the head is shown
}

// log is the bounded list of the lines, and of the events behind them.
type log struct {
	lines  []line
	first  int64 // the id of lines[0]
	octets int
	errors int // lines with a mark that were ever added: replies and failures

	events     []event.Event // in order, for saving
	gone       []event.Event // those that were forgotten, and are not yet written elsewhere
	spills     bool          // they are to be written
	keptLines  int
	keptOctets int
	fold       bool // new groups are folded

	// pass is the filter: only lines that pass are shown, each for itself; nil:
	// there is none. passed are their ids, in order, so that to walk among a few
	// of many lines costs no more than among all.
	pass   func(*line) bool
	passed []int64
}

func newLog() *log { return &log{keptLines: keptLines, keptOctets: keptOctets} }

// end is the id behind the last line.
func (l *log) end() int64 { return l.first + int64(len(l.lines)) }

func (l *log) line(id int64) *line { return &l.lines[id-l.first] }

// head is the first line of the group that a line belongs to.
func (l *log) head(id int64) int64 { return id - int64(l.line(id).back) }

// filter shows only the lines that pass; nil: all.
func (l *log) filter(pass func(*line) bool) {
	l.pass, l.passed = pass, nil
	for i := range l.lines {
		if pass != nil && pass(&l.lines[i]) {
			l.passed = append(l.passed, l.first+int64(i))
		}
	}
}

// empty says that there is no line to show.
func (l *log) empty() bool {
	return len(l.lines) == 0 || l.pass != nil && len(l.passed) == 0
}

// folds says that a line stands for its group too.
func (l *log) folds(x *line) bool { return l.pass == nil && x.folded && x.size > 1 }

// shown is the id of the line that stands for id on the screen: itself, or the
// head of its group where that is folded; under a filter, the nearest one that
// passes.
func (l *log) shown(id int64) int64 {
	if l.pass != nil {
		i, exact := slices.BinarySearch(l.passed, id)
		if !exact {
			i--
		}
		return l.passed[max(i, 0)]
	}
	if h := l.head(id); l.line(h).folded {
		return h
	}
	return id
}

// next is the shown line behind id, or end.
func (l *log) next(id int64) int64 {
	if l.pass != nil {
		i, _ := slices.BinarySearch(l.passed, id+1)
		if i == len(l.passed) {
			return l.end()
		}
		return l.passed[i]
	}
	if x := l.line(id); l.folds(x) {
		return id + int64(x.size)
	}
	return id + 1
}

// prev is the shown line before id, or -1.
func (l *log) prev(id int64) int64 {
	if l.pass != nil {
		i, _ := slices.BinarySearch(l.passed, id)
		if i == 0 {
			return -1
		}
		return l.passed[i-1]
	}
	if id <= l.first {
		return -1
	}
	return l.shown(id - 1)
}

// clamp is the shown line nearest to id, or -1 where there is none.
func (l *log) clamp(id int64) int64 {
	if l.empty() {
		return -1
	}
	return l.shown(min(max(id, l.first), l.end()-1))
}

// Apply takes the next event.
func (l *log) Apply(e event.Event) {
	l.events = append(l.events, e)
	at := e.Header().At
	switch e := e.(type) {
	case event.Sent:
		l.add(line{at: at, event: e, from: 'C', mark: ' '}, len(e.Line))
		if e.Text {
			l.group()
		}
	case event.Received:
		l.add(line{at: at, event: e, from: 'S', mark: markOf(e.Line.Octets)}, len(e.Line.Octets))
	case event.Reply:
		l.complete(e)
	default:
		for i, text := range wordsOf(e) {
			mark := byte(' ')
			if f, failed := e.(event.Failed); failed && i == 0 && f.Error.Kind != event.Interrupted && f.Error.Kind != event.Skipped {
				mark = '!'
				l.errors++
			}
			l.add(line{at: at, event: e, from: '*', mark: mark, words: text}, len(text))
		}
	}
}

func (l *log) add(x line, octets int) {
	x.size = 1
	if l.pass != nil && l.pass(&x) {
		l.passed = append(l.passed, l.end())
	}
	l.lines = append(l.lines, x)
	l.octets += octets
	if len(l.lines) > l.keptLines+l.keptLines/8 || l.octets > l.keptOctets+l.keptOctets/8 {
		l.drop()
	}
}

// drop forgets the oldest lines. It does so for an eighth of the log at once,
// so that adding a line costs the same on average however long the log is.
func (l *log) drop() {
	n := 0
	for n < len(l.lines)-1 && (len(l.lines)-n > l.keptLines || l.octets > l.keptOctets) {
		l.octets -= l.lines[n].octets()
		n++
	}
	// A group that loses its head begins with what is left of it.
	if lost := l.lines[n].back; lost > 0 {
		h := &l.lines[n-int(lost)]
		l.lines[n].size, l.lines[n].folded = h.size-lost, h.folded
		for i := n; i < len(l.lines) && l.lines[i].back == lost+int32(i-n); i++ {
			l.lines[i].back -= lost
		}
	}
	kept := copy(l.lines, l.lines[n:])
	clear(l.lines[kept:])
	l.lines = l.lines[:kept]
	l.first += int64(n)
	if i, _ := slices.BinarySearch(l.passed, l.first); i > 0 {
		l.passed = slices.Clone(l.passed[i:])
	}

	oldest := l.lines[0].event.Header().Seq
	i := 0
	for i < len(l.events) && l.events[i].Header().Seq < oldest {
		i++
	}
	if l.spills {
		l.gone = append(l.gone, l.events[:i]...)
	}
	left := copy(l.events, l.events[i:])
	clear(l.events[left:])
	l.events = l.events[:left]
}

func (x *line) octets() int {
	switch e := x.event.(type) {
	case event.Sent:
		return len(e.Line)
	case event.Received:
		return len(e.Line.Octets)
	}
	return len(x.words)
}

// group joins the last line, of message text, to the group before it.
func (l *log) group() {
	i := len(l.lines) - 1
	last := &l.lines[i]
	if i > 0 {
		before := l.lines[i-1]
		if s, ok := before.event.(event.Sent); ok && s.Text && s.Conn == last.event.Header().Conn {
			last.back = before.back + 1
			l.lines[i-int(last.back)].size++
			return
		}
	}
	last.folded = l.fold
}

// complete gives the lines of a reply, which are the last of the server's, to
// the reply and makes them one group.
func (l *log) complete(r event.Reply) {
	n := len(l.lines)
	i := n
	for i > 0 && n-i < len(r.Reply.Lines) {
		if x := l.lines[i-1]; x.from != 'S' || x.reply != nil {
			break
		}
		i--
	}
	if i < n && l.lines[i].mark != ' ' && !r.Answer {
		l.errors++
	}
	for k := i; k < n; k++ {
		l.lines[k].reply, l.lines[k].back = &r, int32(k-i)
		if r.Answer {
			l.lines[k].mark = ' '
		}
	}
	if i < n {
		l.lines[i].size, l.lines[i].folded = int32(n-i), l.fold && n-i > 1
	}
	if r.Unasked {
		const text = "the server said this without being asked"
		l.add(line{at: r.At, event: r, from: '*', mark: ' ', words: text}, len(text))
	}
}

// foldAll folds or unfolds every group, and those that come.
func (l *log) foldAll(fold bool) {
	l.fold = fold
	for i := range l.lines {
		l.lines[i].folded = fold && l.lines[i].back == 0 && l.lines[i].size > 1
	}
}

func markOf(octets []byte) byte {
	if len(octets) > 0 {
		switch octets[0] {
		case '4':
			return '~'
		case '5':
			return '!'
		}
	}
	return ' '
}

// hostAndAddress is "mx1.example.org (192.0.2.25:25)", or the address alone
// where there is no other name.
func hostAndAddress(host, address string) string {
	if at, _, err := net.SplitHostPort(address); host == "" || host == address || err == nil && at == host {
		return address
	}
	return host + " (" + address + ")"
}

// onScreen is a hint that speaks of flags, for who has a palette.
func onScreen(hint string) string {
	return strings.NewReplacer("--insecure-auth", ":auth USER --insecure", "--tls never", ":set tls never, then r,").Replace(hint)
}

// wordsOf are the lines of the transcript that tell of an event which is no
// line of the session itself.
func wordsOf(e event.Event) []string {
	switch e := e.(type) {
	case event.DNS:
		return []string{transcript.DNSLine(e)}
	case event.Route:
		return transcript.RouteLines(e)
	case event.Connecting:
		return []string{"connect to " + hostAndAddress(e.Host, e.Address)}
	case event.Connected:
		return []string{"connected in " + transcript.Milliseconds(e.Elapsed)}
	case event.TLS:
		return []string{transcript.TLSLine(e)}
	case event.Login:
		if !e.OK {
			return nil // the reply says it
		}
		return []string{"logged in with " + e.Mechanism}
	case event.Size:
		if e.Limit != nil && e.Limit.Verdict == event.Searching {
			return nil
		}
		if e.Limit != nil {
			return []string{"maximum message size in force: " + transcript.Verdict(e.Size, *e.Limit)}
		}
		if e.Size.State == wire.SizeDeclared {
			return []string{"maximum message size: " + wire.Octet(e.Size.Declared)}
		}
		return []string{"maximum message size: " + e.Size.String()}
	case event.Message:
		if e.Shown && e.Complete {
			return nil
		}
		words := fmt.Sprintf("message: %s in %s lines", wire.Octet(uint64(e.Octets)), wire.Thousands(uint64(e.Lines)))
		if !e.Complete {
			words += fmt.Sprintf("; %s octets were transferred, not all of it", wire.Thousands(uint64(e.Transferred)))
		}
		return []string{words}
	case event.Note:
		return []string{e.Text}
	case event.Failed:
		if e.Error.Kind == event.Interrupted {
			return []string{"stopped, as asked"}
		}
		if e.Error.Kind == event.Skipped {
			return []string{e.Error.Message}
		}
		lines := []string{"FAIL " + e.Error.Message}
		if e.Error.Hint != "" {
			lines = append(lines, "  "+onScreen(e.Error.Hint))
		}
		return lines
	case event.Closed:
		who := "closed by ehlo"
		if e.By == "server" {
			who = "the server closed the connection"
		}
		if e.Problem != "" {
			who += ": " + e.Problem
		}
		return []string{who}
	}
	return nil
}
