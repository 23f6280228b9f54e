package tui

import (
	"time"

	"ehlo/tui/internal/face"
)

// place is a row of the transcript: of the wrapped rows of a line, one.
type place struct {
	line int64
	row  int
}

func (a place) before(b place) bool {
	return a.line < b.line || a.line == b.line && a.row < b.row
}

// transcriptPane is a window over the log. Nothing in it depends on how long
// the log is: a frame formats the rows in the window and walks from there.
type transcriptPane struct {
	log    *log
	st     *face.Styles
	w, h   int
	narrow bool // no times, and one column of marks
	start  time.Time
	times  timing
	cut    bool // lines are cut at the edge instead of wrapped

	follow bool  // the last line is at the bottom, and stays there
	top    place // of the window, while not following
	sel    int64 // the selected line; -1: none
	mark   int64 // the other end of the range that is selected; -1: there is no range
	paused int64 // the end of the log when following ended

	find find // what was searched for, which stands out
}

func newTranscriptPane(l *log, st *face.Styles) *transcriptPane {
	return &transcriptPane{log: l, st: st, follow: true, sel: -1, mark: -1}
}

// unseen is how many lines have come since following ended.
func (p *transcriptPane) unseen() int64 {
	if p.follow {
		return 0
	}
	return p.log.end() - p.paused
}

// bottom is the place of the window that shows the last line at its end.
func (p *transcriptPane) bottom() place {
	id := p.log.clamp(p.log.end() - 1)
	if id < 0 {
		return place{}
	}
	for left := p.h; ; {
		n := len(p.rows(id))
		if n >= left {
			return place{id, n - left}
		}
		left -= n
		before := p.log.prev(id)
		if before < 0 {
			return place{id, 0}
		}
		id = before
	}
}

// window is the place of the first row to show.
func (p *transcriptPane) window() place {
	if p.follow || p.log.empty() {
		return p.bottom()
	}
	return p.valid(p.top)
}

// valid is a place that exists: folding, a narrower window or the log's bound
// may have taken the old one away.
func (p *transcriptPane) valid(at place) place {
	id := p.log.clamp(at.line)
	if id != at.line {
		at = place{id, 0}
	}
	at.row = min(at.row, len(p.rows(id))-1)
	return at
}

// resize tells the pane its size.
func (p *transcriptPane) resize(w, h int, narrow bool) {
	p.w, p.h, p.narrow = w, h, narrow
}

// fill moves the window back where it has rows behind the last line, as it has
// when it has become taller: while there are lines, no row is empty.
func (p *transcriptPane) fill() {
	if p.follow || p.log.empty() {
		return
	}
	if last := p.bottom(); last.before(p.valid(p.top)) {
		p.top = last
	}
}

// pause ends following, where the window stands.
func (p *transcriptPane) pause() {
	if p.follow && !p.log.empty() {
		p.top, p.paused, p.follow = p.bottom(), p.log.end(), false
	}
}

func (p *transcriptPane) resume() {
	p.follow, p.sel, p.mark = true, -1, -1
}

// scroll moves the window by rows. At the end it follows again.
func (p *transcriptPane) scroll(n int) {
	if p.log.empty() || n > 0 && p.follow {
		return
	}
	if n < 0 && p.window() == (place{p.log.clamp(p.log.first), 0}) {
		return
	}
	p.pause()
	at := p.valid(p.top)
	for ; n < 0; n++ {
		if at.row > 0 {
			at.row--
		} else if before := p.log.prev(at.line); before >= 0 {
			at = place{before, len(p.rows(before)) - 1}
		}
	}
	last := p.bottom()
	for ; n > 0; n-- {
		if !at.before(last) {
			p.resume()
			return
		}
		if at.row+1 < len(p.rows(at.line)) {
			at.row++
		} else {
			at = place{p.log.next(at.line), 0}
		}
	}
	p.top = at
	p.selectInSight()
}

// selectInSight moves the selection, where there is one, into the window.
func (p *transcriptPane) selectInSight() {
	first, last := p.sight()
	if p.sel >= 0 {
		p.sel = min(max(p.log.clamp(p.sel), first), last)
	}
}

