package smtptest

import (
	"bytes"
	"encoding/base64"
	"net"
	"net/smtp"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session/internal/rawclient"
)

func startMail(t *testing.T, opt MailOptions) (*Mail, *rawclient.Client) {
	t.Helper()
	m, addr := newMail(t, opt)
	return m, rawclient.Dial(t, addr)
}

func newMail(t *testing.T, opt MailOptions) (*Mail, string) {
	t.Helper()
	m, err := NewMail(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	addr, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return m, addr
}

func TestMailTakesAMessage(t *testing.T) {
	m, c := startMail(t, MailOptions{Hostname: "mx1.demo.test", MaxSize: 14680064})
	c.Hear("220 mx1.demo.test ESMTP")
	c.Say("EHLO client\r\n")
	c.Hear("250-Hello", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250-CHUNKING", "250-STARTTLS", "250-SMTPUTF8", "250-DSN", "250 SIZE 14680064")
	c.Say("MAIL FROM:<a@example.net> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<User@DEMO.test>\r\nRCPT TO:<postmaster@demo.test>\r\nDATA\r\n")
	c.Hear("250 2.0.0", "250 2.0.0", "250 2.0.0", "354")
	c.Ask("Subject: x\r\n\r\n..dot\r\ngr\xfcn\r\n.", "250 2.0.0 OK: queued as 7F3A0001")
	c.Ask("QUIT", "221")
	c.Gone()
	all := m.Messages()
	if len(all) != 1 {
		t.Fatal(all)
	}
	got := all[0]
	if want := "Subject: x\r\n\r\n.dot\r\ngr\xfcn\r\n"; string(got.Data) != want || got.Octets != int64(len(want)) {
		t.Errorf("%q, %d octets", got.Data, got.Octets)
	}
	if got.ID != "7F3A0001" || got.From != "a@example.net" || strings.Join(got.To, " ") != "User@DEMO.test postmaster@demo.test" || got.TLS || !got.UTF8 || got.Body != "8BITMIME" {
		t.Errorf("%+v", got)
	}
}

func TestMailJudgesRecipients(t *testing.T) {
	_, c := startMail(t, MailOptions{Hostname: "mx1.demo.test"})
	c.Hear("220")
	c.Ask("EHLO client", "250")
	c.Ask("MAIL FROM:<a@example.net>", "250")
	for _, row := range [][2]string{
		{"user@demo.test", "250 2.0.0"},
		{"anything.else@mx1.demo.test", "250 2.0.0"},
		{"Nobody@demo.test", "550 5.1.1 <Nobody@demo.test>"},
		{"full@demo.test", "452 4.2.2"},
		{"grey@demo.test", "450 4.7.1"},
		{"grey@demo.test", "250 2.0.0"},
		{"user@example.org", "554 5.7.1"},
	} {
		c.Ask("RCPT TO:<"+row[0]+">", row[1])
	}
	c.Ask("RSET", "250")
	c.Ask("MAIL FROM:<b@example.net>", "250")
	c.Ask("RCPT TO:<grey@demo.test>", "450 4.7.1")
}

func TestMailSizeLimit(t *testing.T) {
	m, c := startMail(t, MailOptions{MaxSize: 1000})
	c.Hear("220")
	c.Ask("EHLO client", "250 SIZE 1000")
	c.Ask("MAIL FROM:<> SIZE=1001", "552 5.3.4")
	c.Ask("MAIL FROM:<> SIZE=1000", "250")
	c.Ask("RCPT TO:<user@example.test>", "250")
	c.Ask("DATA", "354")
	c.Ask(strings.Repeat("0123456\r\n", 120)+".", "552 5.3.4")
	c.Ask("MAIL FROM:<>", "250")
	c.Ask("RCPT TO:<user@example.test>", "250")
	c.Ask("DATA", "354")
	c.Ask(strings.Repeat("01234567\r\n", 99)+"0123456\r\n.", "250")
	if all := m.Messages(); len(all) != 1 || all[0].Octets != 999 {
		t.Errorf("%+v", all)
	}
	c.Ask("MAIL FROM:<>", "250")
	c.Ask("RCPT TO:<user@example.test>", "250")
	c.Say("BDAT 5\r\nabcde")
	c.Hear("250")
	c.Say("BDAT 3 LAST\r\nx\r\n")
	c.Hear("250 2.0.0 OK: queued as")
	if all := m.Messages(); len(all) != 2 || string(all[1].Data) != "abcdex\r\n" {
		t.Errorf("%+v", all)
	}
	if _, bare := startMail(t, MailOptions{}); true {
		bare.Hear("220")
		bare.Ask("EHLO client", "250 SIZE\r\n")
	}
}

func TestMailLogin(t *testing.T) {
	m, addr := newMail(t, MailOptions{Hostname: "mx1.demo.test"})
	plain := func(user, password string) string {
		return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password))
	}
	c := rawclient.Dial(t, addr)
	c.Hear("220")
	c.Ask("EHLO client", "250")
	c.Ask(plain("postmaster", "demo"), "523 5.7.10")
	c.Ask("STARTTLS", "220")
	c = c.StartTLS(m.Pool(), "mx1.demo.test")
	c.Say("EHLO client\r\n")
	c.Hear("250-Hello", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250-CHUNKING", "250-AUTH PLAIN", "250-SMTPUTF8", "250-DSN", "250 SIZE")
	c.Ask(plain("postmaster", "guess"), "535 5.7.8")
	c.Ask("AUTH LOGIN", "504 5.7.4")
	c.Ask(plain("postmaster", "demo"), "235")
	c.Ask("MAIL FROM:<a@b>", "250")
	c.Ask("RCPT TO:<x@example.org>", "554 5.7.1")
	c.Ask("RCPT TO:<x@demo.test>", "250")
	c.Ask("DATA", "354")
	c.Ask(".", "250")
	if all := m.Messages(); len(all) != 1 || all[0].User != "postmaster" || !all[0].TLS || len(all[0].Data) != 0 {
		t.Errorf("%+v", all)
	}
}

func TestMailWithAClientOfGo(t *testing.T) {
	_, addr := newMail(t, MailOptions{})
	// net/smtp uses STARTTLS by itself, and does not know our authority.
	if err := smtp.SendMail(addr, nil, "a@b", []string{"user@example.test"}, []byte("x\r\n")); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	m, clear := newMail(t, MailOptions{NoSTARTTLS: true})
	if err := smtp.SendMail(clear, nil, "a@b", []string{"user@example.test"}, []byte("x\r\n")); err != nil {
		t.Error(err)
	}
	if all := m.Messages(); len(all) != 1 || string(all[0].Data) != "x\r\n" {
		t.Errorf("%+v", all)
	}
}

func TestMailImplicitTLS(t *testing.T) {
	m, err := NewMail(MailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	addr, err := m.ListenTLS()
	if err != nil {
		t.Fatal(err)
	}
	c := rawclient.Dial(t, addr).StartTLS(m.Pool(), "127.0.0.1")
	c.Hear("220")
	c.Say("EHLO client\r\n")
	c.Hear("250-Hello", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250-CHUNKING", "250-AUTH PLAIN", "250-SMTPUTF8", "250-DSN", "250 SIZE")
}

func TestMailLMTPOverASocket(t *testing.T) {
	m, err := NewMail(MailOptions{LMTP: true, Hostname: "mx.example.test"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- m.Serve(l) }()
	c := rawclient.Dial(t, path)
	c.Hear("220 mx.example.test LMTP")
	c.Ask("EHLO client", "500")
	c.Ask("LHLO client", "250")
	c.Ask("MAIL FROM:<a@b>", "250")
	c.Ask("RCPT TO:<a@example.test>", "250")
	c.Ask("RCPT TO:<nobody@example.test>", "550")
	c.Ask("RCPT TO:<b@example.test>", "250")
	c.Ask("DATA", "354")
	c.Say("x\r\n.\r\n")
	c.Hear("250 2.0.0 <a@example.test> OK: queued as 7F3A0001", "250 2.0.0 <b@example.test> OK: queued as 7F3A0001")
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if err := m.Serve(l); err != nil {
		t.Errorf("Serve of what is closed: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func TestMailKeepsWithinBounds(t *testing.T) {
	m, err := NewMail(MailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range keptMessages + 5 {
		m.keep(Message{Data: []byte("x")})
	}
	if all := m.Messages(); len(all) != keptMessages || all[0].ID != "7F3A0006" {
		t.Errorf("%d messages from %s", len(all), all[0].ID)
	}
	big := bytes.Repeat([]byte("x"), keptOctets/2)
	for range 3 {
		m.keep(Message{Data: big})
	}
	if all := m.Messages(); len(all) != 2 {
		t.Errorf("%d large messages", len(all))
	}
	for i := range 2 * keptGrey {
		m.known("a", strings.Repeat("b", i))
	}
	if len(m.grey) > keptGrey {
		t.Errorf("%d pairs", len(m.grey))
	}
}
