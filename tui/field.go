package tui

import (
	"cmp"
	"strings"
	"unicode"
)

// fieldMost bounds what can be typed, in characters; it is beyond what any
// server takes for a line.
const fieldMost = 64 << 10

// field is a text being typed, in one line.
type field struct {
	text []rune
	at   int // where the cursor stands, from 0 to len(text)
	off  int // the first character that is shown
	most int // characters that have room; 0: fieldMost
}

func (f *field) String() string { return textOf(f.text) }

func (f *field) set(s string) {
	f.text = characters(s)
	f.at, f.off = len(f.text), 0
}

func (f *field) insert(rs ...rune) {
	rs = rs[:max(min(len(rs), f.room()), 0)]
	text := make([]rune, 0, len(f.text)+len(rs))
	text = append(append(append(text, f.text[:f.at]...), rs...), f.text[f.at:]...)
	f.text, f.at = text, f.at+len(rs)
}

// room is how many characters more there is room for.
func (f *field) room() int { return cmp.Or(f.most, fieldMost) - len(f.text) }

// erase takes out the characters from one place to another.
func (f *field) erase(from, to int) {
	from, to = max(from, 0), min(to, len(f.text))
	if from >= to {
		return
	}
	f.text = append(append([]rune(nil), f.text[:from]...), f.text[to:]...)
	f.at = from
}

func (f *field) move(to int) { f.at = min(max(to, 0), len(f.text)) }

// wordBefore is where the word before the cursor begins.
func (f *field) wordBefore() int {
	i := f.at
	for i > 0 && unicode.IsSpace(f.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(f.text[i-1]) {
		i--
	}
	return i
}

// wordBehind is where the word behind the cursor ends.
func (f *field) wordBehind() int {
	i := f.at
	for i < len(f.text) && unicode.IsSpace(f.text[i]) {
		i++
	}
	for i < len(f.text) && !unicode.IsSpace(f.text[i]) {
		i++
	}
	return i
}

// view draws the field in w cells, with the cursor where it has the focus. A
// secret is drawn as stars.
func (f *field) view(st *styles, w int, focus, secret bool) string {
	hidden := len(f.text)
	if secret {
		hidden = 0
	}
	row, _ := f.draw(st, w, focus, hidden)
	return st.glyphs.fit(row, w)
}

// draw draws the field in w cells at most, and says how many it took. What
// stands from hidden on is drawn as stars.
func (f *field) draw(st *styles, w int, focus bool, hidden int) (row string, used int) {
	if w < 1 {
		return "", 0
	}
	show := func(i int) string {
		if i >= hidden {
			return "*"
		}
		return st.glyphs.words(textOf(f.text[i : i+1]))
	}
	// The cursor stays in sight, and the window moves only when it must.
	if f.off > f.at {
		f.off = f.at
	}
	used = 1
	if f.at < len(f.text) {
		used = cells(show(f.at))
	}
	for i := f.at - 1; i >= f.off; i-- {
		if used += cells(show(i)); used > w {
			f.off = i + 1
			break
		}
	}
	// A text that has become shorter, or has more room, is shown from further
	// ahead.
	used = 1
	for i := len(f.text) - 1; i >= 0 && used <= w; i-- {
		if used += cells(show(i)); used <= w && i < f.off {
			f.off = i
		}
	}
	var b strings.Builder
	used = 0
	for i := f.off; i <= len(f.text); i++ {
		s := " "
		if i < len(f.text) {
			s = show(i)
		}
		if i == f.at {
			s = st.glyphs.cut(s, w-used) // one that is wider than the field
		}
		n := cells(s)
		if used+n > w {
			break
		}
		used += n
		if i == f.at && focus {
			s = st.reverse.Render(s)
		}
		b.WriteString(s)
	}
	return b.String(), used
}
