package smtptest

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"ehlo/session/internal/rawclient"
	"ehlo/session/script"
)

const shortPlay = "S: 220\nC: QUIT\nS: 221"

func start(t *testing.T, text string) *Server {
	t.Helper()
	s, err := Start(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestPlay(t *testing.T) {
	sc, err := script.Parse("script", strings.NewReader(shortPlay))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	for _, begin := range []func() (*Server, *rawclient.Client, error){
		func() (*Server, *rawclient.Client, error) {
			s, err := Start(shortPlay)
			return s, rawclient.Dial(t, s.Addr), err
		},
		func() (*Server, *rawclient.Client, error) {
			s, err := Play{Script: sc}.Serve(l)
			return s, rawclient.Dial(t, path), err
		},
		func() (*Server, *rawclient.Client, error) {
			s, err := Play{Script: sc}.Conn(theirs)
			return s, rawclient.Wrap(t, ours), err
		},
	} {
		s, c, err := begin()
		if err != nil {
			t.Fatal(err)
		}
		c.Hear("220")
		c.Ask("QUIT", "221")
		c.Gone()
		_ = c.Close()
		if err := s.Wait(); err != nil {
			t.Error(err)
		}
		if got := string(s.Received()); got != "QUIT\r\n" {
			t.Errorf("received %q", got)
		}
		_ = s.Close()
	}
}

func TestPlayMismatch(t *testing.T) {
	s := start(t, "C: EHLO *")
	c := rawclient.Dial(t, s.Addr)
	c.Say("NOOP\r\n")
	err := s.Wait()
	m, ok := errors.AsType[*script.Mismatch](err)
	if !ok || err.Error() != m.Error() || m.Line != 1 {
		t.Errorf("%v", err)
	}
}

func TestPlayRefusesScripts(t *testing.T) {
	for text, want := range map[string]string{
		"S 220":              "script:1:1: expected C: text",
		"S: 220\n@include a": "script:2:1: expected no @include of a file",
		"S: 220 ${a}":        "script:1:8: the variable ${a} is not known",
	} {
		if _, err := Start(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
