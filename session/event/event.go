// Package event is what a session tells: the sealed set of things that can
// happen, as plain data. The screen, the plain text, the JSON, a recorded
// script and the tests all read these and nothing else.
//
// A Sink gets every event exactly once, in the order of Seq, from one caller
// at a time. It may block, and the session then waits (back pressure): nothing
// is dropped. It must not call back into the session.
//
// Octets in events are complete and as they were on the wire. What must not
// be shown is marked (Sent.Secret), and every encoder masks it.
package event

import (
	"sync"
	"time"

	"ehlo/session/wire"
)

// Event is one thing that happened. The set is closed: All has one of each.
type Event interface {
	Header() Head
	with(Head) Event
}

// Head is what all events have in common.
type Head struct {
	Seq  int64     // from 1, without gaps, over all connections of a run
	At   time.Time // when it happened; for what was read, when it arrived
	Conn int       // the connection it belongs to, from 1; 0 for none (DNS)
}

// Header returns the head itself: every event embeds it.
func (h Head) Header() Head { return h }

// Sink takes events; see the package comment for what it may rely on.
type Sink func(Event)

// Stamp returns the event with another head.
func Stamp(e Event, h Head) Event { return e.with(h) }

// Name is the event's name in the output of --output events.
func Name(e Event) string {
	switch e.(type) {
	case DNS:
		return "dns"
	case Route:
		return "route"
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Sent:
		return "sent"
	case Message:
		return "message"
	case Waiting:
		return "waiting"
	case Received:
		return "received"
	case Reply:
		return "reply"
	case TLS:
		return "tls"
	case Login:
		return "auth"
	case Extensions:
		return "extensions"
	case Size:
		return "size"
	case Note:
		return "note"
	case Failed:
		return "failed"
	case Closed:
		return "closed"
	}
	return ""
}

// DNS is one question to one DNS server and what came of it.
type DNS struct {
	Head
	Name          string // as asked, in presentation form
	Type          string // "MX"
	Server        string // address and port
	Network       string // "udp" or "tcp"
	Rcode         string // "NOERROR", "NXDOMAIN"; empty where nothing came
	Answers       []string
	Authenticated bool   // the AD bit
	TTL           uint32 // seconds; the smallest of the answers
	Elapsed       time.Duration
	Error         string
}

// Route is where a target's mail goes: the result of the look-ups.
type Route struct {
	Head
	Domain        string // A-labels
	Unicode       string // U-labels where they differ
	Source        string // mx, address, literal, server, socket, srv
	Authenticated bool
	Elapsed       time.Duration
	Exchangers    []Exchanger // in the order they will be tried
	Reason        string
}

// Exchanger is one host of a route.
type Exchanger struct {
	Host       string
	Unicode    string
	Preference uint16
	Port       uint16 // 0: the target's
	Addresses  []string
	Notes      []string // what is wrong with it, or odd
	Error      *Error
}

// Connecting is the start of an attempt to connect; it begins a connection.
type Connecting struct {
	Head
	Host    string // the exchanger's name, or the address where there is none
	Network string // "tcp" or "unix"
	Address string // address and port, or the socket's path
	URL     string // the target of @connect that leads there
	Timeout time.Duration
}

// Connected is a connection that stands.
type Connected struct {
	Head
	Local   string
	Remote  string
	Elapsed time.Duration
}

// Sent is one line that was handed to the network, without its CRLF.
type Sent struct {
	Head
	Line   []byte
	Raw    bool   // octets as they were sent: no CRLF was behind them, line ends are within
	Text   bool   // a line of message text, not a command
	Chunk  bool   // a BDAT command of a Message that is told as a whole
	Login  string // the mechanism, where the line is part of a login
	Secret []Span // octets of Line that no encoder shows
}

// Mask stands in the place of a secret. Its length says nothing of the
// secret's.
const Mask = "********"

