package keep

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
	// HistoryMost is how many lines the history keeps. Its file may have twice
	// as many before it is shortened.
	HistoryMost = 1000
	// HistoryLine is how long a line may be that is kept, in octets.
	HistoryLine = 4 << 10
)

// History is what was typed, the oldest first. No secret gets into it: not the
// argument of AUTH, not what answers a 334, not the text of a message.
type History struct {
	Lines []string
	At    int    // the line that is in the field; len(lines): none
	Draft string // what was in the field before

	mu    sync.Mutex
	added []string // that are not in the file yet

	file   sync.Mutex // one writes at a time, so that the order stays
	inFile int        // lines, as far as is known
}

func (h *History) Add(s string) {
	h.At = len(h.Lines)
	// The mechanism of AUTH may be kept, an initial response may not.
	if n := smtpline.SecretFrom(s); n < len(s) {
		s = strings.TrimRight(s[:n], "= \t")
	}
	if strings.TrimSpace(s) == "" || strings.ContainsAny(s, "\n\r") || len(s) > HistoryLine || wire.MaybeResponse([]byte(s)) {
		return
	}
	if n := len(h.Lines); n > 0 && h.Lines[n-1] == s {
		return
	}
	h.Lines = append(h.Lines, s)
	if over := len(h.Lines) - HistoryMost; over > 0 {
		h.Lines = h.Lines[over:]
	}
	h.At = len(h.Lines)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.added = append(h.added, s)
}

// Back and forth walk through the lines; ok is false at the ends.
func (h *History) Back(now string) (s string, ok bool) {
	if h.At == 0 || len(h.Lines) == 0 {
		return "", false
	}
	if h.At == len(h.Lines) {
		h.Draft = now
	}
	h.At--
	return h.Lines[h.At], true
}

func (h *History) Forth() (s string, ok bool) {
	if h.At >= len(h.Lines) {
		return "", false
	}
	h.At++
	if h.At == len(h.Lines) {
		return h.Draft, true
	}
	return h.Lines[h.At], true
}

// LoadHistory reads the file of an earlier run; one that is not there, or
// cannot be read, is an empty history.
func LoadHistory(dir string) *History {
	h := &History{}
	if dir == "" {
		return h
	}
	h.Lines, h.inFile = readHistory(dir)
	h.At = len(h.Lines)
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
		if over := len(lines) - HistoryMost; over > 0 {
			lines = lines[over:]
		}
	}
	return lines, all
}

// Keep writes what was typed since the last time behind the lines of the file,
// to which other runs write too. It may be called at any time, from anywhere;
// what cannot be written is tried again the next time.
func (h *History) Keep(dir string) error {
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
		h.added = h.added[max(0, len(h.added)-HistoryMost):]
		h.mu.Unlock()
	}
	return err
}

func (h *History) write(dir string, lines []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, alone := lockDir(dir)
	defer unlock()
	path := filepath.Join(dir, "history")
	if err := appendPrivate(path, joined(lines), alone); err != nil {
		return err
	}
	if h.inFile += len(lines); h.inFile <= 2*HistoryMost || !alone {
		return nil
	}
	rest, _ := readHistory(dir)
	h.inFile = len(rest)
	return Write(path, joined(rest))
}

// joined are lines as the file has them.
func joined(lines []string) string {
	var b strings.Builder
	for _, s := range lines {
		b.WriteString(wire.Text([]byte(s)) + "\n")
	}
	return b.String()
}
