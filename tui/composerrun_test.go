package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ehlo/session"
	"ehlo/session/smtptest"
	"ehlo/session/wire"
)

// attachmentOf makes a file of so many octets.
func attachmentOf(t *testing.T, octets int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scan.pdf")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), int(octets/16)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// toMail leads to a server that takes mail, of so many octets at most.
func toMail(t *testing.T, most int64) (*smtptest.Mail, func(*Options)) {
	t.Helper()
	server, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.com", Domain: "example.com", MaxSize: most})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	address, err := server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return server, func(o *Options) {
		o.Session = session.Options{Roots: server.Pool()}
		o.Plan.Only.Address = address
		o.From = "me@example.net"
	}
}

const ctrlS, ctrlE, tab = "\x13", "\x05", "\t"

// TestSendsAMailWithAnAttachment: from the first key to the queue id, and what
// the server has is what was shown. The session stays open, and the draft.
func TestSendsAMailWithAnAttachment(t *testing.T) {
	path := attachmentOf(t, 3<<20)
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		server, to := toMail(t, 14680064)
		x := start(t, newFakeServer(t), size[0], size[1], to)
		x.sees("READY", "max 14")
		x.typed(esc)
		x.sees("c mail")
		x.typed("c")
		x.sees("RCPT TO: to whom", "of 14,680,064")
		x.typed("user@example.com, second@example.com" + enter)
		x.sees("> Subject")
		x.typed("three" + enter)
		x.sees("> Attach")
		x.typed(path[:len(path)-3] + tab)
		x.sees("scan.pdf")
		x.typed(enter)
		x.sees("3.0 MiB", "4,305,2")
		x.typed(ctrlS)
		screen := x.sees("y send", "<second@example.com>")
		if n := len(server.Messages()); n > 0 {
			t.Fatal("it was sent before y")
		}
		x.typed("y")
		x.sees("accepted", "7F3A0001", "user@example.com")
		m := server.Messages()
		if len(m) != 1 || !slices.Equal(m[0].To, []string{"user@example.com", "second@example.com"}) || m[0].From != "me@example.net" {
			t.Fatalf("the server has %+v", m)
		}
		if shown := wire.Thousands(uint64(m[0].Octets)) + " of 14,680,064"; !strings.Contains(screen, shown) {
			t.Errorf("it has %d octets, and before it said\n%s", m[0].Octets, screen)
		}
		if !bytes.Contains(m[0].Data, []byte("Subject: three\r\n")) || !bytes.Contains(m[0].Data, []byte(`filename="scan.pdf"`)) {
			t.Errorf("%.600s", m[0].Data)
		}
		x.typed(esc)
		x.sees("S: 250 2.0.0 OK")
		x.typed("i")
		x.typed("NOOP" + enter)
		x.sees("C: NOOP")
		x.typed(esc)
		x.sees("i type")
		x.typed("m")
		x.typed("G")
		x.typed("gjjjjj")
		x.sees("user@example.com", "three", "3.0 MiB")
		// The session and the message are saved together, to be played again.
		x.typed("ss")
		x.sees("saved: ")
		x.typed("k")
		x.seesNo("saved: ")
		x.typed("se")
		x.sees("saved: ")
		x.typed("qy")
		r := x.end()
		if !slices.Contains(r.Summary, "delivery: accepted") || slices.ContainsFunc(r.Saved, func(s string) bool { return strings.HasSuffix(s, ".draft") }) {
			t.Errorf("what was sent was kept: %q, %q", r.Saved, r.Summary)
		}
		for _, file := range r.Saved[1:] {
			if !bytes.Equal([]byte(readFile(t, file)), m[0].Data) {
				t.Errorf("%s is not what the server has", file)
			}
		}
		if script := readFile(t, r.Saved[0]); !strings.Contains(script, "@data "+filepath.Base(r.Saved[1])) {
			t.Error(script)
		}
	}
}

// TestARefusedRecipient: the draft stays, is mended and sent again.
func TestARefusedRecipient(t *testing.T) {
	server, to := toMail(t, 0)
	x := start(t, newFakeServer(t), 80, 24, both(to, func(o *Options) { o.Plan.Target.Recipient = "nobody@example.com" }))
	x.sees("READY", "not stated")
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.sees("> Subject", "nobody@example.com", "the server states no limit")
	x.typed("hi" + ctrlS)
	x.sees("y send")
	x.typed("y")
	x.sees("!delivery   rejected", "!FAIL       nobody@example.com: 550 5.1.1")
	x.typed("j" + enter)
	x.sees("A REPLY", "class      permanent", "no such mailbox")
	x.typed("q")
	x.typed("c")
	x.sees("> RCPT TO")
	x.typed(", user@example.com" + ctrlS)
	x.sees("<user@example.com>")
	x.typed("y")
	x.sees("!delivery   partial", "queued as 7F3A0001", "OK         user@example.com")
	if m := server.Messages(); len(m) != 1 || !slices.Equal(m[0].To, []string{"user@example.com"}) {
		t.Errorf("the server has %+v", m)
	}
	// What was not accepted for everybody is kept.
	x.typed("q")
	x.sees("The draft is not sent")
	x.typed("y")
	r := x.end()
	if len(r.Saved) != 1 || !strings.Contains(readFile(t, r.Saved[0]), "RCPT TO: nobody@example.com, user@example.com\nSubject: hi\n") {
		t.Errorf("%q, %q", r.Saved, r.Summary)
	}
}

