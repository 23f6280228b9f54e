package tui

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"ehlo/session/flow"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

func TestPadding(t *testing.T) {
	for _, row := range []struct {
		typed string
		limit uint64
		want  int64
		words string
	}{
		{"", 0, 0, ""},
		{"0", 0, 0, ""},
		{"10485760", 0, 10485760, ""},
		{"10,485,760", 0, 10485760, ""},
		{"10 MB", 0, 10000000, ""},
		{"limit", 1000, 1000, ""},
		{"Limit + 1", 1000, 1001, ""},
		{"limit-1", 1000, 999, ""},
		{"limit", 0, 0, "no limit"},
		{"limit-2000", 1000, 0, "less than nothing"},
		{"limit1", 1000, 0, "what is limit1"},
		{"much", 0, 0, "much"},
	} {
		n, err := padding(row.typed, row.limit)
		if n != row.want || (err == nil) != (row.words == "") || err != nil && !strings.Contains(err.Error(), row.words) {
			t.Errorf("%q: %d, %v", row.typed, n, err)
		}
	}
}

// TestPadsToTheLimit: what it comes to is what the server gets, to the octet; one
// octet more than the limit asks for more than y. (The server here takes an
// octet less than it declares.)
func TestPadsToTheLimit(t *testing.T) {
	server, to := toMail(t, 20000)
	x := start(t, newFakeServer(t), 80, 24, to)
	x.sees("READY", "max 20,000")
	x.typed(esc + "c")
	x.typed("user@example.com" + enter)
	x.typed(esc + "jjj") // from Subject: Attach, the one behind it is Pad to
	x.sees("> Template")
	x.typed("k" + enter)
	x.sees("> Pad to", "limit+1")
	x.typed("limit-1" + enter)
	x.sees("19,999 of 20,000", "SIZE=19999")
	x.typed(ctrlS)
	x.sees("padded to", "y send")
	x.typed("y")
	x.sees("delivery", "accepted")
	if m := server.Messages(); len(m) != 1 || m[0].Octets != 19999 {
		t.Fatalf("the server has %+v", m)
	}
	// The cursor is on the result: Pad to is still the limit, and one more is asked for.
	x.typed(":compose" + enter)
	x.sees("RCPT TO: to whom")
	x.typed(esc + "jjj" + enter)
	x.sees("Pad to: exactly")
	x.typed("\b\b+1" + enter)
	x.sees("too large by 1: 20,001 of 20,000")
	x.typed(ctrlS)
	x.sees("f send nevertheless")
	x.typed("y")
	x.sees("not sent, too large by 1")
	x.typed("f")
	if screen := x.sees("delivery", "is refused:", "552 5.3.4 Max"); strings.Contains(screen, "user@example.com: 5") {
		t.Errorf("the recipient was not looked at, and has a reply:\n%s", screen)
	}
	x.typed("qy")
	x.end()
}

// TestTemplates: each is a message that other readers take, and says what it
// needs at MAIL; what was typed before comes back.
func TestTemplates(t *testing.T) {
	for i, tpl := range templates {
		c := newComposer("me@example.net", "you@example.com", "now")
		c.at = item{part: partTemplate}
		c.body, c.headers = []string{"mine"}, []string{"X-Mine: yes"}
		for range i {
			c.turn()
		}
		if c.option(partTemplate) != tpl.name {
			t.Fatalf("%s is %s", tpl.name, c.option(partTemplate))
		}
		l, err := c.letter("client.test")
		if err != nil {
			t.Errorf("%s: %v", tpl.name, err)
			continue
		}
		if l.Message.Size.Longest > longestLine || l.Message.Size.NUL {
			t.Errorf("%s: %+v", tpl.name, l.Message.Size)
		}
		line, _, refused := flow.MailLine(wire.Offers{{Keyword: "8BITMIME"}, {Keyword: "SMTPUTF8"}}, l)
		want := map[string]string{"html": "", "8bit": " BODY=8BITMIME", "utf8": " BODY=8BITMIME SMTPUTF8"}[tpl.name]
		if refused != nil || string(line) != "MAIL FROM:<me@example.net>"+want {
			t.Errorf("%s: %s, %v", tpl.name, line, refused)
		}
		made, _, err := beginningOf(l.Message, true)
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(made))
		if err != nil || m.Header.Get("X-Mine") != "yes" {
			t.Fatalf("%s: %v\n%s", tpl.name, err, made)
		}
		media, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if strings.HasPrefix(media, "multipart/") {
			for r := multipart.NewReader(m.Body, parameters["boundary"]); ; n++ {
				_, err := r.NextPart()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v\n%s", tpl.name, err, made)
				}
			}
		}
		if wants := map[string]int{"html": 2, "eicar": 2}[tpl.name]; n != wants {
			t.Errorf("%s has %d parts", tpl.name, n)
		}
		// It is in the draft's file, and all the way round everything is as it was.
		d, err := parseDraft(c.text())
		if err != nil || d.option(partTemplate) != tpl.name {
			t.Errorf("%s: %v, %s", tpl.name, err, d.text())
		}
		c.body = append(c.body, "added")
		for range templates {
			c.turn()
		}
		if !strings.HasSuffix(strings.Join(c.body, "\n"), "added") {
			t.Errorf("%s: what was added is lost: %q", tpl.name, c.body)
		}
		for c.option(partTemplate) != "plain" {
			c.turn()
		}
		if c.body[0] != "mine" || fmt.Sprint(c.headers) != "[X-Mine: yes]" || c.one[partSubject] != "" || c.option(partUTF8) != "auto" {
			t.Errorf("behind %s: %q %q %q", tpl.name, c.body, c.headers, c.one)
		}
	}
}

