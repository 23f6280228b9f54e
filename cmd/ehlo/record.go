package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// record is the file of --record, and the messages that are kept beside it: a
// script names a message that is too long to stand in it.
//
// What is written takes the place of the file at the end: a script can be
// recorded over itself, and until then all that it names is as it was. No file
// of another name is written over.
type record struct {
	path   string
	exact  bool
	beside bool // it is a file, and others can stand beside it
	out    *os.File
	part   string // the file that takes the place of path; empty: path itself is written
	file   *keeper
	failed *error

	letter *message.Message // what is sent; nil: only the events say
	given  bool             // letter was not composed here
	kept   string           // the name under which it was kept

	mu       sync.Mutex
	script   *transcript.Record // that is being written
	sent     []string           // files of messages
	messages int                // the number of the last one that was kept
	ended    bool
}

// openRecord opens the file of --record.
func openRecord(f *flags, failed *error) (*record, error) {
	r := &record{path: f.record, exact: f.recordExact, failed: failed}
	if !r.aside() {
		var err error
		if r.out, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return nil, input(err, "--record")
		}
	}
	info, err := r.out.Stat()
	r.beside = err == nil && info.Mode().IsRegular()
	r.file = &keeper{w: r.out, failed: failed}
	return r, nil
}

// aside opens a new file to take the place of the record. Where none can, path
// is written itself: it is a link, a pipe or a device, or stands in a directory
// that takes no new file.
func (r *record) aside() bool {
	old, err := os.Lstat(r.path)
	there := err == nil
	switch {
	case there && !old.Mode().IsRegular(), !there && !errors.Is(err, fs.ErrNotExist):
		return false
	case there:
		was, err := os.OpenFile(r.path, os.O_WRONLY, 0)
		if err != nil {
			return false // it may not be written
		}
		_ = was.Close()
	}
	if r.out, err = os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".*.part"); err != nil {
		return false
	}
	r.part = filepath.Clean(r.out.Name())
	if there {
		_ = r.out.Chmod(old.Mode().Perm())
	}
	return true
}

// begin begins the record of a session.
func (r *record) begin() *recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &transcript.Record{W: r.file, Exact: r.exact, Given: r.given}
	if r.beside {
		s.Save = r.save
	}
	r.script = s
	return &recording{r, s}
}

// recording is a session that is being recorded.
type recording struct {
	record *record
	script *transcript.Record
}

// Apply takes the next event.
func (s *recording) Apply(e event.Event) {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	if s.record.ended {
		return
	}
	if m, ok := e.(event.Message); ok && m.File != "" && !slices.Contains(s.record.sent, m.File) {
		s.record.sent = append(s.record.sent, m.File)
	}
	s.script.Apply(e)
}

// Flush writes what is held back. The keeper has its error.
func (s *recording) Flush() {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	if !s.record.ended {
		_ = s.script.Flush()
	}
}

// end puts what was written in its place.
func (r *record) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil
	}
	r.ended = true
	if r.script != nil {
		_ = r.script.Flush() // the keeper has the error
	}
	err := r.out.Close()
	if r.part == "" {
		return err
	}
	old, gone := os.Stat(r.path)
	switch {
	case gone == nil && !r.file.wrote:
		return errors.Join(err, os.Remove(r.part)) // there is nothing to take its place
	case gone == nil && anyIs(r.sent, old):
		return errors.Join(err, fmt.Errorf("%s is a message that was sent: the record is in %s", r.path, r.part))
	}
	return errors.Join(err, os.Rename(r.part, r.path))
}

// salvage is end where a command did not come to its own. What stands in its
// way, a pipe that nobody reads or a second defect, is left alone.
func (r *record) salvage() {
	done := make(chan struct{})
	crash.Go(r.end, func(error) { close(done) })
	select {
	case <-done:
	case <-time.After(grace / 2):
	}
}

// anyIs says that one of the names is that file.
func anyIs(names []string, file fs.FileInfo) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err == nil && os.SameFile(info, file)
	})
}

// spares refuses an output that would be written over one of those files.
func spares(flag, output, what string, files []string) error {
	info, err := os.Stat(output)
	if err != nil || output == "" || !info.Mode().IsRegular() || !anyIs(files, info) {
		return nil
	}
	return usage("", "--%s %s would overwrite %s", flag, output, what)
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

// keep writes a message to a new file: the first of FILE.1.eml, FILE.2.eml and
// so on that is not there. What is there may be sent yet.
func (r *record) keep(m *message.Message, e event.Message) (path string, err error) {
	var file *os.File
	for file == nil {
		r.messages++
		path = fmt.Sprintf("%s.%d.eml", r.path, r.messages)
		file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	err = copyMessage(file, m, e)
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path)
		return "", err
	}
	return path, nil
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
