package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestHistoriesOfSeveralRuns: each run keeps the lines of the others, in the
// order of its own, also while the file is shortened.
func TestHistoriesOfSeveralRuns(t *testing.T) {
	dir := t.TempDir()
	const runs, each = 4, 200
	var wait sync.WaitGroup
	for r := range runs {
		h := loadHistory(dir)
		wait.Go(func() {
			for n := range each {
				h.add(fmt.Sprintf("NOOP %d %d", r, n))
				if err := h.keep(dir); err != nil {
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
	h := loadHistory(dir)
	for n := range 5 * historyMost {
		h.add(fmt.Sprintf("NOOP %d", n))
		if n%100 == 0 {
			if err := h.keep(dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.add("NOOP " + strings.Repeat("x", historyLine))
	if err := h.keep(dir); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(readFile(t, filepath.Join(dir, "history")), "\n"); n > 2*historyMost || n < historyMost {
		t.Errorf("the file has %d lines", n)
	}
	if again := loadHistory(dir); len(again.lines) != historyMost || again.lines[historyMost-1] != fmt.Sprintf("NOOP %d", 5*historyMost-1) {
		t.Errorf("%d lines came back, the last %q", len(again.lines), again.lines[len(again.lines)-1])
	}
}

func TestHistoryAfterATornLine(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "history")
	if err := os.WriteFile(file, []byte("NOOP one\nNOO"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := loadHistory(dir)
	h.add("RSET")
	if err := h.keep(dir); err != nil {
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
	h := &history{}
	h.add("NOOP one")
	err := h.keep(blocked)
	if err == nil {
		t.Fatal("it was written into a file that is no directory")
	}
	h.add("NOOP two")
	if err := h.keep(dir); err != nil {
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
