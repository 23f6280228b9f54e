package tui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ehlo/session/event"
	"ehlo/session/transcript"
)

func TestCompletionOfThePalette(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one.smtp", "one two.smtp", "other.smtp", "[x].smtp", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		typed string
		tabs  int
		want  string
	}{
		{"rec", 1, "reconnect"},
		{"rec", 2, "record"},
		{"rec", 3, "reconnect"},
		{"rec", -1, "record"},
		{"recon", 1, "reconnect "},
		{"nothing", 1, "nothing"},
		{"connect mx2", 1, "connect mx2.example.org "},
		{"connect ", 1, "connect mx1.example.org"},
		{"set tls", 1, "set tls-verify "}, // tls itself is complete
		{"set tls-verify ", 2, "set tls-verify off"},
		{"copy c", 1, "copy curl "},
		{"auth pl", 1, "auth PLAIN "},
		{"run " + dir + "/o", 1, "run " + dir + "/one.smtp"},
		{"run " + dir + "/o", 2, "run " + dir + "/other.smtp"},
		{"run " + dir + "/[", 1, "run " + dir + "/[x].smtp "},
		{"run " + dir + "/d", 1, "run " + dir + "/deep/"},
		{"run " + dir + "/.h", 1, "run " + dir + "/.hidden "},
		{"run x=", 1, "run x="},
	} {
		p := newPlay(80, 24)
		sceneDone(p)
		p.press("esc", ":")
		p.m.palette.Set(test.typed)
		for range max(test.tabs, -test.tabs) {
			p.answered(map[bool]string{true: "tab", false: "shift+tab"}[test.tabs > 0])
		}
		if got := p.m.palette.String(); got != test.want {
			t.Errorf("%q and %d tabs: %q, want %q", test.typed, test.tabs, got, test.want)
		}
		if p.m.listed() != nil {
			if c := p.m.listed(); !strings.Contains(stripped(p.m.View()), fmt.Sprintf("%d/%d ", c.at+1, len(c.list))) {
				t.Errorf("%q and %d tabs: the choice is not shown", test.typed, test.tabs)
			}
			p.press("esc")
			if got := p.m.palette.String(); got != test.typed || p.m.mode != modePalette {
				t.Errorf("%q, tabs and esc: %q", test.typed, got)
			}
		}
	}
}

func TestCommandLinesOfOtherTools(t *testing.T) {
	clear := &transcript.Conversation{Host: "mx1.example.org", Network: "tcp", Address: "192.0.2.25:25", Protocol: "ESMTP"}
	secure := *clear
	secure.TLS = &event.TLS{Mode: "starttls", ServerName: "mx1.example.org"}
	secure.Auth = &event.Login{Mechanism: "PLAIN", OK: true}
	implicit := *clear
	implicit.Address, implicit.TLS = "[2001:db8::1]:465", &event.TLS{Mode: "implicit"}
	local := &transcript.Conversation{Network: "unix", Address: "/run/lmtp", Protocol: "LMTP"}
	mail := transaction{helo: "client.test", from: "a@example.net", mail: true, to: []string{"b@example.org", "c'd@example.org"}}
	for _, test := range []struct {
		tool string
		c    *transcript.Conversation
		t    transaction
		want string
	}{
		{"swaks", clear, transaction{helo: "client.test"}, "swaks --server 192.0.2.25 --port 25 --helo client.test --quit-after HELO"},
		{"swaks", &secure, mail, `swaks --server 192.0.2.25 --port 25 --tls --tls-sni mx1.example.org --helo client.test --auth PLAIN --from a@example.net --to 'b@example.org,c'\''d@example.org'`},
		{"swaks", clear, transaction{mail: true}, "swaks --server 192.0.2.25 --port 25 --from '<>' --quit-after MAIL"},
		{"curl", &secure, mail, `curl -v smtp://mx1.example.org:25/client.test --connect-to ::192.0.2.25:25 --ssl-reqd --login-options AUTH=PLAIN --user USER --mail-from a@example.net --mail-rcpt b@example.org --mail-rcpt 'c'\''d@example.org' --upload-file message.eml`},
		{"curl", &implicit, transaction{helo: "x"}, "curl -v smtps://mx1.example.org:465/x --connect-to '::[2001:db8::1]:465'"},
		{"openssl", &secure, mail, "openssl s_client -crlf -quiet -connect 192.0.2.25:25 -starttls smtp -name client.test -servername mx1.example.org"},
		{"openssl", &implicit, mail, "openssl s_client -crlf -quiet -connect '[2001:db8::1]:465'"},
		{"openssl", clear, mail, ""},
		{"swaks", local, mail, ""},
		{"telnet", clear, mail, ""},
	} {
		got, err := commandLine(test.tool, test.c, test.t)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %s, %v\nwant %s", test.tool, got, err, test.want)
		}
	}
}

