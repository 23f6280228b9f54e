package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ehlo/tui/internal/engine"
)

// pasted is a paste as a terminal brings it.
func pasted(lines ...string) string {
	return "\x1b[200~" + strings.Join(lines, "\r") + "\r\x1b[201~"
}

const ctrlY = "\x19"

func init() {
	letter := []rune("MAIL FROM:<a@example.net>\nRCPT TO:b@example.org\nDATA\nSubject: hi\n\n.sig\n.\nAUTH PLAIN AGEAc2VjcmV0\nc0ZSZXQ=\n")
	scenes["pasted"] = func(p *drawing) {
		sceneDone(p)
		p.m.paste(letter)
	}
	scenes["pasted text"] = func(p *drawing) {
		sceneDone(p)
		p.tell(engine.Status{Connected: true, InText: true}, asked("DATA", "DATA", "354 go")...)
		p.m.paste([]rune("From: me\n\ngrün\n.\nNOOP"))
	}
	scenes["paste walked"] = func(p *drawing) {
		sceneDone(p)
		p.m.paste(letter)
		p.press("e", "down")
	}
}

func TestAPasteSendsNothing(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("draft" + pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"))
	x.sees("3 lines, not sent yet", "o one by one, b as a block", "MAIL FROM:<a@b>")
	x.typed(enter + "qix") // keys of other places do nothing
	x.typed(esc)
	x.sees("C: draft", "3 lines of the paste left")
	x.typed("\x15NOOP" + enter) // ctrl+u
	x.sees("250 2.0.0 ok")
	if got := s.lines(); len(got) != 2 || got[1] != "NOOP" {
		t.Errorf("the server got %q", got)
	}
	x.typed(ctrlY)
	x.sees("3 lines, not sent")
	x.typed("n")
	x.sees("3 lines of the paste dropped", "C: ")
	// One line is typed text.
	x.typed(pasted("VRFY postmaster"))
	x.sees("C: VRFY postmaster")
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("\x1b[200~qy\r:quit\r\x1b[201~")
	x.sees("a paste goes into the SMTP line", "BROWSE")
}

func TestAPasteOneByOne(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("draft" + pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "Subject: x", "", "..dots", ".", "NOOP"))
	x.sees("8 lines, not sent")
	x.typed("o")
	x.sees("all of the paste was sent", "C: draft", "250 2.0.0 ok")
	want := []string{"MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "Subject: x", "", "..dots", ".", "NOOP"}
	if got := s.lines()[1:]; !slices.Equal(got, want) {
		t.Errorf("the server got %q", got)
	}
	// They are in the history, the text of the message is not.
	x.typed("\x1b[A\x1b[A")
	x.sees("C: DATA")
}

func TestAPasteStopsAtARefusal(t *testing.T) {
	s := newFakeServer(t)
	s.set("RCPT", "550 5.1.1 no such user")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "Subject: x", "."))
	x.sees("5 lines, not sent")
	x.typed("o")
	x.sees("the paste stopped: 550 5.1.1 to RCPT; 3 lines left")
	if got := s.lines(); got[len(got)-1] != "RCPT TO:<c@d>" {
		t.Errorf("the server got %q", got)
	}
	x.typed("\x1b[B") // down
	x.sees("PASTE 3/5: DATA", "DATA before a recipient was accepted")
	x.typed("\x1b[B")
	x.sees("PASTE 4/5: Subject: x")
	x.typed("\x1b[A\x1b[A")
	x.sees("C: ")
	x.seesNo("PASTE 3/5")
}

// TestAPasteWithoutA354 must not send the text of a message as commands.
func TestAPasteWithoutA354(t *testing.T) {
	s := newFakeServer(t)
	s.set("DATA", "250 odd")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "secret text", "."))
	x.sees("5 lines, not sent")
	x.typed("b")
	x.sees("the paste stopped: no 354 came to DATA; 2 lines left")
	if got := s.lines(); got[len(got)-1] != "DATA" {
		t.Errorf("the server got %q", got)
	}
}

