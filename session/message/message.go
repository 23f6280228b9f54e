// Package message is what a session sends after DATA: a complete message from
// a file or from standard input, or one that is composed here (RFC 5322, MIME)
// from a few fields, a text and files to attach.
//
// A Message is plain data: a list of parts, of which files are only named. It
// is read when it is sent, from its first octet to its last, so that memory
// does not grow with it. Its size is known before: Size is counted as RFC 1870
// counts, and what is read later is held against it. A file that was changed in
// between is an error of reading, never a message of another size.
//
// The octets are those of the source, or have CRLF line ends where they are
// composed. Making them fit for the wire is package wire's Encoder.
package message

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	"ehlo/session/wire"
)

// piece is how many octets are read of a file at once.
const piece = 256 << 10

// Message is a message to send.
type Message struct {
	Name  string // the file that it is; empty if it was composed or read from a stream
	Parts []Part // in their order
	Size  wire.Measure
}

// Part is a stretch of a message: a text, a file's content or padding.
type Part struct {
	Text     []byte
	File     string // its path; Text is then not looked at
	Fill     int64  // octets of padding; there is nothing else then
	Encoding Encoding

	stamp *stamp // what the file was when it was measured; nil: not known
}

// Encoding is what a part's content is turned into (RFC 2045 6).
type Encoding uint8

const (
	AsIs Encoding = iota
	Base64
	QuotedPrintable
)

// stamp is what tells that a file was changed.
type stamp struct {
	size     int64
	modified time.Time
}

// ChangedError is a file that is not what it was when it was measured.
type ChangedError struct {
	Path      string
	Then, Now int64 // its octets
}

func (e *ChangedError) Error() string {
	if e.Then == e.Now {
		return fmt.Sprintf("%s was changed after it was measured", e.Path)
	}
	return fmt.Sprintf("%s was changed after it was measured: it had %d octets and has %d", e.Path, e.Then, e.Now)
}

// Open reads the message. Its files must be what they were when they were
// measured, now and until they have been read; otherwise Open or Read returns a
// *ChangedError.
func (m *Message) Open() (io.ReadCloser, error) {
	for _, p := range m.Parts {
		if p.File == "" || p.stamp == nil {
			continue
		}
		info, err := os.Stat(p.File)
		if err != nil {
			return nil, err
		}
		if err := p.changed(info, info.Size()); err != nil {
			return nil, err
		}
	}
	return &reader{parts: m.Parts}, nil
}

// Check says why the message cannot be read now: a file was changed since it was
// measured, or has gone, or may not be read. To know it before anything is sent
// is better than to break off in the middle.
func (m *Message) Check() error {
	r, err := m.Open()
	if err != nil {
		return err
	}
	_ = r.Close()
	for _, p := range m.Parts {
		if p.File == "" {
			continue
		}
		f, err := os.Open(p.File)
		if err != nil {
			return err
		}
		_ = f.Close()
	}
	return nil
}

// changed compares a file with its stamp; octets is how many it has, or how
// many were read of it.
func (p *Part) changed(info os.FileInfo, octets int64) error {
	if p.stamp == nil || octets == p.stamp.size && info.ModTime().Equal(p.stamp.modified) {
		return nil
	}
	return &ChangedError{Path: p.File, Then: p.stamp.size, Now: max(octets, info.Size())}
}

// reader reads parts one behind the other. One file is open at a time.
type reader struct {
	parts  []Part
	part   io.Reader // the first of parts; nil before it is opened
	closer io.Closer // of part, or nil
}

func (r *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if r.part == nil {
			if len(r.parts) == 0 {
				return 0, io.EOF
			}
			if err := r.next(); err != nil {
				return 0, err
			}
		}
		n, err := r.part.Read(p)
		if err == io.EOF {
			_ = r.Close()
			r.part, r.parts, err = nil, r.parts[1:], nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (r *reader) next() error {
	p := &r.parts[0]
	var content io.Reader = bytes.NewReader(p.Text)
	if p.Fill > 0 {
		content = &filler{left: p.Fill}
	}
	if p.File != "" {
		f, err := os.Open(p.File)
		if err != nil {
			return err
		}
		content, r.closer = &file{File: f, part: p}, f
	}
	r.part = encoded(content, p.Encoding)
	return nil
}

func (r *reader) Close() error {
	if r.closer == nil {
		return nil
	}
	err := r.closer.Close()
	r.closer = nil
	return err
}

// file is a part's file while it is read.
type file struct {
	*os.File
	part *Part
	read int64
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read += int64(n)
	stamp := f.part.stamp
	if stamp == nil || f.read <= stamp.size && err == nil {
		return n, err
	}
	if err != nil && err != io.EOF {
		return n, err
	}
	info, statErr := f.Stat()
	if statErr != nil {
		return 0, statErr
	}
	if changed := f.part.changed(info, f.read); changed != nil {
		return 0, changed
	}
	return n, err
}

// measure counts the message. Files to be encoded in base64 are not read for
// it: their encoded size follows from their size.
func (m *Message) measure() error {
	m.Size = wire.Measure{}
	var buf []byte
	for i := range m.Parts {
		p := &m.Parts[i]
		switch {
		case p.Fill > 0:
			addFill(&m.Size, p.Fill)
		case p.File == "" && p.Encoding == AsIs:
			_, _ = m.Size.Write(p.Text)
		case p.Encoding == Base64:
			n := int64(len(p.Text))
			if p.File != "" {
				n = p.stamp.size
			}
			addBase64(&m.Size, n)
		default:
			if buf == nil {
				buf = make([]byte, piece)
			}
			one := reader{parts: m.Parts[i : i+1]}
			_, err := io.CopyBuffer(&m.Size, &one, buf)
			_ = one.Close()
			if err != nil {
				return err
			}
		}
	}
	return m.Size.Close()
}
