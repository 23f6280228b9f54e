package tui

import (
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/charmbracelet/x/ansi"

	"ehlo/tui/internal/face"
)

// TestAFieldHoldsEveryOctet: what is typed and pasted is what goes out.
func TestAFieldHoldsEveryOctet(t *testing.T) {
	every := ""
	for c := range 256 {
		every += string([]byte{byte(c)})
	}
	for _, s := range []string{"", "grün 世界", "caf\xe9", every, "\U0010ff7f \U0010ff80 \U0010ffff", "\xf4\x8f\xbf", "\ufffd\xff\ufffd", "\xed\xa0\x80"} {
		if got := face.TextOf(face.Characters(s)); got != s {
			t.Errorf("%q became %q", s, got)
		}
		f := &face.Field{}
		f.Set(s)
		f.Move(len(f.Text) / 2)
		if before, behind := f.Around(); before+behind != s || f.String() != s {
			t.Errorf("%q became %q and %q", s, before, behind)
		}
	}
	st := face.New(false, true)
	f := &face.Field{}
	f.Set("caf\xe9")
	if got := ansi.Strip(f.View(&st, 20, false, false)); strings.TrimSpace(got) != `caf\xe9` {
		t.Errorf("it is shown as %q", got)
	}
	if f.Erase(f.At-1, f.At); f.String() != "caf" {
		t.Errorf("erasing leaves %q", f.String())
	}
}

// TestPastesAreTakenOut: however the input is cut, the keys stay, the pastes are
// kept to the octet, and nothing waits that is complete.
func TestPastesAreTakenOut(t *testing.T) {
	long := strings.Repeat("a line of Latin-1: caf\xe9\r\n", 2000)
	parts := []struct{ keys, paste string }{
		{"ab\x1b[A", "caf\xe9 \xc3\xa4"},
		{"", "\x1b[20\x1b[201\x1b[A"},
		{"c\x1b[B\x1b[1;5D", "z"},
		{"世\x1b", long},
		{"\x1bOP", "x"},
		{strings.Repeat("\x1b[A", 300), strings.Repeat("y", 255)},
		{"d", "\xff"},
	}
	input, keys := "", ""
	var want []string
	for _, p := range parts {
		input, keys = input+p.keys+pasteStart+p.paste+pasteEnd, keys+p.keys
		if p.paste != "" {
			want, keys = append(want, p.paste), keys+pasteStart+"?"+pasteEnd
		}
	}
	readers := map[string]func(io.Reader) io.Reader{
		"at once": func(r io.Reader) io.Reader { return r }, "one by one": iotest.OneByteReader, "by halves": iotest.HalfReader,
	}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		readers["seed "+string(rune('A'+seed))] = func(in io.Reader) io.Reader { return cutAnyhow{in, r} }
	}
	for name, reader := range readers {
		_, p := withPastes(reader(strings.NewReader(input)))
		var got strings.Builder
		buf := make([]byte, 256)
		for {
			n, err := p.Read(buf)
			got.Write(buf[:n])
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
		}
		var pasted []string
		for _, letter := range taken.FindAllStringSubmatch(got.String(), -1) {
			text, cut := p.next(rune(letter[1][0]))
			if pasted = append(pasted, text); cut {
				t.Errorf("%s: one is cut", name)
			}
		}
		normal := func(s string) string { return taken.ReplaceAllString(s, "(paste)") }
		if normal(got.String()) != normal(keys) || !slices.Equal(pasted, want) || len(p.held) > 0 {
			t.Errorf("%s: keys %.200q, wanted %.200q; %d pastes; held %q", name, normal(got.String()), normal(keys), len(pasted), p.held)
		}
	}
}

// taken is a paste that was taken out; where its mark came in pieces, what came
// first was an esc, which is harmless.
var taken = regexp.MustCompile(`(?:\x1b\[?)*\x1b\[200~(.)\x1b\[201~`)

