//go:build mta

package mta

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const header = "From: <sender@client.test>\nTo: <good@mail.test>\nSubject: octets\nDate: Mon, 01 Jan 2024 00:00:00 +0000\nMessage-ID: <1@client.test>\n\n"

const send = "send --dns $DNS -p $PORT --helo client.test --from sender@client.test "

// testDelivery reads messages back, octet for octet but for the line ends.
func testDelivery(t *testing.T, n names, server *postfix) {
	tests := []struct{ name, body, flags string }{
		{"a plain line", "Hello.\n", ""},
		{"lines that begin with dots", ".one\n..two\n...three\n", ""},
		{"a line that is only a dot", "before\n.\nafter\n..\n.\n", ""},
		{"8-bit and control octets", "caf\xe9 \xff\xfe \x1b[31m \x07\n", ""},
		{"no line end at the end", "the end", ""},
		{"a dot and no line end", ".", ""},
		{"empty lines", "\n\n\n", ""},
		{"CRLF line ends", "one\r\n.two\r\n", ""},
		{"long: many writes, a dot at each line", strings.Repeat(".0123456789 0123456789 0123456789\n", 100_000), ""},
		{"a line longer than 1,000 octets", strings.Repeat("0123456789", 300) + "\n.\n", ""},
		{"not pipelined", ".\n", "--no-pipelining "},
		{"in clear", ".\n", "--tls never "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			message := header + test.body
			if err := os.WriteFile(n["MAIL"], []byte(message), 0o600); err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(message, "\r\n", "\n")
			if !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			r := n.ehlo(t, send+test.flags+"--to good@mail.test --data $MAIL -o json mail.test")
			s := r.report(t).last(t)
			r.want(t, r.exit == 0 && s.Delivery == "accepted", "exit 0, delivery accepted")
			octets := int64(len(want) + strings.Count(want, "\n"))
			r.want(t, s.Message.Octets == octets, "a message of %d octets, got %d", octets, s.Message.Octets)
			server.log(t, 1)
			if r.exit != 0 {
				return
			}
			if got := server.delivered(t, "good"); got != want {
				r.want(t, false, "the message %q, got %q", short(want), short(got))
			}
			pipelined := false
			for i, line := range s.Transcript {
				pipelined = pipelined || i > 0 && s.Transcript[i-1].From == "C" && strings.HasPrefix(line.Text, "RCPT TO:")
			}
			r.want(t, pipelined == !strings.Contains(test.flags, "no-pipelining"), "MAIL and RCPT sent together, unless told otherwise")
		})
	}
}

// testRecipients looks at recipients that are refused.
func testRecipients(t *testing.T, n names, server *postfix) {
	if err := os.WriteFile(n["MAIL"], []byte(header+"To some.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, to  string
		exit      int
		delivery  string // those that will do
		replies   string // code and enhanced code of each recipient
		delivered string
	}{
		{"all good", "good@mail.test,second@mail.test,third@mail.test", 0, "accepted", "250 2.1.5,250 2.1.5,250 2.1.5", "good second third"},
		{"one unknown", "good@mail.test,unknown@mail.test", 24, "partial", "250 2.1.5,550 5.1.1", "good"},
		{"the first unknown", "unknown@mail.test,good@mail.test,second@mail.test", 24, "partial", "550 5.1.1,250 2.1.5,250 2.1.5", "good second"},
		{"all unknown", "unknown@mail.test,nobody@mail.test", 24, "none rejected", "550 5.1.1,550 5.1.1", ""},
		{"not now", "grey@mail.test", 24, "none deferred", "450 4.2.0", ""},
		{"one not now", "grey@mail.test,good@mail.test", 24, "partial", "450 4.2.0,250 2.1.5", "good"},
		{"relay refused", "someone@elsewhere.example", 24, "none rejected", "554 5.7.1", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := n.ehlo(t, send+"--to "+test.to+" --data $MAIL -o json mail.test")
			rep := r.report(t)
			s := rep.last(t)
			r.want(t, r.exit == test.exit, "exit %d", test.exit)
			if test.exit != 0 {
				r.want(t, rep.Error != nil && rep.Error.Phase == "rcpt", "phase rcpt")
			}
			r.want(t, slices.Contains(strings.Fields(test.delivery), s.Delivery), "delivery %s, got %q", test.delivery, s.Delivery)
			var to, replies []string
			for _, recipient := range s.Recipients {
				to = append(to, recipient.Address)
				replies = append(replies, fmt.Sprint(recipient.Reply.Code, " ", recipient.Reply.Enhanced))
			}
			r.want(t, strings.Join(to, ",") == test.to, "the recipients in their order, got %v", to)
			r.want(t, strings.Join(replies, ",") == test.replies, "the replies %s, got %v", test.replies, replies)
			server.log(t, 1)
			if t.Failed() {
				return
			}
			for _, user := range strings.Fields(test.delivered) {
				if got := server.delivered(t, user); got != header+"To some.\n" {
					r.want(t, false, "the message to %s, got %q", user, got)
				}
			}
		})
	}
}

