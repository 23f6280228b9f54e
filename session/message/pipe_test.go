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
