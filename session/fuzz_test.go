package session_test

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
)

// FuzzUpgrade is a server that offers STARTTLS, agrees, and then sends anything:
// the client ends with a named failure, and takes nothing of it for a reply.
func FuzzUpgrade(f *testing.F) {
	for _, seed := range []string{
		"", "250 injected\r\n", "\x16\x03\x03\x00\x05hello", "\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x01\xff\xff",
		"500 what is this\r\n", "\x80\x80\x01\x03\x01", strings.Repeat("\x00", 300),
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, octets []byte, together bool) {
		c := converse(session.Options{Timeouts: session.Timeouts{Reply: 5 * time.Second}}, func(c net.Conn) {
			lines := bufio.NewReader(c)
			say(c, "220 mx\r\n")
			_, _ = lines.ReadString('\n')
			say(c, "250-mx\r\n250 STARTTLS\r\n")
			_, _ = lines.ReadString('\n')
			if together {
				say(c, "220 go\r\n"+string(octets))
				return
			}
			say(c, "220 go\r\n")
			_, _ = lines.ReadByte() // the client's first octet of TLS
			go func() {
				for {
					if _, err := lines.ReadByte(); err != nil {
						return
					}
				}
			}()
			say(c, string(octets))
		})
		if err := c.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), session.Command{Line: []byte("EHLO x")}); err != nil {
			t.Fatal(err)
		}
		err := c.Do(t.Context(), session.StartTLS{})
		e, ok := errors.AsType[*event.Error](err)
		switch {
		case !ok || c.Connected() || c.Secure():
			t.Fatalf("%v; connected %v, secure %v", err, c.Connected(), c.Secure())
		case together && len(octets) > 0 && e.Kind == event.STARTTLSInjection && e.Exit() == 44:
		case e.Kind == event.TLSFailed && e.Exit() == 29:
		default:
			t.Fatalf("%s at %s: %s", e.Kind, e.Stage, e.Message)
		}
		if n := len(c.Replies()); n > 1 {
			t.Fatalf("%d replies to STARTTLS", n)
		}
	})
}
