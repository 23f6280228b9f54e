package tui

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/play"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
	"ehlo/tui/internal/keep"
)

var update = flag.Bool("update", false, "write the golden files anew")

// zero is the moment at which the events of the tests begin.
var zero = time.Date(2025, 11, 24, 16, 2, 11, 0, time.UTC)

// drawing is a screen over a made stream of events, with a clock of its own.
type drawing struct {
	m   *screen
	seq int64
	at  time.Duration
}

func newPlay(w, h int) *drawing {
	p := &drawing{}
	o := Options{
		Plan:  flow.Plan{Target: session.Target{Text: "example.org"}},
		Now:   func() time.Time { return zero.Add(p.at) },
		Width: w, Height: h, Version: "test", From: "probe@example.net",
		beside: func(f func()) { go f() },
		Load:   func(string, []string) (*play.Options, error) { return nil, errors.New("there are no files here") },
	}
	f := engine.NewFeed(nil)
	p.m = newScreen(o, f, engine.New(engine.Options{Session: o.Session, Plan: o.Plan, Intro: o.Intro}, f, nil), nil, &keep.History{}, face.New(true, false))
	p.m.composer.idling = true // nothing ticks by itself
	return p
}

// tell plays events, each 10 ms after the one before.
func (p *drawing) tell(now engine.Status, events ...event.Event) *drawing {
	for i, e := range events {
		p.seq++
		p.at += 10 * time.Millisecond
		events[i] = event.Stamp(e, event.Head{Seq: p.seq, At: zero.Add(p.at), Conn: 1})
	}
	p.m.Apply(events, nil, now)
	return p
}

func (p *drawing) press(keys ...string) *drawing {
	for _, k := range keys {
		if r := []rune(k); len(r) == 1 {
			p.m.press(k, r[0])
		} else {
			p.m.press(k, 0)
		}
	}
	return p
}

func saidLines(lines ...string) []event.Event {
	events := make([]event.Event, len(lines))
	for i, l := range lines {
		events[i] = event.Received{Line: wire.Line{Octets: []byte(l)}}
	}
	return events
}