// sight is the first and the last line of the window.
func (p *transcriptPane) sight() (first, last int64) {
	at := p.window()
	first, last = at.line, at.line
	used := -at.row
	for id := at.line; id < p.log.end() && used < p.h; id = p.log.next(id) {
		used += len(p.rows(id))
		last = id
	}
	return first, last
}

// selected is the line that a key is about: the selection, or without one the
// last line in sight.
func (p *transcriptPane) selected() int64 {
	if p.log.empty() {
		return -1
	}
	if p.sel >= 0 {
		return p.log.clamp(p.sel)
	}
	_, last := p.sight()
	return last
}

// step moves the selection by one line. A line that is taller than the window
// is scrolled through first.
func (p *transcriptPane) step(n int) {
	if p.log.empty() {
		return
	}
	if p.sel < 0 {
		// The first step shows where the selection is.
		if n > 0 && p.follow {
			return
		}
		p.sel = p.selected()
		if p.follow {
			p.pause()
			n++
		}
	}
	p.sel = p.log.clamp(p.sel)
	for ; n < 0; n++ {
		if p.hidden(p.sel, -1) {
			p.scrollRow(-1)
		} else if before := p.log.prev(p.sel); before >= 0 {
			p.sel = before
			if rows := len(p.rows(before)); rows > p.h && p.valid(p.top).line > before {
				p.top = place{before, rows - p.h} // into a tall line from below
			}
		}
	}
	for ; n > 0; n-- {
		if p.hidden(p.sel, 1) {
			p.scrollRow(1)
		} else if next := p.log.next(p.sel); next < p.log.end() {
			p.sel = next
		} else {
			p.resume()
			return
		}
	}
	p.reveal()
}

// hidden says that the line in the window goes on above it (-1) or below (1)
// and fills it.
func (p *transcriptPane) hidden(id int64, way int) bool {
	at := p.valid(p.top)
	n := len(p.rows(id))
	if at.line != id || n <= p.h {
		return false
	}
	if way < 0 {
		return at.row > 0
	}
	return n-at.row > p.h
}

func (p *transcriptPane) scrollRow(n int) {
	p.top = p.valid(p.top)
	p.top.row += n
}

// choose selects a line and brings it into the window, which stays there.
func (p *transcriptPane) choose(id int64) {
	p.pause()
	p.sel = p.log.clamp(id)
	p.reveal()
}

// reveal moves the window as little as possible so that it has the selection.
func (p *transcriptPane) reveal() {
	if p.log.empty() {
		return
	}
	first, last := p.sight()
	at := p.valid(p.top)
	switch {
	case p.sel < first, p.sel == first && at.row > 0 && len(p.rows(p.sel)) <= p.h:
		p.top = place{p.sel, 0}
	case p.sel > last, p.sel == last && !p.whole(p.sel):
		p.top = p.endingWith(p.sel)
	}
}

// whole says that all rows of a line that begins in the window are in it.
func (p *transcriptPane) whole(id int64) bool {
	at := p.valid(p.top)
	used := -at.row
	for i := at.line; i <= id && i < p.log.end(); i = p.log.next(i) {
		used += len(p.rows(i))
	}
	return used <= p.h || at.line == id
}

// endingWith is the window whose last row is the last of a line, or the first
// row of a line that is taller.
func (p *transcriptPane) endingWith(id int64) place {
	left := p.h - len(p.rows(id))
	if left <= 0 {
		return place{id, 0}
	}
	for {
		before := p.log.prev(id)
		if before < 0 {
			return place{id, 0}
		}
		n := len(p.rows(before))
		if n >= left {
			return place{before, n - left}
		}
		left -= n
		id = before
	}
}

// at is the line that has a row of the window.
func (p *transcriptPane) at(row int) (id int64, ok bool) {
	if p.log.empty() || row < 0 || row >= p.h {
		return 0, false
	}
	at := p.window()
	row += at.row
	for id := at.line; id < p.log.end(); id = p.log.next(id) {
		n := len(p.rows(id))
		if row < n {
			return id, true
		}
		row -= n
	}
	return 0, false
}
