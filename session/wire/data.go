package wire

import (
	"bytes"
	"math/bits"
)

// What ends a line of message text. RFC 5321 2.3.8 knows only CRLF and forbids
// CR and LF alone. A message that has them is not sent with them: servers
// differ on which of "\n.\n", "\r.\r" and the like ends the data, and what one
// takes for text another takes for the end and for commands behind it (SMTP
// smuggling). So LF, CR and CRLF each end a line here and each becomes CRLF,
// and dots are doubled at the start of all of those lines. CR CR LF is two line
// ends: a bare CR and a CRLF.

// before is what stands in front of the next octet of a message.
type before uint8

const (
	atStart before = iota // nothing: a line begins
	afterLF               // a line begins
	afterCR               // a line begins unless LF comes
	withinLine
)

// Measure counts a message as RFC 1870 does. It is an io.Writer for the whole
// message, in pieces of any size; the counts are final after Close. The zero
// value is ready.
type Measure struct {
	Octets  int64 // with CRLF line ends, without final dot and transparency
	Lines   int64
	Longest int64 // octets of the longest line without its CRLF
	BareLF  int64 // line ends that are LF alone in the source
	BareCR  int64 // and CR alone
	Unended bool  // the last line has no end, and gets one

	EightBit       bool // an octet above 127 anywhere: needs 8BITMIME
	HeaderEightBit bool // one before the first empty line: needs SMTPUTF8
	NUL            bool // an octet 0: no text, and not for DATA (RFC 5321 4.5.2)

	last before // what the pieces so far end in
	body bool   // the header section is over
	line int64  // octets of the line that has not ended
}

// Write counts a piece. It never fails.
func (m *Measure) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		w := rest[:min(window, len(rest))]
		n := 0
		switch {
		case !m.body && m.uneventful(w):
			n = m.lines(w)
		case !m.body:
			w = w[:min(block, len(w))]
		case len(w) >= fewLines && m.last != afterCR:
			n = m.lines(w)
		}
		if n == 0 {
			m.blocks(w)
			n = len(w)
		}
		m.NUL = m.NUL || bytes.IndexByte(rest[:n], 0) >= 0
		m.EightBit = m.EightBit || !IsASCII(rest[:n])
		rest = rest[n:]
	}
	return len(p), nil
}

// lines counts the lines of w that are complete, or w where there are none,
// and returns their octets; 0 if that is for blocks to do.
func (m *Measure) lines(w []byte) int {
	n, all, crlf, longest, line := 0, 0, 0, int(m.Longest), int(m.line)
	for {
		i := bytes.IndexByte(w[n:], '\n')
		if i < 0 {
			break
		}
		all++
		line += i
		if n += i; n > 0 && w[n-1] == '\r' {
			crlf++
			line--
		}
		n++
		longest = max(longest, line)
		line = 0
		if all*short > n+fewLines {
			return 0
		}
	}
	if n == 0 {
		n, line = len(w), line+len(w)
	}
	if bytes.Count(w[:n], []byte{'\r'}) != crlf {
		return 0
	}
	m.Octets += int64(n + all - crlf)
	m.Lines += int64(all)
	m.BareLF += int64(all - crlf)
	m.Longest, m.line, m.last = int64(longest), int64(line), afterLF
	if all == 0 {
		m.last = withinLine
	}
	return n
}

// blocks counts w.
func (m *Measure) blocks(w []byte) {
	for ; len(w) >= block; w = w[block:] {
		b := (*[block]byte)(w)
		lf, cr := ends(b)
		if !m.body {
			m.header(b, lf, cr, block)
		}
		m.add(lf, cr, block)
	}
	if len(w) > 0 {
		var b [block]byte
		copy(b[:], w)
		lf, cr := ends(&b)
		if !m.body {
			m.header(&b, lf, cr, len(w))
		}
		m.add(lf, cr, len(w))
	}
}

// add counts a block of n octets with its line ends.
func (m *Measure) add(lf, cr uint64, n int) {
	behindCR := cr << 1
	if m.last == afterCR {
		behindCR |= 1
	}
	all := lf | cr
	bareLF := int64(bits.OnesCount64(lf &^ behindCR))
	bareCR := int64(bits.OnesCount64(behindCR &^ lf & valid(n)))
	m.BareLF += bareLF
	m.BareCR += bareCR
	m.Octets += int64(n) + bareLF + bareCR
	m.Lines += int64(bits.OnesCount64(lf)) + bareCR

	if all == 0 {
		m.line += int64(n)
		m.last = withinLine
		return
	}
	m.Longest = max(m.Longest, m.line+int64(bits.TrailingZeros64(all)))
	m.line = int64(n - block + bits.LeadingZeros64(all))
	for m.Longest < block-2 && hasRun(^all&valid(n), int(m.Longest)+1) {
		m.Longest++
	}
	m.last = lastOf(lf, cr, n)
}

// uneventful says that some text of the header section has neither its end nor
// octets above 127 in it, and enough lines to be counted as such. A message
// need not have a header, and one that has none should not be slow.
func (m *Measure) uneventful(w []byte) bool {
	if len(w) < fewLines || m.last == afterCR {
		return false
	}
	if m.last != withinLine && (w[0] == '\r' || w[0] == '\n') {
		return false
	}
	return IsASCII(w) && !bytes.Contains(w, []byte("\n\n")) && !bytes.Contains(w, []byte("\n\r\n"))
}

// header looks for the end of the header section, and for octets above 127
// within it. It comes before add: last is what stood before the block.
func (m *Measure) header(b *[block]byte, lf, cr uint64, n int) {
	within := valid(n)
	if empty := starts(m.last, lf, cr) & (lf | cr) & within; empty != 0 {
		within = empty&-empty - 1
		m.body = true
	}
	if m.HeaderEightBit || IsASCII(b[:]) {
		return
	}
	for i, c := range b {
		m.HeaderEightBit = m.HeaderEightBit || c > 0x7f && within>>i&1 != 0
	}
}

// Source is the octets of the message as it came, before line ends were made
// CRLF. Final after Close.
func (m *Measure) Source() int64 {
	n := m.Octets - m.BareLF - m.BareCR
	if m.Unended {
		n -= 2
	}
	return n
}

// Close ends the message: a last line without a line end gets one, which
// counts.
func (m *Measure) Close() error {
	switch m.last {
	case withinLine:
		m.Unended = true
		m.Octets += 2
		m.Lines++
		m.Longest = max(m.Longest, m.line)
	case afterCR:
		m.Octets++
		m.Lines++
		m.BareCR++
	}
	m.last, m.body, m.line = atStart, false, 0
	return nil
}
