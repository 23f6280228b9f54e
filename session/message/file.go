package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"ehlo/session/wire"
)

// inMemory is up to how many octets are kept of what cannot be read twice.
const inMemory = 1 << 20

// FromFile is the complete message in a file. The file is read once to measure
// it, and again when it is sent. What cannot be read twice, such as a pipe, is
// kept in memory, up to 1 MiB.
func FromFile(path string) (*Message, error) {
	m := &Message{Name: path}
	part, err := filePart(path, &m.Size)
	if err != nil {
		return nil, err
	}
	m.Parts = []Part{part}
	return m, m.Size.Close()
}

// filePart is a file as a part, unencoded. It is measured if m is not nil.
func filePart(path string, m *wire.Measure) (Part, error) {
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
		text, err := io.ReadAll(io.LimitReader(f, inMemory+1))
		if err != nil {
			return Part{}, err
		}
		if len(text) > inMemory {
			return Part{}, fmt.Errorf("%s is not a file but a stream of more than %d octets, which cannot be read twice: save it first", path, inMemory)
		}
		if m != nil {
			_, _ = m.Write(text)
		}
		return Part{Text: text}, nil
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

// FromReader is the complete message in a stream: standard input. Up to 1 MiB
// of it are kept in memory; a larger one is kept in a file in dir (empty: where
// the system has its temporary files) that only its owner can read, until
// cleanup removes it. cleanup is never nil and may be called more than once.
func FromReader(r io.Reader, dir string) (m *Message, cleanup func() error, err error) {
	none := func() error { return nil }
	text, err := io.ReadAll(io.LimitReader(r, inMemory+1))
	if err != nil {
		return nil, none, err
	}
	m = &Message{Parts: []Part{{Text: text}}}
	_, _ = m.Size.Write(text)
	if len(text) <= inMemory {
		return m, none, m.Size.Close()
	}

	f, err := os.CreateTemp(dir, "ehlo-*.eml") // with mode 0600
	if err != nil {
		return nil, none, err
	}
	cleanup = sync.OnceValue(func() error { return os.Remove(f.Name()) })
	part, err := spool(f, text, r, &m.Size)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = cleanup()
		return nil, none, err
	}
	m.Parts = []Part{part}
	return m, cleanup, m.Size.Close()
}

// spool writes head and the rest of the stream to f, and measures the rest.
func spool(f *os.File, head []byte, rest io.Reader, m *wire.Measure) (Part, error) {
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
