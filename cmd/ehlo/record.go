package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// record is the file of --record, and the messages that are kept beside it: a
// script names a message that is too long to stand in it.
type record struct {
	file   *keeper
	path   string
	beside bool // it is a file, and others can stand beside it
	exact  bool

	letter *message.Message // what is sent; nil: only the events say
	given  bool             // letter was not composed here
	kept   string           // the name under which it was kept

	messages int // how many there are beside it
	failed   *error
}

// openRecord makes the file of --record new.
func openRecord(f *flags, failed *error) (r *record, closed func() error, err error) {
	file, err := os.OpenFile(f.record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, input(err, "--record")
	}
	info, err := file.Stat()
	r = &record{path: f.record, exact: f.recordExact, failed: failed, beside: err == nil && info.Mode().IsRegular()}
	r.file = &keeper{w: file, failed: failed}
	return r, file.Close, nil
}

// script is what writes a session to the record.
func (r *record) script() *transcript.Record {
	s := &transcript.Record{W: r.file, Exact: r.exact, Given: r.given}
	if r.beside {
		s.Save = r.save
	}
	return s
}

// save keeps a message that was sent beside the record, as it went over the
// wire but without transparency, and returns its name. A message that is sent
// several times is kept once.
func (r *record) save(e event.Message) (name string, err error) {
	if r.letter != nil && r.kept != "" {
		return r.kept, nil
	}
	m := r.letter
	if m == nil {
		if m, err = message.FromFile(e.File); err == nil && e.Octets != m.Size.Octets && e.Octets != m.Size.Source() {
			err = fmt.Errorf("%s was changed after it was sent", e.File)
		}
	}
	var path string
	if err == nil {
		path, err = r.keep(m, e)
	}
	if err != nil {
		if *r.failed == nil {
			*r.failed = err
		}
		return "", err
	}
	if r.letter != nil {
		r.kept = filepath.Base(path)
	}
	return filepath.Base(path), nil
}

// keep writes a message to a file of its own. Where that name is a file that
// the message is made of, it takes the next one.
func (r *record) keep(m *message.Message, e event.Message) (path string, err error) {
	for path == "" || isPartOf(m, path) {
		r.messages++
		path = fmt.Sprintf("%s.%d.eml", r.path, r.messages)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err // a new file has the mode that it should have, and is no link
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = copyMessage(file, m, e)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path)
		return "", err
	}
	return path, nil
}

func isPartOf(m *message.Message, path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, p := range m.Parts {
		if part, err := os.Stat(p.File); p.File != "" && err == nil && os.SameFile(part, info) {
			return true
		}
	}
	return false
}

// copyMessage writes a message with CRLF line ends, or as it is where it was
// sent so (BINARYMIME).
func copyMessage(w io.Writer, m *message.Message, e event.Message) error {
	source, err := m.Open()
	if err != nil {
		return err
	}
	defer source.Close()
	if e.Octets != m.Size.Octets {
		_, err = io.Copy(w, source)
		return err
	}
	var (
		enc       = wire.Encoder{Chunks: true}
		buf, made = make([]byte, 256<<10), []byte(nil)
	)
	for {
		n, err := source.Read(buf)
		made = enc.Append(made[:0], buf[:n])
		end := errors.Is(err, io.EOF)
		if end {
			made = enc.End(made)
		} else if err != nil {
			return err
		}
		if _, err := w.Write(made); err != nil || end {
			return err
		}
	}
}
