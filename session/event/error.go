package event

import (
	"fmt"

	"ehlo/session/wire"
)

// Error says why what was asked for did not happen.
type Error struct {
	Kind    Kind
	Stage   Stage
	Message string      // one sentence: what was attempted, with whom, what came
	Hint    string      // what to do, or ""
	Lines   []string    // the same as Message, in several lines that are quicker to read; or nil
	Reply   *wire.Reply // the server's words, if they are the reason
	Err     error       // the cause below, or nil
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a message.
func Errorf(kind Kind, stage Stage, format string, args ...any) *Error {
	return &Error{Kind: kind, Stage: stage, Message: fmt.Sprintf(format, args...)}
}

// Kind names a failure, as the JSON report has it.
type Kind string

const (
	Usage               Kind = "usage"
	Input               Kind = "input"
	Config              Kind = "config"
	NoSuchDomain        Kind = "no_such_domain"
	NullMX              Kind = "null_mx"
	NoAddress           Kind = "no_address"
	DNSFailure          Kind = "dns_failure"
	DNSTimeout          Kind = "dns_timeout"
	Refused             Kind = "refused"
	Unreachable         Kind = "unreachable"
	ConnectTimeout      Kind = "connect_timeout"
	ReplyTimeout        Kind = "reply_timeout"
	ConnectionLost      Kind = "connection_lost"
	MalformedReply      Kind = "malformed_reply"
	ReplyTooLong        Kind = "reply_too_long"
	Rejected            Kind = "rejected" // 5yz
	Deferred            Kind = "deferred" // 4yz
	TLSFailed           Kind = "tls_failed"
	TLSUnverified       Kind = "tls_unverified"
	TLSUnavailable      Kind = "tls_unavailable"
	STARTTLSInjection   Kind = "starttls_injection"
	AuthFailed          Kind = "auth_failed"
	AuthUnavailable     Kind = "auth_unavailable"
	MessageTooLarge     Kind = "message_too_large"
	SMTPUTF8Unavailable Kind = "smtputf8_unavailable"
	ExpectationFailed   Kind = "expectation_failed"
	Interrupted         Kind = "interrupted"
	Skipped             Kind = "skipped" // the person went on to the next address
	Internal            Kind = "internal"
)

// Stage is how far a session is. It decides the exit code; the JSON report
// has the coarser phase.
type Stage uint8

const (
	NoStage     Stage = iota // usage, files
	Lookup                   // DNS
	Connect                  // the connection itself
	Banner                   // the greeting
	Helo                     // EHLO, HELO, LHLO
	StartTLS                 // STARTTLS and every handshake
	HeloTLS                  // EHLO after STARTTLS
	XClient                  // XCLIENT, XFORWARD
	HeloXClient              // EHLO after XCLIENT
	Auth                     //
	Mail                     //
	Rcpt                     //
	Data                     // DATA until its 354
	Dot                      // the message and the reply to its end
	Quit                     //
	ScriptRun                // a script's own expectations
)

var stages = [...]struct {
	phase string
	exit  int // where the server refuses, says nothing, or goes away
}{
	NoStage:     {"usage", 1},
	Lookup:      {"dns", 43},
	Connect:     {"connect", 2},
	Banner:      {"greeting", 21},
	Helo:        {"helo", 22},
	StartTLS:    {"tls", 29},
	HeloTLS:     {"helo", 32},
	XClient:     {"helo", 33},
	HeloXClient: {"helo", 34},
	Auth:        {"auth", 28},
	Mail:        {"mail", 23},
	Rcpt:        {"rcpt", 24},
	Data:        {"data", 25},
	Dot:         {"data", 26},
	Quit:        {"quit", 0},
	ScriptRun:   {"script", 6},
}

// Phase is the stage as the JSON report names it.
func (s Stage) Phase() string { return stages[s].phase }

// String is the stage in a sentence's word.
func (s Stage) String() string { return s.Phase() }

// Exit is the exit code of the contract for this failure; a nil Error is 0.
func (e *Error) Exit() int {
	if e == nil {
		return 0
	}
	switch e.Kind {
	case Usage, Input, Config:
		return 1
	case NoSuchDomain, NullMX, NoAddress:
		return 42
	case DNSFailure, DNSTimeout:
		return 43
	case Refused, Unreachable, ConnectTimeout:
		return 2
	case MalformedReply, ReplyTooLong, STARTTLSInjection:
		return 44
	case MessageTooLarge:
		return 41
	case SMTPUTF8Unavailable:
		return 23
	case TLSFailed, TLSUnverified, TLSUnavailable:
		return 29
	case AuthFailed, AuthUnavailable:
		return 28
	case ExpectationFailed:
		return 40
	case Interrupted:
		return 130
	case Internal:
		return 70
	}
	if e.Stage == Connect {
		return 6 // a connection that stood and was lost outside the stages
	}
	return stages[e.Stage].exit
}