// testTooLarge looks at a message larger than Postfix declares to accept.
func testTooLarge(t *testing.T, n names, server *postfix) {
	line := strings.Repeat("x", 70) + "\n"
	message := header + strings.Repeat(line, sizeLimit/len(line)+1)
	size := len(message) + strings.Count(message, "\n") // octets with CRLF line ends
	if err := os.WriteFile(n["LARGE"], []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	r := n.ehlo(t, send+"--to good@mail.test --data $LARGE -o json mail.test")
	rep := r.report(t)
	r.want(t, r.exit == 41 && rep.Error != nil && rep.Error.Kind == "message_too_large", "exit 41, kind message_too_large")
	r.want(t, rep.last(t).Delivery == "none", "delivery none")
	if log := server.log(t, 1); strings.Contains(log, " mail=") {
		t.Errorf("%s\nwant no MAIL, Postfix logged\n%s", r.command, log)
	}

	r = n.ehlo(t, send+"--to good@mail.test --data $LARGE mail.test")
	said := r.stdout + r.stderr
	millions, rest := size/1_000_000, size%1_000_000
	octets := fmt.Sprintf("%d,%03d,%03d", millions, rest/1000, rest%1000)
	r.want(t, r.exit == 41 && strings.Contains(said, "14,680,064") && strings.Contains(said, octets), "both sizes, %s and 14,680,064", octets)
	server.log(t, 1)

	r = n.ehlo(t, send+"--force --to good@mail.test --data $LARGE -o json mail.test")
	rep = r.report(t)
	r.want(t, r.exit == 23 && rep.Error != nil && rep.Error.Phase == "mail" && rep.Error.Kind == "rejected", "exit 23, phase mail, kind rejected")
	r.want(t, rep.Error != nil && rep.Error.Reply != nil && rep.Error.Reply.Code == 552 && rep.Error.Reply.Enhanced == "5.3.4", "552 5.3.4")
	if log := server.log(t, 1); !strings.Contains(log, " mail=0/1") {
		t.Errorf("%s\nwant a MAIL refused, Postfix logged\n%s", r.command, log)
	}
}

// testTranscript looks at the text of a session whose message would move the cursor.
func testTranscript(t *testing.T, n names, server *postfix) {
	if err := os.WriteFile(n["MAIL"], []byte(header+"\x1b[2J caf\xe9 caf\u00e9 \u009b31m \x07\t\x7f\n.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := n.ehlo(t, send+"--to good@mail.test --data $MAIL mail.test")
	r.want(t, r.exit == 0, "exit 0")
	r.plain(t)
	server.log(t, 1)
	if r.exit == 0 {
		server.delivered(t, "good")
	}
}
