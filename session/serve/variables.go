package serve

import (
	"net"
	"net/netip"
	"time"

	"ehlo/session/wire"
)

// names are the variables that a client brings along.
var names = []string{"helo", "from", "to", "domain", "host", "address", "port", "date", "message_id", "user"}

// samples are values for them, should a server have to say them first: what is
// true of the connection, or else what does no harm.
func samples(c net.Conn, now time.Time) map[string]string {
	vars := map[string]string{
		"helo": "client", "from": "from@example.test", "to": "to@example.test", "domain": "localhost",
		"host": "localhost", "address": "localhost", "port": "25",
		"date": now.Format(time.RFC1123Z), "message_id": "1@localhost", "user": "user",
	}
	if c == nil {
		return vars
	}
	if host, port, err := net.SplitHostPort(c.LocalAddr().String()); err == nil {
		vars["host"], vars["address"], vars["port"] = host, host, port
		if addr, err := netip.ParseAddr(host); err == nil {
			// Whoever comes to an address has it for a domain.
			vars["domain"] = wire.Literal(addr)
			vars["to"] = "postmaster@" + vars["domain"]
		}
	}
	return vars
}

// set gives a variable a value.
func (p *player) set(name, value string) { p.vars[name], p.known[name] = value, value }

// sample gives the variables that nobody has set what is true of the present
// connection.
func (p *player) sample() {
	for name, value := range samples(p.c.raw, p.server.opt.Now()) {
		if _, set := p.vars[name]; !set {
			p.known[name] = value
		}
	}
}
