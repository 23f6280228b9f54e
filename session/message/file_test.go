package message_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ehlo/session/message"
)

func TestFromFile(t *testing.T) {
	for _, content := range []string{"", "A: b\n\nc", "A: b\r\n\r\n.\r\n", strings.Repeat("Zeile\r\n", 200000)} {
		path := write(t, "message.eml", content)
		m, err := message.FromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != path {
			t.Errorf("name %q", m.Name)
		}
		for range 2 { // it can be read more than once
			if got := read(t, m); string(got) != content {
				t.Errorf("%d octets of %d", len(got), len(content))
			}
		}
	}
}

func TestFromFileRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := message.FromFile(dir); err == nil || err.Error() != dir+" is a directory" {
		t.Errorf("a directory: %v", err)
	}
	missing := filepath.Join(dir, "missing.eml")
	if _, err := message.FromFile(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("a missing file: %v", err)
	}
	secret := write(t, "secret.eml", "x")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		t.Skip("root may read everything; run as another user")
	}
	if _, err := message.FromFile(secret); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), secret) {
		t.Errorf("a forbidden file: %v", err)
	}
}

func TestChangedFile(t *testing.T) {
	long := strings.Repeat("line\r\n", 100000)
	tests := []struct {
		why    string
		change func(t *testing.T, path string)
		when   int // octets that were read before
	}{
		{"longer before sending", func(t *testing.T, path string) { add(t, path, "more") }, 0},
		{"shorter before sending", func(t *testing.T, path string) { truncate(t, path, 10) }, 0},
		{"of the same size before sending", func(t *testing.T, path string) {
			if err := os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}, 0},
		{"longer while sending", func(t *testing.T, path string) { add(t, path, "more") }, 1000},
		{"shorter while sending", func(t *testing.T, path string) { truncate(t, path, 5000) }, 1000},
	}
	for _, tt := range tests {
		for _, how := range []string{"message", "attachment"} {
			path := write(t, "file", long)
			m, err := message.FromFile(path)
			if how == "attachment" {
				d := draft()
				d.Attachments = []string{path}
				m, err = message.Compose(d)
			}
			if err != nil {
				t.Fatal(err)
			}
			var r io.ReadCloser
			if tt.when > 0 {
				if r, err = m.Open(); err != nil {
					t.Fatal(err)
				}
				if _, err := io.CopyN(io.Discard, r, int64(tt.when)); err != nil {
					t.Fatal(err)
				}
			}
			tt.change(t, path)
			if tt.when == 0 {
				if _, err = m.Open(); err == nil {
					t.Errorf("%s, %s: opened", tt.why, how)
				}
			} else {
				var n int64
				n, err = io.Copy(io.Discard, r)
				if n > m.Size.Octets {
					t.Errorf("%s, %s: %d octets of %d", tt.why, how, n, m.Size.Octets)
				}
				_ = r.Close()
			}
			if changed, ok := errors.AsType[*message.ChangedError](err); !ok || changed.Path != path || !strings.Contains(err.Error(), path+" was changed") {
				t.Errorf("%s, %s: %v", tt.why, how, err)
			}
		}
	}
}

