package script

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
)

// Opener opens a file of a script. os.Open is one, in a function.
type Opener func(path string) (io.ReadCloser, error)

const (
	maxIncludes = 8       // of @include in @include
	maxItems    = 1 << 20 // lines of a script with all that it includes
)

// Load parses a script and all that it includes; name is its file. The name of
// a file to include may have the variables of vars, not those that are set
// while the script runs. Errors are *Error, with the position of the @include
// where a file cannot be opened.
func Load(name string, r io.Reader, open Opener, vars map[string]string) (*Script, error) {
	s, err := Parse(name, r)
	if err != nil {
		return nil, err
	}
	l := &loader{open: open, vars: vars}
	s.Items, err = l.include(s.Items, 0)
	return s, err
}

type loader struct {
	open  Opener
	vars  map[string]string
	items int
}

// include reads what the items include, into new items.
func (l *loader) include(items []Item, depth int) ([]Item, error) {
	l.items += len(items)
	for n, i := range items {
		switch i := i.(type) {
		case Repeat:
			inner, err := l.include(i.Items, depth)
			if err != nil {
				return nil, err
			}
			i.Items = inner
			items[n] = i
		case Include:
			inner, err := l.read(i, depth)
			if err != nil {
				return nil, err
			}
			i.Items = inner
			items[n] = i
		}
	}
	return items, nil
}

func (l *loader) read(i Include, depth int) ([]Item, error) {
	switch {
	case depth == maxIncludes:
		return nil, &Error{Position: i.Position, Message: fmt.Sprintf("expected at most %d @include in each other; does a file include itself?", maxIncludes)}
	case l.items > maxItems:
		return nil, &Error{Position: i.Position, Message: fmt.Sprintf("expected at most %d lines in all", maxItems)}
	}
	path, err := File(i.Position, i.File, l.vars)
	if err != nil {
		return nil, err
	}
	f, err := l.open(path)
	if err != nil {
		return nil, &Error{Position: i.File.Pos, Message: "cannot include " + quoted(path) + ": " + why(err), Err: err}
	}
	defer f.Close()
	s, err := Parse(path, f)
	if err != nil {
		return nil, err
	}
	inner, err := l.include(s.Items, depth+1)
	if inner == nil {
		inner = []Item{} // an empty file was read too
	}
	return inner, err
}

// why is the reason of a file error without the path, which the sentence has.
func why(err error) string {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return file.Err.Error()
	}
	return err.Error()
}

// File is the path of a file that a script names: relative to the script in
// which at is.
func File(at Position, name Text, vars map[string]string) (string, error) {
	octets, err := name.Expand(vars)
	if err != nil {
		return "", err
	}
	path := string(octets)
	if filepath.IsAbs(path) {
		return path, nil
	}
	return filepath.Join(filepath.Dir(at.File), path), nil
}