// TestCommandsOfThePalette is a person who does with the palette what flags
// do, in an open session.
func TestCommandsOfThePalette(t *testing.T) {
	s := newFakeServer(t)
	s.set("EHLO", "250-mx1.example.com\n250-SIZE 1000\n250-STARTTLS\n250 AUTH PLAIN")
	s.set("AUTH", "235 2.7.0 welcome")
	var mu sync.Mutex
	var heard []event.Event
	x := start(t, s, 100, 24, func(o *Options) {
		o.Record = func(file string) (event.Sink, func() error, error) {
			switch {
			case strings.HasSuffix(file, "bad"):
				return nil, nil, errors.New("there is no room")
			case strings.HasSuffix(file, "full"):
				return func(event.Event) {}, func() error { return errors.New("no space left") }, nil
			}
			return func(e event.Event) {
				mu.Lock()
				defer mu.Unlock()
				heard = append(heard, e)
			}, func() error { return nil }, nil
		}
		o.Serve = func(string) (string, func(), error) { return "127.0.0.1:1234", func() {}, nil }
	})
	x.sees("READY")
	x.typed(esc + ":record bad" + enter)
	x.sees("not recorded: there is no room")
	x.typed(":record full" + enter)
	x.sees("the record full can no longer be written: no space left")
	x.typed(":record kept" + enter)
	x.sees("recording to kept until the end")
	x.typed(":auth someone" + enter)
	x.sees("password of someone: ")
	x.typed("s3cret")
	x.sees("password of someone: ******")
	x.typed(esc)
	x.seesNo("password of")
	x.typed(":starttls" + enter)
	x.sees("certificate verified", "READY")
	x.typed(esc + ":starttls" + enter)
	x.sees("under TLS already")
	x.typed(esc + ":auth plain someone" + enter)
	x.sees("password of someone: ")
	x.typed("s3cret" + enter)
	x.sees("235 2.7.0 welcome", "logged in with PLAIN")
	x.typed(esc + ":copy swaks" + enter)
	x.sees("AS A COMMAND OF SWAKS")
	if got := x.copied(); !strings.HasPrefix(got, "swaks --server 192.0.2.1 --port 25 --tls") || !strings.Contains(got, "--auth PLAIN") {
		t.Errorf("copied %q", got)
	}
	x.typed(esc + ":serve x.smtp" + enter)
	x.sees("is served at 127.0.0.1:1234")
	x.typed(":set" + enter)
	x.sees("connect-timeout")
	x.typed(esc + ":set helo other.test" + enter)
	x.sees("helo is other.test")
	x.typed(":set tls sometimes" + enter)
	x.sees("to what? auto, require, never, implicit")
	x.typed(esc + ":reconnect" + enter)
	x.sees("C: EHLO other.test", "READY")
	x.typed(esc + "qy")
	r := x.end()
	if !slices.Contains(r.Saved, "kept") || slices.Contains(r.Saved, "full") {
		t.Errorf("saved: %q", r.Saved)
	}
	mu.Lock()
	defer mu.Unlock()
	for i, e := range heard {
		if got := e.Header().Seq; got != int64(i+1) {
			t.Fatalf("the record has event %d in place %d", got, i+1)
		}
	}
	if _, ok := heard[len(heard)-1].(event.Closed); !ok {
		t.Errorf("the record ends with %#v", heard[len(heard)-1])
	}
	if strings.Contains(x.everything(), "s3cret") {
		t.Error("the password was on the screen")
	}
}

// everything is all that was ever written to the terminal.
func (x *terminal) everything() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.raw.String()
}

// answered presses a key and waits for what is looked up because of it.
func (p *drawing) answered(key string) {
	if cmd := p.m.press(key, 0); cmd != nil {
		p.m.Update(cmd())
	}
}

