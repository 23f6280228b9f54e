package transcript

import (
	"ehlo/session/event"
	"ehlo/session/wire"
)

// order puts events into the order in which a script has them. A message that is
// sent in chunks and told as a whole is told when it is over, also where a chunk
// was refused before that. In a script @bdat comes first, and then the reply that
// refuses it: that reply waits for the message.
type order struct {
	chunks  int  // BDAT commands of such a message, not answered and not the last
	refused bool // one of the message that is told now was
	held    []event.Event
	octets  int // of the lines that are held
}

// take takes the next event, and returns those whose turn it is.
func (o *order) take(e event.Event) []event.Event {
	o.refused = false
	switch e := e.(type) {
	case event.Sent:
		all := append(o.release(), e)
		if _, last, _ := wire.ParseBDAT(e.Line); e.Chunk && !last {
			o.chunks++
		}
		return all
	case event.Received:
		if o.chunks == 0 || len(o.held) == 0 && o.taken(e) {
			return []event.Event{e}
		}
		o.held = append(o.held, e)
		if o.octets += len(e.Line.Octets); o.octets > mostReply {
			return o.release()
		}
		return nil
	case event.Reply:
		if len(o.held) > 0 {
			o.held = append(o.held, e)
			return nil
		}
		if e.Verb == "BDAT" && o.chunks > 0 {
			o.chunks--
		}
		return []event.Event{e}
	case event.Message:
		refused := len(o.held) > 0
		all := append([]event.Event{e}, o.release()...)
		o.chunks, o.refused = 0, refused
		return all
	case event.Waiting, event.Note, event.DNS, event.Route:
		return []event.Event{e}
	}
	return append(o.release(), e)
}

// taken says that a line of the server's answers a chunk that it has taken, and
// that is not the last.
func (o *order) taken(e event.Received) bool {
	return o.chunks > 0 && codeOf(e.Line.Octets)/100 == 2
}

// release returns what is held: the message does not come.
func (o *order) release() []event.Event {
	held := o.held
	if o.held, o.octets = nil, 0; len(held) > 0 {
		o.chunks = 0
	}
	return held
}
