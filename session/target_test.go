package session_test

import (
	"errors"
	"testing"

	"ehlo/session"
	"ehlo/session/event"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]session.Target{
		"example.com":                       {Kind: session.Domain, Host: "example.com"},
		"münchen.example":                   {Kind: session.Domain, Host: "münchen.example"},
		"user@example.com":                  {Kind: session.Domain, Host: "example.com", Recipient: "user@example.com"},
		"user@[192.0.2.1]":                  {Kind: session.Host, Host: "192.0.2.1", Recipient: "user@[192.0.2.1]"},
		"host:2525":                         {Kind: session.Host, Host: "host", Port: 2525},
		"192.0.2.1":                         {Kind: session.Host, Host: "192.0.2.1"},
		"192.0.2.1:26":                      {Kind: session.Host, Host: "192.0.2.1", Port: 26},
		"[192.0.2.1]":                       {Kind: session.Host, Host: "192.0.2.1"},
		"2001:db8::1":                       {Kind: session.Host, Host: "2001:db8::1"},
		"[IPv6:2001:db8::1]":                {Kind: session.Host, Host: "2001:db8::1"},
		"[2001:db8::1]:2525":                {Kind: session.Host, Host: "2001:db8::1", Port: 2525},
		"smtp://host":                       {Kind: session.Host, Scheme: "smtp", Host: "host"},
		"SMTPS://host/":                     {Kind: session.Host, Scheme: "smtps", Host: "host"},
		"submission://me@host:1587":         {Kind: session.Host, Scheme: "submission", Host: "host", Port: 1587, User: "me"},
		"submissions://me@example.com@host": {Kind: session.Host, Scheme: "submissions", Host: "host", User: "me@example.com"},
		"lmtp://host":                       {Kind: session.Host, Scheme: "lmtp", Host: "host"},
		"lmtp:///run/lmtp":                  {Kind: session.Socket, Scheme: "lmtp", Path: "/run/lmtp"},
		"unix:///run/smtp":                  {Kind: session.Socket, Scheme: "unix", Path: "/run/smtp"},
	} {
		want.Text = text
		if got, err := session.ParseTarget(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"":                      "nothing",
		"a b":                   "a space",
		"host\x1b[2J":           "a control character",
		"host:":                 "no port",
		"host:0":                "port 0",
		"host:65536":            "a port of 17 bits",
		"host:smtp":             "a port by name",
		"2001:db8::1:99999":     "an IPv6 address with a port and no brackets",
		"[2001:db8::1":          "an open bracket",
		"[host]":                "no address in the brackets",
		"[192.0.2.1]25":         "no colon behind the bracket",
		"http://host":           "a strange scheme",
		"smtp://":               "no host",
		"smtp:///path":          "a path where there is no socket",
		"unix://host":           "a host where there is a socket",
		"smtp://me:secret@host": "a password on the command line",
		"@example.com":          "no local part",
		"user@":                 "no domain",
		"user@host:25":          "an address with a port",
	} {
		_, err := session.ParseTarget(text)
		if e, ok := errors.AsType[*event.Error](err); !ok || e.Kind != event.Usage || e.Exit() != 1 {
			t.Errorf("%s: %q: %v", why, text, err)
		}
	}
}
