package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"ehlo/session/message"
	"ehlo/session/smtptest"
)

// TestLargestAttachmentIsSent sends the largest file that `ehlo size` names by
// the command that its help names: the message is taken, and with one octet more
// it is not sent. So it is with --file, for a file of any name.
func TestLargestAttachmentIsSent(t *testing.T) {
	const limit = 3_000_000
	server, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.test", Domain: "example.com", MaxSize: limit, NoSTARTTLS: true})
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
	dir := t.TempDir()
	send := func(name string, octets int64) report {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, octets), 0o600); err != nil {
			t.Fatal(err)
		}
		// go-smtp takes a message of exactly its limit in chunks only.
		return ask("send", "-o", "json", "--chunking", "--server", address, "--helo", message.ReferenceHost, "--from", message.ReferenceFrom, "--to", message.ReferenceTo, "--attach", filepath.Join(dir, name))
	}
	for _, name := range []string{message.ReferenceFile, "a.bin", "Übersicht der Zahlen.xlsx", strings.Repeat("long ", 30) + ".txt"} {
		around := message.AttachedSize(name, 1) - message.EncodedSize(1)
		n := largest
		if name != message.ReferenceFile {
			n = int64(sort.Search(limit, func(n int) bool { return message.AttachedSize(name, int64(n)+1) > limit }))
		}
		r := send(name, n)
		if r.Exit != 0 || r.Sessions[0].Message.Octets > limit || r.Sessions[0].Message.Octets != around+message.EncodedSize(n) {
			t.Errorf("%s: %d octets attached make %d: exit %d, %+v", name, n, r.Sessions[0].Message.Octets, r.Exit, r.Error)
		}
		for more, exit := range map[int64]int{0: 0, 1: 41} {
			if r := send(name, n+more); r.Exit != exit || exit == 41 && r.Sessions[0].Message.Octets != 0 {
				t.Errorf("%s, %d octets: %+v", name, n+more, r)
			}
			if r := ask("size", "-o", "json", "--file", filepath.Join(dir, name), address); r.Exit != exit {
				t.Errorf("--file %s, %d octets: %+v", name, n+more, r)
			}
		}
	}
}
