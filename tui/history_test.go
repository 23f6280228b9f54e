package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ehlo/tui/internal/keep"
)

// TestHistoriesOfSeveralRuns: each run keeps the lines of the others, in the
// order of its own, also while the file is shortened.
func TestHistoriesOfSeveralRuns(t *testing.T) {
	dir := t.TempDir()
	const runs, each = 4, 200
	var wait sync.WaitGroup
	for r := range runs {
		h := keep.LoadHistory(dir)
		wait.Go(func() {
			for n := range each {
				h.Add(fmt.Sprintf("NOOP %d %d", r, n))
				if err := h.Keep(dir); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	lines := strings.Split(strings.TrimSpace(readFile(t, filepath.Join(dir, "history"))), "\n")
	if len(lines) != runs*each {
		t.Errorf("%d lines are there", len(lines))
	}
	for r := range runs {
		var own []string
		for _, l := range lines {
			if strings.HasPrefix(l, fmt.Sprintf("NOOP %d ", r)) {
				own = append(own, l)
			}
		}
		if len(own) != each || !slices.IsSortedFunc(own, func(a, b string) int { return number(a) - number(b) }) {
			t.Errorf("run %d has %d lines, or they are in disorder", r, len(own))
		}
	}
}

func number(line string) (n int) {
	_, _ = fmt.Sscanf(line, "NOOP %d %d", new(int), &n)
	return n
}

func TestTheHistoryStaysBounded(t *testing.T) {
	dir := t.TempDir()
	h := keep.LoadHistory(dir)
	for n := range 5 * keep.HistoryMost {
		h.Add(fmt.Sprintf("NOOP %d", n))
		if n%100 == 0 {
			if err := h.Keep(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.Add("NOOP " + strings.Repeat("x", keep.HistoryLine))
	if err := h.Keep(dir); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(readFile(t, filepath.Join(dir, "history")), "\n"); n > 2*keep.HistoryMost || n < keep.HistoryMost {
		t.Errorf("the file has %d lines", n)
	}
	if again := keep.LoadHistory(dir); len(again.Lines) != keep.HistoryMost || again.Lines[keep.HistoryMost-1] != fmt.Sprintf("NOOP %d", 5*keep.HistoryMost-1) {
		t.Errorf("%d lines came back, the last %q", len(again.Lines), again.Lines[len(again.Lines)-1])
	}
}

func TestHistoryAfterATornLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "history")
	if err := os.WriteFile(file, []byte("NOOP one\nNOO"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := keep.LoadHistory(dir)
	h.Add("RSET")
	if err := h.Keep(dir); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, file); got != "NOOP one\nNOO\nRSET\n" {
		t.Errorf("%q", got)
	}
}

// TestHistoryThatCannotBeWritten is tried again, and told once.
func TestHistoryThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := &keep.History{}
	h.Add("NOOP one")
	err := h.Keep(blocked)
	if err == nil {
		t.Fatal("it was written into a file that is no directory")
	}
	h.Add("NOOP two")
	if err := h.Keep(dir); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, filepath.Join(dir, "history")); got != "NOOP one\nNOOP two\n" {
		t.Errorf("%q", got)
	}
	p := newPlay(80, 24)
	p.m.keptHistory(kept{err})
	if !strings.Contains(p.m.hint, "cannot be kept") {
		t.Errorf("%q", p.m.hint)
	}
	p.m.hint = ""
	if p.m.keptHistory(kept{err}); p.m.hint != "" {
		t.Errorf("told twice: %q", p.m.hint)
	}
}

// TestTheHistoryIsWrittenAtEachEnter, not only at the end.
func TestTheHistoryIsWrittenAtEachEnter(t *testing.T) {
	var dir string
	x := start(t, newFakeServer(t), 80, 24, func(o *Options) { dir = o.Dir })
	x.sees("READY")
	x.typed("NOOP" + enter)
	x.sees("250 2.0.0 ok")
	x.await("the history", func(string) bool {
		b, _ := os.ReadFile(filepath.Join(dir, "history"))
		return string(b) == "NOOP\n"
	})
}
