package tui

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/wire"
	"ehlo/tui/internal/keep"
)

// letters keeps messages that were composed, or sent from files, beside the script that sends
// them, so that it can be played elsewhere: as they went over the wire, but
// without transparency. One that was sent several times is kept once.
type letters struct {
	script string // its path
	made   map[int64]*message.Message
	names  map[letter]string // of those that were kept
	files  []string          // their paths
	number int               // of the last one
	err    error             // the first that kept one from being kept
}

// letter is what tells messages apart.
type letter struct {
	file   string
	octets int64
	asIs   bool // it went without making its line ends CRLF (BINARYMIME)
}

// save keeps a message, and says by what name the script finds it.
func (k *letters) save(e event.Message) (name string, err error) {
	made := k.made[e.Seq]
	if made == nil && e.File == "" {
		return "", nil // the transcript says that there is none
	}
	defer func() {
		if k.err == nil {
			k.err = err
		}
	}()
	if made != nil && made.Name == "" {
		source, err := made.Open()
		if err != nil {
			return "", err
		}
		defer source.Close()
		return k.add(source, letter{file: fmt.Sprint(e.Seq), octets: e.Octets})
	}
	if info, err := os.Stat(e.File); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file that can be read again", e.File)
	}
	source, err := os.Open(e.File)
	if err != nil {
		return "", err
	}
	defer source.Close()
	var size wire.Measure
	if _, err = io.Copy(&size, source); err == nil {
		err = size.Close()
	}
	if err != nil {
		return "", err
	}
	if e.Octets != size.Octets {
		return "", changed(e)
	}
	m := letter{e.File, e.Octets, e.Chunk > 0 && e.Transferred == size.Source()}
	if name, ok := k.names[m]; ok {
		return name, nil
	}
	if _, err = source.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return k.add(source, m)
}

// add keeps a message that is not kept yet.
func (k *letters) add(source io.Reader, m letter) (name string, err error) {
	path, err := k.keep(source, m)
	if err != nil {
		return "", err
	}
	if k.names == nil {
		k.names = map[letter]string{}
	}
	k.names[m], k.files = filepath.Base(path), append(k.files, path)
	return k.names[m], nil
}

func changed(e event.Message) error { return fmt.Errorf("%s was changed after it was sent", e.File) }

// keep writes a message to a new file: the first of SCRIPT.1.eml, SCRIPT.2.eml
// and so on that is not there.
func (k *letters) keep(source io.Reader, m letter) (path string, err error) {
	for {
		k.number++
		path = fmt.Sprintf("%s.%d.eml", k.script, k.number)
		err = keep.WriteNew(path, false, func(w io.Writer) error { return m.copy(w, source) })
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

// copy writes a message as it was sent. It must still be as long.
func (m letter) copy(w io.Writer, source io.Reader) error {
	var (
		enc  = wire.Encoder{Chunks: true}
		size wire.Measure
		buf  = make([]byte, 256<<10)
		made []byte
	)
	for {
		n, err := source.Read(buf)
		_, _ = size.Write(buf[:n])
		end := errors.Is(err, io.EOF)
		switch {
		case err != nil && !end:
			return err
		case m.asIs:
			made = append(made[:0], buf[:n]...)
		default:
			if made = enc.Append(made[:0], buf[:n]); end {
				made = enc.End(made)
			}
		}
		if _, err := w.Write(made); err != nil {
			return err
		}
		if end {
			break
		}
	}
	if _ = size.Close(); size.Octets != m.octets {
		return changed(event.Message{File: m.file})
	}
	return nil
}
