package wire_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"ehlo/session/wire"
)

// normalise is the reference: every line end is CRLF, and there is a last one.
func normalise(message []byte) []byte {
	var out []byte
	for i := 0; i < len(message); i++ {
		switch c := message[i]; {
		case c == '\r' && i+1 < len(message) && message[i+1] == '\n':
			i++
			out = append(out, "\r\n"...)
		case c == '\r', c == '\n':
			out = append(out, "\r\n"...)
		default:
			out = append(out, c)
		}
	}
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, "\r\n"...)
	}
	return out
}

// stuff is the reference for transparency and the final dot; dots is how many
// were added.
func stuff(normal []byte) (out []byte, dots int) {
	for _, line := range bytes.SplitAfter(normal, []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte(".")) {
			out = append(out, '.')
			dots++
		}
		out = append(out, line...)
	}
	return append(out, ".\r\n"...), dots
}

// unstuff is what a server makes of it (RFC 5321 4.5.2).
func unstuff(data []byte) (message []byte, ok bool) {
	for {
		line, rest, found := bytes.Cut(data, []byte("\r\n"))
		if !found {
			return nil, false
		}
		if string(line) == "." {
			return message, len(rest) == 0
		}
		message = append(message, bytes.TrimPrefix(line, []byte("."))...)
		message = append(message, "\r\n"...)
		data = rest
	}
}

func measureReference(message []byte) (m wire.Measure) {
	normal := normalise(message)
	m.Octets = int64(len(normal))
	lines := bytes.SplitAfter(normal, []byte("\r\n"))
	header := true
	for _, l := range lines[:len(lines)-1] {
		m.Lines++
		m.Longest = max(m.Longest, int64(len(l)-2))
		header = header && len(l) > 2
		for _, c := range l {
			m.EightBit = m.EightBit || c > 0x7f
			m.HeaderEightBit = m.HeaderEightBit || header && c > 0x7f
			m.NUL = m.NUL || c == 0
		}
	}
	for i, c := range message {
		switch {
		case c == '\n' && (i == 0 || message[i-1] != '\r'):
			m.BareLF++
		case c == '\r' && (i+1 == len(message) || message[i+1] != '\n'):
			m.BareCR++
		}
	}
	m.Unended = len(message) > 0 && !bytes.ContainsAny(message[len(message)-1:], "\r\n")
	return m
}

