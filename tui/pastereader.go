package tui

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"ehlo/session/wire"
	"ehlo/tui/internal/face"
)

// Bubble Tea drops from a paste what is no UTF-8, and looks for its end anew from
// its start with every 256 octets. So a paste is taken out of the input before:
// what Bubble Tea reads is a paste of one letter, for which the octets are kept
// here.

const (
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
	interrupts = 0x03 // ctrl+c

	// pasteKept bounds a paste, in octets: it is kept in memory.
	pasteKept = bodyMost
)

// pastes takes the pastes out of an input.
type pastes struct {
	in      io.Reader
	reading sync.Mutex // of what is for who reads:
	inside  bool
	text    []byte // of the paste that is coming
	held    []byte // of the input: what may be the beginning of a mark, or of a key
	gone    int    // octets of the beginning of a mark that were taken for keys

	mu   sync.Mutex
	last byte     // the letter of the last paste
	done []string // those that were not taken, up to the last
}

// alphabet is how many letters there are for pastes that wait.
const alphabet = 26

// terminalInput is a terminal's, which Bubble Tea wants to know of.
type terminalInput struct {
	*os.File
	pastes *pastes
}

func (t terminalInput) Read(b []byte) (int, error) { return t.pastes.Read(b) }

// withPastes is an input without its pastes, and these.
func withPastes(in io.Reader) (io.Reader, *pastes) {
	p := &pastes{in: in}
	if f, ok := in.(*os.File); ok {
		return terminalInput{f, p}, p
	}
	return p, p
}

// Read reads once, and returns nothing where all that came is of a paste.
func (p *pastes) Read(b []byte) (int, error) {
	p.reading.Lock()
	room := len(b) - len(p.held) - p.gone
	inside := p.inside
	p.reading.Unlock()
	if inside {
		room -= len(pasteStart + "a" + pasteEnd) // its end may be in what comes
	}
	if room < 1 {
		return 0, io.ErrShortBuffer
	}
	chunk := make([]byte, room)
	n, err := p.in.Read(chunk)
	p.reading.Lock() // Bubble Tea may still be in a read when it begins another
	defer p.reading.Unlock()
	var before []byte
	if p.inside && n == 1 && chunk[0] == interrupts { // it is typed: the end does not come
		before = p.endNow()
	}
	out := p.take(append(p.held, chunk[:n]...), n == room, inside && n == room)
	return copy(b, append(before, out...)), err
}

// endNow ends a paste whose end does not come; what has come of it stands for it.
func (p *pastes) endNow() (out []byte) {
	p.add(p.held)
	if len(p.text) > 0 {
		out = []byte(p.keep(string(p.text)))
	}
	p.inside, p.held, p.text = false, nil, nil
	return out
}

// leave ends a paste whose end goes elsewhere: to another program, to the shell.
func (p *pastes) leave() {
	if p == nil {
		return
	}
	p.reading.Lock()
	defer p.reading.Unlock()
	p.inside, p.text, p.held, p.gone = false, nil, nil, 0
}

// take takes the pastes out of what has come. full says that more may be there
// already, apart that Bubble Tea cannot see that.
func (p *pastes) take(data []byte, full, apart bool) (out []byte) {
	p.held = nil
	if rest := pasteStart[p.gone:]; p.gone > 0 && !p.inside {
		// The mark came in pieces. What is pasted must not be taken for keys.
		switch behind, begins := bytes.CutPrefix(data, []byte(rest)); {
		case begins:
			p.gone, p.inside, p.text, data = 0, true, nil, behind
		case len(data) > 0 && strings.HasPrefix(rest, string(data)):
			if p.gone+len(data) > 2 {
				p.held = bytes.Clone(data)
				return nil
			}
			p.gone += len(data)
			return data
		}
	}
	for {
		if !p.inside {
			before, behind, begins := bytes.Cut(data, []byte(pasteStart))
			if out = append(out, before...); begins {
				p.inside, p.text, data = true, nil, behind
				continue
			}
			// A single esc is a key, unless more is on its way.
			n := partOf(out, pasteStart)
			p.gone = 0
			if n < 3 && !full {
				n, p.gone = 0, n
			}
			if apart {
				n = max(n, partOfKey(out))
			}
			if n > 0 {
				p.gone = 0
			}
			p.held = bytes.Clone(out[len(out)-n:])
			return out[:len(out)-n]
		}
		text, behind, ends := bytes.Cut(data, []byte(pasteEnd))
		if !ends {
			n := partOf(text, pasteEnd)
			p.held = bytes.Clone(text[len(text)-n:])
			p.add(text[:len(text)-n])
			return out
		}
		p.add(text)
		if p.inside, data = false, behind; len(p.text) > 0 {
			out = append(out, p.keep(string(p.text))...)
		}
		p.text = nil
	}
}

// add takes more of the paste; the octet behind the last that is kept says that
// there were more.
func (p *pastes) add(text []byte) {
	p.text = append(p.text, text[:min(len(text), pasteKept+1-len(p.text))]...)
}

// keep keeps a paste, and makes the one that stands for it: the letters go round.
func (p *pastes) keep(text string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, text)
	p.last = (p.last + 1) % alphabet
	return pasteStart + string('a'+rune(p.last)) + pasteEnd
}

// next is the text of the paste that Bubble Tea tells of, and whether it is cut.
// Those before it never came to be told of.
func (p *pastes) next(letter rune) (text string, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	back := (int(p.last) - int(letter-'a') + alphabet) % alphabet
	if back < 0 || back >= len(p.done) {
		return "", false
	}
	at := len(p.done) - 1 - back
	text = p.done[at]
	clear(p.done[:at+1]) // it may be a password
	p.done = p.done[at+1:]
	if len(text) > pasteKept {
		return text[:pasteKept], true
	}
	return text, false
}

// partOf is how many octets at the end of data are the beginning of a mark.
func partOf(data []byte, mark string) int {
	for n := min(len(mark)-1, len(data)); n > 0; n-- {
		if string(data[len(data)-n:]) == mark[:n] {
			return n
		}
	}
	return 0
}

var unfinished = regexp.MustCompile(`\x1b(\[[0-?]*[ -/]*|O)?$`)

// partOfKey is how many octets at its end are a key that is not complete.
func partOfKey(data []byte) int {
	if at := unfinished.FindIndex(data); at != nil {
		return len(data) - at[0]
	}
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		if c := data[len(data)-n:]; utf8.RuneStart(c[0]) {
			if !utf8.FullRune(c) {
				return n
			}
			break
		}
	}
	return 0
}

// pasted takes a paste that the input has kept, or one that came with the keys.
func (m *screen) pasted(keys []rune) {
	if m.o.pastes == nil || len(keys) != 1 {
		m.paste(keys)
		return
	}
	text, cut := m.o.pastes.next(keys[0])
	m.paste(face.Characters(text))
	switch {
	case cut:
		m.hint = "the paste is cut at " + wire.Binary(pasteKept)
	case m.where()&(inBody|inField) != 0 && !utf8.ValidString(text):
		m.hint = "the paste is not UTF-8, which the message will say of itself: :send FILE sends a file as it is"
	}
}
