package message_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"

	"ehlo/session/message"
)

// TestPaddedToTheOctet: each size from the message's own on, whatever its text
// ends in; what was in it is still in it.
func TestPaddedToTheOctet(t *testing.T) {
	file := write(t, "report.pdf", "%PDF")
	for name, change := range map[string]func(*message.Draft){
		"a text":              func(*message.Draft) {},
		"an empty one":        func(d *message.Draft) { d.Body = nil },
		"no line end":         func(d *message.Draft) { d.Body = []byte("hello") },
		"quoted-printable":    func(d *message.Draft) { d.Body = []byte("Grüße") },
		"an attachment":       func(d *message.Draft) { d.Attachments = []string{file} },
		"no line end, and it": func(d *message.Draft) { d.Attachments, d.Body = []string{file}, []byte("hello") },
		"a file":              func(d *message.Draft) { d.Body, d.BodyFile = nil, file },
	} {
		d := draft()
		change(&d)
		m, err := message.Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		own := m.Size.Octets
		for to := own; to < own+400; to++ {
			d.PadTo, d.Rand = to, new(counter)
			m, err := message.Compose(d)
			if err != nil {
				t.Fatal(err)
			}
			all := read(t, m)
			if m.Size.Octets != to || m.Size.Longest > 78 {
				t.Fatalf("%s: to %d it has %d, and a line of %d", name, to, m.Size.Octets, m.Size.Longest)
			}
			r, err := mail.CreateReader(bytes.NewReader(all))
			if err != nil {
				t.Fatal(err)
			}
			if from, err := r.Header.Date(); err != nil || !from.Equal(d.Date) {
				t.Fatalf("%s: to %d its Date is %v, %v", name, to, from, err)
			}
			part, err := r.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(part.Body)
			if !strings.HasPrefix(string(text), strings.TrimSpace(string(d.Body))) {
				t.Fatalf("%s: the text is %q", name, text)
			}
			if _, err := r.NextPart(); (err == nil) != (len(d.Attachments) > 0) {
				t.Fatalf("%s: to %d the next part: %v", name, to, err)
			}
		}
		d.PadTo = own - 1
		if _, err := message.Compose(d); err == nil || !strings.Contains(err.Error(), "cannot be padded") {
			t.Errorf("%s: to less than it has: %v", name, err)
		}
	}
	d := draft()
	d.Headers, d.PadTo = []string{"Content-Transfer-Encoding: base64"}, 5000
	if _, err := message.Compose(d); err == nil || !strings.Contains(err.Error(), "base64") {
		t.Errorf("base64: %v", err)
	}
}

// TestMuchPaddingIsNoMemory: it is made while it is read, and counted without.
func TestMuchPaddingIsNoMemory(t *testing.T) {
	d := draft()
	d.Body, d.PadTo = nil, 64<<20+1
	m, err := message.Compose(d)
	if err != nil || m.Size.Octets != d.PadTo {
		t.Fatal(m.Size, err)
	}
	if n := testing.AllocsPerRun(1, func() {
		d.PadTo = 1 << 50
		if m, err := message.Compose(d); err != nil || m.Size.Octets != d.PadTo {
			t.Fatal(m.Size, err)
		}
	}); n > 1000 {
		t.Errorf("%v allocations", n)
	}
	if n := int64(len(read(t, m))); n != 64<<20+1 {
		t.Errorf("it has %d octets", n)
	}
}