// asked is a command with its reply.
func asked(verb, command, reply string) []event.Event {
	var events []event.Event
	if command != "" {
		events = append(events, event.Sent{Line: []byte(command)}, event.Waiting{For: "the reply to " + verb, Timeout: time.Minute})
	}
	events = append(events, saidLines(strings.Split(reply, "\n")...)...)
	r, _, _ := wire.ParseReply([]byte(strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n"))
	answer := event.Reply{Reply: r, Verb: verb, Command: []byte(command), Elapsed: 32 * time.Millisecond}
	if verb == "" {
		answer.Stage, answer.Command = event.Banner, nil
	}
	return append(events, answer)
}

func route() []event.Event {
	return []event.Event{
		event.DNS{Name: "example.org.", Type: "MX", Server: "192.0.2.53:53", Network: "udp", Rcode: "NOERROR", Answers: []string{"10 mx1.example.org", "10 mx2.example.org", "20 mx3.example.org"}, Elapsed: 18 * time.Millisecond},
		event.Route{Domain: "example.org", Source: "mx", Elapsed: 21 * time.Millisecond, Exchangers: []event.Exchanger{
			{Host: "mx1.example.org", Preference: 10, Addresses: []string{"192.0.2.25", "2001:db8::25"}},
			{Host: "mx2.example.org", Preference: 10, Addresses: []string{"192.0.2.26"}},
			{Host: "mx3.example.org", Preference: 20, Addresses: []string{"192.0.2.27"}, Notes: []string{"it is an alias (CNAME), which RFC 5321 5.1 forbids"}},
		}},
		event.Connecting{Host: "mx1.example.org", Network: "tcp", Address: "192.0.2.25:25", URL: "smtp://mx1.example.org", Timeout: 30 * time.Second},
		event.Connected{Local: "198.51.100.7:4000", Remote: "192.0.2.25:25", Elapsed: 44 * time.Millisecond},
	}
}

const clearList = "250-mx1.example.org\n250-PIPELINING\n250-SIZE 52428800\n250-STARTTLS\n250-ENHANCEDSTATUSCODES\n250 8BITMIME"

const secureList = "250-mx1.example.org\n250-PIPELINING\n250-SIZE 52428800\n250-AUTH PLAIN LOGIN\n250-ENHANCEDSTATUSCODES\n250-DSN\n250-X-ODD thing\n250 SMTPUTF8"

func offered(list string) []event.Event {
	r, _, _ := wire.ParseReply([]byte(strings.ReplaceAll(list, "\n", "\r\n") + "\r\n"))
	o := wire.ParseEHLO(r)
	return []event.Event{event.Extensions{Protocol: "ESMTP", Offers: o}, event.Size{Size: o.Size()}}
}

func handshake() event.Event {
	return event.TLS{
		Mode: "starttls", Version: "TLS 1.3", Cipher: "TLS_AES_256_GCM_SHA384", ServerName: "mx1.example.org", Expected: "mx1.example.org", Verified: true, Elapsed: 64 * time.Millisecond,
		Certificates: []event.Certificate{{
			Subject: "CN=mx1.example.org", Issuer: "CN=Example CA R3", Names: []string{"mx1.example.org"}, Key: "ECDSA P-256", SHA256: strings.Repeat("0123456789abcdef", 4),
			NotBefore: zero.Add(-24 * time.Hour), NotAfter: zero.Add(79*24*time.Hour + time.Hour),
		}},
	}
}

func sceneDone(p *drawing) {
	p.tell(engine.Status{Doing: engine.Opening}, route()...)
	p.tell(engine.Status{Doing: engine.Opening}, asked("", "", "220 mx1.example.org ESMTP Postfix")...)
	p.tell(engine.Status{Doing: engine.Opening}, append(asked("EHLO", "EHLO probe.example.net", clearList), offered(clearList)...)...)
	p.tell(engine.Status{Doing: engine.Opening}, append(asked("STARTTLS", "STARTTLS", "220 2.0.0 Ready to start TLS"), handshake())...)
	p.tell(engine.Status{Connected: true}, append(asked("EHLO", "EHLO probe.example.net", secureList), offered(secureList)...)...)
}

func sceneError(p *drawing) {
	sceneDone(p)
	p.tell(engine.Status{Connected: true}, asked("MAIL", "MAIL FROM:<probe@example.net> SIZE=1204", "250 2.1.0 Ok")...)
	p.press("esc", "k")
	p.tell(engine.Status{Connected: true}, asked("RCPT", "RCPT TO:<nobody@example.org>", "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table")...)
}

// sceneRefused is a recipient that is refused, as it is seen by who typed it.
func sceneRefused(p *drawing) {
	sceneDone(p)
	p.tell(engine.Status{Connected: true}, asked("MAIL", "MAIL FROM:<probe@example.net> SIZE=1204", "250 2.1.0 Ok")...)
	p.tell(engine.Status{Connected: true}, asked("RCPT", "RCPT TO:<nobody@example.org>", "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown in virtual mailbox table")...)
}

// The scenes, by name.
var scenes = map[string]func(p *drawing){
	"probing": func(p *drawing) {
		p.tell(engine.Status{Doing: engine.Opening}, append(route(), event.Waiting{For: "the greeting", Timeout: time.Minute})...)
		p.at += 3100 * time.Millisecond
	},
	"done": sceneDone,
	"folded": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "Z", "k", "k")
	},
	"error":   sceneError,
	"refused": sceneRefused,
	"refused and looked at": func(p *drawing) {
		sceneRefused(p)
		p.press("esc", "E")
	},
	"refused and gone on": func(p *drawing) {
		sceneRefused(p)
		p.tell(engine.Status{Connected: true}, asked("RSET", "RSET", "250 2.0.0 Ok")...)
	},
	"refused and closed": func(p *drawing) {
		sceneRefused(p)
		p.tell(engine.Status{}, event.Closed{By: "server"})
	},
	"text": func(p *drawing) {
		sceneDone(p)
		p.tell(engine.Status{Connected: true, InText: true}, asked("DATA", "DATA", "354 End data with <CR><LF>.<CR><LF>")...)
		p.tell(engine.Status{Connected: true, InText: true}, event.Sent{Line: []byte("Subject: hi"), Text: true}, event.Sent{Line: nil, Text: true})
		p.press("h", "e", "l", "l", "o")
	},
	"chunk": func(p *drawing) {
		sceneDone(p)
		p.tell(engine.Status{Connected: true, InText: true, Chunk: 14}, event.Sent{Line: []byte("BDAT 20 LAST")}, event.Sent{Line: []byte("a: b"), Text: true})
	},
	"waiting": func(p *drawing) {
		sceneDone(p)
		p.tell(engine.Status{Connected: true, Doing: engine.Asking}, event.Sent{Line: []byte("NOOP")}, event.Waiting{For: "the reply to NOOP", Timeout: time.Minute})
		p.at += 12 * time.Second
	},
	"disconnected": func(p *drawing) {
		sceneDone(p)
		bye := asked("", "", "421 4.3.2 shutting down")
		last := bye[len(bye)-1].(event.Reply)
		last.Unasked = true
		bye[len(bye)-1] = last
		p.tell(engine.Status{}, append(bye, event.Closed{By: "server"})...)
	},
	"every event": func(p *drawing) { p.tell(engine.Status{}, event.All()...) },
	"exchangers": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "2", "j")
	},
	"extension": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "3", "j", "enter")
	},
	"tls": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "5")
	},
	"palette": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "2", "j", "enter")
	},
	"searched": func(p *drawing) {
		sceneError(p)
		p.press("esc", "esc", "/", "s", "i", "z", "e", "enter", "n")
	},
	"searching": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "/", "s", "i", "z")
	},
	"filtered": func(p *drawing) {
		sceneError(p)
		p.press("x")
	},
	"filtered to nothing": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "&", "~", "~", "enter")
	},
	"range": func(p *drawing) {
		sceneError(p)
		p.press("v", "k", "k")
	},
	"save as": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "s")
	},
	"completion": func(p *drawing) {
		sceneDone(p)
		p.press("esc", ":", "r", "e", "tab", "tab")
	},
	"password": func(p *drawing) {
		sceneDone(p)
		p.press("esc", ":")
		p.m.palette.Set("auth plain someone")
		p.press("enter", "x", "y")
		if p.m.mode != modeSecret {
			p.m.asks, p.m.mode = &session.Auth{}, modeSecret // there is no engine behind this drawing
			p.m.asks.Credentials.User = "someone"
			p.m.asking.Set("xy")
		}
	},
	"settings": func(p *drawing) {
		sceneDone(p)
		p.press("esc", ":", "s", "e", "t", "enter")
	},
	"as swaks": func(p *drawing) {
		sceneError(p)
		p.press(":")
		p.m.palette.Set("copy swaks")
		p.press("enter")
	},
	"alone": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "f")
	},
	"help in the line": func(p *drawing) {
		sceneDone(p)
		p.press("f1")
	},
	"help searched": func(p *drawing) {
		sceneDone(p)
		p.press("esc", "?", "/", "q", "u", "i", "t", "enter", "n")
	},
	"explained": func(p *drawing) {
		sceneError(p)
		p.press("e", "enter")
	},
}