func add(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// in is a place for streams.
func in(dir string) message.Spool { return func() (string, error) { return dir, nil } }

func TestFromReader(t *testing.T) {
	for _, size := range []int{0, 10, 1 << 20, 1<<20 + 1, 5 << 20} {
		dir := t.TempDir()
		content := strings.Repeat("0123456789abcde\n", size/16+1)[:size]
		m, err := message.FromReader(strings.NewReader(content), in(dir))
		if err != nil {
			t.Fatal(err)
		}
		files, _ := os.ReadDir(dir)
		if spooled := size > 1<<20; (len(files) == 1) != spooled {
			t.Errorf("%d octets: %d files", size, len(files))
		}
		for _, f := range files {
			if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		}
		if got := read(t, m); string(got) != content || m.Name != "" {
			t.Errorf("%d octets of %d, name %q", len(got), size, m.Name)
		}
	}
}

// broken fails after so many octets.
type broken int

func (b *broken) Read(p []byte) (int, error) {
	if *b <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n := min(len(p), int(*b))
	*b -= broken(n)
	return n, nil
}

func TestFromReaderFails(t *testing.T) {
	for _, size := range []broken{0, 100, 3 << 20} {
		dir := t.TempDir()
		m, err := message.FromReader(&size, in(dir))
		if err == nil || m != nil {
			t.Errorf("%v, %v", m, err)
		}
		if files, _ := os.ReadDir(dir); len(files) != 0 {
			t.Error("a file is left")
		}
	}
	if _, err := message.FromReader(bytes.NewReader(make([]byte, 2<<20)), in(filepath.Join(t.TempDir(), "none"))); err == nil {
		t.Errorf("no place for a file: %v", err)
	}
}

func TestLargestAttachment(t *testing.T) {
	around := message.AttachedSize(message.ReferenceFile, 1) - message.EncodedSize(1)
	tests := []struct{ limit, want int64 }{
		{math.MinInt64, 0},
		{-1, 0},
		{0, 0},
		{1, 0},
		{around, 0},
		{around + 5, 0},
		{around + 6, 3}, // 4 columns and CRLF
		{around + 9, 3},
		{around + 10, 6},
		{around + 78, 57},
		{around + 79, 57},
		{around + 84, 60},
	}
	for _, tt := range tests {
		if got := message.LargestAttachment(tt.limit); got != tt.want {
			t.Errorf("limit %d: %d, want %d", tt.limit, got, tt.want)
		}
	}
	size := func(n int64) int64 { return message.AttachedSize(message.ReferenceFile, n) }
	for _, limit := range []int64{14680064, 1 << 40} {
		if n := message.LargestAttachment(limit); size(n) > limit || size(n+1) <= limit {
			t.Errorf("limit %d: %d make %d, one more %d", limit, n, size(n), size(n+1))
		}
	}
	for limit := range int64(5000) {
		n := message.LargestAttachment(limit)
		if n > 0 && size(n) > limit || size(n+1) <= limit {
			t.Fatalf("limit %d: %d", limit, n)
		}
	}
	for _, n := range []int64{math.MaxInt64, math.MaxInt64 / 4 * 3, math.MaxInt64/78*57 + 57} {
		if message.EncodedSize(n) != math.MaxInt64 || size(n) != math.MaxInt64 {
			t.Errorf("%d octets: %d, %d", n, message.EncodedSize(n), size(n))
		}
	}
}

// TestAttachedSize holds the size to what Compose makes, at any time, with names
// of all kinds, of the reference and of a message of other names.
func TestAttachedSize(t *testing.T) {
	for _, name := range []string{message.ReferenceFile, "a", "Zahlen für März.xlsx", pad(200) + ".txt", `a "b".zip`} {
		for _, n := range []int64{0, 1, 57, 58, 14680064, 5 << 30} {
			path := write(t, name, "")
			truncate(t, path, n)
			for _, date := range []time.Time{time.Now(), time.Date(2031, 12, 24, 3, 4, 5, 0, time.FixedZone("", -3600*11))} {
				d := message.Draft{
					From: message.ReferenceFrom, To: []string{message.ReferenceTo}, Host: message.ReferenceHost,
					Date: date, Attachments: []string{path},
				}
				m, err := message.Compose(d)
				if err != nil {
					t.Fatal(err)
				}
				if want := message.AttachedSize(name, n); m.Size.Octets != want {
					t.Errorf("%s, %d octets: %d, want %d", name, n, m.Size.Octets, want)
				}
				d.Subject, d.Body, d.From = "hello", []byte("text\r\n"), "longer"+message.ReferenceFrom
				if more, err := message.Compose(d); err != nil || more.Size.Octets != m.Size.Octets+17 {
					t.Errorf("%d octets with 17 more, %d without, %v", more.Size.Octets, m.Size.Octets, err)
				}
			}
		}
	}
}

// pad is one word of so many octets.
func pad(n int) string { return strings.Repeat("p", n) }
