// Package transcript makes of a session's events what people and programs
// read: a View (what is known now), and the encoders for plain text, the JSON
// report and the JSON events. Every encoder masks what an event marks as
// secret and escapes what came from outside.
package transcript

import (
	"cmp"
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// View is what is known now of a target: fold it over the events with Apply.
// It does not keep the transcript, and does not grow with it.
type View struct {
	Started  time.Time // of the first event
	Last     time.Time // of the last event
	Queries  int       // DNS exchanges
	Route    *event.Route
	Sessions []*Conversation // one for each connection that was attempted, in order
	Error    *event.Error    // the last failure, if nothing has succeeded since
	Lookup   time.Time       // the start of a look-up that is newer than the last of Sessions, or zero

	failed  bool // that look-up has
	Refused int  // replies 4yz and 5yz, those to questions aside
}

// State is how far a connection is.
type State string

const (
	Connecting State = "CONNECTING"
	Greeting   State = "GREETING" // connected, no greeting yet
	Greeted    State = "GREETED"  // no EHLO yet
	Ready      State = "READY"
	InText     State = "DATA" // the server waits for message text
	Closed     State = "CLOSED"
	Failing    State = "FAIL"
)

// Delivery is what became of the message.
type Delivery string

const (
	DeliveryNone     Delivery = "none"     // nothing was handed over
	DeliveryAccepted Delivery = "accepted" // for every recipient
	DeliveryRejected Delivery = "rejected" // for good
	DeliveryDeferred Delivery = "deferred" // for now
	DeliveryPartial  Delivery = "partial"  // for some recipients
	DeliveryUnknown  Delivery = "unknown"  // no reply to the final dot
)

// Recipient is a recipient of the last transaction and what the server said
// of it.
type Recipient struct {
	Address string
	Reply   wire.Reply
	final   bool // Reply is that to the message (LMTP)
}

// Timings is where the time went; 0 where a step was not taken. With
// pipelining the replies of a group have a common start.
type Timings struct {
	Connect, Greeting, Helo, TLS, Auth, Mail, Rcpt, Data time.Duration
}

// Conversation is one connection.
type Conversation struct {
	Conn            int
	Host            string
	Network         string
	Address         string
	URL             string
	State           State
	Started, Ended  time.Time
	Greeting        *wire.Reply
	Protocol        string
	Offers          wire.Offers
	OffersBeforeTLS wire.Offers
	OffersToAnybody wire.Offers // before the login; nil: there was no EHLO behind one
	Size            *wire.Size
	SizeBeforeLogin *wire.Size   // nil: there was no EHLO behind a login
	Limit           *event.Limit // what a search for the maximum size has found out
	TLS             *event.TLS
	Auth            *event.Login
	LoggedIn        bool        // by Auth, or by hand
	Transaction     Transaction // that is open now
	Recipients      []Recipient // of the last one
	Message         *event.Message
	QueueID         string // what the server calls that message; empty: it did not say
	Timings         Timings
	Waiting         *event.Waiting // what is awaited now
	LastReply       *event.Reply
	Refused         int // replies 4yz and 5yz, as a server may count them
	Misused         int // of these, those that say that a command was none: 500 to 504
	Error           *event.Error

	dotSent  bool
	answered bool     // the end of the message has its reply
	refused  bool     // MAIL was
	verdict  Delivery // of the present transaction, recipients aside
}

// Now is the connection that was opened last; nil where there was none, or
// where another target was looked up since.
func (v *View) Now() *Conversation {
	if !v.Lookup.IsZero() {
		return nil
	}
	return v.newest()
}

func (v *View) newest() *Conversation {
	if len(v.Sessions) == 0 {
		return nil
	}
	return v.Sessions[len(v.Sessions)-1]
}

func (v *View) lookUp(at time.Time) {
	if v.Lookup.IsZero() {
		v.Lookup = at
	}
}

// of is the conversation that an event belongs to.
func (v *View) of(conn int) *Conversation {
	for i := len(v.Sessions) - 1; i >= 0; i-- {
		if v.Sessions[i].Conn == conn {
			return v.Sessions[i]
		}
	}
	return nil
}

// Apply takes the next event.
func (v *View) Apply(e event.Event) {
	h := e.Header()
	if v.Started.IsZero() {
		v.Started = h.At
	}
	v.Last = h.At
	switch e := e.(type) {
	case event.DNS:
		v.Queries++
		if v.failed {
			v.Lookup, v.failed = time.Time{}, false
		}
		if c := v.newest(); c == nil || !c.Ended.IsZero() {
			v.lookUp(h.At)
		}
		return
	case event.Route:
		v.Route = &e
		v.lookUp(h.At)
		return
	case event.Connecting:
		v.Lookup, v.failed = time.Time{}, false
		v.Sessions = append(v.Sessions, &Conversation{
			Conn: h.Conn, Host: e.Host, Network: e.Network, Address: e.Address, URL: e.URL,
			State: Connecting, Started: h.At, verdict: DeliveryNone,
		})
		return
	case event.Failed:
		if e.Error.Stage != event.Quit {
			v.Error = e.Error
		}
		if e.Error.Stage == event.Lookup { // it is no connection's
			if c := v.newest(); c != nil && c.Ended.IsZero() { // that goes on
				v.Lookup, v.failed = time.Time{}, false
				return
			}
			v.lookUp(h.At)
			v.failed = true
			return
		}
	case event.Reply:
		if c := e.Reply.Class(); (c == 4 || c == 5) && !e.Answer {
			v.Refused++
		}
	}
	if c := v.of(h.Conn); c != nil {
		c.apply(e, h.At)
		if c.State == Ready && c.Error == nil {
			v.Error = nil
		}
	}
}

func (c *Conversation) apply(e event.Event, at time.Time) {
	switch e := e.(type) {
	case event.Connected:
		c.State, c.Timings.Connect = Greeting, e.Elapsed
	case event.Waiting:
		c.Waiting = &e
	case event.Sent:
		if e.Text && string(e.Line) == "." {
			c.dotSent = true
		}
	case event.Message:
		c.Message, c.dotSent = &e, e.Complete
	case event.Reply:
		c.Waiting = nil
		c.reply(e)
	case event.TLS:
		c.Waiting = nil
		c.TLS = &e
		c.Timings.TLS += e.Elapsed
		if e.Mode == "starttls" {
			c.OffersBeforeTLS, c.Offers, c.Size, c.Protocol = c.Offers, nil, nil, ""
			c.Transaction, c.LoggedIn = Transaction{}, false // all is forgotten (RFC 3207 4.2)
		}
	case event.Login:
		c.Auth = &e
	case event.Extensions:
		if c.Auth != nil && c.Auth.OK && c.OffersToAnybody == nil {
			c.OffersToAnybody = c.Offers
		}
		c.Offers, c.Protocol = e.Offers, e.Protocol
	case event.Size:
		c.sized(e)
	case event.Failed:
		c.Waiting = nil
		switch {
		case e.Error.Stage == event.Quit:
			return
		case e.Error.Kind == event.ExpectationFailed:
			// The session is as good as it was.
			c.Error = cmp.Or(c.Error, e.Error)
			return
		}
		c.Error = e.Error
		if c.State == Ready && goesOn(e.Error.Kind) {
			return
		}
		c.Ended = at
		if c.State != Closed || c.Greeting == nil || c.Greeting.Code != 220 { // it never came to a session
			c.State = Failing
		}
		switch {
		case e.Error.Stage != event.Dot || c.answered:
		case c.dotSent && e.Error.Reply == nil:
			c.verdict = DeliveryUnknown
		case c.dotSent: // a refusal, of which the reply was told
		case e.Error.Reply != nil:
			c.verdict = refusalOf(*e.Error.Reply)
		}
	case event.Closed:
		c.Waiting = nil
		if c.dotSent && !c.answered && c.verdict == DeliveryNone && c.State == InText {
			c.verdict = DeliveryUnknown
		}
		c.Ended = at
		if c.State != Failing {
			c.State = Closed
		}
	}
}

// goesOn says that a failure of this kind ends no session that is open: only
// whoever gives up does, and then that is told.
func goesOn(k event.Kind) bool {
	switch k {
	case event.AuthFailed, event.AuthUnavailable, event.SMTPUTF8Unavailable:
		return true
	}
	return false
}

// sized takes into account what is known of the maximum message size. The MAIL
// of a search are no transactions: nothing is to be delivered.
func (c *Conversation) sized(e event.Size) {
	if e.Limit != nil {
		c.Limit, c.verdict, c.refused = e.Limit, DeliveryNone, false
	} else if c.Auth != nil && c.Auth.OK && c.SizeBeforeLogin == nil {
		c.SizeBeforeLogin = c.Size
	}
	c.Size = &e.Size
}

// reply takes a reply into account.
func (c *Conversation) reply(e event.Reply) {
	c.LastReply = &e
	if e.Unasked {
		return
	}
	if class := e.Reply.Class(); class == 4 || class == 5 {
		c.Refused++
	}
	if e.Reply.Code >= 500 && e.Reply.Code <= 504 {
		c.Misused++
	}
	c.transact(e)
	ok := e.Reply.Positive()
	if e.Command == nil && e.Stage == event.Banner {
		c.Greeting, c.Timings.Greeting = &e.Reply, e.Elapsed
		c.State = Greeted
	}
	switch e.Verb {
	case "EHLO", "HELO", "LHLO":
		c.Timings.Helo += e.Elapsed
		if ok {
			c.State = Ready
		}
	case "STARTTLS":
		c.Timings.TLS += e.Elapsed
	case "AUTH":
		c.Timings.Auth += e.Elapsed
	case "MAIL":
		c.Timings.Mail = e.Elapsed
		c.Recipients, c.Message, c.dotSent, c.answered, c.QueueID = nil, nil, false, false, ""
		c.verdict, c.refused = refusalOf(e.Reply), !ok
	case "RCPT":
		c.Timings.Rcpt = max(c.Timings.Rcpt, e.Elapsed)
		c.Recipients = append(c.Recipients, Recipient{Address: wire.PathOf(e.Command), Reply: e.Reply})
	case "DATA":
		c.Timings.Data = e.Elapsed
		if e.Reply.Code == 354 {
			c.State = InText
		} else if c.verdict == DeliveryNone {
			c.verdict = refusalOf(e.Reply)
		}
	case ".":
		c.Timings.Data += e.Elapsed
		if c.State == InText {
			c.State = Ready
		}
		c.final(e)
	}
}

// final takes a reply to the end of the message.
func (c *Conversation) final(e event.Reply) {
	_, malformed := e.Reply.Malformed()
	switch {
	case c.refused:
		return // there was no transaction
	case malformed:
		c.verdict = DeliveryUnknown
		return
	case e.Recipient == "":
		c.answered, c.QueueID = true, wire.QueueID(e.Reply)
		c.verdict = refusalOf(e.Reply)
		if e.Reply.Positive() {
			c.verdict = DeliveryAccepted
		} else if c.verdict == DeliveryNone {
			c.verdict = DeliveryUnknown
		}
		return
	}
	for i, r := range c.Recipients {
		if r.Address == e.Recipient && r.Reply.Positive() && !r.final {
			c.Recipients[i].Reply, c.Recipients[i].final = e.Reply, true
			break
		}
	}
	c.QueueID = cmp.Or(c.QueueID, wire.QueueID(e.Reply)) // LMTP: each has its own
	c.verdict = DeliveryAccepted                         // the recipients say for whom
}

func refusalOf(r wire.Reply) Delivery {
	switch r.Class() {
	case 4:
		return DeliveryDeferred
	case 5:
		return DeliveryRejected
	}
	return DeliveryNone
}

// Delivery is what became of the last message of the connection.
func (c *Conversation) Delivery() Delivery {
	good, deferred, refused := 0, 0, 0
	for _, r := range c.Recipients {
		switch {
		case r.Reply.Positive():
			good++
		case r.Reply.Class() == 4:
			deferred++
			refused++
		case r.Reply.Class() == 5:
			refused++
		}
	}
	switch {
	case c.verdict == DeliveryNone && c.dotSent && !c.answered && c.State == InText:
		return DeliveryUnknown // until its reply comes the server may have taken it or not
	case refused == 0 || c.verdict == DeliveryUnknown:
		return c.verdict
	case good == 0 && deferred == refused:
		return DeliveryDeferred
	case good == 0:
		return DeliveryRejected
	case c.verdict == DeliveryAccepted:
		return DeliveryPartial
	}
	return c.verdict
}

// Name is the exchanger's name, or the address where there is none.
func (c *Conversation) Name() string {
	if c.Host != "" {
		return c.Host
	}
	return c.Address
}
