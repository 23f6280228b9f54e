// Package mta runs the ehlo command against real servers, with a real DNS server beside them, and looks
// at what its users see. It holds tests only:
//
//	go test -tags mta -count=1 ./cmd/ehlo/mta
//
// The servers come from Debian's packages. .ci/mta/fetch unpacks them into a cache, so nothing is
// installed and a server that the machine has is left alone; see there for the cache's place. Each test
// starts what it needs on free loopback ports in a directory of its own and stops that, and nothing
// else, by process group. Neither root nor a user account is needed: under root the servers run as
// nobody; OpenSMTPD alone insists on root, in a root directory of its own. Where apt-get is missing the
// tests are skipped.
//
// To add a server: one file that makes its configuration and calls fetch, command and serve, as
// postfix_test.go does, and a test with its table. Binaries that insist on their installed places run in
// PRoot, as Dovecot's do.
package mta