// checkData measures and encodes a message in pieces of the given sizes, in
// turn, and compares with the references.
func checkData(t *testing.T, message []byte, sizes ...int) {
	t.Helper()
	var (
		m              wire.Measure
		e, inPlace     wire.Encoder
		chunks         = wire.Encoder{Chunks: true}
		appended, sent []byte
		chunked        []byte
	)
	for rest, turn := message, 0; len(rest) > 0; turn++ {
		n := len(rest)
		if len(sizes) > 0 {
			n = min(n, sizes[turn%len(sizes)])
		}
		piece := bytes.Clone(rest[:n])
		if wrote, err := m.Write(piece); wrote != n || err != nil {
			t.Fatalf("Write = %d, %v", wrote, err)
		}
		before := len(appended)
		appended = e.Append(appended, piece)
		if grew := len(appended) - before; grew > 2*n+1 {
			t.Errorf("Append made %d octets of %d", grew, n)
		}
		sent = append(sent, inPlace.Encode(piece)...)
		chunked = chunks.Append(chunked, piece)
		if !bytes.Equal(piece, rest[:n]) {
			t.Fatal("the source was changed")
		}
		rest = rest[n:]
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if want := measureReference(message); m != want {
		t.Errorf("message %.200q in pieces of %v\n got %+v\nwant %+v", message, sizes, m, want)
	}
	if m.Source() != int64(len(message)) {
		t.Errorf("message %.200q came as %d octets, not %d", message, len(message), m.Source())
	}
	if chunked = chunks.End(chunked); !bytes.Equal(chunked, normalise(message)) {
		t.Errorf("message %.200q in pieces of %v goes in chunks as %.300q", message, sizes, chunked)
	}
	appended, sent = e.End(appended), inPlace.End(sent)
	want, dots := stuff(normalise(message))
	if !bytes.Equal(appended, want) {
		t.Errorf("message %.200q in pieces of %v\nAppend %.300q\n  want %.300q", message, sizes, appended, want)
	}
	if !bytes.Equal(sent, want) {
		t.Errorf("message %.200q in pieces of %v\nEncode %.300q\n  want %.300q", message, sizes, sent, want)
	}
	if m.Octets != int64(len(appended)-dots-3) {
		t.Errorf("%d octets measured; %d sent with %d dots", m.Octets, len(appended), dots)
	}
	if back, ok := unstuff(appended); !ok || !bytes.Equal(back, normalise(message)) {
		t.Errorf("message %.200q arrives as %.200q, %v", message, back, ok)
	}
}

func TestData(t *testing.T) {
	tests := []struct {
		message, sent string
		octets        int64
		why           string
	}{
		{"", ".\r\n", 0, "an empty message is the final dot alone"},
		{"a\r\n", "a\r\n.\r\n", 3, "CRLF stays"},
		{"a", "a\r\n.\r\n", 3, "a missing last line end is added and counted"},
		{"a\n", "a\r\n.\r\n", 3, "LF"},
		{"a\r", "a\r\n.\r\n", 3, "CR at the end"},
		{"a\rb", "a\r\nb\r\n.\r\n", 6, "CR"},
		{"\r\r\n", "\r\n\r\n.\r\n", 4, "CR CR LF is two line ends"},
		{"\n\r", "\r\n\r\n.\r\n", 4, "LF CR too"},
		{".", "..\r\n.\r\n", 3, "a dot is the message, not its end"},
		{".\r\n", "..\r\n.\r\n", 3, "with CRLF"},
		{"..a\r\n", "...a\r\n.\r\n", 5, "every dot at the start of a line"},
		{"a.\r\n", "a.\r\n.\r\n", 4, "but no other"},
		{"a\n.\nQUIT\n", "a\r\n..\r\nQUIT\r\n.\r\n", 12, "a dot behind LF: smuggling"},
		{"a\r.\rQUIT\r", "a\r\n..\r\nQUIT\r\n.\r\n", 12, "a dot behind CR"},
		{"a\n.\r\nQUIT", "a\r\n..\r\nQUIT\r\n.\r\n", 12, "mixed"},
		{"a\r\n\x00.\r\n", "a\r\n\x00.\r\n.\r\n", 7, "NUL is no line end"},
	}
	for _, tt := range tests {
		var m wire.Measure
		var e wire.Encoder
		_, _ = m.Write([]byte(tt.message))
		_ = m.Close()
		if got := e.End(e.Append(nil, []byte(tt.message))); string(got) != tt.sent || m.Octets != tt.octets {
			t.Errorf("%q is sent as %q, %d octets; want %q, %d: %s", tt.message, got, m.Octets, tt.sent, tt.octets, tt.why)
		}
		for size := 1; size <= len(tt.message); size++ {
			checkData(t, []byte(tt.message), size)
		}
	}
}

func TestDataUsedAgain(t *testing.T) {
	var m wire.Measure
	var e wire.Encoder
	for range 2 {
		m = wire.Measure{}
		_, _ = m.Write([]byte("a\r"))
		_ = m.Close()
		_ = m.Close()
		if m.Octets != 3 || m.Lines != 1 {
			t.Errorf("%+v", m)
		}
		if got := e.End(e.Append(nil, []byte(".a\r"))); string(got) != "..a\r\n.\r\n" {
			t.Errorf("%q", got)
		}
	}
}

// TestDataBlocks puts every interesting thing at every place around the
// borders of the blocks that the code looks at.
func TestDataBlocks(t *testing.T) {
	for _, core := range []string{"\r\n", "\n", "\r", "\r\n.", "\n.", "\r.", "\r\r\n", "\r\n\r\n", "\n\n", "\xff", "\x00", "\r\n.\r\n", "\r\n\r\n\xff"} {
		for at := range 140 {
			for _, end := range []int{0, 1, 7, 8, 63, 64, 65, 130} {
				message := strings.Repeat("x", at) + core + strings.Repeat("y", end)
				checkData(t, []byte(message))
				checkData(t, []byte(message), at+1)
			}
		}
	}
}

func TestDataAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(size, rare int, ends string) []byte {
		message := make([]byte, 0, size)
		for len(message) < size {
			switch {
			case r.IntN(rare) != 0:
				message = append(message, 'a')
			case r.IntN(4) == 0:
				message = append(message, "\r\n..\x00\xff\t\v\f\x0e\x8a\x8d"[r.IntN(12)])
			default:
				message = append(message, ends...)
			}
		}
		return message
	}
	for range 4000 {
		checkData(t, random(r.IntN(400), r.IntN(60)+1, "\r\n"), r.IntN(200)+1, r.IntN(80)+1, r.IntN(3)+1)
	}
	// Long enough for what looks at lines instead of blocks, rarely disturbed.
	for _, end := range []string{"\r\n", "\n", "\r", "\r\n.", "\n.", "\r\n\r\n"} {
		for range 40 {
			message := append([]byte("A: b\r\n\r\n"), random(r.IntN(6000), r.IntN(150)+1, end)...)
			message = append(message, bytes.Repeat([]byte(strings.Repeat("b", r.IntN(90))+end), r.IntN(400))...)
			checkData(t, message)
			checkData(t, message, r.IntN(4000)+1, r.IntN(600)+1)
		}
	}
	long := bytes.Repeat([]byte("x"), 40000)
	for _, at := range []int{0, 1, 16383, 16384, 16385, 39999} {
		for _, c := range []byte{'.', '\r', '\n', 0xff} {
			message := append([]byte("\r\n"), long...)
			message[at+2] = c
			checkData(t, message)
			checkData(t, message, 20000)
		}
	}
}

