// Package dnstest is a DNS server in process, for `ehlo demo` and for tests. It
// answers from a zone text (RFC 1035 5) as a recursive server would that knows
// nothing else, over UDP and TCP on loopback, and it misbehaves where it is told
// to.
//
//	server, err := dnstest.Start(`
//	$ORIGIN example.com.
//	@    300 IN SOA ns1 postmaster 1 3600 600 86400 300
//	@        IN MX  10 mx1
//	mx1      IN A   192.0.2.1
//	`)
//	server.Fault("mx1.example.com", "AAAA", dnstest.Fault{Drop: true})
//
// The text may hold several zones: all of it is one tree of names. A name with
// no records, and none below it, does not exist (NXDOMAIN); one without records
// of the type asked for is an empty answer (RFC 2308 2.2, with the closest SOA
// above it). CNAMEs are followed as far as the text goes. Wildcards, DNAME and
// delegations are not special.
//
// New makes a server without sockets: its Dial is for a resolver's in a bubble
// of testing/synctest, where a real socket would keep the time from moving.
//
// All methods may be called by many goroutines at once.
package dnstest
