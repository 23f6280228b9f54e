package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"ehlo/session/wire"
)

// inMemory is up to how many octets are kept of what cannot be read twice.
const inMemory = 1 << 20

// Spool says in which directory a stream is kept that is too large for memory;
// it is asked only where there is one. The file there is for its owner alone,
// and is the caller's to remove with the directory.
type Spool func() (dir string, err error)

// FromFile is the complete message in a file. The file is read once to measure
// it, and again when it is sent. What cannot be read twice, such as a pipe, is
// kept in memory, up to 1 MiB.
func FromFile(path string) (*Message, error) { return FromPath(path, nil) }

// FromPath is FromFile, with a place for a stream that is larger.
func FromPath(path string, spool Spool) (*Message, error) {
	m := &Message{Name: path}
	part, err := filePart(path, &m.Size, spool)
	if err != nil {
		return nil, err
	}
	m.Parts = []Part{part}
	return m, m.Size.Close()
}

// filePart is a file as a part, unencoded. It is measured if m is not nil.
func filePart(path string, m *wire.Measure, spool Spool) (Part, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Part{}, err
	case info.IsDir():
		return Part{}, fmt.Errorf("%s is a directory", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return Part{}, err
	}
	defer f.Close()
	if !info.Mode().IsRegular() {
		return kept(f, path, m, spool)
	}
	if info, err = f.Stat(); err != nil {
		return Part{}, err
	}
	part := Part{File: path, stamp: &stamp{size: info.Size(), modified: info.ModTime()}}
	if m != nil {
		_, err = io.CopyBuffer(m, struct{ io.Reader }{&file{File: f, part: &part}}, make([]byte, piece))
	}
	return part, err
}

// FromReader is the complete message in a stream: standard input.
func FromReader(r io.Reader, spool Spool) (*Message, error) {
	m := &Message{}
	part, err := kept(r, "standard input", &m.Size, spool)
	if err != nil {
		return nil, err
	}
	m.Parts = []Part{part}
	return m, m.Size.Close()
}

// kept is a stream as a part: up to 1 MiB of it in memory, a larger one in a
// file. It is measured if m is not nil.
func kept(r io.Reader, name string, m *wire.Measure, spool Spool) (Part, error) {
	text, err := io.ReadAll(io.LimitReader(r, inMemory+1))
	if err != nil {
		return Part{}, err
	}
	if m == nil {
		m = new(wire.Measure)
	}
	_, _ = m.Write(text)
	switch {
	case len(text) <= inMemory:
		return Part{Text: text}, nil
	case spool == nil:
		return Part{}, fmt.Errorf("%s is not a file but a stream of more than %d octets, which cannot be read twice: save it first", name, inMemory)
	}
	dir, err := spool()
	if err != nil {
		return Part{}, err
	}
	f, err := os.CreateTemp(dir, "ehlo-*.eml") // with mode 0600
	if err != nil {
		return Part{}, err
	}
	part, err := written(f, text, r, m)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return Part{}, err
	}
	return part, nil
}

// written writes head and the rest of the stream to f, and measures the rest.
func written(f *os.File, head []byte, rest io.Reader, m *wire.Measure) (Part, error) {
	if _, err := io.Copy(f, bytes.NewReader(head)); err != nil {
		return Part{}, err
	}
	if _, err := io.CopyBuffer(io.MultiWriter(f, m), struct{ io.Reader }{rest}, make([]byte, piece)); err != nil {
		return Part{}, err
	}
	info, err := f.Stat()
	if err != nil {
		return Part{}, err
	}
	return Part{File: f.Name(), stamp: &stamp{size: info.Size(), modified: info.ModTime()}}, nil
}
