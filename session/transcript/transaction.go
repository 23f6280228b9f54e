package transcript

import (
	"bytes"

	"ehlo/session/event"
)

// Transaction is the mail transaction that is open now (RFC 5321 3.3): what
// the server has still in mind of MAIL and RCPT. The zero value is none.
type Transaction struct {
	Mail     []byte // the MAIL that was accepted; nil: none is open
	Accepted int    // recipients that were accepted
	Chunked  bool   // a chunk (BDAT) was accepted, and it was not the last
}

// Open says that MAIL was accepted, and nothing has ended the transaction.
func (t Transaction) Open() bool { return t.Mail != nil }

// transact follows the transaction by the replies.
func (c *Conversation) transact(e event.Reply) {
	t := &c.Transaction
	ok := e.Reply.Positive()
	switch e.Verb {
	case "MAIL":
		if ok {
			*t = Transaction{Mail: bytes.Clone(e.Command)}
		}
	case "RCPT":
		if ok && t.Open() {
			t.Accepted++
		}
	case "BDAT":
		t.Chunked = t.Chunked || ok
	case ".":
		*t = Transaction{}
	case "RSET", "EHLO", "HELO", "LHLO":
		if ok {
			*t = Transaction{}
		}
	case "AUTH":
		c.LoggedIn = c.LoggedIn || e.Reply.Code == 235
	}
}
