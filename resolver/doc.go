// Package resolver finds where mail goes: a domain becomes a [Route], a list of
// exchangers with their addresses, in the order in which they are to be tried.
// It says why, and it keeps every question that it asked as data.
//
// # The three questions
//
// [Resolver.Mail] is the delivery of mail to a domain (RFC 5321 5.1):
//
//  1. The MX records are asked for. The domain may be an alias (CNAME); then
//     the name that it stands for counts.
//  2. NXDOMAIN: there is no such domain, and nothing else is asked.
//  3. One MX whose exchange is "." is a null MX (RFC 7505): the domain accepts
//     no mail. This is an answer, not a failure of the DNS.
//  4. MX records are sorted by preference, equal ones are shuffled, and A and
//     AAAA of all of them are asked for at once: however many exchangers there
//     are, a route costs two round trips.
//  5. No MX at all, though the domain exists: its own addresses are its
//     exchanger (implicit MX). A failed MX question (SERVFAIL, no answer) is
//     never taken for that: the mail would go to the wrong host.
//
// [Resolver.Service] is the SRV record of a submission server (RFC 2782,
// RFC 6186, RFC 8314 5.1). [Resolver.Host] is A and AAAA of a host and nothing
// more, for targets that are a host; as that is what a user of telnet expects,
// where no servers are given it knows /etc/hosts and, for a name without dots,
// the search list of /etc/resolv.conf.
//
// No server is asked for the MX or the addresses of localhost: it is this host
// (RFC 6761 6.3).
//
// What is wrong with one exchanger (it is an alias, RFC 2181 10.3; an address
// instead of a name; it has no address) stands at that exchanger, and the
// others are still good.
//
// # One question
//
// The servers are asked in their order, over UDP with EDNS0 (RFC 6891) and the
// AD bit set (RFC 6840 5.7). Then:
//
//   - NOERROR and NXDOMAIN are answers, with records or without.
//   - FORMERR, NOTIMP and BADVERS: once more without EDNS0, to the same server.
//   - TC (truncated): once more over TCP, to the same server (RFC 7766).
//   - SERVFAIL, REFUSED, any other code, a refused or broken connection: the
//     next server at once; this one is not asked again.
//   - Silence for [Resolver.Timeout]: the next server, and, after the last one,
//     all the silent ones again, [Resolver.Attempts] times in all.
//
// A packet with another id, another question, or no sense is not an answer
// (RFC 5452): it is dropped and counted, and the wait goes on. Each question
// has a socket of its own, so that its source port is the kernel's choice.
//
// The server that answered last is asked first next time within one call, and
// no call asks the same question twice.
//
// # What is trusted
//
// No server. Names leave this package in the presentation form of RFC 1035 5.1:
// printable ASCII, other octets as \DDD. The number of exchangers that are
// looked up and the length of chains of aliases are bounded. The AD bit is
// reported as the server gave it; it says as much as the path to the server
// can be trusted.
//
// # Who waits for whom
//
// Each call is self-contained: a Resolver keeps no state and may be copied and
// used by many goroutines. A call returns when all goroutines it started have
// ended, and panics where one of them did. [Resolver.Observe] is called by one goroutine at a time, in the order
// in which exchanges end; it may block, which holds up the call. When the
// context ends, the call ends with the context's error, after the exchanges
// under way were told to Observe as interrupted.
package resolver
