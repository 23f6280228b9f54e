package tui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseSend(t *testing.T) {
	for _, row := range []struct{ typed, want, words string }{
		{`--to a@b,c@d --subject "two words" --attach /a\ b.pdf`, "RCPT TO=a@b,c@d|Subject=two words|Attach=/a b.pdf", ""},
		{`--subject='' --chunking --no-pipelining --prdr`, "Subject=|BDAT=yes|Pipelining=no|PRDR=yes", ""},
		{`--dsn-notify delay,failure --dsn-ret full --smtputf8 never --template html`, "DSN=FAILURE,DELAY|RET=FULL|SMTPUTF8=never|Template=html", ""},
		{`--to`, "", "--to needs a value"},
		{`--chunking=1`, "", "has no value"},
		{`--too a@b`, "", "what is --too?"},
		{`--to a@b stray`, "", "what is stray?"},
		{`--template none`, "", "plain html 8bit"},
		{`--subject "open`, "", "not closed"},
	} {
		all, err := parseSend(row.typed)
		if (err == nil) != (row.words == "") || err != nil && !strings.Contains(err.Error(), row.words) {
			t.Errorf("%s: %v", row.typed, err)
		}
		var got []string
		for _, g := range all {
			got = append(got, partNames[g.part]+"="+g.value)
		}
		if err == nil && strings.Join(got, "|") != row.want {
			t.Errorf("%s: %q, want %s", row.typed, got, row.want)
		}
	}
}

func TestSendWithFlags(t *testing.T) {
	server, to := toMail(t, 200000)
	path := attachmentOf(t, 1<<16)
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x := start(t, newFakeServer(t), 120, 36, to)
	x.sees("READY")
	x.typed(esc + ":send --to user@example.com --to second@example.com --subject 'two words' --attach " + path + " --header 'X-A: 1' --pad-to limit-1 --body @" + text + enter)
	x.sees("y send", "two words", "X-A: 1", "SIZE=199999", "<second@example.com>")
	x.typed("y")
	x.sees("accepted", "7F3A0001")
	m := server.Messages()
	if len(m) != 1 || m[0].Octets != 199999 || !slices.Equal(m[0].To, []string{"user@example.com", "second@example.com"}) || !strings.Contains(string(m[0].Data), "from a file\r\n") {
		t.Fatalf("%d messages", len(m))
	}
	// What is wrong keeps the line, and changes nothing.
	x.typed(":send --subject other --to" + enter)
	x.sees("--to needs a value", ":send --subject other --to")
	x.typed(esc)
	x.sees("Subject    two words")
	x.typed(":send --body @/no/such" + enter)
	x.sees("the body is as it was: ", "/no/such")
	x.typed("qy")
	x.end()
}

func TestCompletesTheFlagsOfSend(t *testing.T) {
	p := newPlay(80, 24)
	for _, row := range []struct{ typed, want string }{
		{"send --dsn-n", "send --dsn-notify "},
		{"send --to a@b --pad-to ", "send --to a@b --pad-to limit"},
		{"send --template g", "send --template gtube "},
	} {
		p.press("esc", ":").typed(row.typed)
		p.press("tab")
		if got := p.m.palette.String(); got != row.want {
			t.Errorf("%s: %s", row.typed, got)
		}
		p.press("esc")
	}
}