// TestOptionsGoOut: what the options say is what MAIL and RCPT say, and the
// review shows it.
func TestOptionsGoOut(t *testing.T) {
	var d draft
	d.one[partFrom], d.one[partTo], d.one[partEnvelope] = "me@example.net", "a@example.com", "QQ 1+1"
	d.choose(partDSN, "FAILURE,DELAY")
	d.choose(partReturn, "HDRS")
	d.choose(partPRDR, "yes")
	d.choose(partOneByOne, "no")
	l, err := d.letter("client.test")
	if err != nil || !l.NoPipelining {
		t.Fatalf("%+v, %v", l, err)
	}
	offers := wire.Offers{{Keyword: "DSN"}, {Keyword: "PRDR"}}
	line, remarks, _ := flow.MailLine(offers, l)
	if got := string(line); got != "MAIL FROM:<me@example.net> PRDR RET=HDRS ENVID=QQ+201+2B1" || len(remarks) > 0 {
		t.Errorf("%s, %q", got, remarks)
	}
	if got := string(flow.RcptLine(offers, l, l.To[0])); got != "RCPT TO:<a@example.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@example.com" {
		t.Error(got)
	}

	// Where the server does not offer them, the review says so before y.
	p := newPlay(120, 36)
	sceneDraft(p)
	p.m.composer.draft = d
	p.m.composer.choose(partChunks, "yes")
	l.Chunking = true
	p.m.composer.changed()
	p.press("ctrl+s")
	p.m.Update(reviewed{revision: p.m.composer.revision, letter: l})
	screen := stripped(p.m.View())
	for _, want := range []string{"MAIL FROM  <me@example.net> SIZE=", "RET=HDRS ENVID=QQ+201+2B1", "NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@example.com", "PRDR is not offered", "CHUNKING is not offered", "no: one command at a time"} {
		if !strings.Contains(screen, want) {
			t.Errorf("no %q in\n%s", want, screen)
		}
	}
	d.one[partEnvelope] = strings.Repeat("x", flow.MaxEnvelopeID+1)
	if _, err := d.letter(""); err == nil || !strings.Contains(err.Error(), "ENVID has 101 octets") {
		t.Error(err)
	}
}

// TestIdleWhileOneComposes: how long the server has heard nothing is shown, and
// nowhere else.
func TestIdleWhileOneComposes(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		p := newPlay(size[0], size[1])
		sceneDone(p)
		p.at += 200 * time.Second
		if s := stripped(p.m.View()); strings.Contains(s, "idle") {
			t.Errorf("idle, and nobody composes:\n%s", s)
		}
		p.does("esc")
		p.m.composer.idling = false
		cmd := p.m.press("c", 'c')
		if cmd == nil || !p.m.composer.idling {
			t.Fatal("it does not count")
		}
		want := "idle 200 s of 300 s"
		if size[0] == 40 {
			want = "idle 200/300 s"
		}
		if s := stripped(p.m.View()); !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
		p.m.Update(idleTick{})
		if !p.m.composer.idling {
			t.Error("it does not go on")
		}
		p.tell(engine.Status{})
		p.m.Update(idleTick{})
		if s := stripped(p.m.View()); p.m.composer.idling || strings.Contains(s, "idle") {
			t.Errorf("there is no session:\n%s", s)
		}
	}
}

// TestTheTextIsNearOnASmallScreen: behind the files, before what is seldom used.
func TestTheTextIsNearOnASmallScreen(t *testing.T) {
	for _, size := range [][2]int{{40, 12}, {80, 24}} {
		p := newPlay(size[0], size[1])
		p.press("esc", "c").typed("a@b.example")
		p.press("enter", "enter", "enter")
		if at := p.m.composer.at.part; (at == partBody) != (size[0] == 40) {
			t.Errorf("%d: it is %s", size, partNames[at])
		}
		// What is being typed stays, whatever the size becomes.
		p.m.composer.at = item{part: partBody}
		p.press("enter").typed("hello")
		p.m.resize(120-size[0], 36-size[1])
		if s := stripped(p.m.View()); !strings.Contains(s, "hello") || p.m.where() != inBody {
			t.Errorf("%d: after a resize\n%s", size, s)
		}
	}
}
