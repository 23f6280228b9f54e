package play

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"ehlo/session/script"
	"ehlo/session/wire"
)

// assert compares what is known of the session.
func (p *player) assert(i script.Assert) (*script.Mismatch, error) {
	octets, err := i.Value.Expand(p.vars)
	if err != nil {
		return nil, p.wrong(err)
	}
	value := string(octets)
	if err := script.Valid(i.Subject, value); err != nil {
		return nil, p.wrong(&script.Error{Position: i.Value.Pos, Message: err.Error(), Err: err})
	}
	actual, ok, err := p.judge(i, value)
	if err != nil {
		return nil, p.wrong(&script.Error{Position: i.Value.Pos, Message: err.Error(), Err: err})
	}
	if ok {
		return nil, nil
	}
	return &script.Mismatch{Position: i.Position, Expected: fmt.Sprintf("%s %s %s", i.Subject, i.Op, value), Actual: actual}, nil
}

// judge is what the subject is, and whether the assertion holds.
func (p *player) judge(i script.Assert, value string) (actual string, ok bool, err error) {
	switch i.Subject {
	case "size":
		return p.maxSize(i.Op, value)
	case "elapsed":
		d, err := time.ParseDuration(value)
		return p.took.Round(time.Microsecond).String(), script.Holds(i.Op, cmp.Compare(p.took, d)), err
	case "extension":
		return p.extension(i.Op, value)
	case "tls.version", "tls.verified", "cert.days":
		return p.tls(i.Subject, i.Op, value)
	case "enhanced":
		actual = p.last.Enhanced
		if actual == "" {
			actual = "none"
		}
		return actual, script.MatchEnhanced(value, p.last.Enhanced) == (i.Op == "=="), nil
	}
	return "", false, fmt.Errorf("expected a subject of @assert")
}

// maxSize is the limit that SIZE declares. One that says that there is no limit
// is above every number; one that is not declared compares with none.
func (p *player) maxSize(op, value string) (actual string, ok bool, err error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return "", false, fmt.Errorf("expected a number of octets, and this is %q", value)
	}
	size := p.s.Offers().Size()
	switch size.State {
	case wire.SizeDeclared:
		return strconv.FormatUint(size.Declared, 10), script.Holds(op, cmp.Compare(size.Declared, n)), nil
	case wire.SizeUnlimited:
		return size.String(), script.Holds(op, cmp.Compare(math.MaxUint64, n)), nil
	}
	return size.String(), op == "!=", nil
}

// extension looks for a keyword, and the parameters that it has to have.
func (p *player) extension(op, value string) (actual string, ok bool, err error) {
	words := strings.Fields(value)
	if len(words) == 0 {
		return "", false, fmt.Errorf("expected a keyword of EHLO")
	}
	o, found := p.s.Offers().Find(words[0])
	actual = "it is not offered"
	if found {
		actual = strings.Join(append([]string{o.Keyword}, o.Params...), " ")
	}
	for _, param := range words[1:] {
		has := false
		for _, x := range o.Params {
			has = has || strings.EqualFold(x, param)
		}
		found = found && has
	}
	return actual, found == (op == "has"), nil
}

// tls judges the handshake; without one nothing holds but an inequality.
func (p *player) tls(subject, op, value string) (actual string, ok bool, err error) {
	t := p.s.TLS()
	if t == nil {
		return "no TLS", op == "!=" || subject == "tls.verified" && (value == "false") == (op == "=="), nil
	}
	switch subject {
	case "tls.version":
		wanted := strings.TrimPrefix(value, "TLS ")
		return t.Version, script.Holds(op, strings.Compare(strings.TrimPrefix(t.Version, "TLS "), wanted)), nil
	case "tls.verified":
		actual = "true"
		if !t.Verified {
			actual = "false: " + t.Problem
		}
		return actual, (strconv.FormatBool(t.Verified) == value) == (op == "=="), nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || len(t.Certificates) == 0 {
		return "no certificate", false, err
	}
	days := int(math.Floor(t.Certificates[0].NotAfter.Sub(p.o.Now()).Hours() / 24))
	return strconv.Itoa(days), script.Holds(op, cmp.Compare(days, n)), nil
}