func TestAPasteAsABlock(t *testing.T) {
	s := newFakeServer(t)
	s.set("RCPT", "") // the replies come later, and together
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RCPT TO:<e@f>", "NOOP", "MAIL FROM:<g@h>"))
	x.sees("5 lines, not sent")
	x.typed("b")
	x.sees("waiting for the reply to RCPT", "PASTE 4/5", "C: NOOP") // sent before the replies to RCPT
	if got := s.lines(); len(got) != 5 {
		t.Errorf("the server got %q", got)
	}
	p := <-s.conns
	p.say("250 two\n250 three") // the fake server has answered NOOP meanwhile
	x.sees("all of the paste was sent")
	if got := s.lines(); got[len(got)-1] != "MAIL FROM:<g@h>" {
		t.Errorf("the server got %q", got)
	}
}

func TestCtrlCStopsAPaste(t *testing.T) {
	s := newFakeServer(t)
	s.set("RCPT", "")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(pasted("MAIL FROM:<a@b>", "RCPT TO:<c@d>", "RSET"))
	x.sees("3 lines, not sent")
	x.typed("o")
	x.sees("waiting for the reply to RCPT", "PASTE 2/3")
	x.typed("x" + enter)
	x.sees("the paste is being sent: ctrl+c stops that")
	x.typed(ctrlC)
	x.sees("the paste stopped: as asked; 1 line left")
	if got := s.lines(); got[len(got)-1] != "RCPT TO:<c@d>" {
		t.Errorf("the server got %q", got)
	}
	// What is due is no reason to wait for the person.
	(<-s.conns).say("250 late")
	x.sees("S: 250 late")
	x.typed("\x15" + ctrlY + "o")
	x.sees("all of the paste was sent")
}

// TestALoginInAPaste: nothing of it is on the screen or in the history.
func TestALoginInAPaste(t *testing.T) {
	for _, way := range []string{"o", "b"} {
		s := newFakeServer(t)
		s.set("AUTH", "334 VXNlcm5hbWU6")
		s.set("DXNLCG==", "334 UGFzc3dvcmQ6")
		s.set("C0ZSZXQ=", "535 5.7.8 no")
		var dir string
		x := start(t, s, 80, 24, func(o *Options) { dir = o.Dir })
		x.sees("READY")
		x.typed(pasted("NOOP", "AUTH LOGIN", "dXNlcg==", "c0ZSZXQ=", "AUTH PLAIN AGEAc2VjcmV0"))
		x.sees("5 lines, not sent", "AUTH LOGIN", "AUTH PLAIN ********")
		x.typed(way)
		x.sees("the paste stopped: 535 5.7.8 to AUTH; 1 line left")
		x.typed("\x1b[B")
		x.sees("PASTE 5/5: AUTH PLAIN ************")
		x.typed("\x15" + esc)
		x.sees("BROWSE")
		x.typed("qy")
		x.end()
		if h := readFile(t, dir+"/history"); h != "NOOP\nAUTH LOGIN\n" {
			t.Errorf("the history is %q", h)
		}
		if raw := strings.ToUpper(x.raw.String()); strings.Contains(raw, "C0ZSZXQ") || strings.Contains(raw, "AGEAC2VJ") {
			t.Error("a secret was on the screen")
		}
	}
}

func TestAPasteAsText(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	for _, line := range []string{"MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"} {
		x.typed(line + enter)
		x.sees("C: "+line, "S: "+map[string]string{"MAIL": "250 2.1.0", "RCPT": "250 2.1.5", "DATA": "354"}[line[:4]])
	}
	x.sees("MESSAGE TEXT")
	x.typed(pasted("From: me", "", "RCPT TO:<nobody>"))
	x.sees("b all as message text")
	x.typed("o") // nothing answers text
	x.typed("b")
	x.sees("all of the paste was sent", "MESSAGE TEXT")
	x.typed("." + enter)
	x.sees("250 2.0.0 queued")
	if got := s.lines(); !slices.Equal(got[4:], []string{"From: me", "", "RCPT TO:<nobody>", "."}) {
		t.Errorf("the server got %q", got)
	}
}

