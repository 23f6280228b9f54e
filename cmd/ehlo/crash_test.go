package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// torn is a stream with a defect.
type torn struct{}

func (torn) Read([]byte) (int, error)  { panic("a defect") }
func (torn) Write([]byte) (int, error) { panic("a defect") }

// TestADefect: it is told with the place where it was, whichever goroutine it is
// in, and what was made is cleaned up.
func TestADefect(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for _, x := range []struct {
		from string
		with func(*streams)
		args []string
	}{
		{"torn.Write", func(s *streams) { s.out = torn{} }, []string{"version"}},
		{"torn.Read", func(s *streams) { s.in = torn{} }, []string{"send", "--data", "-", "--from", "a@example.net", "--to", "b@example.net", "127.0.0.1:1"}},
	} {
		var told bytes.Buffer
		s := streams{strings.NewReader(""), &bytes.Buffer{}, &told}
		x.with(&s)
		code := run(context.Background(), x.args, s)
		if got := told.String(); code != 70 || !strings.HasPrefix(got, "ehlo: a defect in ehlo: a defect\ngoroutine ") || !strings.Contains(got, x.from) || strings.Count(got, "goroutine ") > 2 {
			t.Errorf("%q: %d\n%s", x.args, code, got)
		}
	}
}
