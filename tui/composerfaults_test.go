package tui

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAnEditorThatGoesWrong: the draft is as it was, and what the editor wrote
// is somewhere.
func TestAnEditorThatGoesWrong(t *testing.T) {
	for _, row := range []struct {
		script, words string
		left          int64 // octets of the file that stays; 0: none does
	}{
		{`printf 'written, then killed' >"$2"; kill -9 $$`, "signal: killed", 20},
		{`printf 'written, then failed' >"$2"; exit 3`, "exit status 3", 20},
		{`exit 3`, "exit status 3", 0},
		{`touch "$2"; kill -9 $$`, "signal: killed", 0},
		{`truncate -s 100000000 "$2"`, "the text is larger than 16 MiB", 100000000},
		{`rm "$2"`, "no such file", 0},
		{`rm "$2"; mkfifo "$2"`, "no regular file any more", 0},
		{`rm "$2"; mkdir "$2"`, "no regular file any more", 0},
	} {
		temp := editorScript(t, row.script)
		x := start(t, newFakeServer(t), 120, 36, nil)
		x.sees("READY")
		x.typed(esc + "c" + esc)
		x.sees("BROWSE")
		x.typed("G" + enter)
		x.typed("typed here" + ctrlE)
		screen := x.sees("the draft is as it was", row.words, "typed here", "1 line")
		files, _ := filepath.Glob(filepath.Join(temp, "ehlo-*", "*"))
		switch {
		case row.left == 0 && len(files) > 0:
			t.Errorf("%s: left behind: %v", row.script, files)
		case row.left > 0 && len(files) != 1:
			t.Errorf("%s: what it wrote is lost", row.script)
		case row.left > 0:
			if info, err := os.Stat(files[0]); err != nil || info.Size() != row.left || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", row.script, info, err)
			}
			if !strings.Contains(screen, "what it wrote is") {
				t.Errorf("%s: it does not say where:\n%s", row.script, screen)
			}
		}
	}
}

// TestATextThatIsNoUTF8: what an editor writes is sent octet for octet, whatever
// keys touch other lines of it; lone CR and LF are line ends.
func TestATextThatIsNoUTF8(t *testing.T) {
	editorScript(t, `printf 'caf\351\r\nNUL \000 here\rlone CR\nlone LF\n.\n%01200d\n' 7 >"$2"`)
	server, to := toMail(t, 14680064)
	x := start(t, newFakeServer(t), 120, 36, to)
	x.sees("READY")
	x.typed(esc + "c")
	x.typed("user@example.com" + esc)
	x.typed(ctrlE)
	x.sees("6 lines", `caf\xe9`, "lone CR")
	x.typed("j") // without a terminal the first key behind a program may be lost
	x.typed("G" + enter)
	x.sees("MESSAGE Body")
	x.typed("\x1b[A\x1b[A\x1b[Fzz") // at the end of another line
	x.sees("lone LFzz")
	x.typed(ctrlS)
	x.sees("y send")
	x.typed("y")
	x.sees("accepted")
	m := server.Messages()
	if len(m) != 1 {
		t.Fatalf("%d messages", len(m))
	}
	r, err := mail.ReadMessage(bytes.NewReader(m[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(quotedprintable.NewReader(r.Body))
	want := "caf\xe9\r\nNUL \x00 here\r\nlone CR\r\nlone LFzz\r\n.\r\n" + strings.Repeat("0", 1199) + "7\r\n"
	if err != nil || string(got) != want {
		t.Errorf("%v\n%q\n%q", err, got, want)
	}
	x.typed("qy")
	x.end()
}

// TestSentAgainAfterAPartialAcceptance: those who have the message are named
// before they would get it twice, and can be left out.
func TestSentAgainAfterAPartialAcceptance(t *testing.T) {
	server, to := toMail(t, 0)
	x := start(t, newFakeServer(t), 80, 24, to)
	x.sees("READY")
	x.typed(esc + "c")
	x.typed("user@example.com, nobody@example.com, third@example.com" + enter)
	x.typed("hi" + ctrlS)
	x.sees("y send")
	x.typed("y")
	x.sees("!delivery   partial", "nobody@example.com: 550")
	x.typed("c")
	x.sees("> RCPT TO")
	x.typed("\x15" + "user@example.com, somebody@example.com, third@example.com" + ctrlS)
	x.sees("~twice      2 recipients of 3", "o to the others")
	x.typed("o")
	screen := x.sees("2 recipients left out", "<somebody@example.com>")
	if strings.Contains(screen, "<user@example.com>") || strings.Contains(screen, "twice  ") {
		t.Errorf("it still goes to those who have it:\n%s", screen)
	}
	x.typed("y")
	x.sees("accepted", "7F3A0002")
	if m := server.Messages(); len(m) != 2 || !slices.Equal(m[1].To, []string{"somebody@example.com"}) {
		t.Errorf("the server has %+v", m)
	}
	// Another message is another one.
	x.typed("c")
	x.sees("> RCPT TO")
	x.typed(enter + "!" + ctrlS)
	if screen := x.sees("y send", "hi!", "<user@example.com>"); strings.Contains(screen, "twice") {
		t.Errorf("another subject is another message:\n%s", screen)
	}
	x.typed("y")
	x.sees("7F3A0003")
	x.typed("qy")
	x.end()
}

// TestTheServerEndsIt: wherever that is, the row of the delivery says what the
// server has, the draft stays, and goes out in the next session.
func TestTheServerEndsIt(t *testing.T) {
	for _, row := range []struct {
		verb, answer string
		closes       bool
		words        []string
	}{
		{"MAIL", "421 4.3.2 shutting down", true, []string{"deferred", "421 4.3.2"}},
		{"RCPT", "421 4.7.0 too many errors", true, []string{"deferred", "421 4.7.0"}},
		{"DATA", "421 4.3.0 no", true, []string{"deferred", "421 4.3.0"}},
		{"DATA", "354 go on", true, []string{"none (mx1", "the server has no message"}},
		{".", "421 4.4.2 gone", true, []string{"deferred", "421 4.4.2"}},
		{".", "", true, []string{"unknown"}},
		{".", "452 4.3.1 disk full", false, []string{"deferred", "452 4.3.1"}},
	} {
		s := newFakeServer(t)
		s.set(row.verb, row.answer)
		x := start(t, s, 80, 24, nil)
		x.sees("READY")
		p := <-s.conns
		x.typed(esc + "c")
		x.typed("user@example.com" + enter + "hi" + enter)
		middle := row.answer == "354 go on"
		if middle {
			x.typed(attachmentOf(t, 3<<20) + enter)
			x.sees("3,145,728 octets")
		}
		x.typed(ctrlS)
		x.sees("y send")
		x.typed("y")
		if row.closes {
			for !slices.ContainsFunc(s.lines(), func(l string) bool {
				return strings.HasPrefix(l, row.verb) && (row.verb != "." || l == ".")
			}) {
				time.Sleep(time.Millisecond)
			}
			if !middle {
				time.Sleep(20 * time.Millisecond)
			}
			p.close()
		}
		x.sees(append(row.words, "delivery", "draft kept")...)
		s.set("MAIL", "250 ok")
		s.set("RCPT", "250 ok")
		s.set("DATA", "354 go on")
		s.set(".", "250 2.0.0 queued as XYZ123")
		x.typed(ctrlS)
		x.sees("y send")
		x.typed("y")
		if row.closes {
			x.sees("there is no session: Enter opens")
			x.typed(enter)
			x.sees("READY")
			x.typed(ctrlS)
			x.sees("y send")
			x.typed("y")
		}
		x.sees("accepted", "XYZ123")
	}
}
