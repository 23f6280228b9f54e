// Package face is text on a terminal: how wide it is, how it is cut, wrapped and
// made to stand out, how text from outside is made harmless, and a field for
// typing.
package face

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"ehlo/session/wire"
)

// Styles are the ways a text can stand out. Colour is a help, never the only
// carrier of a meaning: without it bold and reverse remain.
type Styles struct {
	Bold, Dim, Reverse, title              Style
	Good, Warn, Bad, Client, Server, Notes Style
	Glyphs                                 Glyphs
}

// Style is how a text stands out.
type Style = lipgloss.Style

// Glyphs are the lines of the screen, for the terminal's character set.
type Glyphs struct {
	Unicode                                 bool
	Horizontal, Vertical, Down, Right, More string
}

// New makes the styles. The renderer's profile is set and never asked
// for: termenv's Ascii profile, which it would choose under NO_COLOR, drops
// bold and reverse too, and with them the cursor. Only the 16 ANSI colours are
// used, on the terminal's own background, so that light themes work.
func New(color, utf8 bool) Styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI)
	r.SetHasDarkBackground(true)
	plain := r.NewStyle()
	of := func(s lipgloss.Style, c lipgloss.ANSIColor) lipgloss.Style {
		if color {
			return s.Foreground(c)
		}
		return s
	}
	st := Styles{
		Bold: plain.Bold(true), Dim: plain, Reverse: plain.Reverse(true),
		title: plain.Bold(true),
		Good:  of(plain, 2), Warn: of(plain, 3), Bad: of(plain.Bold(true), 1),
		Client: of(plain, 6), Server: plain, Notes: plain,
	}
	if color {
		// Faint is a kind of colour: some terminals draw it unreadably.
		st.Dim, st.Notes = plain.Faint(true), plain.Faint(true)
	}
	st.Glyphs = Glyphs{false, "-", "|", "+", "+", ">"}
	if utf8 {
		st.Glyphs = Glyphs{true, "─", "│", "┬", "├", "…"}
	}
	return st
}

// Pale says that a style has a colour that is hard to read on white, where the
// terminal has the colours of the first ones: green, yellow, cyan. A mark or a
// word may have it, beside a text that does not.
func Pale(s Style) bool {
	switch s.GetForeground() {
	case lipgloss.ANSIColor(2), lipgloss.ANSIColor(3), lipgloss.ANSIColor(6):
		return true
	}
	return false
}

// Led draws a text behind its mark or its label. Where the colour is a pale one,
// the label alone has it.
func (st *Styles) Led(s Style, label, text string) string {
	if !Pale(s) {
		return s.Render(label + text)
	}
	return s.Render(label) + st.Server.Bold(s.GetBold()).Render(text)
}

// LabelOf is how many octets of a text are its mark and its label: up to the gap
// behind them, or to the first word where that is a mark.
func LabelOf(text string) int {
	words := strings.TrimLeft(text, " ")
	lead := len(text) - len(words)
	if gap := strings.Index(words, "  "); gap > 0 {
		return lead + gap
	}
	if len(words) > 1 && words[1] == ' ' {
		return lead + 1
	}
	return 0
}

// ColorTerminal says whether TERM is one that has colours.
func ColorTerminal(term string) bool {
	return term != "" && term != "dumb" && !strings.HasPrefix(term, "vt") &&
		!strings.HasSuffix(term, "-m") && !strings.HasSuffix(term, "-mono")
}

// UTF8Locale says whether the terminal is written to in UTF-8, by the first of
// the variables that is set (POSIX, 8.2).
func UTF8Locale() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Octets is text from outside as the screen shows it: nothing in it moves the
// cursor, and nothing changes how wide it is on a terminal that measures
// otherwise than we do. A character is <U+202E>, a control octet ^[, an octet
// that is no character \x9b; \x5cx9b is what was written with a backslash.
func (g Glyphs) Octets(octets []byte) string { return g.stable(wire.VisibleOctets(octets)) }

// Words is text of our own that may quote text from outside, made visible or
// not.
func (g Glyphs) Words(s string) string { return g.stable(wire.Visible([]byte(s))) }

// stable names the characters that the terminal may not have, or measures
// otherwise.
func (g Glyphs) stable(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf || g.Unicode && !unstable(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// unstable are characters that terminals do not agree on how wide they are:
// variation selectors, flags made of letters, marks that stack upon marks.
func unstable(r rune) bool {
	return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, joining)
}

// joining are letters that the clusters of Unicode join to the one before or
// behind, while terminals give them cells of their own.
var joining = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0d4e, 0x0d4e, 1},
		{0x0e33, 0x0e33, 1},
		{0x0eb3, 0x0eb3, 1},
		{0x1100, 0x11ff, 1},
		{0x3164, 0x3164, 1},
		{0xa960, 0xa97c, 1},
		{0xd7b0, 0xd7fb, 1},
		{0xff9e, 0xffa0, 1},
	},
	R32: []unicode.Range32{
		{0x111c2, 0x111c3, 1},
		{0x1193f, 0x1193f, 1},
		{0x11941, 0x11941, 1},
		{0x11a84, 0x11a89, 1},
		{0x11d46, 0x11d46, 1},
		{0x1f1e6, 0x1f1ff, 1},
		{0x1f3fb, 0x1f3ff, 1},
	},
}

// Cells is how many cells a text without styles takes.
func Cells(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == 0x1b {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Cut shortens a text to w cells, with a sign that it did.
func (g Glyphs) Cut(s string, w int) string {
	switch {
	case w <= 0:
		return ""
	case Cells(s) <= w:
		return s
	}
	return ansi.Truncate(s, w, g.More)
}

// Fit makes a text exactly w cells wide. The text may have styles.
func (g Glyphs) Fit(s string, w int) string {
	s = g.Cut(s, w)
	if n := Cells(s); n < w {
		s += strings.Repeat(" ", w-n)
	}
	return s
}

// Apart puts one text at the left and one at the right of w cells; where both
// do not fit, the left one is shortened.
func (g Glyphs) Apart(left, right string, w int) string {
	r := Cells(right)
	if r == 0 || r+2 > w {
		return g.Fit(left, w)
	}
	return g.Fit(left, w-r-1) + " " + right
}

// Wrap breaks a text without styles into rows of at most w cells, at spaces
// where there are some in the last half of the row.
func Wrap(s string, w int) []string {
	if w < 1 {
		w = 1
	}
	if Cells(s) <= w {
		return []string{s}
	}
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if !ascii {
		return strings.Split(ansi.Hardwrap(s, w, true), "\n")
	}
	var rows []string
	for len(s) > w {
		at, skip := w, 0
		if s[w] == ' ' {
			skip = 1
		} else if i := strings.LastIndexByte(s[:w], ' '); i >= w/2 {
			at, skip = i, 1
		}
		rows = append(rows, s[:at])
		s = s[at+skip:]
	}
	return append(rows, s)
}
