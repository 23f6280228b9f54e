package message_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"ehlo/session/message"
	"ehlo/session/wire"
)

var update = flag.Bool("update", false, "write the golden files")

// counter is a source of numbers that are not random.
type counter byte

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*c)
		*c++
	}
	return len(p), nil
}

func draft() message.Draft {
	return message.Draft{
		From:    "Jürgen Weiß <juergen@example.net>",
		To:      []string{"a@example.com", `"Doe, Jane" <jane@example.com>`},
		Subject: "A report",
		Body:    []byte("Hello,\n.\nthis is it.\n"),
		Host:    "client.example.net",
		Date:    time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600)),
		Rand:    new(counter),
	}
}

// octets composes, reads the message, and checks that it is what was measured.
func octets(t *testing.T, d message.Draft) []byte {
	t.Helper()
	m, err := message.Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, m)
}

func read(t *testing.T, m *message.Message) []byte {
	t.Helper()
	r, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var size wire.Measure
	_, _ = size.Write(all)
	_ = size.Close()
	if size != m.Size {
		t.Errorf("measured %+v\n  it has %+v", m.Size, size)
	}
	return all
}

func write(t *testing.T, name string, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestComposeGolden(t *testing.T) {
	d := draft()
	d.Subject = "Größere Bestellung: 日本語"
	d.To = append(d.To, "üser@bücher.example")
	for i := range 12 {
		d.To = append(d.To, fmt.Sprintf("recipient%d@department.example.com", i))
	}
	d.Headers = []string{"X-Debug: one", "x-debug: two", "Reply-To: Büro <office@example.net>", "subject: Replaced: ganz neu und ünglaublich länger, als eine Zeile es fasst"}
	d.Body = []byte("Grüße\nund eine Zeile mit " + strings.Repeat("vielen ", 20) + "Wörtern\n")
	d.Attachments = []string{
		write(t, "report.pdf", strings.Repeat("%PDF", 40)),
		write(t, "Übersicht für alle, die es wirklich ganz genau wissen wollen.csv", "a;b\n"),
		write(t, "empty.bin", ""),
	}
	got := octets(t, d)
	golden := filepath.Join("testdata", "composed.eml")
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("go test -update writes it anew\n got\n%s\nwant\n%s", got, want)
	}
	for line := range strings.SplitSeq(string(got), "\r\n") {
		if len(line) > 78 {
			t.Errorf("%d octets: %s", len(line), line)
		}
	}
}

