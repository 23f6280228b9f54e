package outline

import (
	"strings"

	lang "ehlo/session/script"
	"ehlo/session/wire"
)

// Mail is what a script sends, as far as can be told before it runs: who plays
// it again sends it again.
type Mail struct {
	Messages   int
	Recipients int  // of all of them
	More       bool // the script repeats itself too often to be counted through
}

// mostItems bounds the counting: what is repeated is counted each time.
const mostItems = 10_000

// MailOf counts the messages of a script. What the script expects to be refused
// is not counted; what it expects nothing of is.
func MailOf(s *lang.Script) Mail {
	c := counting{left: mostItems}
	c.items(s.Items)
	for len(c.due) > 0 {
		c.reply("2")
	}
	return c.mail
}

// counting follows the transactions of a script.
type counting struct {
	mail       Mail
	recipients int      // of the transaction
	due        []string // what has no reply yet: a verb, "." for the end of a message
	text       bool     // what the client says is message text
	left       int
}

func (c *counting) items(items []lang.Item) {
	for _, item := range items {
		if c.left--; c.left < 0 {
			c.mail.More = true
			return
		}
		switch i := item.(type) {
		case lang.Include:
			c.items(i.Items)
		case lang.Repeat:
			for range i.Times {
				if c.items(i.Items); c.mail.More {
					return
				}
			}
		case lang.Client:
			c.line(i.Line.Raw)
		case lang.Data:
			c.text, c.due = false, append(c.due, ".")
		case lang.BDAT:
			c.due = append(c.due, ".")
		case lang.Server:
			c.reply(i.Code())
		}
	}
}

// line is what the client says.
func (c *counting) line(line string) {
	last := ""
	if n := len(c.due); n > 0 {
		last = c.due[n-1]
	}
	switch verb := wire.Verb([]byte(line)); {
	case (c.text || last == "DATA") && line == ".":
		c.text, c.due = false, append(c.due, ".")
	case c.text || last == "DATA":
		c.text = true
	case verb == "BDAT" && strings.HasSuffix(strings.ToUpper(line), " LAST"):
		c.due = append(c.due, ".")
	default:
		c.due = append(c.due, verb)
	}
}

// reply is what the script expects the server to say to the first of what has
// no reply yet.
func (c *counting) reply(code string) {
	if len(c.due) == 0 {
		return // the greeting
	}
	verb := c.due[0]
	c.due = c.due[1:]
	refused := strings.HasPrefix(code, "4") || strings.HasPrefix(code, "5")
	switch {
	case verb == "DATA":
		c.text = !refused && len(c.due) == 0
	case refused:
	case verb == "RCPT":
		c.recipients++
	case verb == "MAIL", verb == "RSET":
		c.recipients = 0
	case verb == ".":
		c.mail.Messages++
		c.mail.Recipients += c.recipients
		c.recipients = 0
	}
}