// TestADirectoryThatDoesNotAnswer keeps no key waiting; what was typed meanwhile
// stays, and the answer comes to nothing then.
func TestADirectoryThatDoesNotAnswer(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	free := make(chan struct{})
	p.m.paths.read = func(typed string) completed {
		<-free
		return completed{before: typed, names: []string{"one.smtp", "two.smtp"}}
	}
	p.press("esc", ":")
	p.m.palette.Set("run /far/")
	far := p.m.press("tab", 0)
	if far == nil {
		t.Fatal("tab has waited for the directory")
	}
	p.press("tab")
	if p.m.hint != "still looking for files" {
		t.Errorf("the second tab: %q", p.m.hint)
	}
	p.press("o")
	close(free)
	p.m.Update(far())
	if got := p.m.palette.String(); got != "run /far/o" || p.m.listed() != nil {
		t.Errorf("the answer came over what was typed: %q", got)
	}
	// Tabs while it is looked for count.
	p.press("backspace")
	answer := p.m.press("tab", 0)()
	p.press("tab")
	p.m.Update(answer)
	if got := p.m.palette.String(); got != "run /far/two.smtp" {
		t.Errorf("two tabs: %q", got)
	}
}

// TestManyDirectoriesThatDoNotAnswer take no further memory.
func TestManyDirectoriesThatDoNotAnswer(t *testing.T) {
	l := newLooker()
	free, reads := make(chan struct{}), make(chan struct{}, 100)
	l.read = func(string) completed { reads <- struct{}{}; <-free; return completed{} }
	answers := make(chan completed, 100)
	beside := func(f func()) { go f() }
	for range 20 {
		go func() { answers <- l.look("/far/x", beside) }()
	}
	for range 20 - looksMost {
		if c := <-answers; c.err == nil || !strings.Contains(c.err.Error(), "too many") {
			t.Fatalf("%+v", c)
		}
	}
	for range looksMost {
		if c := <-answers; c.err == nil || c.err.Error() != "/far/ does not answer" {
			t.Fatalf("%+v", c)
		}
	}
	if len(reads) != looksMost {
		t.Errorf("%d read at a time", len(reads))
	}
	close(free)
	for range looksMost {
		l.slots <- struct{}{} // they are free again
	}
}

// TestManyNames of a directory: the first in their order are kept.
func TestManyNames(t *testing.T) {
	dir := t.TempDir()
	for n := range 2500 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("name-%04d", 2499-n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := completePath(dir + "/n")
	if c.whole != dir+"/name-" || len(c.names) != mostOffered || c.names[0] != "name-0000" || c.names[mostOffered-1] != "name-0049" || c.more != 2500-mostOffered {
		t.Errorf("%q, %d names from %q on, %d more, %v", c.whole, len(c.names), c.names[:1], c.more, c.err)
	}
}

// TestTheHelpOfACommandIsReadable at every size, whole, and beside the
// candidates.
func TestTheHelpOfACommandIsReadable(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		for _, c := range commands() {
			p := newPlay(size[0], size[1])
			sceneDone(p)
			p.press("esc", ":")
			p.m.palette.Set(c.name)
			view := strings.Join(strings.Fields(stripped(p.m.View())), " ")
			for _, text := range []string{c.usage, c.help} {
				for _, word := range strings.Fields(text) {
					if !strings.Contains(view, word) {
						t.Errorf("%dx%d: %s: no %q in\n%s", size[0], size[1], c.name, word, stripped(p.m.View()))
					}
				}
			}
		}
	}
	for typed, want := range map[string]string{
		"connect ":                 "TARGET: open",
		"run x.smtp ":              "[here] [NAME=VALUE...]",
		"auth PLAIN some":          "USER [--insecure]: log in",
		"auth PLAIN someone ":      "[--insecure]: log in",
		"auth PLAIN someone more ": "[--insecure]: log in",
		"size --budget 2,10 ":      "--exact",
		"set times":                "times relative|clock|none: the times",
		"set times cl":             "times relative|clock|none: the times",
		"set helo ":                "helo: the name that EHLO says",
		"copy ":                    "swaks|curl|openssl ",
		"compose ":                 "[new | FILE] ",
		"xyz":                      "no command begins with xyz",
	} {
		p := newPlay(120, 36)
		sceneDone(p)
		p.press("esc", ":")
		p.m.palette.Set(typed)
		if view := stripped(p.m.View()); !strings.Contains(view, "\n"+want) {
			t.Errorf("%q: no %q in\n%s", typed, want, view)
		}
	}
	p := newPlay(40, 12)
	sceneDone(p)
	p.press("esc", ":", "r", "e", "tab", "tab")
	for _, want := range []string{"2/2  reconnect [record]", "record FILE", "write the session to a script, from its\nstart to the end"} {
		if view := stripped(p.m.View()); !strings.Contains(strings.ReplaceAll(view, " \n", "\n"), want) {
			t.Errorf("no %q in\n%s", want, view)
		}
	}
	p.m.resize(40, 6) // there is neither a status nor hints
	if view := stripped(p.m.View()); !strings.Contains(view, "2/2  reconnect [record]") {
		t.Errorf("no candidates in\n%s", view)
	}
}
