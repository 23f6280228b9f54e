//go:build unix

package message_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ehlo/session/message"
)

// A pipe, such as the shell's <(command), is read once and kept.
func TestFromPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	go func() { _ = os.WriteFile(path, []byte("A: b\n\nc\n"), 0o600) }()
	m, err := message.FromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, m); string(got) != "A: b\n\nc\n" || m.Name != path {
		t.Errorf("%q from %s", got, m.Name)
	}
}

// What is too large for memory is kept in a file, whatever the message is made
// of.
func TestLargePipes(t *testing.T) {
	content := strings.Repeat("0123456789\r\n", 300_000)
	pipe := func() string {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
		go func() { _ = os.WriteFile(path, []byte(content), 0o600) }()
		return path
	}
	dir := t.TempDir()
	m, err := message.FromPath(pipe(), in(dir))
	if err != nil || string(read(t, m)) != content {
		t.Errorf("as a message: %v", err)
	}
	d := message.Draft{From: "a@b.test", Spool: in(dir), BodyFile: pipe()}
	if m, err = message.Compose(d); err != nil || !strings.HasSuffix(string(read(t, m)), "\r\n\r\n"+content) {
		t.Errorf("as text: %v", err)
	}
	d = message.Draft{From: "a@b.test", Spool: in(dir), BodyStream: strings.NewReader(content), Attachments: []string{pipe()}}
	if m, err = message.Compose(d); err != nil {
		t.Fatal(err)
	}
	got := string(read(t, m))
	if !strings.Contains(got, "\r\n\r\n"+content) || int64(len(got)) != m.Size.Octets || !strings.Contains(got, `filename="pipe"`) || len(got) < 2*len(content) {
		t.Errorf("as text from a stream and attached: %d octets", len(got))
	}
	if files, _ := os.ReadDir(dir); len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
	if _, err := message.FromPath(pipe(), in(filepath.Join(dir, "none"))); err == nil {
		t.Error("there is no place")
	}
}

func TestFromStreamWithoutEnd(t *testing.T) {
	if _, err := message.FromFile("/dev/zero"); err == nil || !strings.Contains(err.Error(), "/dev/zero") {
		t.Errorf("%v", err)
	}
	d := draft()
	d.Attachments = []string{"/dev/null"}
	if got := string(octets(t, d)); !strings.Contains(got, `filename="null"`) {
		t.Errorf("%s", got)
	}
}