// Masked is the line as it may be shown.
func (e Sent) Masked() []byte {
	if len(e.Secret) == 0 {
		return e.Line
	}
	var out []byte
	from := 0
	for _, s := range e.Secret {
		out = append(out, e.Line[from:s.Start]...)
		out = append(out, Mask...)
		from = s.End
	}
	return append(out, e.Line[from:]...)
}

// Span marks octets of a line: from Start up to, not including, End.
type Span struct{ Start, End int }

// Message is a message's text that was sent as a whole. A short message is
// told by a Sent for each of its lines too; then Shown is true.
type Message struct {
	Head
	Octets      int64  // as RFC 1870 counts them
	Lines       int64  //
	Transferred int64  // on the wire, with transparency and the final dot
	File        string // where it came from; empty if it was composed
	Chunk       int64  // octets of a chunk, where it was sent in chunks (BDAT, RFC 3030); 0: after DATA
	Complete    bool   // the final dot, or the last chunk, was sent
	Shown       bool
}

// Waiting is the start of a wait that a person may want to watch.
type Waiting struct {
	Head
	For     string // "greeting", "reply to MAIL", "TLS handshake"
	Timeout time.Duration
}

// Received is one line that the server sent.
type Received struct {
	Head
	Line   wire.Line
	Secret []Span // octets of Line that no encoder shows
	Login  bool   // it is part of a login
}

// Masked is the line as it may be shown.
func (e Received) Masked() []byte { return Sent{Line: e.Line.Octets, Secret: e.Secret}.Masked() }

// Reply is a complete reply; its lines were Received before.
type Reply struct {
	Head
	Reply   wire.Reply
	Stage   Stage
	Verb    string        // the command it answers: "MAIL"; "." for the message; empty for the greeting
	Command []byte        // that command's line
	Elapsed time.Duration // since that command was sent
	// Recipient is whom the reply is about, where an LMTP server answers for
	// each recipient at the end of the message (RFC 2033 4.2).
	Recipient string
	// Unasked is a reply that no command was waiting for.
	Unasked bool
	// Answer is a reply to a question, as a search for the maximum message size
	// asks it: a refusal is no failure.
	Answer bool
}

// TLS is a TLS handshake that came to an end.
type TLS struct {
	Head
	Mode         string // "starttls" or "implicit"
	Version      string // "TLS 1.3"
	Cipher       string
	ServerName   string // what was sent as SNI, if anything
	Expected     string // the name or address looked for in the certificate
	Verified     bool
	Problem      string // why it does not verify, in words
	Certificates []Certificate
	Elapsed      time.Duration
}

// Certificate is one certificate as the server sent it, leaf first.
type Certificate struct {
	Subject   string
	Issuer    string
	Names     []string
	NotBefore time.Time
	NotAfter  time.Time
	Key       string // "ECDSA P-256"
	SHA256    string // hexadecimal, of the whole certificate
}

// Login is a login that came to its end.
type Login struct {
	Head
	Mechanism string
	OK        bool
}

// Extensions is what the server offers from now on.
type Extensions struct {
	Head
	Protocol string // ESMTP, SMTP (after HELO) or LMTP
	Offers   wire.Offers
	TLS      bool // said under TLS
}

// Size is what is known of the maximum message size: what the server declares,
// and during and after a search what it has found out.
type Size struct {
	Head
	Size  wire.Size
	Limit *Limit // nil: there was no search
}

// Note is anything else worth saying: an anomaly, a decision of ehlo's.
type Note struct {
	Head
	Text string
}

// Failed is an action that could not be carried out.
type Failed struct {
	Head
	Error *Error
}

// Closed is the end of a connection.
type Closed struct {
	Head
	By      string // "client" or "server"
	Reset   bool   // the client broke it off (TCP RST)
	Problem string // what was wrong with the way it ended, or ""
}

