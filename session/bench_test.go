package session_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session"
	"ehlo/session/message"
)

// sink is a server on loopback that accepts everything as fast as it can.
func sink(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go swallow(c)
		}
	}()
	return l.Addr().String()
}

func swallow(c net.Conn) {
	defer c.Close()
	say(c, "220 sink\r\n")
	buf := make([]byte, 1<<20)
	for {
		n, err := c.Read(buf)
		switch {
		case err != nil:
			return
		case bytes.HasPrefix(buf[:n], []byte("DATA")):
			say(c, "354 go\r\n")
		case bytes.HasSuffix(buf[:n], []byte("\r\n.\r\n")):
			say(c, "250 ok\r\n")
		}
	}
}

// BenchmarkSend is a message by DATA over loopback, reading it twice: once to
// count it (RFC 1870), once to send it.
func BenchmarkSend(b *testing.B) {
	const size = 64 << 20
	for name, line := range map[string]string{
		"lines":      strings.Repeat("x", 74) + "\r\n",
		"dots first": "." + strings.Repeat("x", 73) + "\r\n",
		"only dots":  ".\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "message")
			if err := os.WriteFile(file, bytes.Repeat([]byte(line), size/len(line)), 0o600); err != nil {
				b.Fatal(err)
			}
			addr := sink(b)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				m, err := message.FromFile(file)
				if err != nil {
					b.Fatal(err)
				}
				s := session.New(session.Options{})
				for _, action := range []session.Action{
					session.Connect{Candidate: session.Candidate{Network: "tcp", Address: addr}},
					session.Await{},
					session.Command{Line: []byte("DATA")},
					session.Send{Message: m},
					session.Close{},
				} {
					if err := s.Do(b.Context(), action); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
