package tui

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"ehlo/session/wire"
)

// historyMost is how many lines the history keeps, here and in its file.
const historyMost = 1000

// history is what was typed, the oldest first. No secret gets into it: not the
// argument of AUTH, not what answers a 334, not the text of a message.
type history struct {
	lines []string
	added []string // in this run
	at    int      // the line that is in the field; len(lines): none
	draft string   // what was in the field before
}

func (h *history) add(s string) {
	h.at = len(h.lines)
	if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\n\r") {
		return
	}
	if wire.Verb([]byte(s)) == "AUTH" {
		// The mechanism may be kept, an initial response may not.
		words := strings.Fields(s)
		s = strings.Join(words[:min(len(words), 2)], " ")
	}
	if n := len(h.lines); n > 0 && h.lines[n-1] == s {
		return
	}
	h.lines = append(h.lines, s)
	h.added = append(h.added, s)
	if over := len(h.lines) - historyMost; over > 0 {
		h.lines = h.lines[over:]
	}
	h.at = len(h.lines)
}

// back and forth walk through the lines; ok is false at the ends.
func (h *history) back(now string) (s string, ok bool) {
	if h.at == 0 || len(h.lines) == 0 {
		return "", false
	}
	if h.at == len(h.lines) {
		h.draft = now
	}
	h.at--
	return h.lines[h.at], true
}

func (h *history) forth() (s string, ok bool) {
	if h.at >= len(h.lines) {
		return "", false
	}
	h.at++
	if h.at == len(h.lines) {
		return h.draft, true
	}
	return h.lines[h.at], true
}

// loadHistory reads the file of an earlier run; one that is not there, or
// cannot be read, is an empty history.
func loadHistory(dir string) *history {
	h := &history{}
	if dir == "" {
		return h
	}
	f, err := os.Open(filepath.Join(dir, "history"))
	if err != nil {
		return h
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		h.lines = append(h.lines, string(wire.Octets(s.Text())))
	}
	if over := len(h.lines) - historyMost; over > 0 {
		h.lines = h.lines[over:]
	}
	h.at = len(h.lines)
	return h
}

// save adds what was typed in this run to the file, which another run may have
// written to meanwhile, and shortens it.
func (h *history) save(dir string) error {
	if dir == "" || len(h.added) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	all := append(loadHistory(dir).lines, h.added...)
	all = all[max(0, len(all)-historyMost):]
	var b strings.Builder
	for _, s := range all {
		b.WriteString(wire.Text([]byte(s)) + "\n")
	}
	// Written beside it and renamed, so that no end of this process leaves half
	// a history.
	temp, err := os.CreateTemp(dir, "history-") // 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(b.String())
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(dir, "history"))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
