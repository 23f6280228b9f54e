package tui

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"

	"ehlo/session/event"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// The sequences that a text stands out by. Of the colours only those that can be
// read on black and on white: neither of these two themselves, no background,
// none of the 256 or of 24 bits.
var (
	rendition = regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	plainly   = regexp.MustCompile(`^\x1b\[(0|1|7|1;7)?m$`)
	coloured  = regexp.MustCompile(`^\x1b\[(0|[127](;[127])*)?(;?3[1236])?m$`)
)

// modes of a cell, as vt10x has them.
const (
	cellReverse = 1 << 0
	cellBold    = 1 << 2
)

// TestColoursOnAnyTerminal walks through the screen in the emulator, on every
// kind of terminal, and looks at each cell.
func TestColoursOnAnyTerminal(t *testing.T) {
	for _, row := range []struct {
		term    string
		noColor bool
		colours bool
	}{
		{"xterm-256color", false, true},
		{"linux", false, true},
		{"screen", false, true},
		{"xterm-256color", true, false},
		{"linux", true, false},
		{"vt100", false, false},
		{"dumb", false, false}, // ehlo itself shows no screen there
	} {
		s := newFakeServer(t)
		s.set("RCPT", "550 5.1.1 no such user")
		s.set("VRFY", "450 4.2.1 not now")
		x := start(t, s, 120, 36, func(o *Options) {
			t.Setenv("TERM", row.term)
			t.Setenv("COLORTERM", "truecolor")
			o.NoColor = row.noColor
		})
		x.sees("READY")
		found := map[vt10x.Color]bool{}
		modes := int16(0)
		look := func(texts ...string) {
			x.sees(texts...)
			x.mu.Lock()
			defer x.mu.Unlock()
			for y := range 36 {
				for i := range 120 {
					c := x.vt.Cell(i, y)
					modes |= c.Mode
					fg, bg := c.FG, c.BG
					if c.Mode&cellReverse != 0 {
						fg, bg = bg, fg
					}
					if c.Mode&cellBold != 0 && fg < 16 {
						fg &= 7 // as the emulator brightens it
					}
					if found[fg] = true; bg != vt10x.DefaultBG {
						t.Errorf("%+v: the background of %q is %d", row, c.Char, bg)
					}
				}
			}
		}
		for _, step := range [][]string{
			{"MAIL FROM:<a@example.net>" + enter, "250 2.1.0 sender ok"},
			{"RCPT TO:<b@example.com>" + enter, "550 5.1.1 to RCPT"},
			{"VRFY b" + enter, "last 450"},
			{"MAIL FROM a", "~ "},
			{esc, "BROWSE"},
			{"vkk", "line "},
			{esc + "2", "MX"},
			{"3", "PIPELINING"},
			{"c", "MESSAGE"},
		} {
			x.typed(step[0])
			look(step[1:]...)
		}
		x.cancel()
		x.end()
		delete(found, vt10x.DefaultFG)
		got := slices.Sorted(maps.Keys(found))
		want := []vt10x.Color{vt10x.Red, vt10x.Green, vt10x.Yellow, vt10x.Cyan}
		if !row.colours {
			want = nil
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: colours %v", row, got)
		}
		if modes&cellReverse == 0 || modes&cellBold == 0 {
			t.Errorf("%+v: nothing is bold, or nothing reversed", row)
		}
		known := coloured
		if !row.colours {
			known = plainly
		}
		for _, seq := range rendition.FindAllString(x.raw.String(), -1) {
			if !known.MatchString(seq) {
				t.Errorf("%+v: %q", row, seq)
			}
		}
	}
}

// TestColoursInEveryScene: no scene has others than those.
func TestColoursInEveryScene(t *testing.T) {
	for name, scene := range scenes {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
			for _, color := range []bool{true, false} {
				known := coloured
				if !color {
					known = plainly
				}
				for _, seq := range rendition.FindAllString(inColour(scene, color, size[0], size[1]), -1) {
					if !known.MatchString(seq) {
						t.Errorf("%s at %v: %q", name, size, seq)
					}
				}
			}
		}
	}
}

func inColour(scene func(*drawing), color bool, w, h int) string {
	p := newPlay(w, h)
	p.m.st = face.New(color, false)
	scene(p)
	return p.m.View()
}

