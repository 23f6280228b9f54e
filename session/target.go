package session

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// TargetKind says how a target's servers are found.
type TargetKind uint8

const (
	Domain  TargetKind = iota // MX, else its own addresses (RFC 5321 5.1)
	Host                      // the addresses of a host, no MX
	Socket                    // a UNIX socket
	Process                   // a command that is started (--pipe)
)

// The ports of the schemes: RFC 5321, RFC 8314 3.3 and 6409; LMTP has none of
// its own (RFC 2033 3 forbids 25), 24 is what servers use.
const (
	PortSMTP        = 25
	PortLMTP        = 24
	PortSubmissions = 465
	PortSubmission  = 587
)

// Target is where a person wants to go, as they wrote it.
type Target struct {
	Text      string // as written
	Kind      TargetKind
	Scheme    string // smtp, smtps, submission, submissions, lmtp, unix; empty where none was given
	Host      string // domain or host name, or an address without brackets
	Port      uint16 // 0: not given
	Path      string // of a socket, or the command
	User      string // whom to log in as
	Recipient string // the address, where the target was one
}

func badTarget(s, why string) (Target, error) {
	err := event.Errorf(event.Usage, event.NoStage, "%s is not a target: %s", wire.Visible([]byte(s)), why)
	err.Hint = "a target is a domain, user@domain, host:port, [address], smtp://host[:port], submission://, submissions://, lmtp://host or lmtp:///path"
	return Target{}, err
}

// ParseTarget reads a TARGET of the command line (interface.md, Targets). It
// does no I/O. Its errors are *event.Error of kind usage.
func ParseTarget(s string) (Target, error) {
	if s == "" {
		return badTarget(s, "it is empty")
	}
	for _, r := range s {
		if r <= ' ' || r == 0x7f {
			return badTarget(s, "it has a space or a control character")
		}
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		return parseURL(s, strings.ToLower(scheme), rest)
	}
	t := Target{Text: s, Kind: Domain, Host: s}
	if addr, err := netip.ParseAddr(s); err == nil {
		t.Kind, t.Host = Host, addr.String()
		return t, nil
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if i == 0 || i == len(s)-1 {
			return badTarget(s, "something is missing beside the @")
		}
		t.Recipient, t.Host = s, s[i+1:]
		if addr, ok := wire.ParseLiteral(t.Host); ok {
			t.Kind, t.Host = Host, addr.String()
		} else if strings.Contains(t.Host, ":") {
			return badTarget(s, "an address has no port; use --server HOST:PORT")
		}
		return t, nil
	}
	host, port, err := splitHostPort(s)
	if err != "" {
		return badTarget(s, err)
	}
	t.Host, t.Port = host, port
	if port != 0 || strings.HasPrefix(s, "[") {
		t.Kind = Host
	}
	return t, nil
}

func parseURL(s, scheme, rest string) (Target, error) {
	t := Target{Text: s, Kind: Host, Scheme: scheme}
	switch scheme {
	case "smtp", "smtps", "submission", "submissions", "lmtp", "unix":
	default:
		return badTarget(s, "the scheme "+scheme+" is not known")
	}
	if strings.HasPrefix(rest, "/") {
		if scheme != "lmtp" && scheme != "unix" {
			return badTarget(s, "only lmtp:// and unix:// lead to a socket")
		}
		t.Kind, t.Path = Socket, rest
		return t, nil
	}
	if scheme == "unix" {
		return badTarget(s, "a socket is written unix:///path")
	}
	rest = strings.TrimSuffix(rest, "/")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		t.User, rest = rest[:i], rest[i+1:]
		if strings.Contains(t.User, ":") {
			return badTarget("…@"+rest, "a password does not belong on the command line")
		}
	}
	host, port, err := splitHostPort(rest)
	if err != "" {
		return badTarget(s, err)
	}
	t.Host, t.Port = host, port
	return t, nil
}

