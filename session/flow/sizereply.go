package flow

import (
	"fmt"
	"strings"

	"ehlo/session/wire"
)

// sizeWords are what replies about a size or about space have in their text.
var sizeWords = []string{"size", "too big", "too large", "too long", "storage", "space", "room", "disk", "exceed", "large", "quota"}

// meaningOf reads the reply to MAIL with a SIZE (RFC 1870 6.1). Where there is
// an enhanced status code that says what it is about (RFC 3463), it decides:
// X.3.4 and X.2.3 are too large, for the system or for the mailbox, X.3.1 and
// X.2.2 are no room. Too large is for good (5yz); for now (4yz) it is no room.
// Otherwise 552 is too large, and 452 no room where its text says so. A 501 has
// not read the number. All else is not about the size: 530, 550 and 553 are
// about the sender, 555 is about the parameter itself.
func meaningOf(r wire.Reply) Meaning {
	if r.Positive() {
		return Accepted
	}
	class, detail := r.Class(), ""
	if len(r.Enhanced) > 2 {
		detail = r.Enhanced[2:]
	}
	switch {
	case class == 5 && (detail == "3.4" || detail == "2.3"):
		return TooLarge
	case detail == "3.4", detail == "2.3", detail == "3.1", detail == "2.2":
		return NoRoom
	case r.Code == 501:
		return Unread
	case detail == "4.5" && r.Code == 452 && speaksOfSize(r): // Sendmail's, where the disk is full
		return NoRoom
	case detail != "" && detail != "0.0" && detail != "2.0" && detail != "3.0":
		return Unrelated
	case r.Code == 552:
		return TooLarge
	case r.Code == 452 && speaksOfSize(r):
		return NoRoom
	}
	return Unrelated
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
// offered says that EHLO has SIZE, taken that sizes were answered before: then
// it is neither the sender nor the parameter.
func unrelated(r wire.Reply, offered, taken bool) string {
	switch {
	case r.Code == 421:
		return "the server ends the session"
	case r.Code == 503 && (offered || taken):
		return "the server takes no MAIL now (is a transaction open?)"
	case (r.Code == 550 || r.Code == 553 || r.Code == 554) && speaksOfSize(r):
		return fmt.Sprintf("the text of the reply is about the size, but its code is not (%d where 552 is meant), so that it may be something else", r.Code)
	case taken && r.Class() == 5:
		return "MAIL is refused now, after it was not: it is not the size"
	case r.Code == 501 || r.Code == 555 || !offered && (r.Code == 500 || r.Code == 503 || r.Code == 504):
		return "the server does not take the parameter SIZE"
	case r.Code == 530:
		return "the server wants a login or TLS before MAIL"
	case r.Code == 550, r.Code == 553, r.Code == 554, r.Code == 551:
		return "the server does not take this sender (--from)"
	case r.Class() == 4:
		return "the server takes no MAIL for now"
	}
	return "the reply to MAIL is not about the size"
}
