package smtptest

import (
	"net"
	"strings"
	"testing"

	"ehlo/internal/crash"
	"ehlo/session/internal/rawclient"
	"ehlo/session/script"
)

// brittle is a connection with a defect, and cracked a listener.
type (
	brittle struct{ net.Conn }
	cracked struct{ net.Listener }
)

func (brittle) Write([]byte) (int, error) { panic("a defect") }
func (brittle) Read([]byte) (int, error)  { panic("a defect") }
func (cracked) Accept() (net.Conn, error) { panic("a defect") }

// TestAPanicOfAServer costs a client its connection, and nobody else anything;
// whoever closes the server is told.
func TestAPanicOfAServer(t *testing.T) {
	listener := func() net.Listener {
		l, err := loopback()
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	type closer interface{ Close() error }
	for _, x := range []struct {
		name, from string
		run        func() closer
	}{
		{"a fault", "TestAPanicOfAServer", func() closer {
			s := Fault(func(net.Conn, <-chan struct{}) { panic("a defect") }).Serve(listener())
			rawclient.Dial(t, s.Addr).Gone()
			rawclient.Dial(t, s.Addr).Gone() // it goes on
			return s
		}},
		{"what reads beside a fault", "brittle.Read", func() closer {
			s := Fault(func(c net.Conn, stop <-chan struct{}) { Silence()(brittle{c}, stop) }).Serve(listener())
			rawclient.Dial(t, s.Addr).Gone()
			return s
		}},
		{"a listener", "cracked.Accept", func() closer {
			l := listener()
			s := Silence().Serve(cracked{l})
			for { // the listener is closed too
				c, err := net.Dial("tcp", s.Addr)
				if err != nil {
					return s
				}
				c.Close()
			}
		}},
		{"the proxy's listener", "cracked.Accept", func() closer {
			p := &LatencyProxy{}
			p.pool.serve(cracked{listener()}, p.handle)
			return p
		}},
		{"a script's listener", "cracked.Accept", func() closer {
			s, err := Play{Script: parsed(t, "S: 220 mx")}.Serve(cracked{listener()})
			if err != nil {
				t.Fatal(err)
			}
			<-s.done
			return s
		}},
		{"a script's connection", "brittle.Write", func() closer {
			near, far := net.Pipe()
			s, err := Play{Script: parsed(t, "S: 220 mx")}.Conn(brittle{near})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = far.Read(make([]byte, 1))
			return s
		}},
		{"a mail server", "smtptest.(*Mail).known", func() closer {
			m, err := NewMail(MailOptions{Hostname: "mx1.demo.test"})
			if err != nil {
				t.Fatal(err)
			}
			addr, err := m.Listen()
			if err != nil {
				t.Fatal(err)
			}
			m.grey = nil
			c := rawclient.Dial(t, addr)
			c.Hear("220")
			c.Say("HELO client\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<grey@demo.test>\r\n")
			c.Hear("250", "250", "421")
			c.Gone()
			<-m.crashes.Some() // go-smtp tells its log last
			return m
		}},
		{"a mail server's listener", "cracked.Accept", func() closer {
			m, err := NewMail(MailOptions{})
			if err != nil {
				t.Fatal(err)
			}
			l := listener()
			m.listening.Go(func() { _ = m.Serve(cracked{l}) })
			for {
				m.mu.Lock()
				begun := len(m.listeners) > 0
				m.mu.Unlock()
				if begun {
					return m
				}
			}
		}},
	} {
		s := x.run()
		func() {
			defer func() {
				c, ok := recover().(*crash.Crash)
				if !ok || !strings.Contains(string(c.Stack), x.from) {
					t.Errorf("%s: recovered %v", x.name, c)
				}
			}()
			err := s.Close()
			t.Errorf("%s: no panic, but %v", x.name, err)
		}()
	}
}

func parsed(t *testing.T, text string) *script.Script {
	t.Helper()
	s, err := script.Parse("script", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