func TestEncodeInPlace(t *testing.T) {
	src := []byte(strings.Repeat("clean text\r\n", 100))
	var e wire.Encoder
	if got := e.Encode(src); &got[0] != &src[0] || len(got) != len(src) {
		t.Error("clean text was copied")
	}
}

func TestIsASCII(t *testing.T) {
	for n := range 40 {
		s := bytes.Repeat([]byte{0x7f}, n)
		if !wire.IsASCII(s) {
			t.Errorf("%d octets below 128 are not ASCII", n)
		}
		for i := range s {
			s[i] = 0x80
			if wire.IsASCII(s) {
				t.Errorf("octet %d of %d is above 127", i, n)
			}
			s[i] = 0
		}
	}
}

func FuzzData(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\n.\r\na\n.\nb\r.\r\xff\x00\r\r\n"), 1, 7)
	f.Fuzz(func(t *testing.T, message []byte, a, b int) {
		checkData(t, message)
		checkData(t, message, a&0xff+1, b&0xff+1)
	})
}

// Message text of 8 MiB in pieces of 256 KiB, as a session reads it.
var samples = []struct {
	name, unit string
}{
	{"crlf", strings.Repeat("x", 76) + "\r\n"},
	{"lf", strings.Repeat("x", 76) + "\n"},
	{"dotlines", "." + strings.Repeat("x", 75) + "\r\n"},
	{"dots", ".\r\n"},
	{"8bit", strings.Repeat("gr\xc3\xbc\xc3\x9fe ", 9) + "\r\n"},
	{"prose", "Dear all,\r\n\r\nthe quick brown fox jumps over the lazy dog, and then it\r\nsleeps.\r\n.\r\n"},
}

const benchPiece = 256 << 10

func benchData(unit string) []byte {
	head := "Subject: benchmark\r\n\r\n"
	return []byte(head + strings.Repeat(unit, (8<<20)/len(unit)))
}

func benchPieces(b *testing.B, piece func(p []byte)) {
	for _, s := range samples {
		b.Run(s.name, func(b *testing.B) {
			data := benchData(s.unit)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := data; len(rest) > 0; {
					n := min(benchPiece, len(rest))
					piece(rest[:n])
					rest = rest[n:]
				}
			}
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	var m wire.Measure
	benchPieces(b, func(p []byte) { _, _ = m.Write(p) })
}

func BenchmarkEncoder(b *testing.B) {
	var e wire.Encoder
	var out []byte
	benchPieces(b, func(p []byte) { out = e.Append(out[:0], p) })
}

func BenchmarkEncode(b *testing.B) {
	var e wire.Encoder
	benchPieces(b, func(p []byte) { e.Encode(p) })
}
