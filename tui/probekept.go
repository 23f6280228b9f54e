package tui

import (
	"fmt"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// keptProbing is a probing as it goes into a file beside the session, to show somebody
// which exchanger fails: the table with why and the transcripts, as text, and the
// events of each row.
type keptProbing struct {
	lines []string
	rows  [][]event.Event
}

// keptProbing is the last probing as it is now; nil: there was none.
func (m *screen) keptProbing() *keptProbing {
	x := m.probed
	if x == nil || len(x.rows) == 0 {
		return nil
	}
	st := m.st
	b := builder{st: &st, w: wideWidth, now: m.o.Now()}
	k := &keptProbing{lines: []string{
		"",
		fmt.Sprintf("Every address of %s was probed beside this session, %s: %s", wire.Text([]byte(x.title)), x.started.Format(time.RFC3339), x.verdict()),
		strings.TrimRight(x.head(b), " "),
	}}
	for _, f := range x.build(b) {
		k.lines = append(k.lines, " "+strings.TrimRight(f.text, " "))
	}
	for _, p := range x.rows {
		k.lines = append(append(k.lines, ""), m.probeLines(p)...)
		k.rows = append(k.rows, append([]event.Event(nil), p.log.events...))
	}
	return k
}

// probeLines is all there is to say of a row: how far it is, why, and its
// transcript.
func (m *screen) probeLines(p *probe) []string {
	lines := []string{m.probed.headOf(&m.st, p, false).text, ""}
	for _, d := range append(p.details(&m.st, m.o.Now()), remark{"times", p.line(m.o.Now()), m.st.Server}) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%-10s %s", d.label, d.text)))
	}
	lines = append(lines, "its transcript:")
	if p.log.first > 0 {
		lines = append(lines, fmt.Sprintf("(%s earlier lines are no longer kept)", wire.Thousands(uint64(p.log.first))))
	}
	if p.log.empty() {
		lines = append(lines, "nothing yet")
	}
	t := p.tail(&m.st, 0, 0, false)
	for id := p.log.first; id < p.log.end(); id++ {
		x := p.log.line(id)
		lines = append(lines, fmt.Sprintf("%c%s%c: %s", x.mark, t.time(x), x.from, t.text(x)))
	}
	return lines
}

// probingEnds says in the record what it has not: it is of the open session.
func (m *screen) probingEnds() {
	if len(m.probed.rows) == 0 {
		return
	}
	m.talk.probed = true
	if m.recorder != nil {
		m.recorder.Put([]event.Event{event.Note{Head: event.Head{At: m.probed.ended}, Text: fmt.Sprintf("every address of %s was probed beside this session: %s; saving it as text or JSON has them", m.probed.title, m.probed.verdict())}})
	}
}

// text is it for a file, each line behind a mark.
func (k *keptProbing) text(mark string) string {
	if k == nil {
		return ""
	}
	var b strings.Builder
	for _, l := range k.lines {
		b.WriteString(strings.TrimRight(mark+l, " ") + "\n")
	}
	return b.String()
}

// adopt gives a report the sessions of the probing, behind its own.
func (k *keptProbing) adopt(r *transcript.Report) {
	if k == nil {
		return
	}
	conn := 0
	for _, c := range r.Sessions {
		conn = max(conn, c.Conn)
	}
	for _, events := range k.rows {
		conn++
		probed := transcript.Report{}
		for _, e := range events {
			h := e.Header()
			h.Conn = conn
			probed.Apply(event.Stamp(e, h))
		}
		lookup := r.Lookup
		r.Adopt(&probed)
		r.Lookup = lookup
	}
}
