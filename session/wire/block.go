package wire

import (
	"encoding/binary"
)

// Two ways of looking at message data: line by line where lines are not short,
// which searches 32 octets at a time; and in blocks of 64 octets, one bit each,
// which costs the same for lines of any length.
const (
	window   = 16 << 10 // what is looked at line by line at once: it stays in the cache
	fewLines = 256      // octets that are not worth it
	short    = 16       // octets of a line that is too short for it
	block    = 64
)

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
	lows  = 0x7f * ones
	// gather moves the lowest bit of each of eight octets into the top octet.
	gather   = 0x0102040810204080
	topOctet = 0xff << 56
)

// starts are the octets of a block that stand at the start of a line.
func starts(last before, lf, cr uint64) uint64 {
	begin := lf<<1 | cr<<1&^lf
	switch last {
	case atStart, afterLF:
		begin |= 1
	case afterCR:
		begin |= 1 &^ lf
	}
	return begin
}

// lastOf is what the first n octets of a block end in.
func lastOf(lf, cr uint64, n int) before {
	switch top := uint64(1) << (n - 1); {
	case lf&top != 0:
		return afterLF
	case cr&top != 0:
		return afterCR
	}
	return withinLine
}

// ends are the LF and CR of a block.
func ends(b *[block]byte) (lf, cr uint64) {
	for i := 0; i < block; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		lf = lf>>8 | mark(x^'\n'*ones)
		cr = cr>>8 | mark(x^'\r'*ones)
	}
	return lf, cr
}

// equal are the octets of a block that are c.
func equal(b *[block]byte, c byte) (m uint64) {
	for i := 0; i < block; i += 8 {
		m = m>>8 | mark(binary.LittleEndian.Uint64(b[i:])^uint64(c)*ones)
	}
	return m
}

// mark has a bit in its top octet for each octet of x that is 0.
func mark(x uint64) uint64 {
	x = ^((x&lows + lows) | x | lows)
	return x >> 7 * gather & topOctet
}

// valid are the first n octets of a block; n is at least 1.
func valid(n int) uint64 { return ^uint64(0) >> (block - n) }

// hasRun says whether z has n ones in a row, n at least 1.
func hasRun(z uint64, n int) bool {
	for have := 1; have < n && z != 0; {
		step := min(have, n-have)
		z &= z >> step
		have += step
	}
	return z != 0
}

// IsASCII says that no octet is above 127.
func IsASCII(s []byte) bool {
	for ; len(s) >= 32; s = s[32:] {
		a := binary.LittleEndian.Uint64(s) | binary.LittleEndian.Uint64(s[8:])
		b := binary.LittleEndian.Uint64(s[16:]) | binary.LittleEndian.Uint64(s[24:])
		if (a|b)&highs != 0 {
			return false
		}
	}
	var any byte
	for _, c := range s {
		any |= c
	}
	return any < 0x80
}
