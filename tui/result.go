package tui

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
)

// result is what became of a message: the session as far as it is about it.
type result struct {
	of     *engine.Posting // nil: there is none
	view   transcript.View
	mails  int                 // replies to MAIL: the first is its own
	mail   *event.Reply        // that one, where it is a refusal
	final  *event.Reply        // the last one to the end of the message
	ended  bool                // it is not on its way any more
	known  transcript.Delivery // what became of it, when that is sure
	err    error
	server string
	draft  string // its text
	core   string // the same without the recipients
	noted  bool   // that somebody has it
}

// begin is a message that is handed to the engine.
func (r *result) begin(p *engine.Posting, c *transcript.Conversation) {
	*r = result{of: p, server: c.Name()}
	now := *c
	now.Recipients, now.Message, now.Error = nil, nil, nil
	r.view.Sessions = []*transcript.Conversation{&now}
}

// lettersMost is how many messages that were sent are kept, to be saved with
// the session. Of what is attached only the path is.
const lettersMost = 16

// hear takes an event of the session.
func (c *composer) hear(e event.Event) {
	if m, ok := e.(event.Message); ok && c.result.of != nil && !c.result.ended && m.Seq != 0 {
		c.letters = maps.Clone(c.letters) // a script may be being saved with them
		if c.letters == nil {
			c.letters = map[int64]*message.Message{}
		}
		if len(c.letters) == lettersMost {
			delete(c.letters, slices.Min(slices.Collect(maps.Keys(c.letters))))
		}
		c.letters[m.Seq] = c.result.of.Letter.Message
	}
	c.result.Apply(e)
}

// Apply takes the events up to the next transaction.
func (r *result) Apply(e event.Event) {
	reply, isReply := e.(event.Reply)
	if isReply && reply.Verb == "MAIL" {
		if r.mails++; r.mails == 1 && reply.Reply.Class() >= 4 {
			r.mail = &reply
		}
	}
	if r.of == nil || r.mails > 1 || r.ended && r.delivery() != transcript.DeliveryUnknown {
		return // what is said now is not about it
	}
	r.view.Apply(e)
	if isReply && reply.Verb == "." && reply.Recipient == "" {
		r.final = &reply
	}
}

// settle takes what the engine says of the message. What was accepted for
// everybody need not be kept.
func (c *composer) settle(p engine.Posted) {
	r := &c.result
	if r.of != nil && p.Of == r.of {
		r.ended, r.err = true, p.Err
	}
	if !r.ended || r.noted || r.delivery() == transcript.DeliveryUnknown {
		return
	}
	r.noted = true
	c.had.note(r.core, r.delivery(), r.recipients())
	if r.delivery() == transcript.DeliveryAccepted {
		c.kept = r.draft
	}
}

// delivery is what became of the message, as far as is known.
func (r *result) delivery() transcript.Delivery {
	if r.mails == 0 {
		return transcript.DeliveryNone
	}
	if r.known != "" { // there may be many recipients to look at
		return r.known
	}
	d := r.view.Now().Delivery()
	if r.ended && d != transcript.DeliveryUnknown {
		r.known = d
	}
	return d
}

// recipients are those that the server has answered for. Behind a refused MAIL
// the replies to RCPT say nothing of them.
func (r *result) recipients() []transcript.Recipient {
	if r.of == nil || r.mails == 0 || r.mail != nil {
		return nil
	}
	return r.view.Now().Recipients
}

// rows is how many the pane shows: how it stands, the reply to the message, its
// queue id, and each recipient.
func (r *result) rows() int {
	if r.of == nil {
		return 0
	}
	n := 1 + len(r.recipients())
	if r.final != nil {
		n++
	}
	if r.queueID() != "" {
		n++
	}
	return n
}

// queueID is what the server calls the message, by which its postmaster finds
// it; empty where it did not say.
func (r *result) queueID() string {
	if r.final == nil {
		return ""
	}
	return wire.QueueID(r.final.Reply)
}

// row is one of them: its mark, what it is about, and what there is to say.
func (r *result) row(n int) (mark byte, label, text string) {
	if n == 0 {
		return r.head()
	}
	if r.final != nil {
		if n == 1 {
			return replyMark(r.final.Reply), "message", r.final.Reply.String()
		}
		n--
	}
	if id := r.queueID(); id != "" {
		if n == 1 {
			return ' ', "queue id", id
		}
		n--
	}
	to := r.recipients()[n-1]
	word := map[byte]string{' ': wordOK, '~': "LATER", '!': wordFail}[replyMark(to.Reply)]
	return replyMark(to.Reply), word, wire.VisibleOctets([]byte(to.Address)) + ": " + to.Reply.String()
}

// head is how the message stands.
func (r *result) head() (mark byte, label, text string) {
	if !r.ended {
		return ' ', wordWait, wire.Thousands(uint64(r.of.Letter.Message.Size.Octets)) + " octets go to " + r.server
	}
	d := r.delivery()
	text = string(d) + " (" + r.server + ")"
	if r.err != nil && !r.told() {
		text += "; " + r.err.Error()
	}
	switch d {
	case transcript.DeliveryAccepted:
		return ' ', "delivery", text
	case transcript.DeliveryUnknown, transcript.DeliveryDeferred:
		return '~', "delivery", text
	}
	return '!', "delivery", text
}

// told says that the other rows have the reason: replies to RCPT or to the
// message, also one that came when it was no longer waited for.
func (r *result) told() bool {
	e, ok := errors.AsType[*event.Error](r.err)
	return ok && (e.Stage == event.Rcpt && e.Reply != nil || r.final != nil)
}

func replyMark(r wire.Reply) byte {
	switch r.Class() {
	case 2, 3:
		return ' '
	case 4:
		return '~'
	}
	return '!'
}

// decided is the reply that what became of it hangs on: the refused MAIL, the
// reply to the message, or the refusal of a recipient.
func (r *result) decided() *event.Reply {
	if r.mail != nil || r.final != nil {
		return cmp.Or(r.mail, r.final)
	}
	for _, to := range r.recipients() {
		if to.Reply.Class() >= 4 {
			return refusedTo(to)
		}
	}
	return nil
}

// refusedTo is the reply to a recipient, to be explained.
func refusedTo(to transcript.Recipient) *event.Reply {
	return &event.Reply{Reply: to.Reply, Verb: "RCPT", Command: []byte("RCPT TO:<" + to.Address + ">")}
}

// explained is a reply of the result, to be explained; nil: the row has none.
func (r *result) explained(n int) *event.Reply {
	switch {
	case n == 0:
		return r.decided()
	case n == 1 && r.final != nil:
		return r.final
	case n == 2 && r.queueID() != "":
		return r.final
	case r.queueID() != "":
		n -= 2
	case r.final != nil:
		n--
	}
	return refusedTo(r.recipients()[n-1])
}
