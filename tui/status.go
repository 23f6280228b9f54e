package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// waiting is what is awaited, and for how long; empty where nothing is.
func (m *screen) waiting() string {
	what, since, most := m.awaited()
	switch {
	case what == "":
		return ""
	case since.IsZero():
		return what
	}
	d := fmt.Sprintf("%.1f s", max(m.o.Now().Sub(since), 0).Seconds())
	if most > 0 {
		d += fmt.Sprintf(" of %g s", most.Seconds())
	}
	if m.lay.shape == shapeSmall {
		return d + ": " + strings.TrimPrefix(what, "waiting for ") // the end of it may be cut
	}
	return what + ", " + d
}

// soon is how long a line of a script may run before it is said how long.
const soon = time.Second / 2

func (m *screen) awaited() (what string, since time.Time, most time.Duration) {
	c := m.view.Now()
	switch {
	case m.leaving:
		return "leaving", m.since, engine.Farewell
	case m.now.Doing == engine.Idle && c != nil && c.Waiting != nil && m.now.Connected && m.now.Owes:
		return c.Waiting.For + " is still due", time.Time{}, 0
	case m.now.Doing.Still():
		return "", time.Time{}, 0
	case m.now.Seeking:
		return "looking up " + m.title, m.since, 0
	case c != nil && c.Waiting == nil && m.composer.result.of != nil && !m.composer.result.ended:
		return "sending the message", m.since, 0
	case m.now.Doing == engine.Playing && (c == nil || c.Waiting == nil || !m.now.Connected && c.State != transcript.Connecting):
		if n := m.now.Script.Row; n >= 0 && m.played != nil {
			since := m.since
			if m.o.Now().Sub(since) < soon {
				since = time.Time{}
			}
			return "running " + m.played.x.Place(n), since, 0
		}
		if c != nil && c.State == transcript.Connecting {
			return "connecting to " + c.Name(), c.Started, m.dialing.Timeout
		}
		return "looking up " + m.title, m.since, 0
	case c == nil || c.State == transcript.Closed || c.State == transcript.Failing:
		return "looking up " + m.title, m.since, 0
	case c.Waiting != nil:
		return "waiting for " + c.Waiting.For, c.Waiting.At, c.Waiting.Timeout
	case c.State == transcript.Connecting:
		return "connecting to " + c.Name(), c.Started, m.dialing.Timeout
	}
	return "busy", m.since, 0
}

// status is the row above the prompt.
func (m *screen) status() string {
	g := m.st.Glyphs
	if c := m.listed(); c != nil {
		return m.st.Dim.Render(g.Horizontal+" ") + c.row(&m.st, m.lay.w-2)
	}
	full := m.mode == modeMatrix || m.mode == modeTime || m.overTitle() != ""
	words := []string{m.modeWord()}
	warning := m.warning()
	if warning != "" {
		words[0], _, _ = strings.Cut(words[0], ",") // it needs the room
		words = append(words, g.Words(warning))
	} else if s := m.scriptWords(); s != "" && (m.live() || m.now.Doing.Still() && !full) {
		words = append(words, g.Words(s))
	} else if w := m.probingWords(); w != "" {
		words = append(words, w)
	} else if w := m.waiting(); w != "" {
		words = append(words, g.Words(w)+m.stopWords())
	}
	if m.pane == messageAt && m.messageWord() != "" {
		words = append(words, m.messageWord())
	} else if m.lay.side == 0 && !full {
		words = append(words, m.followWord())
	}
	if m.filter.on() {
		words = append(words, g.Words(m.filter.words())+" (esc ends that)")
	}
	if n := m.log.end(); n > 0 && !full && m.pane != messageAt {
		words = append(words, fmt.Sprintf("line %d/%d", m.transcript.selected()+1, n))
	}
	if m.log.errors > 0 {
		words = append(words, count(m.log.errors, "error"))
	}
	row, used := "", 0
	for i, w := range words {
		if room := m.lay.w - used - 3; face.Cells(w) > room {
			if i != 1 || room < 8 {
				break
			}
			w = g.Cut(w, room)
		}
		s := m.st.Dim
		switch {
		case i == 0:
			s = m.st.Bold
		case i == 1 && warning != "":
			s = m.st.Warn
		}
		row += m.st.Dim.Render(g.Horizontal) + m.st.Led(s, " ", "")
		n := 0
		if face.Pale(s) {
			n = face.LabelOf(w)
		}
		row += m.st.Led(s, w[:n], w[n:]+" ")
		used += face.Cells(w) + 3
	}
	return row + m.st.Dim.Render(strings.Repeat(g.Horizontal, max(m.lay.w-used, 0)))
}

