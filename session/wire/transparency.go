package wire

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// Encoder turns a message into what DATA carries: every line end becomes CRLF
// (RFC 5321 2.3.8), and a dot at the start of a line is doubled (4.5.2). The
// message comes in pieces of any size. The zero value is ready.
type Encoder struct {
	// Chunks leaves transparency and the final dot out, as BDAT does (RFC 3030
	// 2): line ends are all that changes.
	Chunks bool

	last before
	buf  []byte // what Encode returned where it could not return its source
}

// Encode returns src encoded: src itself where nothing has to change, so that
// mail with CRLF line ends is written to the network from where it was read,
// else octets of the encoder, valid until the next Encode. More may be appended
// to either, and may then overwrite src's array beyond src.
func (e *Encoder) Encode(src []byte) []byte {
	out, from := e.encode(e.buf[:0], src)
	if len(out) == 0 && from == 0 {
		return src
	}
	e.buf = append(out, src[from:]...)
	return e.buf
}

// Append appends src encoded to dst: at most 2*len(src)+1 octets.
func (e *Encoder) Append(dst, src []byte) []byte {
	dst, from := e.encode(dst, src)
	return append(dst, src[from:]...)
}

// encode appends src encoded to dst up to some place from; src[from:] follows
// unchanged.
func (e *Encoder) encode(dst, src []byte) (out []byte, from int) {
	for i := 0; i < len(src); {
		w := src[i:min(i+window, len(src))]
		n := 0
		if len(w) >= fewLines && e.last != afterCR {
			dst, from, n = e.lines(dst, src, from, i, len(w))
		}
		if n == 0 {
			n = len(w)
			dst, from = e.blocks(dst, src, from, i, n)
		}
		i += n
	}
	return dst, from
}

// lines encodes the complete lines of src[start:start+size], or all of it
// where there are none, and returns their octets; 0 if that is for blocks to
// do.
func (e *Encoder) lines(dst, src []byte, from, start, size int) ([]byte, int, int) {
	var (
		w               = src[start : start+size]
		n, all, crlf    = 0, 0, 0
		oldLen, oldFrom = len(dst), from
		begin           = e.last != withinLine
	)
	for {
		i := bytes.IndexByte(w[n:], '\n')
		if i < 0 {
			break
		}
		all++
		if begin && w[n] == '.' && !e.Chunks {
			dst = append(append(dst, src[from:start+n]...), '.')
			from = start + n
		}
		begin = true
		if n += i; n > 0 && w[n-1] == '\r' {
			crlf++
		} else {
			dst = append(append(dst, src[from:start+n]...), '\r')
			from = start + n
		}
		n++
		if all*short > n+fewLines {
			return dst[:oldLen], oldFrom, 0
		}
	}
	if n == 0 {
		n = size
		if begin && w[0] == '.' && !e.Chunks {
			dst = append(append(dst, src[from:start]...), '.')
			from = start
		}
	}
	if bytes.Count(w[:n], []byte{'\r'}) != crlf {
		return dst[:oldLen], oldFrom, 0
	}
	e.last = afterLF
	if all == 0 {
		e.last = withinLine
	}
	return dst, from, n
}

// blocks encodes src[start:start+size].
func (e *Encoder) blocks(dst, src []byte, from, start, size int) ([]byte, int) {
	for i := start; i < start+size; i += block {
		n := min(block, start+size-i)
		// Eight octets more than a block, so that eight can be read anywhere.
		var tail [block + 8]byte
		b := &tail
		if len(src)-i >= len(tail) {
			b = (*[block + 8]byte)(src[i:])
		} else {
			copy(tail[:], src[i:i+n])
		}
		octets := (*[block]byte)(b[:])
		lf, cr := ends(octets)
		in := lineEnds(e.last, lf, cr)
		if !e.Chunks {
			in.other |= dots(octets, starts(e.last, lf, cr))
		}
		in = in.within(n)
		e.last = lastOf(lf, cr, n)
		if in == (insertions{}) {
			continue
		}
		dst = append(dst, src[from:i]...)
		dst = in.expand(dst, b, n)
		from = i + n
	}
	return dst, from
}

// End appends the end of the data to dst: CRLF where the last line has none,
// and the final dot, unless it goes in chunks. The encoder is then ready for
// another message.
func (e *Encoder) End(dst []byte) []byte {
	switch e.last {
	case withinLine:
		dst = append(dst, "\r\n"...)
	case afterCR:
		dst = append(dst, '\n')
	}
	e.last = atStart
	if e.Chunks {
		return dst
	}
	return append(dst, ".\r\n"...)
}

// insertions are the octets of a block in front of which something has to be
// put: that is all that encoding does. A bare CR and a dot behind it make LF
// and a dot in one place.
type insertions struct {
	lf    uint64 // LF: behind a bare CR
	other uint64 // CR in front of a bare LF, or a dot in front of a dot
}

// lineEnds make CRLF of what ends the lines of a block.
func lineEnds(last before, lf, cr uint64) insertions {
	behindCR := cr << 1
	if last == afterCR {
		behindCR |= 1
	}
	return insertions{lf: behindCR &^ lf, other: lf &^ behindCR}
}

// dots are those of a block that stand where a line begins.
func dots(b *[block]byte, begin uint64) (found uint64) {
	if bits.OnesCount64(begin) > 4 {
		return begin & equal(b, '.')
	}
	for ; begin != 0; begin &= begin - 1 {
		if i := bits.TrailingZeros64(begin); b[i&(block-1)] == '.' {
			found |= begin & -begin
		}
	}
	return found
}

// within are those in the first n octets.
func (in insertions) within(n int) insertions {
	return insertions{in.lf & valid(n), in.other & valid(n)}
}

// expand appends the first n octets of b with the insertions.
func (in insertions) expand(dst []byte, b *[block + 8]byte, n int) []byte {
	if in.lf != 0 {
		for i, c := range b[:n] {
			if in.lf>>i&1 != 0 {
				dst = append(dst, '\n')
			}
			if in.other>>i&1 != 0 {
				dst = append(dst, inFrontOf(c))
			}
			dst = append(dst, c)
		}
		return dst
	}
	// Eight octets at a time, also beyond what is wanted: the next copy
	// overwrites those. The room and the masks let the compiler see that no
	// index is out of range.
	const room = 256 + 8
	have := len(dst)
	dst = slices.Grow(dst, room)
	out := (*[room]byte)(dst[have : have+room])
	rest := in.other
	i := bits.TrailingZeros64(rest)
	for k := 0; k < i; k += 8 {
		binary.LittleEndian.PutUint64(out[k&255:], binary.LittleEndian.Uint64(b[k&63:]))
	}
	j := i
	for i < n {
		rest &= rest - 1
		next := min(bits.TrailingZeros64(rest), n)
		x := binary.LittleEndian.Uint64(b[i&63:])
		out[j&255] = inFrontOf(byte(x))
		j++
		binary.LittleEndian.PutUint64(out[j&255:], x)
		for k := 8; k < next-i; k += 8 {
			binary.LittleEndian.PutUint64(out[(j+k)&255:], binary.LittleEndian.Uint64(b[(i+k)&63:]))
		}
		j += next - i
		i = next
	}
	return dst[:have+j]
}

// inFrontOf is what insertions.other puts in front of c.
func inFrontOf(c byte) byte {
	if c == '.' {
		return '.'
	}
	return '\r'
}
