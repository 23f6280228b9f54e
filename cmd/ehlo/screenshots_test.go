package main

import (
	"flag"
	"fmt"
	"html"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

var screenshots = flag.String("screenshots", "", "write the pictures of the README to this directory")

// shot is a picture of the demo: what is typed, each followed by what must be
// seen then.
type shot struct {
	name string
	w, h int
	keys [][2]string
}

var shots = []shot{
	{"session", 120, 36, [][2]string{
		{"", "READY"},
		{"MAIL FROM:<you@example.net>\r", "Roger, accepting mail"},
		{"RCPT TO:<nobody@demo.test>\r", "550 5.1.1 to RCPT"},
	}},
	{"explain", 80, 24, [][2]string{
		{"", "READY"},
		{"MAIL FROM:<you@example.net>\r", "Roger, accepting mail"},
		{"RCPT TO:<nobody@demo.test>\r", "550 5.1.1 to RCPT"},
		{"\x1b", "BROWSE"},
		{"k\r", "who acts"},
	}},
	{"probe", 120, 36, [][2]string{
		{"", "READY"},
		{"\x1b", "? help"},
		{"2", "a tries all of them"},
		{"a\r", "3 addresses, 2 OK, 1 FAIL"},
		{"j", "FAIL at greeting"},
	}},
	{"time", 80, 24, [][2]string{
		{"", "READY"},
		{"MAIL FROM:<you@example.net>\r", "Roger, accepting mail"},
		{"\x1b", "? help"},
		{"T", "of waiting in 8 steps"},
	}},
	{"composer", 80, 24, [][2]string{
		{"", "READY"},
		{"\x1b", "? help"},
		{"c", "RCPT TO: "},
		{"user@demo.test, second@demo.test\r", "Subject: "},
		{"the report\r", "Attach: "},
		{"report.pdf\r", "octets (2.8 MiB)"},
		{"\x13", "SEND?"},
		{"y", "queued as"},
	}},
	{"stepper", 120, 36, [][2]string{
		{"", "READY"},
		{"MAIL FROM:<you@example.net>\r", "Roger, accepting mail"},
		{"RCPT TO:<nobody@demo.test>\r", "550 5.1.1 to RCPT"},
		{"\x1b", "? help"},
		{"ss", "R plays it again"},
		{"R\r", "held before line"},
		{".....", "OK  22"},
	}},
	{"small", 40, 12, [][2]string{
		{"", "READY"},
		{"\x1b", "? help"},
		{"4", "max size"},
	}},
}

// TestScreenshots runs each journey on a terminal of its own. The pictures are
// written where -screenshots says so (make screenshots).
func TestScreenshots(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ehlo")
	build := exec.Command("go", "build", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, s := range shots {
		t.Run(s.name, func(t *testing.T) {
			screen := s.run(t, program)
			for theme, colors := range themes {
				if *screenshots == "" {
					continue
				}
				file := filepath.Join(*screenshots, s.name+"-"+theme+".svg")
				if err := os.WriteFile(file, []byte(picture(screen, s.w, s.h, colors)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// run plays a journey and returns the screen at its end.
func (s shot) run(t *testing.T, program string) vt10x.Terminal {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "report.pdf"), make([]byte, 3_000_000), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "demo")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=", "EHLO_FROM=you@example.net", "XDG_STATE_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(s.h), Cols: uint16(s.w)})
	if err != nil {
		t.Skip("no pseudo terminals here: ", err)
	}
	vt := vt10x.New(vt10x.WithSize(s.w, s.h))
	var mu sync.Mutex
	drawn, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		buf, rest := make([]byte, 4096), []byte(nil)
		for {
			n, err := tty.Read(buf[len(rest):])
			n += copy(buf, rest)
			whole := n
			for i := 1; i <= min(n, utf8.UTFMax-1); i++ { // a character may come in two pieces
				if utf8.RuneStart(buf[n-i]) && !utf8.FullRune(buf[n-i:n]) {
					whole = n - i
				}
			}
			mu.Lock()
			_, _ = vt.Write(buf[:whole])
			mu.Unlock()
			rest = append(rest[:0], buf[whole:n]...)
			select {
			case drawn <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = tty.Close()
		<-ended
	})
	deadline := time.After(30 * time.Second)
	for _, k := range s.keys {
		if _, err := tty.WriteString(k[0]); err != nil {
			t.Fatal(err)
		}
		for {
			mu.Lock()
			seen := vt.String()
			mu.Unlock()
			if strings.Contains(seen, k[1]) {
				break
			}
			select {
			case <-drawn:
			case <-deadline:
				t.Fatalf("after %q there never was %q:\n%s", k[0], k[1], seen)
			}
		}
	}
	return vt
}

// theme is the colours of a terminal: the 16, and its own two.
type theme struct {
	fg, bg string
	ansi   [16]string
}

var themes = map[string]theme{
	"dark": {"#d0d0d0", "#1c1c1c", [16]string{
		"#1c1c1c", "#e06c75", "#98c379", "#d7af5f", "#61afef", "#c678dd", "#56b6c2", "#d0d0d0",
		"#6c6c6c", "#ff7b85", "#b5e08f", "#ffd787", "#87cfff", "#e49aff", "#7fdbe5", "#ffffff",
	}},
	"light": {"#303030", "#ffffff", [16]string{
		"#303030", "#b00020", "#2e7d32", "#8a5a00", "#0b57d0", "#7b1fa2", "#006f83", "#767676",
		"#767676", "#b00020", "#2e7d32", "#8a5a00", "#0b57d0", "#7b1fa2", "#006f83", "#303030",
	}},
}

func (th theme) color(c vt10x.Color, own string) string {
	switch {
	case c == vt10x.DefaultFG:
		return th.fg
	case c == vt10x.DefaultBG:
		return th.bg
	case c < 16:
		return th.ansi[c]
	}
	return own
}

// A cell of a picture, in pixels.
const cellWidth, cellHeight, margin = 8.4, 17.0, 8.0

// boldMode is a cell's mode, as vt10x has it.
const boldMode = 1 << 2

// words are the parts of a text that have more than one space between them,
// with the cell at which each begins.
func words(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at, rest := 0, text; rest != ""; {
			word := strings.TrimLeft(rest, " ")
			at += len(rest) - len(word)
			rest = ""
			if end := strings.Index(word, "  "); end >= 0 {
				word, rest = word[:end], word[end:]
			}
			if word = strings.TrimRight(word, " "); word != "" && !yield(at, word) {
				return
			}
			at += utf8.RuneCountInString(word)
		}
	}
}

// picture draws the cells. Each word is stretched to its width, so that the
// columns stand whatever font there is.
func picture(vt vt10x.Terminal, w, h int, th theme) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.1f %.1f" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`+"\n",
		float64(w)*cellWidth+2*margin, float64(h)*cellHeight+2*margin)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", th.bg)
	for y := range h {
		for x := 0; x < w; {
			first := vt.Cell(x, y)
			end := x
			var text strings.Builder
			for ; end < w; end++ {
				c := vt.Cell(end, y)
				if c.FG != first.FG || c.BG != first.BG || c.Mode&boldMode != first.Mode&boldMode {
					break
				}
				if c.Char == 0 {
					c.Char = ' '
				}
				text.WriteRune(c.Char)
			}
			left, top, width := margin+float64(x)*cellWidth, margin+float64(y)*cellHeight, float64(end-x)*cellWidth
			if bg := th.color(first.BG, th.bg); bg != th.bg {
				fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, width, cellHeight, bg)
			}
			weight := ""
			if first.Mode&boldMode != 0 {
				weight = ` font-weight="bold"`
			}
			for at, word := range words(text.String()) {
				fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s xml:space="preserve">%s</text>`+"\n",
					left+float64(at)*cellWidth, top+cellHeight-4.5, float64(utf8.RuneCountInString(word))*cellWidth, th.color(first.FG, th.fg), weight, html.EscapeString(word))
			}
			x = end
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}
