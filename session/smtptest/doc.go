// Package smtptest has servers for tests and for `ehlo demo`. They are of
// three kinds:
//
//   - Mail is a real mail server (emersion/go-smtp) that keeps what it gets in
//     memory: for a session as a person would have it.
//   - Play plays the server's side of a script (package serve): for a
//     conversation that a test has to have word for word.
//   - Fault is a server that does one thing wrong which no script can say: a
//     line without an end, silence, a socket that nobody reads, a refusal in
//     place of a greeting. Proxy stands in front of any server and adds
//     latency, so that a test can count round trips.
//
// Certificate makes what they need for TLS: an authority of their own and a
// certificate of it, also such as should not verify.
//
// Every server listens on loopback and begins at once. None of them imports
// testing, writes to standard error or waits without a bound. Close ends a
// server with its connections and returns when its goroutines have ended; a
// server may be closed more than once.
package smtptest
