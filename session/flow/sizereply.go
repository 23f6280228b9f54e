package flow

import (
	"strings"

	"ehlo/session/wire"
)

// sizeWords are what replies about a size or about space have in their text.
var sizeWords = []string{"size", "too big", "too large", "too long", "storage", "space", "room", "disk", "exceed", "large", "quota"}

// meaningOf reads the reply to MAIL with a SIZE (RFC 1870 6.1). Too large is
// 552, unless its text is about something else, and whatever is 5.3.4 or 5.2.3
// (RFC 3463: too big for the system, too long for the mailbox). No room is 452,
// where text or 4.3.1 say so (Sendmail has 4.4.5); it is no limit, only the
// present. A 501 has not
// read the number. All else is not about the size: 530, 550 and 553 are about
// the sender, 555 is about the parameter itself.
func meaningOf(r wire.Reply) Meaning {
	switch {
	case r.Positive():
		return Accepted
	case r.Class() == 5 && (r.Enhanced == "5.3.4" || r.Enhanced == "5.2.3"):
		return TooLarge
	case r.Code == 552 && (subject(r.Enhanced, "0", "2", "3") || speaksOfSize(r)):
		return TooLarge
	case r.Code == 452 && (r.Enhanced == "4.3.1" || speaksOfSize(r) && subject(r.Enhanced, "0", "2", "3", "4")):
		return NoRoom
	case r.Code == 501:
		return Unread
	}
	return Unrelated
}

// subject says that the enhanced status code, if there is one, is about one of
// the subjects.
func subject(enhanced string, subjects ...string) bool {
	if enhanced == "" {
		return true
	}
	for _, s := range subjects {
		if strings.HasPrefix(enhanced[1:], "."+s+".") {
			return true
		}
	}
	return false
}

func speaksOfSize(r wire.Reply) bool {
	text := strings.ToLower(strings.Join(r.Texts(), " "))
	for _, w := range sizeWords {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// unrelated is why a search ends at a reply that says nothing of the size.
func unrelated(r wire.Reply, offered bool) string {
	switch {
	case r.Code == 421:
		return "the server ends the session"
	case r.Code == 501 || r.Code == 555 || !offered && (r.Code == 500 || r.Code == 503 || r.Code == 504):
		return "the server does not take the parameter SIZE"
	case r.Code == 503:
		return "the server takes no MAIL now (is a transaction open?)"
	case r.Code == 530:
		return "the server wants a login or TLS before MAIL"
	case r.Code == 550, r.Code == 553, r.Code == 554, r.Code == 551:
		return "the server does not take this sender (--from)"
	case r.Class() == 4:
		return "the server takes no MAIL for now"
	}
	return "the reply to MAIL is not about the size"
}
