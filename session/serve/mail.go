package serve

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/wire"
)

func (p *player) startTLS(at script.Position) error {
	l, err := p.expect(at, "C: STARTTLS")
	if err != nil {
		return err
	}
	if l.Ending != wire.CRLF || !strings.EqualFold(string(l.Octets), "STARTTLS") {
		return &script.Mismatch{Position: at, Expected: "C: STARTTLS", Actual: p.said(l)}
	}
	p.heard(l)
	return p.say(at, []byte("220 2.0.0 Ready to start TLS\r\n"))
}

// patience is how many timeouts a message as a whole may take: each of its lines
// may come in time, and the end never.
const patience = 12

// message reads up to CRLF.CRLF (RFC 5321 4.1.1.4); no other dot ends it. Its
// lines may have any length.
func (p *player) message(i script.Data) error {
	told := event.Message{File: p.file(i.File)}
	defer func() { p.emit(told) }()
	p.c.hearing.text = false
	fail := func(actual string) error {
		return &script.Mismatch{Position: i.Position, Expected: "a message with its final dot", Actual: actual}
	}
	began := time.Now()
	for atStart, afterCR := true, false; ; {
		p.bound()
		part, err := p.c.in.ReadSlice('\n')
		whole := err == nil
		if err == nil || errors.Is(err, bufio.ErrBufferFull) {
			err = p.tapped(part)
		}
		told.Transferred += int64(len(part))
		switch {
		case err != nil:
			return fail(p.cutOff(wire.Line{Octets: part, Ending: wire.Cut}, err))
		case whole && atStart && string(part) == ".\r\n":
			told.Complete = true
			p.owe(command{verb: endOfText, line: []byte(".")})
			return nil
		case time.Since(began) > patience*p.timeout:
			return fail("no end of it within " + (patience * p.timeout).String())
		}
		told.Octets += int64(len(part))
		if atStart && part[0] == '.' {
			told.Octets-- // it is there for transparency (RFC 5321 4.5.2)
		}
		if whole {
			told.Lines++
		}
		atStart = bytes.HasSuffix(part, []byte("\r\n")) || afterCR && string(part) == "\n"
		afterCR = part[len(part)-1] == '\r'
	}
}

// file is the file of a message, as the script names it.
func (p *player) file(name script.Text) string {
	octets, err := name.Expand(p.known)
	if err != nil {
		return name.Raw
	}
	return string(octets)
}

// cutOff says in words how a message ended that has no end.
func (p *player) cutOff(l wire.Line, err error) string {
	actual := p.problem(err)
	if len(l.Octets) > 0 && l.Ending == wire.Cut {
		actual = script.Said(l.Octets) + " and then " + actual
	}
	return actual
}

// chunks reads BDAT commands up to the last one (RFC 3030 2).
func (p *player) chunks(i script.BDAT) error {
	told := event.Message{File: p.file(i.File), Chunk: i.Chunk}
	defer func() {
		if told.Chunk == 0 {
			told.Chunk = max(told.Octets, 1)
		}
		p.emit(told)
	}()
	var text lines
	for {
		l, err := p.expect(i.Position, "C: BDAT")
		if err != nil {
			return err
		}
		size, last, ok := wire.ParseBDAT(l.Octets)
		if !ok || l.Ending != wire.CRLF {
			return &script.Mismatch{Position: i.Position, Expected: "C: BDAT size [LAST]", Actual: p.said(l)}
		}
		p.emit(event.Sent{Line: l.Octets, Chunk: true})
		p.bound()
		n, err := p.chunk(size, &text)
		told.Octets += n
		told.Transferred, told.Lines = told.Octets, text.n
		if err != nil {
			return &script.Mismatch{Position: i.Position, Expected: fmt.Sprintf("a chunk of %d octets", size), Actual: fmt.Sprintf("%d and then %s", n, p.problem(err))}
		}
		if last {
			told.Complete = true
			p.owe(command{verb: endOfText, line: l.Octets})
			return nil
		}
		p.owe(command{verb: "BDAT", line: l.Octets})
		if err := p.say(i.Position, fmt.Appendf(nil, "250 2.0.0 %d octets received\r\n", size)); err != nil {
			return err
		}
	}
}

// chunk reads the octets of a chunk. Every wait for some of them is bounded,
// however many there are.
func (p *player) chunk(size int64, text *lines) (n int64, err error) {
	to := io.MultiWriter(text, p.overheard())
	for n < size && err == nil {
		var got int64
		p.bound()
		got, err = io.CopyN(to, p.c.in, min(size-n, atOnce))
		n += got
	}
	return n, err
}

// lines counts line ends.
type lines struct{ n int64 }

func (l *lines) Write(octets []byte) (int, error) {
	l.n += int64(bytes.Count(octets, []byte("\n")))
	return len(octets), nil
}
