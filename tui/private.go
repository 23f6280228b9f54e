package tui

import (
	"io"
	"os"
	"path/filepath"
)

// createPrivate writes a text to a new file in a directory, which is made where
// it is not there, for their owner alone; the name's * becomes something new.
// Nothing is left behind where that fails.
func createPrivate(dir, pattern, text string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, pattern) // 0600
	if err != nil {
		return "", err
	}
	return f.Name(), fill(f, text)
}

// fill writes a text to a new file and closes it; on an error the file goes.
func fill(f *os.File, text string) error {
	_, err := io.WriteString(f, text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// writePrivate writes a file anew, for its owner alone: all of it, or nothing.
func writePrivate(path, text string) error {
	temp, err := createPrivate(filepath.Dir(path), filepath.Base(path)+".*", text)
	if err == nil {
		if err = os.Rename(temp, path); err != nil {
			_ = os.Remove(temp)
		}
	}
	return err
}
