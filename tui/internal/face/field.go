package face

import (
	"cmp"
	"strings"
	"unicode"
)

// FieldMost bounds what can be typed, in characters; it is beyond what any
// server takes for a line.
const FieldMost = 64 << 10

// Field is a text being typed, in one line.
type Field struct {
	Text []rune
	At   int // where the cursor stands, from 0 to len(text)
	off  int // the first character that is shown
	Most int // characters that have room; 0: fieldMost
}

func (f *Field) String() string { return TextOf(f.Text) }

func (f *Field) Set(s string) {
	f.Text = Characters(s)
	f.At, f.off = len(f.Text), 0
}

func (f *Field) Insert(rs ...rune) {
	rs = rs[:max(min(len(rs), f.Room()), 0)]
	text := make([]rune, 0, len(f.Text)+len(rs))
	text = append(append(append(text, f.Text[:f.At]...), rs...), f.Text[f.At:]...)
	f.Text, f.At = text, f.At+len(rs)
}

// Room is how many characters more there is room for.
func (f *Field) Room() int { return cmp.Or(f.Most, FieldMost) - len(f.Text) }

// Erase takes out the characters from one place to another.
func (f *Field) Erase(from, to int) {
	from, to = max(from, 0), min(to, len(f.Text))
	if from >= to {
		return
	}
	f.Text = append(append([]rune(nil), f.Text[:from]...), f.Text[to:]...)
	f.At = from
}

func (f *Field) Move(to int) { f.At = min(max(to, 0), len(f.Text)) }

// WordBefore is where the word before the cursor begins.
func (f *Field) WordBefore() int {
	i := f.At
	for i > 0 && unicode.IsSpace(f.Text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(f.Text[i-1]) {
		i--
	}
	return i
}

// WordBehind is where the word behind the cursor ends.
func (f *Field) WordBehind() int {
	i := f.At
	for i < len(f.Text) && unicode.IsSpace(f.Text[i]) {
		i++
	}
	for i < len(f.Text) && !unicode.IsSpace(f.Text[i]) {
		i++
	}
	return i
}

// View draws the field in w cells, with the cursor where it has the focus. A
// secret is drawn as stars.
func (f *Field) View(st *Styles, w int, focus, secret bool) string {
	hidden := len(f.Text)
	if secret {
		hidden = 0
	}
	row, _ := f.Draw(st, w, focus, hidden)
	return st.Glyphs.Fit(row, w)
}

// Draw draws the field in w cells at most, and says how many it took. What
// stands from hidden on is drawn as stars.
func (f *Field) Draw(st *Styles, w int, focus bool, hidden int) (row string, used int) {
	if w < 1 {
		return "", 0
	}
	show := func(i int) string {
		if i >= hidden {
			return "*"
		}
		return st.Glyphs.Words(TextOf(f.Text[i : i+1]))
	}
	// The cursor stays in sight, and the window moves only when it must.
	if f.off > f.At {
		f.off = f.At
	}
	used = 1
	if f.At < len(f.Text) {
		used = Cells(show(f.At))
	}
	for i := f.At - 1; i >= f.off; i-- {
		if used += Cells(show(i)); used > w {
			f.off = i + 1
			break
		}
	}
	// A text that has become shorter, or has more room, is shown from further
	// ahead.
	used = 1
	for i := len(f.Text) - 1; i >= 0 && used <= w; i-- {
		if used += Cells(show(i)); used <= w && i < f.off {
			f.off = i
		}
	}
	var b strings.Builder
	used = 0
	for i := f.off; i <= len(f.Text); i++ {
		s := " "
		if i < len(f.Text) {
			s = show(i)
		}
		if i == f.At {
			s = st.Glyphs.Cut(s, w-used) // one that is wider than the field
		}
		n := Cells(s)
		if used+n > w {
			break
		}
		used += n
		if i == f.At && focus {
			s = st.Reverse.Render(s)
		}
		b.WriteString(s)
	}
	return b.String(), used
}

// Around is the text before the cursor and behind it.
func (f *Field) Around() (before, behind string) {
	return TextOf(f.Text[:f.At]), TextOf(f.Text[f.At:])
}