// TestATooLargeMessage is refused here, with both numbers, and sent where the
// person says so.
func TestATooLargeMessage(t *testing.T) {
	server, to := toMail(t, 1<<20)
	path := attachmentOf(t, 3<<20)
	for _, size := range [][2]int{{80, 24}, {40, 12}} {
		x := start(t, newFakeServer(t), size[0], size[1], to)
		x.sees("READY")
		x.typed(esc)
		x.sees("c mail")
		x.typed("c")
		x.sees("> RCPT TO")
		x.typed("user@example.com" + enter + enter + path + enter)
		x.sees("! too large by 3,256,6", "4,305,2", "1,048,576")
		x.typed(ctrlS)
		x.sees("too large for this server")
		x.typed("y")
		x.sees("too large by 3,256,6", "f sends it")
		if n := x.seesNo("WAIT"); strings.Contains(n, "delivery") {
			t.Error(n)
		}
		x.typed("f")
		x.sees("!delivery", "552")
		x.cancel()
		x.end()
	}
	if n := len(server.Messages()); n > 0 {
		t.Error("it was delivered")
	}
}

// TestSendsWithoutASession: the way leads over a new session back to the draft.
func TestSendsWithoutASession(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	(<-s.conns).close()
	x.sees("CLOSED")
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.typed("b@example.com")
	x.sees("no session")
	x.typed(ctrlS)
	x.sees("no session is open")
	x.typed("y")
	x.sees(":reconnect", "leads back here")
	x.typed(enter)
	x.sees("READY", "> RCPT TO    b@example.com")
	x.typed(ctrlS)
	x.sees("y send")
	x.typed("y")
	x.sees("delivery   accepted", "250 2.0.0 queued")
}

// TestCtrlCBehindTheFinalDot: the delivery is unknown, in that word, until the
// reply comes after all.
func TestCtrlCBehindTheFinalDot(t *testing.T) {
	s := newFakeServer(t)
	s.set(".", "")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.typed("b@example.com" + ctrlS)
	x.sees("y send")
	x.typed("y")
	x.sees("octets go to", "waiting for the reply to the message")
	x.typed(ctrlC)
	x.sees("~delivery   unknown", "no longer waited for")
	(<-s.conns).say("250 2.0.0 late, queued as X1")
	x.sees("delivery   accepted", "late, queued as X1")
	if got := s.lines(); slices.Contains(got, "QUIT") {
		t.Errorf("%q", got)
	}
}

// TestSendsAFile: a complete message, with the envelope of the draft.
func TestSendsAFile(t *testing.T) {
	server, to := toMail(t, 14680064)
	path := filepath.Join(t.TempDir(), "letter.eml")
	if err := os.WriteFile(path, []byte("Subject: from a file\n\n.dot\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, newFakeServer(t), 80, 24, to)
	x.sees("READY")
	x.typed(esc)
	x.sees("c mail")
	x.typed(":send " + path + enter)
	x.sees("whom to?", "> RCPT TO", "letter.eml")
	x.typed("user@example.com" + ctrlS)
	x.sees("message    "+path[:20], "30 of 14,680,064 octets")
	x.typed("v")
	x.sees("..dot", "2e 2e 64 6f 74")
	x.typed("q")
	x.sees("y send")
	x.typed("w")
	written := x.sees("saved: ")
	x.typed("y")
	x.sees("delivery   accepted", "queued as")
	if m := server.Messages(); len(m) != 1 || string(m[0].Data) != "Subject: from a file\r\n\r\n.dot\r\n" {
		t.Errorf("%+v", m)
	}
	x.typed("qy")
	r := x.end()
	if len(r.Saved) != 1 || readFile(t, r.Saved[0]) != "Subject: from a file\r\n\r\n.dot\r\n" {
		t.Errorf("%q\n%s", r.Saved, written)
	}
	// A file that is not there is said, and the command stays.
	x = start(t, newFakeServer(t), 80, 24, to)
	x.sees("READY")
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.typed("user@example.com" + esc)
	x.sees("BROWSE")
	x.typed(":send /no/such.eml" + enter)
	x.sees("not yet: /no/such.eml: no such file")
}

// editorScript is $EDITOR: a shell script that has the file as $1.
func editorScript(t *testing.T, script string) (temp string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	temp = t.TempDir()
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", path+" -x")
	t.Setenv("TMPDIR", temp)
	return temp
}

// TestTheBodyInAnEditor: what it wrote is the body; one that fails changes
// nothing; nothing is left behind.
func TestTheBodyInAnEditor(t *testing.T) {
	temp := editorScript(t, `stat -c %a "$2" >"$2.mode"; cat "$2.mode" >>"$2"; printf 'from the editor\n\nand its end\n' >>"$2"`)
	x := start(t, newFakeServer(t), 80, 24, nil)
	x.sees("READY")
	x.typed(esc)
	x.sees("c mail")
	x.typed("c")
	x.typed("b@example.com" + esc)
	x.sees("BROWSE")
	x.typed("G" + enter)
	x.typed("typed here" + enter + ctrlE)
	x.sees("typed here", "600", "from the editor", "and its end", "5 lines")
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Setenv("EDITOR", "false")
	x.typed("j") // without a terminal the first key behind a program may be lost
	x.typed(ctrlE)
	x.sees("the draft is as it was: false: exit status 1", "typed here", "5 lines")
	t.Setenv("EDITOR", "/no/such/editor")
	x.typed("j")
	x.typed(ctrlE)
	x.sees("/no/such/editor", "5 lines")
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
