package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// Reply is what the server says to one command: one line or more with the
// same three-digit code (RFC 5321 4.2).
type Reply struct {
	Code      int       // 0 where the reply has no code
	Enhanced  string    // the enhanced status code "5.1.1" (RFC 2034), or ""
	Lines     []Line    // as they came, each with its code
	Anomalies []Anomaly // what is wrong with it, in the order it was seen
}

// Class is the first digit of the code: 2 done, 3 go on, 4 failed for now, 5
// failed for good; 0 for a reply without a code.
func (r Reply) Class() int { return r.Code / 100 }

// Positive says that the reply completes its command with success: 2yz, but
// not 221, by which a server closes the channel. That is good news after QUIT
// only, where nobody asks.
func (r Reply) Positive() bool { return r.Class() == 2 && r.Code != 221 }

// Texts are the lines behind code and separator, for a report: printable
// text, see Text.
func (r Reply) Texts() []string {
	texts := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		texts[i] = Text(afterCode(l.Octets))
	}
	return texts
}

// String is the reply in one line, for a sentence: "550 5.1.1 no such user". It
// is written as VisibleOctets does.
func (r Reply) String() string {
	parts := make([]string, 0, len(r.Lines)+1)
	if r.Code != 0 {
		parts = append(parts, fmt.Sprintf("%03d", r.Code))
	}
	for i, l := range r.Lines {
		t := VisibleOctets(afterCode(l.Octets))
		if i > 0 && r.Enhanced != "" {
			t = strings.TrimPrefix(t, r.Enhanced+" ")
		}
		if t = strings.TrimSpace(t); t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}

// Anomaly is one thing that RFC 5321 does not allow.
type Anomaly struct {
	Kind AnomalyKind
	Line int // the line of the reply, from 0
}

// AnomalyKind names what is wrong with a line of a reply.
type AnomalyKind uint8

const (
	BareLF       AnomalyKind = iota // ends in LF without CR
	BareCR                          // a CR that does not end the line
	NUL                             // an octet 0
	Control                         // another control octet than tab
	EightBit                        // octets above 127: agreed to only with SMTPUTF8 (RFC 6531 3.5)
	LongLine                        // more than ReplyLine octets
	NoSeparator                     // "250Ok": neither space nor hyphen behind the code
	StrangeClass                    // an enhanced code of another class than the code

	// From here on nothing can be made of the reply: it is malformed.
	NoCode      // the line does not begin with three digits that are a code
	CodeChanged // another code than the line before
	EndedEarly  // the connection ended within the reply
)

var anomalyText = [...]string{
	BareLF:       "line ends in a bare LF",
	BareCR:       "bare CR within the line",
	NUL:          "NUL octet in the line",
	Control:      "control octets in the line",
	EightBit:     "8-bit text in the line",
	LongLine:     "line is longer than 512 octets (RFC 5321 4.5.3.1.5)",
	NoSeparator:  "no space after the code",
	StrangeClass: "enhanced status code and reply code are of different classes",
	NoCode:       "line does not begin with a reply code",
	CodeChanged:  "code changes within the reply",
	EndedEarly:   "connection ended within the reply",
}

func (k AnomalyKind) String() string { return anomalyText[k] }

// Fatal says that the reply cannot be understood.
func (k AnomalyKind) Fatal() bool { return k >= NoCode }

// Malformed is the anomaly that makes the reply impossible to understand.
func (r Reply) Malformed() (Anomaly, bool) {
	for _, a := range r.Anomalies {
		if a.Kind.Fatal() {
			return a, true
		}
	}
	return Anomaly{}, false
}

// Add takes the next line of the reply and says whether it was the last. A
// reply is also over at the first line that makes it malformed.
//
// A code is three digits from 200 to 599 (RFC 5321 4.2: 1yz is not used). A
// code alone, without a space, is a last line (4.2: receivers must accept it).
func (r *Reply) Add(l Line) (last bool) {
	n := len(r.Lines)
	r.Lines = append(r.Lines, l)
	note := func(k AnomalyKind) { r.Anomalies = append(r.Anomalies, Anomaly{k, n}) }

	for _, k := range lineAnomalies(l) {
		note(k)
	}
	if l.Ending == Cut {
		note(EndedEarly)
		return true
	}
	code, ok := parseCode(l.Octets)
	switch {
	case !ok:
		note(NoCode)
		return true
	case n > 0 && code != r.Code:
		note(CodeChanged)
		return true
	}
	r.Code = code
	if r.Enhanced == "" {
		r.Enhanced = parseEnhanced(afterCode(l.Octets))
		if r.Enhanced != "" && int(r.Enhanced[0]-'0') != r.Class() {
			note(StrangeClass)
		}
	}
	if len(l.Octets) > 3 {
		switch l.Octets[3] {
		case '-':
			return false
		case ' ':
		default:
			note(NoSeparator)
		}
	}
	return true
}

// ParseReply reads one reply from the start of octets. done is false where
// octets end before the reply does; what there is of it is returned.
func ParseReply(octets []byte) (r Reply, rest []byte, done bool) {
	for len(octets) > 0 {
		var l Line
		l, octets = CutLine(octets)
		if r.Add(l) {
			return r, octets, true
		}
	}
	return r, nil, false
}

// CutLine takes the first line off octets, which must not be empty.
func CutLine(octets []byte) (Line, []byte) {
	i := bytes.IndexByte(octets, '\n')
	switch {
	case i < 0:
		return Line{octets, Cut}, nil
	case i > 0 && octets[i-1] == '\r':
		return Line{octets[:i-1], CRLF}, octets[i+1:]
	}
	return Line{octets[:i], LF}, octets[i+1:]
}

func lineAnomalies(l Line) (kinds []AnomalyKind) {
	if l.Ending == LF {
		kinds = append(kinds, BareLF)
	}
	var cr, nul, control, eight bool
	for _, c := range l.Octets {
		switch {
		case c == '\r':
			cr = true
		case c == 0:
			nul = true
		case c < 0x20 && c != '\t', c == 0x7f:
			control = true
		case c > 0x7f:
			eight = true
		}
	}
	for _, a := range [...]struct {
		seen bool
		kind AnomalyKind
	}{{cr, BareCR}, {nul, NUL}, {control, Control}, {eight, EightBit}, {len(l.Octets)+2 > ReplyLine, LongLine}} {
		if a.seen {
			kinds = append(kinds, a.kind)
		}
	}
	return kinds
}

// parseCode reads a reply code: three digits, 200 to 599, that are not part
// of a longer number.
func parseCode(line []byte) (int, bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]) {
		return 0, false
	}
	if len(line) > 3 && digit(line[3]) {
		return 0, false
	}
	return int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), true
}

// afterCode is the text of a reply line: what stands behind the code and its
// separator, or the whole line where there is no code.
func afterCode(line []byte) []byte {
	if _, ok := parseCode(line); !ok {
		return line
	}
	if len(line) > 3 && (line[3] == ' ' || line[3] == '-') {
		return line[4:]
	}
	return line[3:]
}

// parseEnhanced reads an enhanced status code at the start of a text:
// class.subject.detail with class 2, 4 or 5 (RFC 3463 2), then a space or the
// end.
func parseEnhanced(text []byte) string {
	word, _, _ := bytes.Cut(text, []byte(" "))
	if len(word) < 5 || len(word) > 9 || (word[0] != '2' && word[0] != '4' && word[0] != '5') || word[1] != '.' {
		return ""
	}
	subject, detail, ok := bytes.Cut(word[2:], []byte("."))
	if !ok || !shortNumber(subject) || !shortNumber(detail) {
		return ""
	}
	return string(word)
}

func shortNumber(s []byte) bool {
	if len(s) == 0 || len(s) > 3 {
		return false
	}
	for _, c := range s {
		if !digit(c) {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
