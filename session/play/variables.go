package play

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// variables are the values at the start. Those of the connection follow when
// there is one.
func variables(o Options) map[string]string {
	now := o.Now()
	host := o.Plan.Target.Host
	vars := map[string]string{
		"helo": "", "from": "", "user": o.Plan.Target.User,
		"host": host, "address": host, "port": fmt.Sprint(o.Plan.Target.Port),
		"domain": domain(o.Plan.Target), "to": recipient(o.Plan.Target),
		"date": now.Format("Mon, 02 Jan 2006 15:04:05 -0700"),
	}
	for _, more := range []map[string]string{o.Known, o.Vars} {
		for name, value := range more {
			vars[name] = value
		}
	}
	if _, given := vars["message_id"]; !given {
		vars["message_id"] = messageID(now, vars["from"])
	}
	return vars
}

// Names are the variables that every script has (interface.md).
func Names() []string {
	return []string{"helo", "from", "to", "domain", "host", "address", "port", "date", "message_id", "user"}
}

// messageID is one without its brackets, as the variable has it, and as long as
// that of a message which is composed: the size in MAIL stays true.
func messageID(now time.Time, from string) string {
	host := "ehlo.invalid"
	if a, err := wire.ParseAddress(from); err == nil && a.Domain != "" {
		host = a.Domain
	}
	var random [12]byte
	_, _ = rand.Read(random[:]) // it does not fail (crypto/rand)
	return fmt.Sprintf("%s.%x@%s", now.UTC().Format("20060102150405"), random, host)
}

// domain is the mail domain of a target: of an address its literal.
func domain(t session.Target) string {
	if addr, err := netip.ParseAddr(t.Host); err == nil {
		return wire.Literal(addr)
	}
	if t.Host == "" {
		return "localhost"
	}
	return t.Host
}

func recipient(t session.Target) string {
	if t.Recipient != "" {
		return t.Recipient
	}
	return "postmaster@" + domain(t)
}

// here gives the variables of the connection their values, unless the person
// or the script has.
func (p *player) here(t session.Target) {
	c := p.s.Where()
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		host, port = c.Address, ""
	}
	for name, value := range map[string]string{
		"host": c.Name(), "address": host, "port": port, "helo": p.s.Name(), "domain": domain(t), "to": recipient(t),
	} {
		_, given := p.o.Vars[name]
		_, known := p.o.Known[name]
		if !given && !known && !p.set[name] {
			p.vars[name] = value
		}
	}
}

// check finds what can be known to be wrong before anything is sent: unknown
// variables, a connection that leads nowhere, files that are not there, a login
// without a name.
func (p *player) check() *event.Error {
	wrong := func(err error) *event.Error {
		return &event.Error{Kind: event.Input, Message: err.Error(), Err: err}
	}
	if err := p.o.Script.Check(p.vars); err != nil {
		return wrong(err)
	}
	connects := false
	for i := range p.o.Script.All {
		var err error
		switch i := i.(type) {
		case script.Connect:
			connects = true
			if i.Target.Raw == "" {
				err = p.targeted(i.Position)
			}
		case script.Data:
			err = p.readable(i.Position, i.File)
		case script.BDAT:
			err = p.readable(i.Position, i.File)
		}
		if err != nil {
			return wrong(err)
		}
	}
	if !connects && !(p.o.Open && p.s.Connected()) {
		if err := p.targeted(script.Position{File: p.o.Script.Name, Line: 1}); err != nil {
			return wrong(err)
		}
	}
	return nil
}

func (p *player) targeted(at script.Position) error {
	t := p.o.Plan.Target
	if t.Host != "" || t.Path != "" || p.o.Plan.Only != nil || p.o.Plan.Server != "" {
		return nil
	}
	return &script.Error{Position: at, Message: "expected a TARGET to connect to: behind @connect, or behind the script on the command line"}
}

// readable finds a file that is not there. Where its name depends on what the
// script learns, that shows later.
func (p *player) readable(at script.Position, name script.Text) error {
	known := map[string]string{}
	for _, n := range Names() {
		known[n] = p.vars[n]
	}
	for n, value := range p.o.Vars {
		known[n] = value
	}
	path, err := script.File(at, name, known)
	if err != nil {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.IsDir():
		err = errors.New("it is a directory")
	case !info.Mode().IsRegular():
		err = errors.New("it is no regular file")
	default:
		var f *os.File
		if f, err = os.Open(path); err == nil {
			_ = f.Close()
		}
	}
	if err != nil {
		return &script.Error{Position: name.Pos, Message: "cannot send " + quoted([]byte(path)) + ": " + why(err), Err: err}
	}
	return nil
}
