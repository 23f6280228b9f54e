package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session/message"
	"ehlo/session/smtptest"
)

// TestLargestAttachmentIsSent attaches a file of the largest size that `ehlo
// size` names, with all of the room for a header used up: the message has as
// many octets as the server takes, and with one octet more it is not sent.
func TestLargestAttachmentIsSent(t *testing.T) {
	const limit = 3_000_000
	server, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.test", Domain: "example.test", MaxSize: limit, NoSTARTTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	address, err := server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())

	type report struct {
		Exit     int
		Error    *struct{ Message string }
		Sessions []struct {
			Size struct {
				Largest int64 `json:"largest_attachment"`
			}
			Message struct{ Octets int64 }
		}
	}
	ask := func(args ...string) report {
		t.Helper()
		var stdout, stderr bytes.Buffer
		run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr})
		var r report
		if err := json.Unmarshal(stdout.Bytes(), &r); err != nil || len(r.Sessions) != 1 {
			t.Fatalf("%v: %v\n%s%s", args, err, &stdout, &stderr)
		}
		return r
	}
	largest := ask("size", "-o", "json", address).Sessions[0].Size.Largest
	if largest != message.LargestAttachment(limit) {
		t.Fatalf("largest attachment %d", largest)
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	send := func(octets int64, more ...string) report {
		t.Helper()
		if err := os.WriteFile(file, make([]byte, octets), 0o600); err != nil {
			t.Fatal(err)
		}
		// go-smtp takes a message of exactly its limit in chunks only.
		return ask(append([]string{"send", "-o", "json", "--helo", "client.test", "--chunking", "--server", address, "--from", "me@example.net", "--to", "you@example.test", "--subject", "the report", "--body", "Here it is.", "--attach", file}, more...)...)
	}
	usual := send(57)
	around := usual.Sessions[0].Message.Octets - message.EncodedSize(57)
	if usual.Exit != 0 || around > message.UsualHeader {
		t.Fatalf("a usual message has %d octets around the attachment: %+v", around, usual.Error)
	}
	pad := "X: " + strings.Repeat("x", int(message.UsualHeader-around)-len("X: \r\n"))
	if r := send(largest, "--header", pad); r.Exit != 0 || r.Sessions[0].Message.Octets > limit || r.Sessions[0].Message.Octets <= limit-4 {
		t.Errorf("%d octets attached make %d: exit %d, %+v", largest, r.Sessions[0].Message.Octets, r.Exit, r.Error)
	}
	r := send(largest+1, "--header", pad)
	if r.Exit != 41 || r.Sessions[0].Message.Octets != 0 {
		t.Errorf("one octet more: %+v", r)
	}
	// ehlo size --file says the same before.
	for more, exit := range []int{0, 41} {
		if err := os.WriteFile(file, make([]byte, largest+int64(more)), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := ask("size", "-o", "json", "--file", file, address); r.Exit != exit {
			t.Errorf("%s: %+v", fmt.Sprint("largest and ", more), r)
		}
	}
}