func (e DNS) with(h Head) Event        { e.Head = h; return e }
func (e Route) with(h Head) Event      { e.Head = h; return e }
func (e Connecting) with(h Head) Event { e.Head = h; return e }
func (e Connected) with(h Head) Event  { e.Head = h; return e }
func (e Sent) with(h Head) Event       { e.Head = h; return e }
func (e Message) with(h Head) Event    { e.Head = h; return e }
func (e Waiting) with(h Head) Event    { e.Head = h; return e }
func (e Received) with(h Head) Event   { e.Head = h; return e }
func (e Reply) with(h Head) Event      { e.Head = h; return e }
func (e TLS) with(h Head) Event        { e.Head = h; return e }
func (e Login) with(h Head) Event      { e.Head = h; return e }
func (e Extensions) with(h Head) Event { e.Head = h; return e }
func (e Size) with(h Head) Event       { e.Head = h; return e }
func (e Note) with(h Head) Event       { e.Head = h; return e }
func (e Failed) with(h Head) Event     { e.Head = h; return e }
func (e Closed) with(h Head) Event     { e.Head = h; return e }

// Line is one sequence for several sessions that run at the same time: each
// joins it with its own sink and gets events whose numbers, of events and of
// connections, no other session of the line has.
type Line struct {
	mu    sync.Mutex
	seq   int64
	conns int
	all   Sink
}

// NewLine starts a sequence. all gets every event of it, before the sink of
// its session does; nil: nobody listens to all.
func NewLine(all Sink) *Line { return &Line{all: all} }

// Join returns the sink for one session. One event of the line at a time is
// handed on, to all and to sink.
func (l *Line) Join(sink Sink) Sink {
	conns := map[int]int{}
	return func(e Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		h := e.Header()
		if h.Conn != 0 {
			if conns[h.Conn] == 0 {
				l.conns++
				conns[h.Conn] = l.conns
			}
			h.Conn = conns[h.Conn]
		}
		l.seq++
		h.Seq = l.seq
		e = e.with(h)
		if l.all != nil {
			l.all(e)
		}
		sink(e)
	}
}

// All has one event of each kind, so that the tests of every encoder can
// range over them.
func All() []Event {
	reply, _, _ := wire.ParseReply([]byte("250-mx1.example.com\r\n250 SIZE 14680064\r\n"))
	return []Event{
		DNS{Name: "example.com.", Type: "MX", Server: "192.0.2.53:53", Network: "udp", Rcode: "NOERROR", Answers: []string{"10 mx1.example.com"}, TTL: 300, Elapsed: 12 * time.Millisecond},
		Route{Domain: "example.com", Source: "mx", Exchangers: []Exchanger{{Host: "mx1.example.com", Preference: 10, Addresses: []string{"192.0.2.1"}}}, Reason: "it has MX records"},
		Connecting{Host: "mx1.example.com", Network: "tcp", Address: "192.0.2.1:25", URL: "smtp://mx1.example.com"},
		Connected{Local: "198.51.100.7:40000", Remote: "192.0.2.1:25", Elapsed: 12 * time.Millisecond},
		Waiting{For: "greeting", Timeout: time.Minute},
		Received{Line: wire.Line{Octets: []byte("220 mx1.example.com ESMTP")}},
		Reply{Reply: reply, Stage: Helo, Verb: "EHLO", Command: []byte("EHLO client.example.net")},
		Extensions{Protocol: "ESMTP", Offers: wire.ParseEHLO(reply)},
		Size{Size: wire.ParseEHLO(reply).Size()},
		TLS{Mode: "starttls", Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Expected: "mx1.example.com", Problem: "unknown issuer", Certificates: []Certificate{{Subject: "CN=mx1.example.com", Issuer: "CN=Example CA", Names: []string{"mx1.example.com"}, Key: "ECDSA P-256", SHA256: "00"}}},
		Login{Mechanism: "PLAIN", OK: true},
		Sent{Line: []byte("MAIL FROM:<a@example.net>")},
		Message{Octets: 1204, Lines: 40, Transferred: 1210, Complete: true},
		Note{Text: "SIZE is listed 2 times; the last one counts"},
		Failed{Error: &Error{Kind: Rejected, Stage: Rcpt, Message: "RCPT refused", Reply: &reply}},
		Closed{By: "server"},
	}
}
