// Package keep writes what ehlo keeps of its own: the history of typed lines,
// drafts, transcripts, crash files. It is for its owner alone, and is there whole
// or not at all: a disk that is full leaves nothing half done behind.
package keep

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// New makes a file that is not there yet. Its directory is made where it
// is ehlo's own: one that a person names is there, or it is a slip.
func New(path string, own bool) (*os.File, error) {
	if own {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

// WriteNew writes a new file.
func WriteNew(path string, own bool, write func(io.Writer) error) error {
	f, err := New(path, own)
	if err != nil {
		return err
	}
	return fill(f, write)
}

// Create writes a text to a new file in a directory, which is made where
// it is not there; the name's * becomes something new.
func Create(dir, pattern, text string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, pattern) // 0600
	if err != nil {
		return "", err
	}
	return f.Name(), fill(f, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// fill writes to a new file and closes it; on an error the file goes.
func fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriter(f)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Write writes a file anew: no end of this process leaves half of it.
func Write(path, text string) error {
	temp, err := Create(filepath.Dir(path), filepath.Base(path)+".*", text)
	if err == nil {
		if err = os.Rename(temp, path); err != nil {
			_ = os.Remove(temp)
		}
	}
	return err
}

// appendPrivate writes lines behind those of a file in one go, so that those of
// another process do not come between them. Alone, it takes back what it could
// not write whole.
func appendPrivate(path, lines string, alone bool) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	size, last := int64(0), []byte{'\n'}
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		size = info.Size()
		_, _ = f.ReadAt(last, size-1)
	}
	if last[0] != '\n' { // a process was ended in the middle of its line
		lines = "\n" + lines
	}
	if _, err = io.WriteString(f, lines); err != nil && alone {
		_ = f.Truncate(size)
	}
	return errors.Join(err, f.Close())
}
