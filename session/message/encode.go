package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math"
	"mime/quotedprintable"

	"ehlo/session/wire"
)

// base64 has lines of 76 columns (RFC 2045 6.8): 57 octets of content become 78
// octets with the CRLF.
const (
	lineContent = 57
	lineColumns = 76
	lineOctets  = lineColumns + 2
)

// EncodedSize is how many octets a file of n octets has in base64: 4 for each 3
// or part of them, and CRLF behind each 76 or part of them. It is
// math.MaxInt64 where that is larger.
func EncodedSize(n int64) int64 {
	if n <= 0 {
		return 0
	}
	full, rest := n/lineContent, n%lineContent
	if full >= math.MaxInt64/lineOctets {
		return math.MaxInt64
	}
	size := full * lineOctets
	if rest > 0 {
		size += (rest+2)/3*4 + 2
	}
	return size
}

// addBase64 counts the base64 of n octets, which begins and ends with a line.
func addBase64(m *wire.Measure, n int64) {
	m.Octets += EncodedSize(n)
	m.Lines += (n + lineContent - 1) / lineContent
	m.Longest = max(m.Longest, min((n+2)/3*4, lineColumns))
}

// encoded is content in an encoding, as a stream.
func encoded(content io.Reader, e Encoding) io.Reader {
	switch e {
	case Base64:
		return &encoder{content: content, encode: base64Lines}
	case QuotedPrintable:
		q := &quoter{}
		q.w = quotedprintable.NewWriter(&q.out)
		return &encoder{content: content, encode: q.encode}
	}
	return content
}

// encoder reads content in pieces and encodes each.
type encoder struct {
	content io.Reader
	encode  func(dst, src []byte, last bool) []byte
	in, out []byte
	unread  []byte // of out
	err     error  // how content ended
}

// encodePiece is a multiple of lineContent: only the last piece ends within a
// line of base64.
const encodePiece = 1024 * lineContent

func (e *encoder) Read(p []byte) (int, error) {
	for len(e.unread) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		if e.in == nil {
			e.in = make([]byte, encodePiece)
		}
		n, err := io.ReadFull(e.content, e.in)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			e.err = io.EOF
		case err != nil:
			e.err = err
			return 0, err
		}
		e.out = e.encode(e.out[:0], e.in[:n], e.err != nil)
		e.unread = e.out
	}
	n := copy(p, e.unread)
	e.unread = e.unread[n:]
	return n, nil
}

func base64Lines(dst, src []byte, _ bool) []byte {
	for len(src) > 0 {
		n := min(lineContent, len(src))
		dst = base64.StdEncoding.AppendEncode(dst, src[:n])
		dst = append(dst, "\r\n"...)
		src = src[n:]
	}
	return dst
}

// quoter makes quoted-printable text with CRLF line ends. Its writer is given
// LF line ends only: it is not sure about a CR in front of an octet that it
// encodes.
type quoter struct {
	w   *quotedprintable.Writer
	out bytes.Buffer
	lf  bytes.Buffer
	cr  bool // the last octet was CR, taken for a line end
}

func (q *quoter) encode(dst, src []byte, last bool) []byte {
	q.out.Reset()
	q.lf.Reset()
	for _, c := range src {
		switch {
		case c == '\n' && q.cr:
		case c == '\r':
			q.lf.WriteByte('\n')
		default:
			q.lf.WriteByte(c)
		}
		q.cr = c == '\r'
	}
	_, _ = q.w.Write(q.lf.Bytes())
	if last {
		_ = q.w.Close()
	}
	return append(dst, q.out.Bytes()...)
}
