package tui

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ehlo/session"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/wire"
)

// part is a part of a draft: a row of the pane, or several.
type part uint8

const (
	partFrom     part = iota // MAIL FROM
	partTo                   // RCPT TO
	partSubject              //
	partAuthor               // From:, where it is not that of MAIL
	partHeads                // To:, where it is not those of RCPT
	partCopies               // Cc: in the header, and RCPT
	partBlind                // RCPT, and nowhere in the header
	partPad                  // octets that the message is to have
	partEnvelope             // ENVID: what reports repeat
	partAttach               // each file
	partHeader               // each further field
	partFile                 // a complete message in place of the header and the body
	partTemplate             // what the text began as
	partUTF8                 //
	partChunks               //
	partDSN                  //
	partReturn               // RET
	partPRDR                 //
	partOneByOne             //
	partBody                 //
	partResult               // what became of it: not a part of the draft
)

// single is how many parts there are that are one text, the first ones.
const single = partEnvelope + 1

// partNames are the parts as the pane shows them and as the file of a draft has
// them.
var partNames = [...]string{
	partFrom: "MAIL FROM", partTo: "RCPT TO", partSubject: "Subject",
	partAuthor: "From", partHeads: "To", partCopies: "Cc", partBlind: "Bcc",
	partPad: "Pad to", partEnvelope: "ENVID",
	partAttach: "Attach", partHeader: "+ header", partFile: "Message", partTemplate: "Template",
	partUTF8: "SMTPUTF8", partChunks: "BDAT", partDSN: "DSN", partReturn: "RET",
	partPRDR: "PRDR", partOneByOne: "Pipelining", partBody: "Body",
}

// draft is a message with its envelope as it stands in the pane. It is plain
// data: a copy is counted and sent while the person types on.
type draft struct {
	one      [single]string
	attached []string // paths
	headers  []string // "Name: value"
	file     string   // a path; empty: the message is composed
	options  [options]uint8
	body     []string // lines
	usual    string   // the subject where none is given
	limit    uint64   // that the padding may be to; 0: none is known
}

// clone is a copy that nothing shares.
func (d *draft) clone() draft {
	c := *d
	c.attached, c.headers, c.body = slices.Clone(d.attached), slices.Clone(d.headers), slices.Clone(d.body)
	return c
}

// list is the list that a part is of, or nil.
func (d *draft) list(p part) *[]string {
	switch p {
	case partAttach:
		return &d.attached
	case partHeader:
		return &d.headers
	}
	return nil
}

// envelope is the letter without its message.
func (d *draft) envelope() (flow.Letter, error) {
	l := flow.Letter{
		SMTPUTF8: flow.UTF8(d.option(partUTF8)), Chunking: d.option(partChunks) != "", PRDR: d.option(partPRDR) != "", NoPipelining: d.option(partOneByOne) != "",
		DSN: flow.DSN{Notify: d.option(partDSN), Return: d.option(partReturn), ID: d.one[partEnvelope]},
	}
	if n := len(l.DSN.ID); n > flow.MaxEnvelopeID {
		return l, fmt.Errorf("ENVID has %d octets: %d are allowed (RFC 3461 4.4)", n, flow.MaxEnvelopeID)
	}
	var err error
	if l.From, err = session.ParseAddress(bare(d.one[partFrom])); err != nil {
		return l, fmt.Errorf("MAIL FROM: %w", err)
	}
	return l, d.recipients(&l)
}