// splitHostPort reads host, host:port, [address] and [address]:port.
func splitHostPort(s string) (host string, port uint16, problem string) {
	host, portText := s, ""
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, "the bracket is not closed"
		}
		addr, ok := wire.ParseLiteral(s[:end+1])
		if !ok {
			return "", 0, "there is no IP address in the brackets"
		}
		host, portText = addr.String(), s[end+1:]
		if portText != "" {
			if portText[0] != ':' {
				return "", 0, "behind the bracket comes :port or nothing"
			}
			portText = portText[1:]
			if portText == "" {
				return "", 0, "the port is missing"
			}
		}
	case strings.Count(s, ":") > 1:
		if _, err := netip.ParseAddr(s); err != nil {
			return "", 0, "an IPv6 address with a port stands in brackets: [2001:db8::1]:25"
		}
	case strings.Contains(s, ":"):
		host, portText, _ = strings.Cut(s, ":")
		if portText == "" {
			return "", 0, "the port is missing"
		}
	}
	if host == "" {
		return "", 0, "the host is missing"
	}
	if strings.ContainsAny(host, "/<>()[]\\,;\"@") {
		return "", 0, "the host has a character that no name has"
	}
	if portText != "" {
		n, err := strconv.ParseUint(portText, 10, 16)
		if err != nil || n == 0 {
			return "", 0, "the port is a number from 1 to 65535"
		}
		port = uint16(n)
	}
	return host, port, ""
}

// TLSMode is when a session uses TLS.
type TLSMode string

const (
	TLSAuto     TLSMode = "auto"     // STARTTLS where it is offered
	TLSRequire  TLSMode = "require"  // STARTTLS, or not at all
	TLSNever    TLSMode = "never"    //
	TLSImplicit TLSMode = "implicit" // from the first octet
)

// port is the port to connect to where nothing else says so.
func (t Target) port(given uint16) uint16 {
	switch {
	case given != 0:
		return given
	case t.Port != 0:
		return t.Port
	}
	switch t.Scheme {
	case "lmtp":
		return PortLMTP
	case "submission":
		return PortSubmission
	case "smtps", "submissions":
		return PortSubmissions
	}
	return PortSMTP
}

// LMTP says that the target is spoken to in LMTP (RFC 2033).
func (t Target) LMTP() bool { return t.Scheme == "lmtp" }

// tls is the mode on a port, where the person wants mode.
func (t Target) tls(mode TLSMode, port uint16) TLSMode {
	if mode != TLSAuto && mode != "" {
		return mode
	}
	switch t.Scheme {
	case "smtps", "submissions":
		return TLSImplicit
	case "submission":
		return TLSRequire
	}
	if port == PortSubmissions && t.Kind < Socket {
		return TLSImplicit
	}
	return TLSAuto
}

// As is the target spoken to as the other one is: where it has no scheme of its
// own, with that one's, and what goes with it. A recording of smtps:// or lmtp://
// is played against another host and port so.
func (t Target) As(other Target) Target {
	if t.Scheme == "" && t.Kind < Socket && other.Scheme != "" && other.Kind < Socket {
		t.Scheme = other.Scheme
		if t.Kind == Domain {
			t.Kind = other.Kind
		}
	}
	return t
}

// Candidate is one address of one exchanger: a place to connect to.
type Candidate struct {
	Host    string // the exchanger's name; empty where only an address was given
	Network string // tcp, unix or pipe
	Address string // address and port, path, or command
	TLS     TLSMode
	LMTP    bool
}

// Name is the host, or the address where there is none.
func (c Candidate) Name() string {
	if c.Host != "" {
		return c.Host
	}
	if host, _, err := net.SplitHostPort(c.Address); err == nil && c.Network == "tcp" {
		return host
	}
	return c.Address
}

// URL is the candidate as the TARGET of @connect.
func (c Candidate) URL() string {
	scheme, standard := "smtp", uint16(PortSMTP)
	switch {
	case c.Network == "pipe":
		return "" // no target leads there
	case c.Network == "unix" && c.LMTP:
		return "lmtp://" + c.Address
	case c.Network == "unix":
		return "unix://" + c.Address
	case c.LMTP:
		scheme, standard = "lmtp", PortLMTP
	case c.TLS == TLSImplicit:
		scheme, standard = "smtps", PortSubmissions
	}
	host, portText, _ := net.SplitHostPort(c.Address)
	if c.Host != "" {
		host = c.Host
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if portText == strconv.Itoa(int(standard)) {
		return scheme + "://" + host
	}
	return fmt.Sprintf("%s://%s:%s", scheme, host, portText)
}
