package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// typed types a text, key after key.
func (p *drawing) typed(text string) *drawing {
	for _, r := range text {
		p.press(string(r))
	}
	return p
}

// counts says what the draft comes to.
func (p *drawing) counts(octets int64, files ...attachment) {
	n := draftSize{revision: p.m.composer.revision, files: files}
	for _, f := range files {
		n.err = cmp.Or(n.err, f.err)
	}
	l := ofSize(octets, "postmaster@example.org", "abuse@example.org")
	l.Message.Size.Longest = 76
	n.of(l)
	p.m.Update(n)
}

// ofSize is a letter of which nothing but the envelope and the size is looked at.
func ofSize(octets int64, to ...string) flow.Letter {
	l := flow.Letter{From: wire.Address{Local: "probe", Domain: "example.net"}, SMTPUTF8: flow.UTF8Auto, Message: &message.Message{Size: wire.Measure{Octets: octets}}}
	for _, a := range to {
		address, _ := wire.ParseAddress(a)
		l.To = append(l.To, address)
	}
	return l
}

// sceneDraft is a draft with all that one may have.
func sceneDraft(p *drawing) {
	sceneDone(p)
	p.press("esc", "c").typed("postmaster@example.org, Abuse <abuse@example.org>")
	p.press("enter").typed("the report").press("enter", "esc")
	c := p.m.composer
	c.attached = []string{"report.pdf", "/a/long/way/to/it/and/further/minutes.txt", "nothere.png"}
	c.headers = []string{"X-Test: yes"}
	c.body = []string{"This is a test message.", "", ".a line that starts with a dot is sent as '..'"}
	c.choose(partDSN, "NEVER")
	c.choose(partChunks, "yes")
	c.changed()
	p.press("j")
	p.counts(4305267, attachment{octets: 3 << 20}, attachment{octets: 1204}, attachment{err: errors.New("nothere.png: no such file or directory")})
}

// sceneSent is a message on its way through a session.
func sceneSent(p *drawing, events ...[]event.Event) {
	sceneDraft(p)
	p.m.composer.result.begin(&engine.Posting{Letter: ofSize(4305267)}, p.m.view.Now())
	p.m.composer.at = item{part: partResult}
	for _, e := range events {
		p.tell(engine.Status{Connected: true, Doing: engine.Asking}, e...)
	}
}

func (p *drawing) posted(err error) {
	p.tell(engine.Status{Connected: true, Posted: engine.Posted{Of: p.m.composer.result.of, Err: err}})
}

func init() {
	scenes["message empty"] = func(p *drawing) {
		sceneDone(p)
		p.press("esc", "c")
		p.counts(273)
	}
	scenes["message draft"] = sceneDraft
	scenes["message too large"] = func(p *drawing) {
		sceneDraft(p)
		p.counts(60<<20, attachment{octets: 40 << 20}, attachment{octets: 1204}, attachment{octets: 12})
	}
	scenes["message body"] = func(p *drawing) {
		sceneDraft(p)
		p.m.composer.at = item{part: partBody}
		p.press("enter", "up", "enter").typed("in between")
		p.counts(4305279)
	}
	scenes["message review"] = func(p *drawing) {
		sceneDraft(p)
		p.press("ctrl+s")
		p.m.Update(reviewed{revision: p.m.composer.revision, files: p.m.composer.count.files, letter: ofSize(4305267, "postmaster@example.org", "abuse@example.org")})
	}
	scenes["message too large review"] = func(p *drawing) {
		scenes["message review"](p)
		p.press("n", "ctrl+s")
		p.m.Update(reviewed{revision: p.m.composer.revision, files: p.m.composer.count.files, letter: ofSize(60<<20, "postmaster@example.org")})
		p.press("y")
	}
	scenes["message sending"] = func(p *drawing) {
		sceneSent(p, asked("MAIL", "MAIL FROM:<probe@example.net> SIZE=4305267", "250 2.1.0 Ok"))
		p.at += 3 * time.Second
	}
	accepted := asked(".", "", "250 2.0.0 Ok: queued as 4C1F93A5D7")
	scenes["message accepted"] = func(p *drawing) {
		sceneSent(p, asked("MAIL", "MAIL FROM:<probe@example.net>", "250 2.1.0 Ok"), asked("RCPT", "RCPT TO:<postmaster@example.org>", "250 2.1.5 Ok"), asked("DATA", "DATA", "354 go on"), accepted)
		p.posted(nil)
	}
	scenes["message partial"] = func(p *drawing) {
		refusal := event.Errorf(event.Rejected, event.Rcpt, "2 of 3 recipients are refused")
		refusal.Reply = &wire.Reply{Code: 550}
		sceneSent(p, asked("MAIL", "MAIL FROM:<probe@example.net>", "250 2.1.0 Ok"), asked("RCPT", "RCPT TO:<postmaster@example.org>", "250 2.1.5 Ok"),
			asked("RCPT", "RCPT TO:<abuse@example.org>", "550 5.1.1 <abuse@example.org>: \x1b[31mRecipient address rejected: User unknown in virtual mailbox table"),
			asked("RCPT", "RCPT TO:<full@example.org>", "452 4.2.2 mailbox full"),
			asked("DATA", "DATA", "354 go on"), accepted)
		p.posted(refusal)
	}
	scenes["message without a session"] = func(p *drawing) {
		scenes["message review"](p)
		p.tell(engine.Status{}, event.Closed{By: "server"})
		p.m.engine = idleEngine()
		p.press("n", "ctrl+s")
		p.m.Update(reviewed{revision: p.m.composer.revision, files: p.m.composer.count.files, letter: ofSize(4305267, "postmaster@example.org")})
		p.press("y")
	}
}