// What go-message reads is what was put in.
func TestComposeReadBack(t *testing.T) {
	d := draft()
	d.Subject = "Größe, 日本語 und " + strings.Repeat("ein langer Betreff ", 8) + "Ende"
	d.Body = []byte("Grüße = 3\r\n trailing \r\n\r\n.\r\n" + strings.Repeat("x", 2000))
	names := []string{"a b.txt", "ü.pdf", strings.Repeat("long name ", 15) + ".zip", "q\"uo\\te.png", "message.eml"}
	contents := []string{"text", "", strings.Repeat("\x00\xff\r\n.", 40000), "\n", strings.Repeat("y", 57)}
	for i, name := range names {
		d.Attachments = append(d.Attachments, write(t, name, contents[i]))
	}
	r, err := mail.CreateReader(bytes.NewReader(octets(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	if subject, err := r.Header.Subject(); err != nil || subject != d.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if from, err := r.Header.AddressList("From"); err != nil || from[0].Name != "Jürgen Weiß" || from[0].Address != "juergen@example.net" {
		t.Errorf("From %v, %v", from, err)
	}
	if to, err := r.Header.AddressList("To"); err != nil || len(to) != 2 || to[1].Name != "Doe, Jane" {
		t.Errorf("To %v, %v", to, err)
	}
	if date, err := r.Header.Date(); err != nil || !date.Equal(d.Date) {
		t.Errorf("Date %v, %v", date, err)
	}
	if id, err := r.Header.MessageID(); err != nil || !strings.HasSuffix(id, "@client.example.net") {
		t.Errorf("Message-ID %q, %v", id, err)
	}
	for i := -1; i < len(names); i++ {
		p, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		if i < 0 {
			if string(content) != string(d.Body) {
				t.Errorf("text %q", content)
			}
			continue
		}
		h, ok := p.Header.(*mail.AttachmentHeader)
		if !ok {
			t.Errorf("%s: %T", names[i], p.Header)
			continue
		}
		if name, err := h.Filename(); err != nil || name != names[i] || string(content) != contents[i] {
			t.Errorf("attachment %q, %v: %d octets; want %q, %d", name, err, len(content), names[i], len(contents[i]))
		}
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("after the last part: %v", err)
	}
}

func TestComposeHeader(t *testing.T) {
	tests := []struct {
		why    string
		change func(d *message.Draft)
		want   []string // lines
		not    []string // beginnings of lines
	}{
		{
			"a notification is from the mail system", func(d *message.Draft) { d.From = "<>" },
			[]string{"From: MAILER-DAEMON@client.example.net"},
			nil,
		},
		{
			"without a known host too", func(d *message.Draft) { d.From, d.Host = "", "" },
			[]string{"From: MAILER-DAEMON@ehlo.invalid"},
			nil,
		},
		{
			"a plain address has no brackets", func(d *message.Draft) { d.From = "<a@b.example>" },
			[]string{"From: a@b.example"},
			nil,
		},
		{
			"a given header replaces", func(d *message.Draft) { d.Headers = []string{"from: x@y", "DATE: never"} },
			[]string{"from: x@y", "DATE: never"},
			[]string{"From:", "Date:"},
		},
		{
			"the second of a name adds", func(d *message.Draft) { d.Headers = []string{"To: x", "To: y"} },
			[]string{"To: x", "To: y"},
			[]string{"To: a@"},
		},
		{
			"an address in UTF-8 stays", func(d *message.Draft) { d.To = []string{"Jürgen <ü@ö.example>"} },
			[]string{"To: =?utf-8?q?J=C3=BCrgen?= <ü@ö.example>"},
			nil,
		},
		{
			"text in any other header is encoded", func(d *message.Draft) { d.Headers = []string{"X-Note: grün"} },
			[]string{"X-Note: =?utf-8?q?gr=C3=BCn?="},
			nil,
		},
		{
			"ASCII text is 7bit", func(*message.Draft) {},
			[]string{"Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 7bit", "MIME-Version: 1.0"},
			nil,
		},
		{
			"998 octets are a line", func(d *message.Draft) { d.Body = bytes.Repeat([]byte("x"), 998) },
			[]string{"Content-Transfer-Encoding: 7bit"},
			nil,
		},
		{
			"999 are not", func(d *message.Draft) { d.Body = bytes.Repeat([]byte("x"), 999) },
			[]string{"Content-Transfer-Encoding: quoted-printable"},
			nil,
		},
		{
			"NUL is no text", func(d *message.Draft) { d.Body = []byte{0} },
			[]string{"Content-Transfer-Encoding: quoted-printable", "=00"},
			nil,
		},
		{
			"other text is quoted-printable", func(d *message.Draft) { d.Body = []byte("ü\rö\nä") },
			[]string{"Content-Transfer-Encoding: quoted-printable", "=C3=BC", "=C3=B6", "=C3=A4"},
			nil,
		},
		{"unless the user says otherwise", func(d *message.Draft) {
			d.Body, d.Headers = []byte("ü"), []string{"content-transfer-encoding: 8bit", "Content-Type: text/html; charset=utf-8"}
		}, []string{"content-transfer-encoding: 8bit", "Content-Type: text/html; charset=utf-8", "ü"}, []string{"Content-Type: text/plain"}},
		{"what the user says is done", func(d *message.Draft) {
			d.Body, d.Headers = []byte("ü"), []string{"Content-Transfer-Encoding: base64"}
		}, []string{"w7w="}, nil},
		{"no recipient", func(d *message.Draft) { d.To = nil }, []string{"To: undisclosed-recipients:;"}, nil},
		{"a Message-ID with brackets or without", func(d *message.Draft) { d.MessageID = "<1@x>" }, []string{"Message-ID: <1@x>"}, nil},
		{
			"a long word stays whole", func(d *message.Draft) { d.Headers = []string{"X-Long: a " + strings.Repeat("b", 500)} },
			[]string{"X-Long: a", " " + strings.Repeat("b", 500)},
			nil,
		},
	}
	for _, tt := range tests {
		d := draft()
		tt.change(&d)
		lines := strings.Split(string(octets(t, d)), "\r\n")
		text := "\n" + strings.Join(lines, "\n") + "\n"
		for _, want := range tt.want {
			if !strings.Contains(text, "\n"+want+"\n") {
				t.Errorf("%s: no line %q in\n%s", tt.why, want, text)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(text, "\n"+not) {
				t.Errorf("%s: a line %q in\n%s", tt.why, not, text)
			}
		}
	}
}

// Net/mail, another reader, finds all fields of a header with everything.
func TestComposeNetMail(t *testing.T) {
	d := draft()
	d.Headers = []string{"X-Empty:", "X-Spaces: a   b" + strings.Repeat("    c", 40), "References: " + strings.Repeat("<0123456789@example.com> ", 9)}
	m, err := netmail.ReadMessage(bytes.NewReader(octets(t, d)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Date", "From", "To", "Subject", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "X-Empty", "X-Spaces", "References"} {
		if len(m.Header[name]) != 1 {
			t.Errorf("%s: %q", name, m.Header[name])
		}
	}
	if list, err := m.Header.AddressList("To"); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestComposeRefuses(t *testing.T) {
	tests := []struct {
		why    string
		change func(d *message.Draft)
		name   string // what the error names
	}{
		{"no colon", func(d *message.Draft) { d.Headers = []string{"X-Bad"} }, `"X-Bad"`},
		{"an empty name", func(d *message.Draft) { d.Headers = []string{": x"} }, `": x"`},
		{"a space in the name", func(d *message.Draft) { d.Headers = []string{"X Bad: x"} }, `"X Bad: x"`},
		{"a name that is not ASCII", func(d *message.Draft) { d.Headers = []string{"Ü: x"} }, `"Ü: x"`},
		{"a second line", func(d *message.Draft) { d.Headers = []string{"X: a\r\nBcc: b"} }, `"X: a\r\nBcc: b"`},
		{"a bare LF", func(d *message.Draft) { d.Headers = []string{"X: a\nb"} }, `"X: a\nb"`},
		{"NUL", func(d *message.Draft) { d.Headers = []string{"X: \x00"} }, `"X: \x00"`},
		{"a word that no line holds", func(d *message.Draft) { d.Headers = []string{"X-Long: " + strings.Repeat("b", 1000)} }, "X-Long"},
		{"a subject of two lines", func(d *message.Draft) { d.Subject = "a\nb" }, `"a\nb"`},
		{"a sender that is none", func(d *message.Draft) { d.From = "a b@c" }, "a b@c"},
		{"an empty recipient", func(d *message.Draft) { d.To = []string{"Name <>"} }, `"Name <>"`},
		{"a recipient's name of two lines", func(d *message.Draft) { d.To = []string{"a\r\nb <c@d>"} }, `"a\r\nb <c@d>"`},
		{"a bad Message-ID", func(d *message.Draft) { d.MessageID = "a b" }, `"a b"`},
		{"two texts", func(d *message.Draft) { d.BodyFile = "x" }, "both"},
		{"a missing text", func(d *message.Draft) { d.Body, d.BodyFile = nil, "missing.txt" }, "missing.txt"},
		{"a missing attachment", func(d *message.Draft) { d.Attachments = []string{"missing.pdf"} }, "missing.pdf"},
		{"a directory", func(d *message.Draft) { d.Attachments = []string{"testdata"} }, "testdata is a directory"},
	}
	for _, tt := range tests {
		d := draft()
		tt.change(&d)
		if _, err := message.Compose(d); err == nil || !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s: error %v, want one that names %s", tt.why, err, tt.name)
		}
	}
}

func TestComposeSMTPUTF8(t *testing.T) {
	d := draft()
	if m, err := message.Compose(d); err != nil || m.Size.HeaderEightBit || m.Size.EightBit {
		t.Errorf("a name that is not ASCII needs no SMTPUTF8: %v, %v", m, err)
	}
	d.To = []string{"ü@example.com"}
	if m, err := message.Compose(d); err != nil || !m.Size.HeaderEightBit {
		t.Errorf("an address that is not ASCII needs SMTPUTF8: %v, %v", m, err)
	}
}

func TestBodyFile(t *testing.T) {
	for _, body := range []string{"", "plain\n", "grün\r\n", strings.Repeat("lange Zeile ", 300), strings.Repeat("Zeile mit Ümläuten\n", 20000)} {
		d := draft()
		d.Body = []byte(body)
		inline := octets(t, d)
		d = draft()
		d.Body, d.BodyFile = nil, write(t, "body.txt", body)
		if got := octets(t, d); !bytes.Equal(got, inline) {
			t.Errorf("a text of %d octets in a file: %d octets, by itself %d", len(body), len(got), len(inline))
		}
	}
}
