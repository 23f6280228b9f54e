// Package wire is SMTP as octets and values: lines with their true endings,
// replies with their anomalies, the list that EHLO returns in its order, what
// the extensions and the codes mean, and message data as DATA carries it.
//
// It is pure: no network, no clock, no goroutine, nothing to initialise.
// Everything here is permissive in reading and exact in telling: what a
// server sent is kept as it came, and what is wrong with it is named as a
// value (Anomaly), so that a caller can go on and still show it.
//
// RFC 5321 (SMTP), 2034 and 3463 (enhanced status codes), 1870 (SIZE), 2920
// (PIPELINING), 3207 (STARTTLS), 2033 (LMTP).
package wire

// Limits on what is read, in octets. RFC 5321 4.5.3.1 allows 512 for a reply
// line; servers are seen to send a few thousand (long policy texts, AUTH
// challenges of RFC 4954 up to 12,288). The limits here are an order of
// magnitude above all of that, and far below what would hurt: a hostile server
// can make ehlo keep MaxReply, not more.
const (
	MaxLine  = 64 << 10  // one line with its ending
	MaxReply = 256 << 10 // all lines of one reply

	// ReplyLine is what RFC 5321 4.5.3.1.5 allows, with the ending: longer is
	// an anomaly, not an error.
	ReplyLine = 512
)

// Ending is how a line ended.
type Ending uint8

const (
	CRLF    Ending = iota // as RFC 5321 2.3.8 asks
	LF                    // a bare line feed
	Cut                   // not at all: the connection ended in the middle of it
	TooLong               // not within MaxLine; the rest was not read
)

// Line is one line as it was sent: its octets without the ending.
type Line struct {
	Octets []byte
	Ending Ending
}
