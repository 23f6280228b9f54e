package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// recipientsOf is a list of so many addresses, each in a line of its own.
func recipientsOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "recipient%d@example.org\n", i)
	}
	return b.String()
}

// sentTo is a message that went to so many recipients.
func sentTo(p *drawing, n int) {
	sceneDone(p)
	p.press("esc", "c")
	p.m.key(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(recipientsOf(n))})
	p.press("esc")
	to := addresses(p.m.composer.one[partTo])
	l := ofSize(1000, to...)
	p.m.composer.count.of(l)
	p.m.composer.count.revision = p.m.composer.revision
	p.m.composer.made = l
	p.m.composer.result.begin(&engine.Posting{Letter: l}, p.m.view.Now())
	r := &p.m.composer.result
	r.mails, r.ended = 1, true
	ok, _, _ := wire.ParseReply([]byte("250 2.1.5 Ok, this is a reply that takes more than one row of a narrow screen\r\n"))
	for _, a := range to {
		r.view.Now().Recipients = append(r.view.Now().Recipients, transcript.Recipient{Address: a, Reply: ok})
	}
	p.m.composer.at = item{part: partResult}
}

// TestAListOfRecipientsIsPasted: each line is a recipient, and none is lost.
func TestAListOfRecipientsIsPasted(t *testing.T) {
	p := newPlay(80, 24)
	sentTo(p, 10_000)
	c := p.m.composer
	l, err := c.envelope()
	if err != nil || len(l.To) != 10_000 || l.To[9_999].String() != "recipient9999@example.org" {
		t.Fatalf("%d recipients, %v", len(l.To), err)
	}
	if s := stripped(p.m.View()); !strings.Contains(s, "recipient0@") {
		t.Error(s)
	}
	// The cursor is in sight wherever it is, and the last is reached.
	for _, keys := range [][]string{{"G"}, {"g"}, {"pgdown", "pgdown", "j", "k", "k"}, {"G", "pgup", "k"}} {
		p.press(keys...)
		if s := stripped(p.m.View()); !strings.Contains(s, "\n>") {
			t.Errorf("%q: no cursor in\n%s", keys, s)
		}
	}
	p.press("G")
	for range 17 {
		p.press("k")
	}
	if s := stripped(p.m.View()); !strings.Contains(s, "recipient9999@example.org: 250") {
		t.Errorf("the last is not there:\n%s", s)
	}
	p.m.mode = modeReview
	p.press("pgdown")
	if s := stripped(p.m.View()); strings.Contains(s, "size ") || !strings.Contains(s, "more rows") {
		t.Errorf("no further page:\n%s", s)
	}
}

// TestAPasteIntoAField: lines are recipients, files, fields; into others goes
// the first alone, and that is said.
func TestAPasteIntoAField(t *testing.T) {
	for _, row := range []struct {
		at     part
		pasted string
		want   string
	}{
		{partTo, "a@b.example,\nb@b.example;\r\n\r\n c@b.example \n", "RCPT TO: a@b.example, b@b.example, c@b.example\n"},
		{partTo, "a@b.example", "RCPT TO: a@b.example\n"},
		{partHeader, "X-A: 1\nX-B: 2\n", "+ header: X-A: 1\n+ header: X-B: 2\n"},
		{partAttach, "/a b.pdf\n/c.pdf\n", "Attach: /a b.pdf\nAttach: /c.pdf\n"},
		{partSubject, "one\ntwo\n", "Subject: one\n"},
	} {
		p := newPlay(80, 24)
		p.press("esc", "c", "esc")
		p.m.composer.at = item{part: row.at}
		p.press("enter")
		p.m.key(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(row.pasted)})
		p.press("esc")
		if text := p.m.composer.text(); !strings.Contains(text, "\n"+row.want) {
			t.Errorf("%s, %q: no %q in\n%s", partNames[row.at], row.pasted, row.want, text)
		}
	}
	// What does not fit is not taken in part.
	p := newPlay(80, 24)
	p.press("esc", "c")
	p.m.key(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune(strings.Repeat("x", listMost+1))})
	if p.m.composer.f.String() != "" || !strings.Contains(p.m.hint, "nothing was taken") {
		t.Errorf("%d characters, %q", len(p.m.composer.f.Text), p.m.hint)
	}
}

// BenchmarkRecipients: a frame costs the same however many recipients there
// are.
func BenchmarkRecipients(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		p := newPlay(120, 36)
		sentTo(p, n)
		run := func(name string, f func()) {
			b.Run(fmt.Sprintf("%s/recipients=%d", name, n), func(b *testing.B) {
				for b.Loop() {
					f()
				}
			})
		}
		run("message", func() { p.m.View() })
		run("step", func() { p.press("G", "g"); p.m.View() })
		p.m.mode = modeReview
		run("review", func() { p.m.View() })
		p.press("n")
		p.m.composer.at = item{part: partTo}
		p.press("enter")
		run("field", func() { p.m.View() })
		run("key", func() { p.press("x", "backspace"); p.m.View() })
	}
}

// BenchmarkExchangers is what a batch costs when every address of many hosts
// was probed.
func BenchmarkExchangers(b *testing.B) {
	for _, n := range []int{4, 400} {
		for _, hosts := range []int{1, n} {
			b.Run(fmt.Sprintf("probes=%d/hosts=%d", n, hosts), func(b *testing.B) {
				p := newPlay(120, 36)
				sceneDone(p)
				r := event.Route{Domain: "example.org", Source: "mx"}
				view := transcript.View{}
				for i := range n {
					if len(r.Exchangers) < hosts {
						r.Exchangers = append(r.Exchangers, event.Exchanger{Host: fmt.Sprintf("mx%d.example.org", i), Preference: 10})
					}
					x := &r.Exchangers[i%hosts]
					address := fmt.Sprintf("192.0.%d.%d", i/250, i%250)
					x.Addresses = append(x.Addresses, address)
					view.Sessions = append(view.Sessions, &transcript.Conversation{
						Host: x.Host, Address: address + ":25", State: transcript.Closed, Started: zero.Add(time.Duration(i)), Ended: zero.Add(time.Second),
						Size: &wire.Size{State: wire.SizeDeclared, Declared: uint64(1000 + i)},
					})
				}
				p.m.hosts.now, p.m.hosts.mail = &r, &r
				p.m.view.Sessions = append(p.m.view.Sessions, view.Sessions...)
				for b.Loop() {
					p.m.Apply(nil, nil, engine.Status{})
					p.m.facts[0].stale()
					p.m.View()
				}
			})
		}
	}
}