// TestAPasteThatIsNotToldOf: one that Bubble Tea took for keys does not come in
// place of the next.
func TestAPasteThatIsNotToldOf(t *testing.T) {
	p := &pastes{}
	for i := range 100 {
		p.keep("lost")
		if i%3 == 0 {
			continue
		}
		letter := p.keep(string(rune('A' + i)))[len(pasteStart)]
		if text, _ := p.next(rune(letter)); text != string(rune('A'+i)) {
			t.Fatalf("%d: %q", i, text)
		}
		if text, _ := p.next(rune(letter)); text != "" {
			t.Fatalf("%d: %q comes twice", i, text)
		}
	}
}

// cutAnyhow reads as much as it likes.
type cutAnyhow struct {
	in io.Reader
	r  *rand.Rand
}

func (c cutAnyhow) Read(b []byte) (int, error) { return c.in.Read(b[:1+c.r.IntN(len(b))]) }

// TestAnEmptyPaste is nothing.
func TestAnEmptyPaste(t *testing.T) {
	_, p := withPastes(strings.NewReader("a" + pasteStart + pasteEnd + "b"))
	buf := make([]byte, 256)
	if n, _ := p.Read(buf); string(buf[:n]) != "ab" {
		t.Errorf("%q", buf[:n])
	}
}

// TestAKeyIsNotHeld: a single esc is a key, at once, and so are the first octets
// of what is no paste.
func TestAKeyIsNotHeld(t *testing.T) {
	for _, keys := range []string{"\x1b", "a\x1b", "\x1b[", "\x1b[A", "\x1b[2~", "世"} {
		_, p := withPastes(strings.NewReader(keys))
		buf := make([]byte, 256)
		if n, _ := p.Read(buf); string(buf[:n]) != keys {
			t.Errorf("%q came as %q", keys, buf[:n])
		}
	}
}

func TestAPasteHasABound(t *testing.T) {
	for extra, want := range map[int]bool{0: false, 1: true, 3000: true} {
		_, p := withPastes(strings.NewReader(pasteStart + strings.Repeat("x", pasteKept+extra) + pasteEnd))
		buf := make([]byte, 64<<10)
		for {
			if _, err := p.Read(buf); err != nil {
				break
			}
		}
		if text, cut := p.next('b'); len(text) != pasteKept || cut != want {
			t.Errorf("%d octets more: %d, cut %v", extra, len(text), cut)
		}
	}
}

// TestAPasteInLatin1: what was pasted is what goes on the wire; where a message
// would say of itself that it is UTF-8, that is said.
func TestAPasteInLatin1(t *testing.T) {
	s := newFakeServer(t)
	s.set("VRFY", "252 2.1.5 perhaps")
	x := start(t, s, 80, 24, nil)
	x.sees("READY")
	x.typed(pasteStart + "VRFY caf\xe9" + pasteEnd)
	x.sees(`C: VRFY caf\xe9`)
	x.typed("s" + enter)
	x.sees("252 2.1.5")
	x.typed(pasteStart + "VRFY \xe4\r\nVRFY \xf6\n" + pasteEnd)
	x.sees("2 lines", `VRFY \xf6`)
	x.typed("o")
	x.sees("all of the paste was sent")
	if got, want := s.lines()[1:], []string{"VRFY caf\xe9s", "VRFY \xe4", "VRFY \xf6"}; !slices.Equal(got, want) {
		t.Errorf("the server got %q", got)
	}
	x.typed("\x1b[A") // its history
	x.sees(`C: VRFY \xf6`)
	x.typed(enter)
	x.await("the third", func(string) bool { return len(s.lines()) == 5 })
	if got := s.lines()[4]; got != "VRFY \xf6" {
		t.Errorf("from the history came %q", got)
	}
	x.typed(esc)
	x.sees("BROWSE")
	x.typed("c")
	x.sees("MESSAGE")
	x.typed(pasteStart + "\xe4" + pasteEnd)
	x.sees("the paste is not UTF-8")
}
