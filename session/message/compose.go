package message

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ehlo/session/wire"
)

// longestLine is how many octets a line of a message may have without its CRLF
// (RFC 5322 2.1.1).
const longestLine = 998

// noHost is the host in the Message-ID and in MAILER-DAEMON's address where
// none is known: a name that cannot exist (RFC 2606).
const noHost = "ehlo.invalid"

// Draft is a message to compose. Addresses are as a person writes them:
// "a@b", "<a@b>", "Name <a@b>".
type Draft struct {
	From string // empty or "<>": a notification; its header has From: MAILER-DAEMON, as bounces have
	To   []string
	// Subject may be empty: the field is there all the same.
	Subject string
	// Headers are fields "Name: value". The first of a name takes the place of a
	// field that Compose would make; more of the same name are added. Content-*
	// fields are the text's own where there are attachments; a
	// Content-Transfer-Encoding is not only said but also applied.
	Headers     []string
	Body        []byte
	BodyFile    string    // a file in place of Body
	BodyStream  io.Reader // or a stream
	Attachments []string
	PadTo       int64 // make it exactly so many octets; 0: as they come

	Host      string    // this host's name; empty: the domain of From
	Date      time.Time // zero: now
	MessageID string    // with or without angle brackets; empty: a random one
	Rand      io.Reader // nil: crypto/rand
	Spool     Spool     // where large streams are kept; nil: there can be none
}

// Compose makes a message with Date, From, To, Subject, Message-ID, MIME-Version,
// Content-Type text/plain in UTF-8, and a Content-Transfer-Encoding that every
// server takes: 7bit where the text is ASCII with lines of at most 998 octets,
// else quoted-printable. Attachments follow it in base64. Text in the header
// that is not ASCII is encoded (RFC 2047); only addresses, and header fields of
// a structure that has no place for that, stay UTF-8, and then the message needs
// SMTPUTF8: Size.HeaderEightBit. Padding stands behind the text, in lines of
// ASCII; where a few octets are missing, as spaces in the header.
//
// The files are looked at now and read when the message is sent.
func Compose(d Draft) (*Message, error) {
	c := composer{draft: d, attach: func(path string) (Part, error) { return filePart(path, nil, d.Spool) }}
	return c.compose()
}

func (c *composer) compose() (*Message, error) {
	d := c.draft
	if d.Date.IsZero() {
		c.draft.Date = time.Now()
	}
	if d.Rand == nil {
		c.draft.Rand = rand.Reader
	}
	if d.BodyFile != "" && len(d.Body) > 0 {
		return nil, errors.New("the text of a message is given both as text and as a file")
	}
	for _, step := range []func() error{c.generate, c.replace, c.text, c.assemble} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := c.message.measure(); err != nil {
		return nil, err
	}
	return c.message, c.pad()
}

// composer is a message being composed.
type composer struct {
	draft   Draft
	fields  []field // the header, in its order
	content []field // Content-*: of the message, or of its text where there are attachments
	body    Part
	message *Message
	attach  func(path string) (Part, error) // makes a part of a file
}