// letter makes the message and its envelope. It looks at files, and reads a
// complete message: it is not for Update.
func (d *draft) letter(helo string) (flow.Letter, error) {
	l, err := d.envelope()
	if err != nil {
		return l, err
	}
	if d.file != "" {
		path, err := filepath.Abs(d.file) // the transcript names it: it may be played elsewhere
		if info, e := os.Stat(path); e == nil && !info.Mode().IsRegular() {
			return l, fmt.Errorf("%s: no regular file", d.file) // to open it may wait for ever
		}
		if err == nil {
			l.Message, err = message.FromFile(path)
		}
		return l, err
	}
	for _, path := range d.attached {
		switch a := examine(path); {
		case a.never:
			return l, fmt.Errorf("%s: %w", path, a.err)
		case a.err != nil:
			return l, a.err
		}
	}
	pad, err := padding(d.one[partPad], d.limit)
	if err != nil {
		return l, fmt.Errorf("%s: %w", partNames[partPad], err)
	}
	m := message.Draft{
		PadTo: pad,
		From:  d.one[partFrom], To: addresses(d.one[partTo]), Subject: d.one[partSubject],
		Attachments: d.attached, Host: helo,
	}
	if s := d.one[partAuthor]; s != "" {
		m.From = s
	}
	if s := d.one[partHeads]; s != "" {
		m.To = addresses(s)
	}
	if m.Subject == "" {
		m.Subject = d.usual
	}
	if cc := addresses(d.one[partCopies]); len(cc) > 0 {
		m.Headers = append(m.Headers, "Cc: "+strings.Join(cc, ", "))
	}
	for _, h := range d.headers {
		if name, _, _ := strings.Cut(h, ":"); strings.EqualFold(strings.TrimSpace(name), "Bcc") {
			return l, errors.New("in the header everybody would see Bcc: it has a field of its own")
		}
		m.Headers = append(m.Headers, h)
	}
	if text := strings.Join(d.body, "\r\n"); text != "" {
		m.Body = []byte(strings.TrimSuffix(text, "\r\n") + "\r\n")
	}
	l.Message, err = message.Compose(m)
	return l, err
}

// recipients are those of RCPT TO, Cc and Bcc, each once.
func (d *draft) recipients(l *flow.Letter) error {
	fields := []part{partTo, partCopies, partBlind}
	has := map[wire.Address]bool{}
	if d.file != "" {
		fields = fields[:1]
	}
	for _, p := range fields {
		for _, one := range addresses(d.one[p]) {
			a, err := session.ParseAddress(bare(one))
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", partNames[p], err)
			case a == wire.Address{}:
				return fmt.Errorf("%s: there is no address in %s", partNames[p], one)
			case !has[a]:
				has[a] = true
				l.To = append(l.To, a)
			}
		}
	}
	return nil
}

// addresses are those of a comma list.
func addresses(list string) (all []string) {
	for _, one := range session.SplitAddresses(list) {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, one)
		}
	}
	return all
}

// bare is an address without the name before it.
func bare(s string) string {
	if i := strings.LastIndexByte(s, '<'); i > 0 && strings.HasSuffix(s, ">") {
		return s[i:]
	}
	return s
}

// text is the draft as a file: a line for each part that says something, an
// empty line, and the body. parseDraft reads it.
func (d *draft) text() string {
	var b strings.Builder
	line := func(p part, s string) {
		if s != "" {
			b.WriteString(partNames[p] + ": " + s + "\n")
		}
	}
	for p := range single {
		line(p, d.one[p])
	}
	for _, p := range []part{partAttach, partHeader} {
		for _, s := range *d.list(p) {
			line(p, s)
		}
	}
	line(partFile, d.file)
	for p := partTemplate; p < partBody; p++ {
		if d.options[p-partTemplate] > 0 {
			line(p, d.option(p))
		}
	}
	b.WriteString("\n" + strings.Join(d.body, "\n"))
	return b.String()
}

// parseDraft reads what text wrote, also where an editor gave it other line ends,
// or a mark of UTF-8.
func parseDraft(text string) (draft, error) {
	d := draft{}
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	head, body, _ := strings.Cut("\n"+text, "\n\n")
	if body != "" {
		d.body = strings.Split(body, "\n")
	}
	for _, l := range strings.Split(head, "\n")[1:] {
		name, value, _ := strings.Cut(l, ": ")
		p := part(slices.Index(partNames[:], name))
		switch list := d.list(p); {
		case p < single:
			d.one[p] = value
		case list != nil:
			*list = append(*list, value)
		case p == partFile:
			d.file = value
		case p.isOption() && slices.Contains(optionsOf(p), value):
			d.choose(p, value)
		default:
			if len(l) > 40 {
				l = l[:40]
			}
			return d, fmt.Errorf("it is no draft of ehlo's: what is %q? (:send FILE sends a complete message)", l)
		}
	}
	return d, nil
}
