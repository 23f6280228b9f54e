package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// attachment is a file as it was when it was looked at.
type attachment struct {
	octets int64
	never  bool // it is nothing that can be attached, whatever happens to it
	err    error
}

// fileSize is the size of a complete message, which takes reading it.
type fileSize struct {
	path     string
	size     int64
	modified time.Time
	made     *message.Message // of which nothing but the size is looked at
}

// measure counts a draft as it will be sent (RFC 1870). Of attachments their
// size is enough; a complete message is read once, and again when it has
// changed since it was known.
func (d *draft) measure(revision int, helo string, known *fileSize) draftSize {
	n := draftSize{revision: revision, limit: d.limit, file: known}
	for _, path := range d.attached {
		one := examine(path)
		if n.files = append(n.files, one); one.err != nil && n.err == nil {
			n.err = one.err
			if !strings.HasPrefix(one.err.Error(), path) {
				n.err = fmt.Errorf("%s: %w", path, one.err)
			}
		}
	}
	if n.err != nil && d.file == "" {
		return n // nothing of it is opened
	}
	if d.file != "" {
		made, file, err := measureFile(d.file, known)
		if n.file = file; err != nil {
			n.err = err
			return n
		}
		l, err := d.envelope()
		l.Message = made
		n.of(l)
		n.err = err
		return n
	}
	l, err := d.letter(helo)
	if n.err = plain(err); err == nil {
		n.of(l)
	}
	return n
}

// examine sees whether a file can be attached. What is no regular file is not
// opened: that may wait for another program. Nor is a file taken that has more
// than it says, as those of /proc: the size of the message would not be known.
func examine(path string) attachment {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return attachment{err: plain(err)}
	case info.IsDir():
		return attachment{never: true, err: errors.New("a directory")}
	case !info.Mode().IsRegular():
		return attachment{never: true, err: errors.New("no regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return attachment{err: plain(err)}
	}
	defer f.Close()
	if info.Size() == 0 {
		if n, _ := f.Read(make([]byte, 1)); n > 0 {
			return attachment{never: true, err: errors.New("a file whose size is not known")}
		}
	}
	return attachment{octets: info.Size()}
}

func measureFile(path string, known *fileSize) (*message.Message, *fileSize, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, plain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: no regular file", path)
	}
	if known != nil && known.path == path && known.size == info.Size() && known.modified.Equal(info.ModTime()) {
		return known.made, known, nil
	}
	made, err := message.FromFile(path)
	if err != nil {
		return nil, nil, plain(err)
	}
	return made, &fileSize{path, info.Size(), info.ModTime(), made}, nil
}

// plain is an error of a file in few words.
func plain(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", file.Path, file.Err)
	}
	return err
}

// limit is how large a message may be here, declared or found out, or where that
// is not known to the octet, may be at most; limited says that anything limits
// it. When the session has ended, that is what was known last.
func (m *screen) limit() (most uint64, limited bool) {
	c := m.view.Now()
	if c == nil {
		return 0, false
	}
	f, ok := transcript.InForce(c.Size, c.Limit)
	if f.AtLeast {
		return f.Below - min(f.Below, 1), f.Below > 0
	}
	return f.Octets, ok
}

// sizeWords are a size and what limits it; over is by how much it is too large.
// In the small shape the header has the limit in units.
func (m *screen) sizeWords(octets int64) (words string, over uint64) {
	n := uint64(octets)
	most, limited := m.limit()
	if limited && m.lay.shape == shapeSmall {
		if n > most {
			return fmt.Sprintf("too large by %s: %s of %s", wire.Thousands(n-most), wire.Thousands(n), wire.Thousands(most)), n - most
		}
		return fmt.Sprintf("%s of %s octets", wire.Thousands(n), wire.Thousands(most)), 0
	}
	last := ""
	if !m.now.Connected {
		last = "; no session: the last limit"
	}
	switch {
	case limited && n > most:
		return fmt.Sprintf("too large by %s: %s of %s", wire.Thousands(n-most), wire.Thousands(n), wire.Octet(most)) + last, n - most
	case limited:
		return fmt.Sprintf("%s of %s", wire.Thousands(n), wire.Octet(most)) + last, 0
	case m.now.Connected:
		return wire.Octet(n) + "; the server states no limit", 0
	}
	return wire.Octet(n) + "; no session: no limit is known", 0
}
