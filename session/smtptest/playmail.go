package smtptest

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ehlo/session/script"
	"ehlo/session/wire"
)

func (p *player) startTLS(at script.Position) error {
	l, err := p.expect(at, "C: STARTTLS")
	if err != nil {
		return err
	}
	if l.Ending != wire.CRLF || !strings.EqualFold(string(l.Octets), "STARTTLS") {
		return &script.Mismatch{Position: at, Expected: "C: STARTTLS", Actual: script.Said(l.Octets)}
	}
	return p.send(at, []byte("220 2.0.0 Ready to start TLS\r\n"))
}

// challenges are what a server asks for, in the order of a mechanism's
// responses. An initial response (RFC 4954 4) answers the first.
func challenges(mechanism string) []string {
	switch mechanism {
	case "LOGIN":
		return []string{"Username:", "Password:"}
	case "CRAM-MD5":
		return []string{"<1.1@localhost>"}
	}
	return []string{""}
}

// auth takes a login of any user with any password.
func (p *player) auth(i script.Auth, rest []script.Item) error {
	wanted, err := i.Mechanism.Expand(p.vars)
	if err != nil {
		return err
	}
	what := strings.TrimSpace("C: AUTH " + string(wanted))
	l, err := p.expect(i.Position, what)
	if err != nil {
		return err
	}
	words := strings.Fields(string(l.Octets))
	if len(words) < 2 || len(words) > 3 || !strings.EqualFold(words[0], "AUTH") || len(wanted) > 0 && !strings.EqualFold(words[1], string(wanted)) {
		return &script.Mismatch{Position: i.Position, Expected: what, Actual: script.Said(l.Octets)}
	}
	asked := challenges(strings.ToUpper(words[1]))
	if len(words) == 3 {
		asked = asked[1:]
	}
	for _, c := range asked {
		if err := p.send(i.Position, []byte("334 "+base64.StdEncoding.EncodeToString([]byte(c))+"\r\n")); err != nil {
			return err
		}
		l, err := p.expect(i.Position, "a response in base64")
		if err != nil {
			return err
		}
		if _, err := base64.StdEncoding.DecodeString(string(l.Octets)); err != nil || l.Ending != wire.CRLF {
			return &script.Mismatch{Position: i.Position, Expected: "a response in base64", Actual: script.Said(l.Octets)}
		}
	}
	if answered(rest) {
		return nil
	}
	return p.send(i.Position, []byte("235 2.7.0 Authentication succeeded\r\n"))
}

// answered says that the script has the reply itself.
func answered(rest []script.Item) bool {
	for _, item := range rest {
		switch item.(type) {
		case script.Comment, script.Sleep:
			continue
		case script.Server:
			return true
		}
		return false
	}
	return false
}

// message reads up to CRLF.CRLF (RFC 5321 4.1.1.4); no other dot ends it.
func (p *player) message(at script.Position) error {
	atStart := true
	for {
		l, err := p.expect(at, "a message with its final dot")
		if err != nil {
			return err
		}
		if atStart && l.Ending == wire.CRLF && string(l.Octets) == "." {
			return nil
		}
		atStart = l.Ending == wire.CRLF
	}
}

// chunks reads BDAT commands up to the last one (RFC 3030 2).
func (p *player) chunks(at script.Position) error {
	for {
		l, err := p.expect(at, "C: BDAT")
		if err != nil {
			return err
		}
		size, last, ok := parseBDAT(string(l.Octets))
		if !ok || l.Ending != wire.CRLF {
			return &script.Mismatch{Position: at, Expected: "C: BDAT size [LAST]", Actual: script.Said(l.Octets)}
		}
		p.bound()
		n, err := io.CopyN(recorder{p.server}, p.in, size)
		if err != nil {
			return &script.Mismatch{Position: at, Expected: fmt.Sprintf("a chunk of %d octets", size), Actual: fmt.Sprintf("%d and then %s", n, p.problem(err))}
		}
		if last {
			return nil
		}
		if err := p.send(at, fmt.Appendf(nil, "250 2.0.0 %d octets received\r\n", size)); err != nil {
			return err
		}
	}
}

func parseBDAT(line string) (size int64, last, ok bool) {
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 || !strings.EqualFold(words[0], "BDAT") {
		return 0, false, false
	}
	last = len(words) == 3
	if last && !strings.EqualFold(words[2], "LAST") {
		return 0, false, false
	}
	size, err := strconv.ParseInt(words[1], 10, 64)
	return size, last, err == nil && size >= 0
}