func (m *screen) modeWord() string {
	switch {
	case m.leaving:
		return "LEAVING"
	case m.mode == modePalette:
		return "COMMAND"
	case m.reading():
		return strings.ToUpper(m.pager.title)
	case m.mode == modeMatrix:
		return "PROBE"
	case m.mode == modeTime:
		return "TIME"
	case m.mode == modeQuestion:
		return "LEAVE?"
	case m.mode == modeEdit:
		return "EDIT"
	case m.mode == modeSave:
		return "SAVE"
	case m.mode == modeSecret:
		return "PASSWORD, not shown and not kept"
	case m.mode == modeFind, m.mode == modeRecall:
		return "SEARCH"
	case m.mode == modeFilter:
		return "FILTER: only lines with"
	case m.mode == modeField:
		return "MESSAGE " + partNames[m.composer.at.part]
	case m.mode == modeReview:
		return "SEND?"
	case m.mode == modeBrowse:
		return "BROWSE"
	case m.now.Chunk > 0:
		return "CHUNK, " + m.chunkWords()
	case m.now.InText && m.live():
		return "MESSAGE TEXT" // the script's words need the room
	case m.now.InText:
		return "MESSAGE TEXT, a line with only . ends it"
	case m.now.Asked:
		return "SECRET, not shown and not kept"
	}
	return "SMTP"
}

// chunkWords say how much of a chunk is still to be typed: "14 octets to go".
func (m *screen) chunkWords() string {
	if m.now.Chunk == 1 {
		return "1 octet to go"
	}
	return wire.Thousands(uint64(m.now.Chunk)) + " octets to go"
}

// lastRow is the hints; in the small shape, which has no row for the status,
// what is awaited and the pause of the scrolling take their place.
func (m *screen) lastRow() string {
	g := m.st.Glyphs
	if m.lay.shape == shapeSmall {
		if w := m.waiting(); w != "" && !m.live() && m.listed() == nil {
			return g.Fit(m.stopKey()+g.Words(w), m.lay.w)
		}
		if row := m.lineRow(m.lay.w); row != "" {
			return row
		}
		if !m.transcript.follow && m.where()&(inLine|inTranscript) != 0 {
			return g.Apart(m.hints(m.lay.w-12), m.st.Bold.Render(m.followWord()), m.lay.w)
		}
	}
	return g.Fit(m.hints(m.lay.w), m.lay.w)
}

// twice is how soon a second ctrl+c comes that means all, and not one more
// host.
const twice = 2 * time.Second

// canSkip says that ctrl+c leaves the host that does not answer for the next
// one. A second time at once, it stops the opening.
func (m *screen) canSkip() bool {
	return m.now.Doing == engine.Opening && m.now.Left > 0 && m.o.Now().Sub(m.skipped) > twice
}

// stopWords are what ctrl+c does to what is awaited.
func (m *screen) stopWords() string {
	if !m.busy() || m.leaving {
		return ""
	}
	if m.canSkip() {
		return " (ctrl+c skips this host)"
	}
	return " (ctrl+c stops)"
}

// stopKey is the same before what is awaited, for a narrow screen.
func (m *screen) stopKey() string {
	switch {
	case !m.busy() || m.leaving:
		return ""
	case m.canSkip():
		return m.st.Bold.Render("ctrl+c") + " skip  "
	}
	return m.st.Bold.Render("ctrl+c") + " stop  "
}