// idleEngine has no connection, and does nothing.
func idleEngine() *engine.Engine {
	f := engine.NewFeed(nil)
	e := engine.New(engine.Options{Plan: flow.Plan{Only: &session.Candidate{Network: "none"}}}, f, nil)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go e.Run(ctx)
	for e.Status().Doing != engine.Idle {
		time.Sleep(time.Millisecond)
	}
	return e
}

// run carries out a command and what follows from it.
func (p *drawing) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			p.run(c)
		}
	default:
		_, next := p.m.Update(msg)
		p.run(next)
	}
}

// does presses keys and carries out what they come to.
func (p *drawing) does(keys ...string) *drawing {
	for _, k := range keys {
		r := rune(0)
		if rs := []rune(k); len(rs) == 1 {
			r = rs[0]
		}
		p.run(p.m.press(k, r))
	}
	return p
}

// TestTheSizeIsThatOfTheMessage: at every key, without reading what is attached
// again.
func TestTheSizeIsThatOfTheMessage(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.does("esc", "c")
	path := attachmentOf(t, 1<<20)
	keys := strings.Split("ü@b.example", "")
	keys = append(keys, "enter", "S", "ö", "enter")
	keys = append(keys, strings.Split(path, "")...)
	keys = append(keys, "enter", "esc", "G", "enter", "l", "i", "n", "e", "enter", ".", "enter", "backspace", "é")
	for i, k := range keys {
		p.does(k)
		c := p.m.composer
		l, err := c.letter("")
		if c.count.revision != c.revision {
			t.Fatalf("after %q (%d) it is not counted", k, i)
		}
		if err == nil && (c.count.err != nil || c.count.octets != l.Message.Size.Octets) {
			t.Fatalf("after %q (%d): %d octets, %v, and it has %d", k, i, c.count.octets, c.count.err, l.Message.Size.Octets)
		}
	}
	if c := p.m.composer; len(c.attached) != 1 || len(c.body) != 2 || c.body[1] != ".é" {
		t.Errorf("%q, %q", c.attached, c.body)
	}
	// Gone: it is said, and the draft stays.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	p.does("x")
	if f := p.m.composer.count.files[0]; f.err == nil || !strings.Contains(p.m.View(), "no such file") {
		t.Errorf("%v\n%s", f.err, stripped(p.m.View()))
	}
}

func TestLetterOfADraft(t *testing.T) {
	d := draft{usual: "test now", body: []string{"hello", "", "bye", ""}}
	d.one[partFrom] = "me@example.net"
	d.one[partTo] = "a@example.com, Bob <b@example.com>"
	d.one[partCopies] = "c@example.com, a@example.com"
	d.one[partBlind] = "secret@example.com"
	d.headers = []string{"X-Mark: yes"}
	l, err := d.letter("client.test")
	if err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, a := range l.To {
		to = append(to, a.String())
	}
	if got, want := fmt.Sprint(to), "[a@example.com b@example.com c@example.com secret@example.com]"; got != want {
		t.Errorf("recipients %s", got)
	}
	made, _, err := beginningOf(l.Message, true)
	if err != nil {
		t.Fatal(err)
	}
	text := string(made)
	for _, want := range []string{"From: me@example.net\r\n", "To: a@example.com, Bob <b@example.com>\r\n", "Cc: c@example.com, a@example.com\r\n", "Subject: test now\r\n", "X-Mark: yes\r\n", "\r\n\r\nhello\r\n\r\nbye\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret@") || strings.Contains(text, "Bcc") {
		t.Errorf("Bcc is in the header:\n%s", text)
	}
	if int64(len(text)) != l.Message.Size.Octets {
		t.Errorf("%d octets, counted %d", len(text), l.Message.Size.Octets)
	}
	for _, bad := range []struct {
		change func(*draft)
		words  string
	}{
		{func(d *draft) { d.headers = []string{"bcc : x@example.com"} }, "it has a field of its own"},
		{func(d *draft) { d.one[partTo] = "a b@example.com" }, "RCPT TO"},
		{func(d *draft) { d.one[partTo] = "<>" }, "there is no address"},
		{func(d *draft) { d.attached = []string{"/no/such"} }, "/no/such"},
		{func(d *draft) { d.headers = []string{"no colon"} }, "colon"},
	} {
		d := d.clone()
		bad.change(&d)
		if _, err := d.letter(""); err == nil || !strings.Contains(err.Error(), bad.words) {
			t.Errorf("%s: %v", bad.words, err)
		}
	}
}

