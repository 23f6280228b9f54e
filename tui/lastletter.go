package tui

import (
	"bytes"
	"io"
	"os"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/wire"
)

// typedLetter is a message as it was typed, taken from what was sent: the text
// behind DATA without its transparency and the final dot, or the octets of all
// chunks (RFC 3030 2), which have neither.
type typedLetter struct {
	text  [][]byte // with their line ends
	left  int64    // octets that the chunk still has
	begun bool     // DATA or BDAT was seen: what is no longer kept lacks its beginning
	chunk bool     // it comes in chunks
	ended bool     // what comes next is of another message
}

// take takes the next line that was sent.
func (t *typedLetter) take(e event.Sent) {
	if !e.Text {
		t.command(e.Line)
		return
	}
	octets := bytes.Clone(e.Line)
	if !e.Raw {
		octets = append(octets, "\r\n"...)
	}
	switch {
	case !t.begun:
		return
	case t.chunk:
		octets = octets[:min(int64(len(octets)), t.left)] // more are a command to the server
		t.left -= int64(len(octets))
	case string(e.Line) == ".":
		t.ended = true
		return
	default:
		octets = bytes.TrimPrefix(octets, []byte("."))
	}
	t.text = append(t.text, octets)
}

func (t *typedLetter) command(line []byte) {
	size, last, chunk := wire.ParseBDAT(line)
	switch {
	case chunk && (!t.chunk || t.ended):
		*t = typedLetter{begun: true, chunk: true, left: size, ended: last}
	case chunk:
		t.left, t.ended = size, last
	case wire.Verb(line) == "DATA":
		*t = typedLetter{begun: true}
	case len(t.text) > 0:
		t.ended = t.ended || !t.chunk || wire.Verb(line) != "RCPT" && wire.Verb(line) != "NOOP"
	}
}

// letter is the last message that was sent: as it was composed here, its file,
// or its text as it was typed.
func (s script) letter() (made *message.Message, file string, text [][]byte) {
	var typed typedLetter
	for _, e := range s.events {
		switch e := e.(type) {
		case event.Message:
			if m := s.made[e.Seq]; m != nil || e.File != "" || !e.Shown {
				made, file, typed = m, e.File, typedLetter{}
			}
		case event.Sent:
			if typed.take(e); len(typed.text) > 0 {
				made, file = nil, ""
			}
		}
	}
	return made, file, typed.text
}

func (s script) hasLetter() bool {
	made, file, text := s.letter()
	return made != nil || file != "" || len(text) > 0
}

func (s script) writeLetter(w io.Writer, _ func(event.Message) (string, error)) error {
	made, file, text := s.letter()
	if made != nil {
		return writeMade(w, made)
	}
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}
	for _, t := range text {
		if _, err := w.Write(t); err != nil {
			return err
		}
	}
	return nil
}
