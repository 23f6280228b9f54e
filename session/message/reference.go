package message

import (
	"math"
	"time"
)

// What a file makes as a message depends on more than its content: on the names
// of the sender, the recipient, the host and the file. Where a size is said for
// no message in particular, it is that of what this command sends:
//
//	ehlo send --helo client.example.net --from me@example.net --to you@example.com --attach report.pdf
//
// All that Compose makes up itself (Date, Message-ID, the boundary) has the same
// length each time. A message of other names is as many octets longer or shorter
// as they are, where no line of the header is folded for it.
const (
	ReferenceHost = "client.example.net"
	ReferenceFrom = "me@example.net"
	ReferenceTo   = "you@example.com"
	ReferenceFile = "report.pdf"
)

// AttachedSize is the size of the reference message with a file of that name
// and of n octets in place of its own; math.MaxInt64 where it is larger.
func AttachedSize(name string, n int64) int64 {
	const around = 64 << 10 // is more than a header has
	if EncodedSize(n) > math.MaxInt64-around {
		return math.MaxInt64
	}
	c := composer{
		draft: Draft{
			From: ReferenceFrom, To: []string{ReferenceTo}, Host: ReferenceHost, Attachments: []string{name},
			Date: time.Unix(0, 0), Rand: zeros{},
		},
		attach: func(path string) (Part, error) { return Part{File: path, stamp: &stamp{size: n}}, nil },
	}
	m, err := c.compose()
	if err != nil {
		panic(err) // nothing of it can be wrong
	}
	return m.Size.Octets
}

// zeros stand for random numbers.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// LargestAttachment is the largest file, in octets, that makes a reference
// message of at most limit octets: 0 where nothing fits.
func LargestAttachment(limit int64) int64 {
	left := limit - (AttachedSize(ReferenceFile, 1) - EncodedSize(1))
	if limit < 0 || left <= 0 {
		return 0
	}
	n := left / lineOctets * lineContent
	// One more line, shorter: its CRLF, and 3 octets for each 4.
	if rest := left%lineOctets - 2; rest >= 4 {
		n += rest / 4 * 3
	}
	return n
}
