package smtptest

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Sizes is a server whose maximum message size is to be found out: what it
// declares and what it enforces need not be the same. It takes no message. The
// zero value declares nothing, has no limit, and reads SIZE=n of any number.
type Sizes struct {
	Greeting   string                      // behind the code; empty: "mx.example.test ESMTP"
	SIZE       string                      // the line of EHLO, "SIZE 1000"; empty: none
	Limit      func(now int) uint64        // the limit at the MAIL of that number, over all connections, from 0; nil: none
	Behind     func(conn int) uint64       // in place of Limit, the limit of the connection of that number, from 0
	Refuses    string                      // the reply above the limit; empty: "552 5.3.4 …"
	Surplus    string                      // what is said behind each reply to MAIL
	Reads      uint64                      // above it, 501; 0: it reads all
	Room       uint64                      // above it, 452; 0: there is room
	Any        bool                        // what is no number is accepted too
	AtRCPT     bool                        // the limit is enforced at RCPT, and not at MAIL
	Pipelining bool                        //
	Errors     int                         // the error of that number is a 421, and the end; 0: no such limit
	Resets     int                         // the same for RSET
	Delay      time.Duration               // before each error
	Late       int                         // only that many errors come without the delay
	Wait       func(now int) time.Duration // before the reply to the MAIL of that number; nil: none
	Sender     string                      // the only reverse-path that is accepted; empty: any
	Unknown    string                      // the reply to any SIZE, "555 5.5.4 …"; empty: it is known

	mu    sync.Mutex
	Asked []SizesAsked // of each connection
	mails int
	pool  pool
}

// SizesAsked is what one connection asked for.
type SizesAsked struct {
	Mails, Errors, Resets, Accepted int
	Others                          []string // commands that are none of EHLO, MAIL, RSET, QUIT
	Quit                            bool
}

// Listen serves a port of its own at 127.0.0.1, in the background.
func (s *Sizes) Listen() (string, error) {
	l, err := loopback()
	if err != nil {
		return "", err
	}
	s.pool.serve(l, s.Serve)
	return l.Addr().String(), nil
}

// Close ends the server and its connections.
func (s *Sizes) Close() { s.pool.close() }

// Connections is what was asked so far.
func (s *Sizes) Connections() []SizesAsked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]SizesAsked(nil), s.Asked...)
}

// Serve answers one connection.
func (s *Sizes) Serve(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	s.Asked = append(s.Asked, SizesAsked{})
	number := len(s.Asked) - 1
	s.mu.Unlock()
	one := &sizesConn{Sizes: s, c: c, number: number}
	greeting := s.Greeting
	if greeting == "" {
		greeting = "mx.example.test ESMTP"
	}
	one.say("220 " + greeting)
	in := bufio.NewScanner(c)
	for in.Scan() {
		if !one.command(in.Text()) {
			return
		}
	}
}

type sizesConn struct {
	*Sizes
	c      net.Conn
	number int
	open   bool
	size   uint64
}

func (c *sizesConn) say(line string) bool {
	_, err := c.c.Write([]byte(line + "\r\n"))
	return err == nil
}

func (c *sizesConn) note(f func(*SizesAsked)) SizesAsked {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.Asked[c.number])
	return c.Asked[c.number]
}

// fail is an error, or the end where there were too many.
func (c *sizesConn) fail(line string) bool {
	asked := c.note(func(a *SizesAsked) { a.Errors++ })
	if asked.Errors > c.Late {
		time.Sleep(c.Delay)
	}
	if c.Errors > 0 && asked.Errors >= c.Errors {
		c.say("421 4.7.0 mx.example.test Error: too many errors")
		return false
	}
	return c.say(line)
}

func (c *sizesConn) command(line string) bool {
	verb, argument, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		reply := "250-mx.example.test"
		if c.SIZE != "" {
			reply += "\r\n250-" + c.SIZE
		}
		if c.Pipelining {
			reply += "\r\n250-PIPELINING"
		}
		return c.say(reply + "\r\n250 HELP")
	case "MAIL":
		return c.mail(argument)
	case "RSET":
		c.open = false
		if asked := c.note(func(a *SizesAsked) { a.Resets++ }); c.Resets > 0 && asked.Resets >= c.Resets {
			c.say("421 4.7.0 mx.example.test Error: too many commands")
			return false
		}
		return c.say("250 2.0.0 Ok")
	case "QUIT":
		c.note(func(a *SizesAsked) { a.Quit = true })
		c.say("221 2.0.0 Bye")
		return false
	}
	c.note(func(a *SizesAsked) { a.Others = append(a.Others, line) })
	if strings.EqualFold(verb, "RCPT") && c.open && !c.tooLarge(c.size, true) {
		return c.say("250 2.1.5 Ok")
	}
	return c.fail("552 5.3.4 no message is taken here")
}

// tooLarge says whether the limit at present is below a size.
func (c *sizesConn) tooLarge(size uint64, atRCPT bool) bool {
	if c.Limit == nil && c.Behind == nil || c.AtRCPT != atRCPT {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Behind != nil {
		return size > c.Behind(c.number)
	}
	return size > c.Limit(c.mails)
}

func (c *sizesConn) mail(argument string) bool {
	c.note(func(a *SizesAsked) { a.Mails++ })
	if c.Wait != nil {
		c.mu.Lock()
		now := c.mails
		c.mu.Unlock()
		time.Sleep(c.Wait(now))
	}
	if c.Surplus != "" {
		defer c.say(c.Surplus)
	}
	defer func() {
		c.mu.Lock()
		c.mails++
		c.mu.Unlock()
	}()
	path, parameters, _ := strings.Cut(argument, ">")
	_, path, _ = strings.Cut(path, "<")
	_, value, given := strings.Cut(strings.ToUpper(parameters), "SIZE=")
	size, err := strconv.ParseUint(value, 10, 64)
	switch {
	case c.open:
		return c.fail("503 5.5.1 Error: nested MAIL command")
	case c.Sender != "" && path != c.Sender:
		return c.fail("550 5.7.1 " + path + ": sender refused")
	case given && c.Unknown != "":
		return c.fail(c.Unknown)
	case given && err != nil && !c.Any:
		return c.fail("501 5.5.4 Bad SIZE")
	case c.Reads > 0 && size > c.Reads:
		return c.fail("501 5.5.4 Unable to parse SIZE")
	case c.tooLarge(size, false):
		if c.Refuses != "" {
			return c.fail(c.Refuses)
		}
		return c.fail("552 5.3.4 Message size exceeds fixed limit")
	case c.Room > 0 && size > c.Room:
		return c.fail(fmt.Sprintf("452 4.3.1 Insufficient system storage for %d", size))
	}
	c.open, c.size = true, size
	c.note(func(a *SizesAsked) { a.Accepted++ })
	return c.say("250 2.1.0 Ok")
}
