package wire

import (
	"regexp"
	"strings"
)

// idOctets are what an id is made of: printable ASCII, without what encloses
// it, and without the backslash of an escape.
const idOctets = `[!#-'*+\-./:=?@^-{|}~0-9A-Z]`

// queueIDs are what servers are known to say of the message that they took. An
// id is known by the words around it, and the words of the last server come
// last where one tells what another said ("from MTA(…): 250 Ok: queued as …").
var queueIDs = [...]*regexp.Regexp{
	// Postfix, and many who took its words: "Ok: queued as 4C1F93A5D7".
	regexp.MustCompile(`(?i)\bqueued(?: on \S+)? as:? "?(` + idOctets + `*[0-9A-Za-z])`),
	// Haraka: "Message Queued (7B6E1C4D-….1)".
	regexp.MustCompile(`(?i)\bqueued \(([0-9A-Fa-f][0-9A-Fa-f.-]{5,})\)`),
	// Exchange: "<…> [InternalId=12345, Hostname=…] Queued mail for delivery".
	regexp.MustCompile(`\[InternalId=(\d+)`),
	// Gmail: "OK  1700000000 d2e1a72fcca58-….45 - gsmtp".
	regexp.MustCompile(`(?:^|\s)(` + idOctets + `+) - gsmtp\b`),
	// Exim: "OK id=1abCDe-0001Xy-2Z"; MDaemon: "<Message-ID: …>" is no id of a
	// queue. In a URL an id is a parameter.
	regexp.MustCompile(`(?i)(?:^|[\s(\[,;])(?:queue[ -]?)?ids?(?:=|: ?)<?(` + idOctets + `*[0-9A-Za-z])`),
	// Sendmail and OpenSMTPD: "5AOCg2Ab012345 Message accepted for delivery".
	regexp.MustCompile(`(?i)(?:^|\s)(` + idOctets + `{6,}) +message accepted\b`),
	// qmail: "ok 1700000000 qp 12345".
	regexp.MustCompile(`(?i)\bok \d+ qp (\d+)\b`),
	// Dovecot's LMTP: "<a@b> kAm3NsQ7ZGVm… Saved".
	regexp.MustCompile(`(?:^|\s)(` + idOctets + `{16,}) Saved$`),
}

// QueueID is what a server calls the message that it accepted, by which its
// postmaster finds it in the log; empty where the reply has none that is known.
// It is printable ASCII.
func QueueID(r Reply) string {
	if r.Class() != 2 {
		return ""
	}
	texts := r.Texts()
	for _, q := range queueIDs {
		for i := len(texts) - 1; i >= 0; i-- {
			found := q.FindStringSubmatch(texts[i])
			if found != nil && strings.ContainsAny(found[1], "0123456789") {
				return found[1]
			}
		}
	}
	return ""
}
