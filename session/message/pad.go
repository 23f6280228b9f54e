package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"ehlo/session/wire"
)

// A message is padded behind its text, with lines that look like fillLine:
// ASCII, without a dot in front, and nothing that quoted-printable would change.
const (
	fillText  = 70
	fillWhole = fillText + 2 // octets with the CRLF
)

var fillLine = strings.Repeat("0123456789", fillText/10) + "\r\n"

// fewOctets is up to how many octets are missing that stand as spaces in the
// header: a line has two octets at least.
const fewOctets = 8

// pad makes the message exactly as large as the draft says.
func (c *composer) pad() error {
	if c.draft.PadTo == 0 {
		return nil
	}
	m := c.message
	missing := c.draft.PadTo - m.Size.Octets
	switch {
	case missing < 0:
		return fmt.Errorf("the message cannot be padded to %s octets: without it has %s", wire.Thousands(uint64(c.draft.PadTo)), wire.Thousands(uint64(m.Size.Octets)))
	case missing < fewOctets:
		// Space behind the colon of a field says nothing (RFC 5322 2.2).
		name, rest, _ := bytes.Cut(m.Parts[0].Text, []byte(": "))
		m.Parts[0].Text = bytes.Join([][]byte{name, rest}, []byte(": "+strings.Repeat(" ", int(missing))))
		return m.measure()
	case c.body.Encoding == Base64:
		return errors.New("a text in base64 cannot be padded: nothing may stand behind it")
	}
	// An empty line, which also ends a text that has no line end, and the rest.
	m.Parts = append(m.Parts[:2:2], append([]Part{{Fill: 2}}, m.Parts[2:]...)...)
	if err := m.measure(); err != nil {
		return err
	}
	m.Parts[2].Fill += c.draft.PadTo - m.Size.Octets
	return m.measure()
}

// filler is an empty line and full lines, of so many octets together. The last
// line is as long as is left, and one longer where a single octet would be.
type filler struct {
	left   int64
	begun  bool
	unread []byte
}

func (f *filler) Read(p []byte) (int, error) {
	for len(f.unread) == 0 {
		if f.left == 0 {
			return 0, io.EOF
		}
		f.unread = f.line()
		f.left -= int64(len(f.unread))
	}
	n := copy(p, f.unread)
	f.unread = f.unread[n:]
	return n, nil
}

func (f *filler) line() []byte {
	switch {
	case !f.begun:
		f.begun = true
		return []byte("\r\n")
	case f.left == fillWhole+1:
		return []byte("0" + fillLine)
	case f.left < fillWhole:
		return []byte(fillLine[fillWhole-f.left:])
	}
	return []byte(fillLine)
}

// addFill counts the padding of n octets, as filler makes it, behind a line or
// within the last.
func addFill(m *wire.Measure, n int64) {
	const few = 2*fillWhole + 2
	// The lines in the middle are all alike: the measure is where it was before.
	middle := max(n-few, 0) / fillWhole
	_, _ = io.Copy(m, &filler{left: n - middle*fillWhole})
	m.Octets += middle * fillWhole
	m.Lines += middle
	m.Longest = max(m.Longest, min(middle, 1)*fillText)
}