// drawn is a scene as a text: the rows without what stands behind them.
func drawn(scene func(p *drawing), w, h int) string {
	p := newPlay(w, h)
	scene(p)
	rows := strings.Split(ansi.Strip(p.m.View()), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n")
}

// TestGolden draws every scene at every size; look at the files in testdata.
func TestGolden(t *testing.T) {
	known := map[string]bool{tinyFile: true}
	for name, scene := range scenes {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
			w, h := size[0], size[1]
			got := drawn(scene, w, h) + "\n"
			path := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", strings.ReplaceAll(name, " ", "-"), w, h))
			if known[path] = true; *update {
				_ = os.MkdirAll("testdata", 0o755)
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != got {
				t.Errorf("%s: %v, got\n%s", path, err, got)
			}
		}
	}
	files, _ := filepath.Glob(filepath.Join("testdata", "*.txt"))
	for _, path := range files {
		if !known[path] {
			t.Errorf("%s is of no scene", path)
		}
	}
}

// tinyFile has the scenes at the sizes that leave nothing to look at: a row for
// each, since a file for each would have no line or one.
var tinyFile = filepath.Join("testdata", "tiny.txt")

// TestGoldenTiny draws every scene where there is room for a word, a cell and
// nothing.
func TestGoldenTiny(t *testing.T) {
	var got []string
	for _, name := range slices.Sorted(maps.Keys(scenes)) {
		for _, size := range [][2]int{{19, 4}, {1, 1}, {0, 0}} {
			got = append(got, fmt.Sprintf("%s at %dx%d: %q", name, size[0], size[1], drawn(scenes[name], size[0], size[1])))
		}
	}
	if *update {
		if err := os.WriteFile(tinyFile, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	file, err := os.ReadFile(tinyFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("not in %s: %s", tinyFile, row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("only in %s: %s", tinyFile, row)
		}
	}
}

// TestEverySizeIsFilledExactly: each scene, at every size, has exactly as many
// rows as there are, and none is wider than the screen.
func TestEverySizeIsFilledExactly(t *testing.T) {
	for name, scene := range scenes {
		p := newPlay(80, 24)
		scene(p)
		for _, w := range []int{0, 1, 2, 19, 20, 21, 27, 40, 59, 60, 61, 80, 109, 110, 111, 120, 250} {
			for _, h := range []int{0, 1, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17, 24, 27, 28, 36, 61} {
				p.m.resize(w, h)
				view := p.m.View()
				if w == 0 || h == 0 {
					if view != "" {
						t.Fatalf("%s: %dx%d: %q", name, w, h, view)
					}
					continue
				}
				rows := strings.Split(view, "\n")
				if len(rows) != h {
					t.Fatalf("%s: %dx%d has %d rows", name, w, h, len(rows))
				}
				for i, row := range rows {
					if n := ansi.StringWidth(row); n > w {
						t.Fatalf("%s: %dx%d: row %d has %d cells: %q", name, w, h, i, n, row)
					}
				}
			}
		}
	}
}
