package main

import (
	"bytes"
	"io"

	"ehlo/session/wire"
)

// visible writes lines so that no control octet of theirs reaches a terminal:
// what a command of --pipe says on its standard error is as little trusted as
// what a server says.
type visible struct {
	w    io.Writer
	part []byte // of a line that has not ended
}

func (v *visible) Write(p []byte) (int, error) {
	v.part = append(v.part, p...)
	for {
		i := bytes.IndexByte(v.part, '\n')
		if i < 0 && len(v.part) < wire.MaxLine {
			return len(p), nil
		}
		line := v.part
		if i >= 0 {
			line = v.part[:i]
		}
		if _, err := io.WriteString(v.w, wire.Visible(bytes.TrimSuffix(line, []byte("\r")))+"\n"); err != nil {
			return 0, err
		}
		v.part = v.part[min(len(line)+1, len(v.part)):]
	}
}
