package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"ehlo/internal/crash"
)

// payload is the size of an answer over UDP that is asked for, in octets: it
// fits every link without fragments (RFC 9715 3, DNS flag day 2020).
const payload = 1232

// largestPacket is what is read of a packet. A server that does not heed the
// size asked for may send more than payload; what does not fit in here either
// makes no sense and is dropped.
const largestPacket = 4096

// newQuery makes a question of a packet. AD asks for the AD bit in the answer
// without the signatures (RFC 6840 5.7).
func newQuery(q question, edns bool) *dns.Msg {
	m := new(dns.Msg).SetQuestion(q.name, q.kind)
	m.AuthenticatedData = true
	if edns {
		m.SetEdns0(payload, false)
	}
	return m
}

// roundTrip sends a question from a new socket and waits for its answer, for
// all of it no longer than the timeout.
func (l *lookup) roundTrip(ctx context.Context, server, network string, query *dns.Msg) (*dns.Msg, *failure) {
	limited, cancel := context.WithTimeout(ctx, l.Timeout)
	defer cancel()
	m, ignored, err := talk(limited, l.Dial, server, network, query)
	switch {
	case err == nil:
		return m, nil
	case ctx.Err() != nil:
		return nil, &failure{kind: Failure, text: "was interrupted", err: ctx.Err()}
	case limited.Err() != nil:
		text := "gave no answer within " + l.Timeout.String()
		switch {
		case ignored == 1:
			text += "; ignored 1 packet that does not answer the question"
		case ignored > 1:
			text += "; ignored " + strconv.Itoa(ignored) + " packets that do not answer the question"
		}
		return nil, &failure{kind: Timeout, text: text, err: err}
	}
	return nil, &failure{kind: Failure, text: trouble(network, err), err: err}
}

// trouble says in words what a socket's error is.
func trouble(network string, err error) string {
	over := strings.ToUpper(network)
	var system syscall.Errno
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection (" + over + ")"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed the connection before it answered (" + over + ")"
	case errors.As(err, &system):
		return "cannot be asked (" + over + "): " + system.Error()
	}
	return "cannot be asked (" + over + "): " + printable(err.Error())
}

// talk is the conversation on one socket. It gives the number of packets that
// were no answer, too.
func talk(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), server, network string, query *dns.Msg) (*dns.Msg, int, error) {
	packet, err := query.Pack()
	if err != nil {
		return nil, 0, err
	}
	conn, err := dial(ctx, network, server)
	if err != nil {
		return nil, 0, err
	}
	defer conn.Close()
	// A deadline in the past wakes a read or a write that is under way. It is
	// set by the context alone, so that an error can be told by asking it.
	defer crash.After(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	read := readPacket
	if network == "tcp" {
		read = readStream
		packet = append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
	}
	if _, err := conn.Write(packet); err != nil {
		return nil, 0, err
	}
	buffer := make([]byte, largestPacket)
	for ignored := 0; ; ignored++ {
		got, err := read(conn, &buffer)
		if err != nil {
			return nil, ignored, err
		}
		if m := parse(got, query, network); m != nil {
			return m, ignored, nil
		}
	}
}

func readPacket(conn net.Conn, buffer *[]byte) ([]byte, error) {
	n, err := conn.Read(*buffer)
	return (*buffer)[:n], err
}

// readStream reads a message with its length before it (RFC 1035 4.2.2).
func readStream(conn net.Conn, buffer *[]byte) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:]))
	if n > len(*buffer) {
		*buffer = make([]byte, n)
	}
	_, err := io.ReadFull(conn, (*buffer)[:n])
	return (*buffer)[:n], err
}

// parse gives the message in a packet if it answers the question (RFC 5452
// 9.1), else nothing.
func parse(packet []byte, query *dns.Msg, network string) *dns.Msg {
	m := new(dns.Msg)
	err := m.Unpack(packet)
	if m.Id != query.Id || !m.Response || m.Opcode != dns.OpcodeQuery {
		return nil
	}
	if err != nil {
		// Some servers cut a packet in the middle of a record. That it is
		// truncated is all that is used of it.
		if !m.Truncated || network != "udp" {
			return nil
		}
		m.Answer, m.Ns, m.Extra = nil, nil, nil
	}
	if len(m.Question) == 0 {
		// A server that did not understand the question cannot repeat it, and
		// some that refuse do not.
		if m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError {
			return nil
		}
		return m
	}
	asked, got := query.Question[0], m.Question[0]
	if len(m.Question) > 1 || got.Qtype != asked.Qtype || got.Qclass != asked.Qclass || dns.CanonicalName(got.Name) != asked.Name {
		return nil
	}
	return m
}
