package resolver

import (
	"net/netip"
	"time"
)

// Source is where a route comes from.
type Source string

const (
	SourceMX      Source = "mx"      // MX records, also a null MX
	SourceAddress Source = "address" // the name's own addresses: implicit MX (RFC 5321 5.1), or a host
	SourceSRV     Source = "srv"     // SRV records (RFC 6186)
)

// Route is where mail goes, and why. Names are in presentation form: printable
// ASCII, without a final dot, in lower case.
type Route struct {
	Domain        string        // what was asked for, A-labels
	Unicode       string        // its U-labels where they differ
	Canonical     string        // the name that Domain is an alias (CNAME) of; empty: it is none
	Source        Source        // empty: not known, as the first question failed
	Authenticated bool          // every answer that the route is made of had the AD bit
	Elapsed       time.Duration // the whole call
	Exchangers    []Exchanger   // in the order to try them
	Reason        string        // one sentence: why mail goes there; empty where there is an error instead
}

// Exchanger is one host of a route. One that has an Error has no addresses.
type Exchanger struct {
	Host       string
	Unicode    string       // U-labels where they differ
	Preference uint16       // of the MX, or the priority of the SRV: the lowest is tried first
	Port       uint16       // of an SRV; else 0
	Weight     uint16       // of an SRV; else 0
	Addresses  []netip.Addr // IPv4 before IPv6, each as the server ordered them
	Canonical  string       // the name that Host is an alias (CNAME) of; empty: it is none
	Notes      []string     // what is odd or wrong, though the host may be usable
	Error      *Error       // why it cannot be used
}