// TestADraftInItsFile: what is read is what was written.
func TestADraftInItsFile(t *testing.T) {
	p := newPlay(80, 24)
	sceneDraft(p)
	for _, d := range []draft{p.m.composer.draft, {options: [options]uint8{0, 1, 1, 2, 1, 1, 1}, file: "/a.eml"}, {options: [options]uint8{3}, body: []string{"", "", "x: y", "", ""}}} {
		got, err := parseDraft(d.text())
		if err != nil || got.text() != d.text() || !slices.Equal(got.body, d.body) || !slices.Equal(got.attached, d.attached) || got.one != d.one || got.options != d.options {
			t.Errorf("%v: %+v of\n%s", err, got, d.text())
		}
	}
	for _, bad := range []string{"hello\n\n", "SMTPUTF8: perhaps\n\n", "S: 220 mx\n", "Body: x\n\n"} {
		if d, err := parseDraft(bad); err == nil {
			t.Errorf("%q is %+v", bad, d)
		}
	}

	path := filepath.Join(t.TempDir(), "kept.draft")
	if err := os.WriteFile(path, []byte(p.m.composer.text()), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newPlay(80, 24)
	again.does("esc", ":")
	again.typed("compose " + path).does("enter")
	if got, want := again.m.composer.text(), p.m.composer.text(); got != want {
		t.Errorf("it is\n%s\nand was\n%s", got, want)
	}
	if again.m.composer.unsent() {
		t.Error("it is not in its file any more")
	}
	again.does("i")
	again.typed("x")
	if !again.m.composer.unsent() {
		t.Error("what was changed would be lost")
	}
}

func TestCompletesPaths(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"report-1.pdf", "report-2.pdf", "größe.txt", "gröber.txt", ".hidden", "odd\nname", "folder/"} {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			_ = os.Mkdir(path, 0o700)
		} else if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		typed, whole string
		names        int
	}{
		{"r", "report-", 2},
		{"report-1", "report-1.pdf", 1},
		{"report-1.pdf", "report-1.pdf", 1},
		{"grö", "grö", 2},
		{"f", "folder/", 1},
		{"", "", 5},
		{".h", ".hidden", 1},
		{"z", "z", 0},
		{"folder/", "folder/", 0},
	} {
		c := completePath(dir + "/" + row.typed)
		if c.err != nil || c.whole != dir+"/"+row.whole || len(c.names) != row.names {
			t.Errorf("%q: %q, %q, %v", row.typed, c.whole, c.names, c.err)
		}
	}
	if c := completePath("/no/such/dir/x"); c.err == nil {
		t.Error("no error")
	}
}

// TestTheBodyIsEdited: what keys do at the ends of its lines.
func TestTheBodyIsEdited(t *testing.T) {
	for _, row := range []struct {
		keys string
		want string
		line int
	}{
		{"a enter b", "a\nb", 1},
		{"a b left enter", "a\nb", 1},
		{"a enter b home backspace", "ab", 0},
		{"a enter b up end delete", "ab", 0},
		{"a enter b home left c", "ac\nb", 0},
		{"a enter b up end right c", "a\ncb", 1},
		{"a enter enter enter b up up c", "a\nc\n\nb", 1},
		{"a enter b up enter", "a\n\nb", 1},
		{"backspace delete enter", "\n", 1},
		{"a ctrl+u", "", 0},
	} {
		p := newPlay(80, 24)
		p.press("esc", "c", "esc", "G", "enter")
		p.press(strings.Split(row.keys, " ")...)
		p.m.View()
		c := p.m.composer
		if got := strings.Join(c.body, "\n"); got != row.want || c.row != row.line {
			t.Errorf("%s: %q in line %d", row.keys, got, c.row)
		}
	}
	// A paste has all its lines here.
	p := newPlay(80, 24)
	p.press("esc", "c", "esc", "G", "enter", "a", "b", "left")
	p.m.key(tea.KeyMsg{Type: tea.KeyRunes, Paste: true, Runes: []rune("1\r\n2\n3")})
	if got := strings.Join(p.m.composer.body, "\n"); got != "a1\n2\n3b" {
		t.Errorf("pasted: %q", got)
	}
}

// TestTheLastLimitHoldsWithoutASession: the pane Limits shows it too.
func TestTheLastLimitHoldsWithoutASession(t *testing.T) {
	p := newPlay(120, 36)
	sceneDraft(p)
	p.tell(engine.Status{}, event.Closed{By: "server"})
	for octets, want := range map[int64]string{1000: "1,000 of 52,428,800 octets", 60 << 20: "too large by"} {
		words, over := p.m.sizeWords(octets)
		if !strings.Contains(words, want) || !strings.Contains(words, "no session: the last limit") || (over > 0) != (octets > 1000) {
			t.Errorf("%q", words)
		}
	}
}