func TestWalkingThroughAPaste(t *testing.T) {
	s := newFakeServer(t)
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed("draft" + pasted("NOOP one", "NOOP two", "NOOP three"))
	x.sees("3 lines, not sent")
	x.typed("e")
	x.sees("PASTE 1/3: NOOP one")
	x.typed("!" + "\x1b[B")
	x.sees("PASTE 2/3: NOOP two")
	x.typed(enter)
	x.sees("C: NOOP two", "PASTE 3/3: NOOP three")
	x.typed("\x1b[A" + enter)
	x.sees("C: NOOP one!", "PASTE 3/3: NOOP three")
	x.typed(enter)
	x.sees("C: NOOP three", "C: draft")
	if got := s.lines()[1:]; !slices.Equal(got, []string{"NOOP two", "NOOP one!", "NOOP three"}) {
		t.Errorf("the server got %q", got)
	}
}

func TestALargePasteIsRefused(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	p.m.paste([]rune(strings.Repeat("NOOP\n", pasteLines+1)))
	if !strings.Contains(p.m.hint, "5001 lines") || len(p.m.queue.lines) != 0 || p.m.mode != modeLine {
		t.Errorf("%q, %d lines are kept", p.m.hint, len(p.m.queue.lines))
	}
	p.m.paste([]rune(strings.Repeat(strings.Repeat("x", 1000)+"\n", pasteMost/1000-1)))
	if n := len(p.m.queue.lines); n != pasteMost/1000-1 {
		t.Fatalf("%d lines are kept", n)
	}
	p.m.paste([]rune(strings.Repeat(strings.Repeat("x", 1000)+"\n", 10)))
	if n := len(p.m.queue.lines); n != pasteMost/1000-1 || !strings.Contains(p.m.hint, "nothing was taken") {
		t.Errorf("a second paste made it %d lines: %q", n, p.m.hint)
	}
}

// TestWhatIsPastedIsJudged: as if the lines before were accepted.
func TestWhatIsPastedIsJudged(t *testing.T) {
	p := newPlay(80, 24)
	sceneDone(p)
	for paste, want := range map[string]string{
		"MAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\nSubject: x\n.\nMAIL FROM:<a@b>": "",
		"RCPT TO:<c@d>\nNOOP":                     "1 RCPT before MAIL",
		"MAIL FROM:<a@b>\nDATA\n.x\n.":            "2 DATA before a recipient was accepted; 3 the server takes the first dot away: .. keeps one",
		"EHLO x\nMAIL FROM:<a@b> CONPERM\nMAIL x": "", // what is offered then is unknown
		"AUTH PLAIN c2VjcmV0c2VjcmV0\nx":          "",
	} {
		p.m.queue = queue{at: -1}
		p.m.mode = modeLine
		p.m.paste([]rune(paste))
		var got []string
		text := p.m.pasteText()
		for i, l := range text {
			if w, ok := strings.CutPrefix(l, "   ~  "); ok {
				got = append(got, strings.TrimSpace(text[i-1][:5])+" "+w)
			}
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%q: %q, want %q", paste, s, want)
		}
	}
	// A group that the server did not offer.
	list := clearList[strings.Index(clearList, "250-SIZE"):]
	p.tell(engine.Status{Connected: true}, append(asked("EHLO", "EHLO x", "250-mx1\n"+list), offered("250-mx1\n"+list)...)...)
	p.m.queue, p.m.mode = queue{at: -1}, modeLine
	p.m.paste([]rune("MAIL FROM:<a@b>\nRCPT TO:<c@d>"))
	if text := fmt.Sprint(p.m.pasteText()); !strings.Contains(text, "~ PIPELINING is not offered") {
		t.Error(text)
	}
}

// TestAPasteLeavesTheHistory: a long one does not drive out what was typed.
func TestAPasteLeavesTheHistory(t *testing.T) {
	for _, key := range []string{"o", "b"} {
		s := newFakeServer(t)
		s.set("VRFY", "250 ok")
		x := start(t, s, 80, 24, nil)
		x.sees("READY")
		x.typed("VRFY before" + enter)
		x.sees("VRFY before", "READY")
		var lines []string
		for i := range 20 + 5 {
			lines = append(lines, fmt.Sprintf("VRFY n%d", i))
		}
		x.typed(pasted(lines...))
		x.sees("25 lines, not sent")
		x.typed(key)
		x.sees("all of the paste was sent")
		x.typed("\x1b[A")
		x.sees(fmt.Sprintf("C: VRFY n%d", 20-1))
		if got := s.lines(); got[len(got)-1] != lines[len(lines)-1] {
			t.Errorf("the server got %q", got)
		}
	}
}
