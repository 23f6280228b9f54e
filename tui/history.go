package tui

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"ehlo/session/wire"
	"ehlo/tui/internal/smtpline"
)

const (
	// historyMost is how many lines the history keeps. Its file may have twice
	// as many before it is shortened.
	historyMost = 1000
	// historyLine is how long a line may be that is kept, in octets.
	historyLine = 4 << 10
)

// history is what was typed, the oldest first. No secret gets into it: not the
// argument of AUTH, not what answers a 334, not the text of a message.
type history struct {
	lines []string
	at    int    // the line that is in the field; len(lines): none
	draft string // what was in the field before

	mu    sync.Mutex
	added []string // that are not in the file yet

	file   sync.Mutex // one writes at a time, so that the order stays
	inFile int        // lines, as far as is known
}

func (h *history) add(s string) {
	h.at = len(h.lines)
	// The mechanism of AUTH may be kept, an initial response may not.
	if n := smtpline.SecretFrom(s); n < len(s) {
		s = strings.TrimRight(s[:n], "= \t")
	}
	if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\n\r") || len(s) > historyLine || wire.MaybeResponse([]byte(s)) {
		return
	}
	if n := len(h.lines); n > 0 && h.lines[n-1] == s {
		return
	}
	h.lines = append(h.lines, s)
	if over := len(h.lines) - historyMost; over > 0 {
		h.lines = h.lines[over:]
	}
	h.at = len(h.lines)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.added = append(h.added, s)
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
	h.lines, h.inFile = readHistory(dir)
	h.at = len(h.lines)
	return h
}

// readHistory reads the last lines of the file, and says how many it has.
func readHistory(dir string) (lines []string, all int) {
	f, err := os.Open(filepath.Join(dir, "history"))
	if err != nil {
		return nil, 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); all++ {
		lines = append(lines, string(wire.Octets(s.Text())))
		if over := len(lines) - historyMost; over > 0 {
			lines = lines[over:]
		}
	}
	return lines, all
}

// keep writes what was typed since the last time behind the lines of the file,
// to which other runs write too. It may be called at any time, from anywhere;
// what cannot be written is tried again the next time.
func (h *history) keep(dir string) error {
	h.file.Lock()
	defer h.file.Unlock()
	h.mu.Lock()
	lines := h.added
	h.added = nil
	h.mu.Unlock()
	if dir == "" || len(lines) == 0 {
		return nil
	}
	err := h.write(dir, lines)
	if err != nil {
		h.mu.Lock()
		h.added = append(lines, h.added...)
		h.added = h.added[max(0, len(h.added)-historyMost):]
		h.mu.Unlock()
	}
	return err
}

func (h *history) write(dir string, lines []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, alone := lockDir(dir)
	defer unlock()
	path := filepath.Join(dir, "history")
	if err := appendPrivate(path, joined(lines), alone); err != nil {
		return err
	}
	if h.inFile += len(lines); h.inFile <= 2*historyMost || !alone {
		return nil
	}
	rest, _ := readHistory(dir)
	h.inFile = len(rest)
	return writePrivate(path, joined(rest))
}

// joined are lines as the file has them.
func joined(lines []string) string {
	var b strings.Builder
	for _, s := range lines {
		b.WriteString(wire.Text([]byte(s)) + "\n")
	}
	return b.String()
}