// generate makes the fields that every message has.
func (c *composer) generate() error {
	d := &c.draft
	from, domain, err := sender(d.From)
	if err != nil {
		return err
	}
	host := d.Host
	if host == "" {
		host = domain
	}
	if host == "" || !wire.IsASCII([]byte(host)) {
		host = noHost
	}
	if from == "" {
		// RFC 3464 and what mailers do: a notification is from the mail system,
		// and its reverse-path alone is empty.
		from = "MAILER-DAEMON@" + host
	}
	to := make([]string, len(d.To))
	for i, address := range d.To {
		if to[i], err = mailbox(address); err != nil {
			return fmt.Errorf("recipient: %w", err)
		}
	}
	if len(to) == 0 {
		to = []string{"undisclosed-recipients:;"}
	}
	if strings.ContainsAny(d.Subject, "\r\n\x00") {
		return fmt.Errorf("subject %q: a line end or NUL in it", d.Subject)
	}
	id, err := c.messageID(host)
	if err != nil {
		return err
	}
	c.fields = []field{
		{"Date", d.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700")},
		{"From", from},
		{"To", strings.Join(to, ", ")},
		{"Subject", encodeText("Subject", strings.Trim(d.Subject, " \t"))},
		{"Message-ID", id},
		{"MIME-Version", "1.0"},
	}
	c.content = []field{{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", ""}}
	return nil
}

func (c *composer) messageID(host string) (string, error) {
	id := strings.TrimSpace(c.draft.MessageID)
	if id == "" {
		random, err := c.random()
		return "<" + c.draft.Date.UTC().Format("20060102150405") + "." + random + "@" + host + ">", err
	}
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	for _, r := range id {
		if r <= ' ' || r == 0x7f || r == '<' || r == '>' {
			return "", fmt.Errorf("Message-ID %q: a space, a bracket or a control character in it", c.draft.MessageID)
		}
	}
	return "<" + id + ">", nil
}

// random is 96 bits in hexadecimal.
func (c *composer) random() (string, error) {
	var b [12]byte
	if _, err := io.ReadFull(c.draft.Rand, b[:]); err != nil {
		return "", fmt.Errorf("no random numbers: %w", err)
	}
	return fmt.Sprintf("%x", b), nil
}

// replace puts in the fields that the user gave.
func (c *composer) replace() error {
	replaced := map[string]bool{}
	for _, line := range c.draft.Headers {
		f, err := parseField(line)
		if err != nil {
			return err
		}
		list := &c.fields
		key := strings.ToLower(f.name)
		if strings.HasPrefix(key, "content-") {
			list = &c.content
		}
		if !replaced[key] && f.replaceIn(*list) {
			replaced[key] = true
			continue
		}
		replaced[key] = true
		*list = append(*list, f)
	}
	return nil
}

// text makes the part that is the text, and says its encoding.
func (c *composer) text() error {
	var (
		m   wire.Measure
		err error
	)
	c.body = Part{Text: c.draft.Body}
	switch {
	case c.draft.BodyFile != "":
		c.body, err = filePart(c.draft.BodyFile, &m, c.draft.Spool)
	case c.draft.BodyStream != nil:
		c.body, err = kept(c.draft.BodyStream, "standard input", &m, c.draft.Spool)
	default:
		_, _ = m.Write(c.draft.Body)
	}
	if err != nil {
		return err
	}
	if err := m.Close(); err != nil {
		return err
	}
	for i := range c.content {
		f := &c.content[i]
		if !strings.EqualFold(f.name, "Content-Transfer-Encoding") {
			continue
		}
		switch {
		case f.value == "" && !m.EightBit && !m.NUL && m.Longest <= longestLine:
			f.value = "7bit"
		case f.value == "":
			f.value = "quoted-printable"
		}
		switch strings.ToLower(f.value) {
		case "quoted-printable":
			c.body.Encoding = QuotedPrintable
		case "base64":
			c.body.Encoding = Base64
		}
		return nil
	}
	return nil
}

// assemble puts the parts in their order.
func (c *composer) assemble() error {
	var head bytes.Buffer
	c.message = &Message{}
	if len(c.draft.Attachments) == 0 {
		if err := writeHeader(&head, append(c.fields, c.content...)); err != nil {
			return err
		}
		c.message.Parts = []Part{{Text: head.Bytes()}, c.body}
		return nil
	}

	random, err := c.random()
	if err != nil {
		return err
	}
	// "=_" is in no quoted-printable or base64 text (RFC 2045 6.7).
	boundary := "=_" + random
	multipart := field{"Content-Type", `multipart/mixed; boundary="` + boundary + `"`}
	if err := writeHeader(&head, append(c.fields, multipart)); err != nil {
		return err
	}
	head.WriteString("--" + boundary + "\r\n")
	if err := writeHeader(&head, c.content); err != nil {
		return err
	}
	parts := []Part{{Text: head.Bytes()}, c.body}
	// The line end in front of a boundary is a part of it (RFC 2046 5.1.1); base64
	// can do without its last one.
	between := "\r\n--" + boundary
	for _, path := range c.draft.Attachments {
		part, err := c.attach(path)
		if err != nil {
			return fmt.Errorf("attachment: %w", err)
		}
		part.Encoding = Base64
		parts = append(parts, Part{Text: []byte(between + "\r\n" + attachmentHeader(path))}, part)
		between = "--" + boundary
		if part.empty() {
			between = "\r\n" + between
		}
	}
	c.message.Parts = append(parts, Part{Text: []byte(between + "--\r\n")})
	return nil
}

func (p *Part) empty() bool {
	return p.File == "" && len(p.Text) == 0 || p.stamp != nil && p.stamp.size == 0
}