// hues are the colours of a row, and of which of its cells; what is faint, bold
// or reversed is left out, and so are spaces.
func hues(row string) string {
	var b strings.Builder
	hue := byte(' ')
	for row != "" {
		if at := rendition.FindStringIndex(row); at != nil && at[0] == 0 {
			hue = ' '
			if i := strings.LastIndexByte(row[:at[1]], '3'); i > 0 {
				hue = row[i+1]
			}
			row = row[at[1]:]
			continue
		}
		if row[0] == ' ' {
			b.WriteByte(' ')
		} else {
			b.WriteByte(hue)
		}
		row = row[1:]
	}
	return b.String()
}

// TestNoRowDiffersByColourAlone: two rows that read the same have the same
// colours, in whichever scene they stand.
func TestNoRowDiffersByColourAlone(t *testing.T) {
	for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
		type seen struct{ scene, hues string }
		rows := map[string]seen{}
		for name, scene := range scenes {
			if name == "probe opened" {
				continue // a page is text without colours
			}
			for row := range strings.SplitSeq(inColour(scene, true, size[0], size[1]), "\n") {
				if strings.Contains(row, "7m") {
					continue // selected: it is reversed, whatever its colours
				}
				text, h := ansi.Strip(row), hues(row)
				before, is := rows[text]
				if is && before.hues != h {
					t.Errorf("%v: %q differs in %s and %s:\n%s\n%s", size, text, before.scene, name, before.hues, h)
				}
				rows[text] = seen{name, h}
			}
		}
	}
}

// TestColourIsNotTheOnlyCarrier: where two states differ by a colour, they
// differ by a text in the same row too, or in the first row of what has that
// colour.
func TestColourIsNotTheOnlyCarrier(t *testing.T) {
	replied := func(reply string) func(*drawing) {
		return func(p *drawing) {
			sceneDone(p)
			p.tell(engine.Status{Connected: true}, asked("RCPT", "RCPT TO:<a@b.test>", reply)...)
		}
	}
	secured := func(change func(*event.TLS)) func(*drawing) {
		return func(p *drawing) {
			sceneDone(p)
			secure := handshake().(event.TLS)
			change(&secure)
			p.tell(engine.Status{Connected: true}, secure)
			p.press("esc", "5")
		}
	}
	typed := func(line string) func(*drawing) {
		return func(p *drawing) {
			sceneDone(p)
			p.m.line.Set(line)
		}
	}
	for what, states := range map[string][]func(*drawing){
		"a reply":        {replied("250 2.1.5 Ok"), replied("450 4.2.1 later"), replied("550 5.1.1 no")},
		"the connection": {sceneDone, scenes["disconnected"], scenes["probing"], scenes["message without a session"]},
		"the certificate": {
			secured(func(*event.TLS) {}),
			secured(func(s *event.TLS) { s.Verified, s.Problem = false, "unknown issuer" }),
		},
		"TLS":       {scenes["error"], func(p *drawing) { p.tell(engine.Status{Connected: true}, offered(clearList)...) }},
		"a warning": {typed("MAIL FROM:<a@b.test>"), typed("MAIL FROM a@b.test")},
		"a probing": {scenes["probing all"], scenes["probed all"]},
		"a script":  {scenes["script pane"], scenes["script failed"], scenes["script waits"], scenes["script stepped"]},
		"a message": {scenes["message draft"], scenes["message too large"], scenes["message accepted"], scenes["message partial"], scenes["message sending"]},
		"the time":  {scenes["time"], scenes["time of a failure"], scenes["time waiting"]},
		"the limit": {scenes["limits"], scenes["exchangers"]},
	} {
		for _, size := range [][2]int{{120, 36}, {80, 24}, {40, 12}} {
			differ := false
			for i, a := range states {
				for _, b := range states[i+1:] {
					rowsA := strings.Split(inColour(a, true, size[0], size[1]), "\n")
					rowsB := strings.Split(inColour(b, true, size[0], size[1]), "\n")
					before := false // the row before differs by a text, and has these colours
					for y := range rowsA {
						if hues(rowsA[y]) == hues(rowsB[y]) {
							before = false
							continue
						}
						differ = true
						if before = before || ansi.Strip(rowsA[y]) != ansi.Strip(rowsB[y]); !before {
							t.Errorf("%s at %v: only the colour differs in %q", what, size, rowsA[y])
						}
					}
				}
			}
			if !differ {
				t.Errorf("%s at %v: no colour differs", what, size)
			}
		}
	}
}
