package script

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ehlo/session/wire"
)

// Limits of what Parse reads. Scripts are written by people and by recordings
// of sessions, which fold long messages: megabytes are a wrong file.
const (
	maxScript = 16 << 20 // octets
	maxDepth  = 8        // of @repeat in @repeat
)

// Parse reads a script; name is the file in its positions. Its errors are
// *Error, with the position of the first thing that is wrong, also where r
// fails.
func Parse(name string, r io.Reader) (*Script, error) {
	octets, err := io.ReadAll(io.LimitReader(r, maxScript+1))
	if err != nil {
		return nil, &Error{Position: Position{File: name, Line: 1 + bytes.Count(octets, []byte("\n"))}, Message: "cannot read on: " + err.Error(), Err: err}
	}
	if len(octets) > maxScript {
		return nil, &Error{Position: Position{File: name, Line: 1}, Message: "expected a script, and this is larger than " + wire.Thousands(maxScript) + " octets"}
	}
	p := &parser{file: name, blocks: []block{{}}}
	// Editors on Windows put a byte order mark in front.
	text := strings.TrimPrefix(string(octets), "\ufeff")
	for text != "" {
		p.number++
		p.line, text, _ = strings.Cut(text, "\n")
		p.line = strings.TrimSuffix(p.line, "\r")
		if err := p.parseLine(); err != nil {
			return nil, err
		}
	}
	p.endGroup()
	if n := len(p.blocks); n > 1 {
		open := p.blocks[n-1].repeat
		return nil, &Error{Position: open.Position, Message: "expected @end for this @repeat before the end of the script"}
	}
	return &Script{Name: name, Items: p.blocks[0].items}, nil
}

// parser is where Parse is.
type parser struct {
	file   string
	number int
	line   string // without its ending

	blocks []block   // the script, and each @repeat that is open
	group  *Server   // S: lines that may go on
	held   []Comment // what came behind them
}

type block struct {
	repeat Repeat
	items  []Item
}

// position is where the octet at i of the present line stands.
func (p *parser) position(i int) Position {
	return Position{p.file, p.number, 1 + utf8.RuneCountInString(p.line[:i])}
}

func (p *parser) errorf(i int, format string, args ...any) *Error {
	return &Error{Position: p.position(i), Message: fmt.Sprintf(format, args...)}
}

// text is what stands from octet i of the line to octet end.
func (p *parser) text(i, end int) (Text, *Error) {
	t := Text{Raw: p.line[i:end], Pos: p.position(i)}
	if _, at, why := t.cut(); why != "" {
		return t, p.errorf(i+at, "%s", why)
	}
	return t, nil
}

// parseLine returns error and not *Error: nil has to be nil.
func (p *parser) parseLine() error {
	if err := p.checkOctets(); err != nil {
		return err
	}
	start := len(p.line) - len(strings.TrimLeft(p.line, " \t"))
	rest := p.line[start:]
	switch {
	case strings.TrimRight(rest, " \t") == "" || rest[0] == '#' || remark(rest):
		c := Comment{p.position(start), strings.TrimRight(rest, " \t")}
		if p.group != nil {
			p.held = append(p.held, c)
		} else {
			p.add(c)
		}
		return nil
	case rest[0] == '@':
		p.endGroup()
		if err := p.directive(start); err != nil {
			return err
		}
		return nil
	case strings.HasPrefix(rest, "C:"), strings.HasPrefix(rest, "S:"):
		from := start + len("C:")
		if from < len(p.line) {
			if p.line[from] != ' ' {
				return p.errorf(from, "expected a space behind %s", rest[:2])
			}
			from++
		}
		t, err := p.text(from, len(p.line))
		if err != nil {
			return err
		}
		p.said(rest[0], start, t)
		return nil
	}
	return p.errorf(start, "expected C: text, S: text, an @directive, or a # comment, and this is %s", quoted(rest))
}

// remark is a line in braces: "{The server closes the connection}", as tutorials
// have it in their dialogues.
func remark(line string) bool {
	line = strings.TrimRight(line, " \t")
	return line[0] == '{' && line[len(line)-1] == '}'
}

// said adds a C: or S: line.
func (p *parser) said(who byte, start int, t Text) {
	at := p.position(start)
	if who == 'C' {
		p.endGroup()
		p.add(Client{at, t})
		return
	}
	l := ServerLine{Position: at, Line: t}
	if p.group == nil {
		p.group = &Server{Position: at}
	} else {
		l.Above, p.held = p.held, nil
	}
	p.group.Lines = append(p.group.Lines, l)
	if !l.more() {
		p.endGroup()
	}
}

func (p *parser) add(i Item) {
	b := &p.blocks[len(p.blocks)-1]
	b.items = append(b.items, i)
}

// endGroup adds the S: lines so far.
func (p *parser) endGroup() {
	if p.group == nil {
		return
	}
	p.add(*p.group)
	for _, c := range p.held {
		p.add(c)
	}
	p.group, p.held = nil, nil
}

// checkOctets refuses what would be text that nobody sees.
func (p *parser) checkOctets() error {
	for i, r := range p.line {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(p.line[i:], "\ufffd"):
			return p.errorf(i, `expected UTF-8; this octet is written \x%02x`, p.line[i])
		case r < ' ' && r != '\t' || r == 0x7f:
			return p.errorf(i, `expected text; this control character is written \x%02x`, r)
		}
	}
	return nil
}

// quoted is text for an error: visible, and not long.
func quoted(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return `"` + wire.Visible([]byte(s)) + `"`
}
