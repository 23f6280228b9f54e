package smtptest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"ehlo/session/internal/rawclient"
)

func fault(t *testing.T, f Fault) (*FaultServer, *rawclient.Client) {
	t.Helper()
	s, err := f.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, rawclient.Dial(t, s.Addr)
}

// some reads the first n octets.
func some(t *testing.T, c *rawclient.Client, n int) string {
	t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(c.In, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// silent wants nothing to come for a moment.
func silent(t *testing.T, c *rawclient.Client) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if b, err := c.In.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("want silence, got %q, %v", b, err)
	}
}

func TestFaults(t *testing.T) {
	_, c := fault(t, EndlessLine("220 "))
	if got := some(t, c, 1<<20); !strings.HasPrefix(got, "220 aaa") || strings.Contains(got, "\n") {
		t.Errorf("%.20q", got)
	}
	_, c = fault(t, EndlessReply("250-more"))
	if got := some(t, c, 1<<20); strings.Count(got, "250-more\r\n") != 1<<20/10 {
		t.Errorf("%.20q", got)
	}
	_, c = fault(t, Refusal("554 5.7.1 no"))
	c.Hear("554 5.7.1 no")
	c.Say("EHLO x\r\n")
	c.Hear("503 5.5.1 there is no mail service for you here")
	c.Say("quit\r\n")
	c.Hear("221 2.0.0 Bye")
	if b, err := c.In.ReadByte(); err != io.EOF {
		t.Errorf("behind QUIT came %q, %v", b, err)
	}
	_, c = fault(t, Silence())
	c.Say("EHLO x\r\n")
	silent(t, c)
	_, c = fault(t, Slow("220 a\r\n", time.Millisecond))
	c.Hear("220 a")
	silent(t, c)
	_, c = fault(t, Octets(Step{"22", time.Millisecond}, Step{"0 a\r\n", 0}))
	c.Say("ignored")
	c.Hear("220 a")
	silent(t, c)
}

func TestFaultDeaf(t *testing.T) {
	_, c := fault(t, Deaf("220 a\r\n"))
	c.Hear("220 a")
	_ = c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	n, err := c.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d octets were taken: %v", n, err)
	}
}

func TestFaultClose(t *testing.T) {
	for _, f := range []Fault{EndlessLine(""), EndlessReply("250-a"), Silence(), Slow("abc", time.Hour), Deaf("")} {
		s, c := fault(t, f)
		second := rawclient.Dial(t, s.Addr)
		_ = second.Close()
		_ = s.Close()
		_ = s.Close()
		if _, err := io.Copy(io.Discard, c.In); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the connection stayed open")
		}
		if n := s.Connections(); n > 2 {
			t.Errorf("%d connections", n)
		}
	}
}

func TestProxy(t *testing.T) {
	const oneWay = 20 * time.Millisecond
	s := start(t, "S: 220 a\nC: EHLO *\nS: 250 b\nC: MAIL *\nC: RCPT *\nC: DATA\nS: 250\nS: 250\nS: 354\n@data f\nS: 250 c\nC: QUIT\nS: 221\n@expect close")
	p, err := Proxy(s.Addr, oneWay)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	began := time.Now()
	c := rawclient.Dial(t, p.Addr)
	if took := time.Since(began); took >= oneWay {
		t.Logf("the connection took %s; it should not wait", took)
	}
	c.Hear("220 a")
	c.Ask("EHLO x", "250 b")
	c.Say("MAIL x\r\nRCPT x\r\nDATA\r\n")
	c.Hear("250", "250", "354")
	// More than fits into one chunk, all of it under way at the same time.
	body := bytes.Repeat([]byte("0123456789abcdef0123456789abcd\r\n"), 64<<10)
	c.Say(string(body) + ".\r\n")
	c.Hear("250 c")
	c.Ask("QUIT", "221")
	_ = c.Close()
	if err := s.Wait(); err != nil {
		t.Error(err)
	}
	// Four groups of commands, two ways each, and the greeting's one way.
	if took := time.Since(began); took < 9*oneWay {
		t.Errorf("it took %s", took)
	}
	if n := p.Turns(); n != 4 {
		t.Errorf("%d turns", n)
	}
	if !bytes.HasSuffix(s.Received(), []byte("abcd\r\n.\r\nQUIT\r\n")) || len(s.Received()) < len(body) {
		t.Errorf("%d octets arrived", len(s.Received()))
	}
}

func TestProxyEnds(t *testing.T) {
	s := start(t, "S: 220 a\n@close")
	p, err := Proxy(s.Addr, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := rawclient.Dial(t, p.Addr)
	c.Hear("220 a")
	c.Gone()
	_ = c.Close()
	_ = p.Close()
	_ = p.Close()

	// Nobody is there: the connection ends.
	_ = s.Close()
	p, err = Proxy(s.Addr, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c = rawclient.Dial(t, p.Addr)
	if _, err := io.ReadAll(c.In); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = p.Close()

	// Close does not wait for what is under way.
	s = start(t, "S: 220 a")
	p, err = Proxy(s.Addr, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c = rawclient.Dial(t, p.Addr)
	c.Say("x")
	_ = p.Close()
}
