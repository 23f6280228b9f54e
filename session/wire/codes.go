package wire

import (
	"slices"
	"strconv"
	"strings"
)

// Explanation is what a reply means as the answer to a command.
type Explanation struct {
	Class   string // success, go on, temporary, permanent; empty where there is no code
	Meaning string // the most precise thing that can be said, without the class
	Detail  string // what else the codes say, or empty
	Retry   bool   // the same again, later, may succeed
	Who     string // who has to act; empty where nobody has to
	RFC     string // where it stands
}

// String is class and meaning: "permanent: the server says no such mailbox".
func (e Explanation) String() string {
	if e.Class == "" {
		return e.Meaning
	}
	return e.Class + ": " + e.Meaning
}

// Status is an enhanced status code in words (RFC 3463).
type Status struct {
	Class   string // success, temporary, permanent
	Subject string // address, mailbox, mail system …; empty where it is not known
	Detail  string // what exactly; empty where the registry does not have it
	Who     string // who has to act
	RFC     string
}

// ExplainCode is a reply code by itself, in words, and where it stands; empty
// for a code that no RFC has.
func ExplainCode(code int) (meaning, rfc string) {
	row, _ := codeOf(code)
	return row.meaning, row.rfc
}

// ExplainEnhanced reads an enhanced status code such as "5.1.1". It reports
// false for what is none; of a code that is not in the registry, class and
// subject are told.
func ExplainEnhanced(code string) (Status, bool) {
	class, subject, detail, ok := splitEnhanced(code)
	if !ok {
		return Status{}, false
	}
	s := Status{Class: className(class), RFC: "RFC 3463"}
	if subject < len(subjects) {
		s.Subject = subjects[subject]
	}
	if row, ok := detailOf(subject, detail); ok {
		s.Detail, s.Who, s.RFC = row.meaning, row.who, row.rfc
	}
	return s, true
}

// Explain says what a reply means. verb is the command that it answers, in
// upper case, "." for the end of a message and empty for the greeting;
// enhanced may be empty. The reply code decides where the two disagree.
func Explain(verb string, code int, enhanced string) Explanation {
	class := code / 100
	e := Explanation{Class: className(class), Retry: class == 4}
	context, exact := contextOf(verb, code, enhanced)
	_, subject, detail, ok := splitEnhanced(enhanced)
	var fine detailRow
	if ok {
		fine, _ = detailOf(subject, detail)
	}
	basic, _ := codeOf(code)

	// A failure's detail is more precise than the command's row, unless that row
	// is for this detail; X.y.0 only says what the code says too.
	precise := class >= 4 && fine.meaning != "" && detail != 0
	switch {
	case context.meaning != "" && (exact || !precise || context.verb == anyVerb):
		e.Meaning, e.Who, e.RFC = context.meaning, context.who, context.rfc
		if precise && !exact || class < 4 { // an exact row says it already
			e.Detail = fine.meaning
		}
	case precise:
		e.Meaning, e.Who, e.RFC = fine.meaning, fine.who, fine.rfc
		e.Detail = context.meaning
	case basic.meaning != "":
		e.Meaning, e.Who, e.RFC = basic.meaning, basic.who, basic.rfc
	default:
		e.Meaning, e.Who, e.RFC = unknownMeaning(class)
	}
	if e.Detail == e.Meaning {
		e.Detail = ""
	}
	e.addRemarks(verb, code, enhanced)
	return e
}

// addRemarks adds what holds whatever the tables say.
func (e *Explanation) addRemarks(verb string, code int, enhanced string) {
	remark := func(text string) {
		if e.Detail != "" {
			text = e.Detail + "; " + text
		}
		e.Detail = text
	}
	class, subject, detail, ok := splitEnhanced(enhanced)
	if ok && code != 0 && class != code/100 {
		remark("the codes disagree: " + strconv.Itoa(code) + " counts, not " + enhanced)
	}
	if ok {
		if _, known := detailOf(subject, detail); !known {
			remark(enhanced + " is not in the IANA registry: the server's own code")
		}
	}
	if verb == "RCPT" && code == 552 && (!ok || subject == 5 && detail == 3) {
		// RFC 5321 4.5.3.1.10: servers once used 552 for too many recipients, and
		// clients should treat it as temporary.
		e.Retry = true
	}
	if code/100 == 4 && e.Who == WhoNobody {
		e.Who = WhoWait
	}
}

func unknownMeaning(class int) (meaning, who, rfc string) {
	switch class {
	case 2:
		return "done", WhoNobody, "RFC 5321 4.2.1"
	case 3:
		return "the server waits for more", WhoNobody, "RFC 5321 4.2.1"
	case 4:
		return "refused for now", WhoWait, "RFC 5321 4.2.1"
	case 5:
		return "refused", WhoSender, "RFC 5321 4.2.1"
	}
	return "not a reply code of SMTP", WhoReceiver, "RFC 5321 4.2"
}

func className(class int) string {
	switch class {
	case 2:
		return "success"
	case 3:
		return "go on"
	case 4:
		return "temporary"
	case 5:
		return "permanent"
	}
	return ""
}

// contextOf is the row for a code as the answer to verb; exact says that it is
// for this enhanced code too.
func contextOf(verb string, code int, enhanced string) (row contextRow, exact bool) {
	_, subject, ok := strings.Cut(enhanced, ".")
	for _, r := range contexts[:] {
		if r.code != code || r.verb != verb && r.verb != anyVerb {
			continue
		}
		if r.enhanced == "" {
			return r, false
		}
		if ok && r.enhanced == subject {
			return r, true
		}
	}
	return contextRow{}, false
}

func codeOf(code int) (codeRow, bool) {
	i, ok := slices.BinarySearchFunc(codes[:], code, func(r codeRow, code int) int { return r.code - code })
	if !ok {
		return codeRow{}, false
	}
	return codes[i], true
}

func detailOf(subject, detail int) (detailRow, bool) {
	i, ok := slices.BinarySearchFunc(details[:], subject*1000+detail, func(r detailRow, key int) int {
		return r.subject*1000 + r.detail - key
	})
	if !ok {
		return detailRow{}, false
	}
	return details[i], true
}

// splitEnhanced takes class.subject.detail apart (RFC 3463 2).
func splitEnhanced(code string) (class, subject, detail int, ok bool) {
	if code != parseEnhanced([]byte(code)) || code == "" {
		return 0, 0, 0, false
	}
	s, d, _ := strings.Cut(code[2:], ".")
	subject, _ = strconv.Atoi(s)
	detail, _ = strconv.Atoi(d)
	return int(code[0] - '0'), subject, detail, true
}
