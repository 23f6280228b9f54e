package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// TestRecordOfADefect has a command that panics in the middle of a reply: what
// was said is in the record all the same.
func TestRecordOfADefect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.smtp")
	if err := os.WriteFile(path, []byte("# older\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	a := &app{streams: streams{strings.NewReader(""), &out, &told}}
	f := &flags{record: path, output: "text"}
	what := conversation{
		command: "probe", result: func(*transcript.View) []string { return nil },
		do: func(_ context.Context, s *session.Session, _ flow.Plan) error {
			s.Note("it begins")
			panic("a defect")
		},
	}
	func() {
		defer func() { _ = recover() }()
		t.Error(a.converseWith(context.Background(), f, settings{}, []string{"127.0.0.1:1"}, what))
	}()
	if got, _ := os.ReadFile(path); string(got) != "# older\n" {
		t.Errorf("before the end: %q", got)
	}
	a.cleanUp()
	got, _ := os.ReadFile(path)
	if string(got) != "# it begins\n" {
		t.Errorf("%q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v %v", info, err)
	}
	alone(t, path)
}

// alone wants no other file beside it.
func alone(t *testing.T, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
}

// TestRecordHoldsBack: what is held back until more is known comes at the end,
// whoever ends it, and nothing comes behind it.
func TestRecordHoldsBack(t *testing.T) {
	for _, end := range []func(*record){(*record).salvage, func(r *record) { _ = r.end() }} {
		path := filepath.Join(t.TempDir(), "a.smtp")
		var failed error
		r, err := openRecord(&flags{record: path}, &failed)
		if err != nil {
			t.Fatal(err)
		}
		s := r.begin()
		line := event.Received{Line: wire.Line{Octets: []byte("250-half")}}
		s.Apply(line)
		end(r)
		s.Apply(line)
		s.Flush()
		end(r)
		if got, err := os.ReadFile(path); string(got) != "S: 250-half\n" || err != nil || failed != nil {
			t.Errorf("%q %v %v", got, err, failed)
		}
		alone(t, path)
	}
}
