package serve_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"ehlo/session/internal/rawclient"
	"ehlo/session/sasl"
	"ehlo/session/script"
	"ehlo/session/serve"
	"ehlo/session/smtptest"
)

func identity(t *testing.T) *smtptest.Identity {
	t.Helper()
	id, err := smtptest.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// logIn logs in by a mechanism, and returns the final reply.
func logIn(t *testing.T, c *rawclient.Client, mechanism string, credentials sasl.Credentials) string {
	x, err := sasl.New(mechanism, credentials)
	if err != nil {
		t.Fatal(err)
	}
	r, has, err := x.Start(sasl.Auto)
	if err != nil {
		t.Fatal(err)
	}
	line := "AUTH " + mechanism
	if has && len(r.Octets) == 0 {
		line += " ="
	} else if has {
		line += " " + base64.StdEncoding.EncodeToString(r.Octets)
	}
	for {
		c.Say(line + "\r\n")
		reply, err := c.In.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		text, more := strings.CutPrefix(strings.TrimRight(reply, "\r\n"), "334 ")
		if !more {
			return reply
		}
		challenge, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatalf("%q: %v", reply, err)
		}
		if r, err = x.Next(challenge); err != nil {
			t.Fatal(err)
		}
		line = base64.StdEncoding.EncodeToString(r.Octets)
	}
}

func TestLogins(t *testing.T) {
	me := sasl.Credentials{User: "me", Password: "pencil", Host: "mx.example.test", TLS: true}
	for _, mechanism := range sasl.Names() {
		if strings.HasSuffix(mechanism, "-PLUS") {
			continue // see TestBoundLogin
		}
		for _, row := range []struct{ script, password, reply, err string }{
			{"@auth", "pencil", "235 2.7.0 ", ""},
			{"@auth " + mechanism + "\nS: 235 in", "pencil", "235 in", ""},
			{"@auth\nS: 535 out", "pencil", "535 out", ""},
			{"@auth\nS: 535 out", "other", "535 out", ""},
			{"@auth", "other", "535 5.7.8 ", "script:1:1: expected a login as me, got " + mechanism + ": another user or password than expected"},
			{"@auth\nS: 235 in", "other", "535 5.7.8 ", "expected a login as me"},
			{"@auth", "", "235 2.7.0 ", ""},
		} {
			if !strings.HasPrefix(row.script, "@auth\nS: 5") && row.password == "other" && (mechanism == "EXTERNAL" || mechanism == "ANONYMOUS") ||
				row.password == "" && sasl.NeedsPassword(mechanism) {
				continue
			}
			s := playing(t, smtptest.Play{User: "me", Password: row.password}, row.script)
			c := rawclient.Dial(t, s.Addr)
			if got := logIn(t, c, mechanism, me); !strings.HasPrefix(got, row.reply) {
				t.Errorf("%s, %q: %q", mechanism, row.script, got)
			}
			_ = c.Close()
			if err := s.Wait(); row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Errorf("%s, %q: %v", mechanism, row.script, err)
			}
		}
	}
}

func playing(t *testing.T, p smtptest.Play, text string) *smtptest.Server {
	t.Helper()
	var err error
	if p.Script, err = script.Parse("script", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	s, err := p.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestBoundLogin ties a login to TLS.
func TestBoundLogin(t *testing.T) {
	for _, kind := range []string{sasl.TLSExporter, sasl.TLSServerEndPoint} {
		s := playing(t, smtptest.Play{Password: "pencil"}, "@tls\n@auth SCRAM-SHA-256-PLUS")
		c := rawclient.Dial(t, s.Addr).StartTLS(s.Pool(), "localhost")
		state := c.State()
		binding, err := sasl.Bind(&state, kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := logIn(t, c, "SCRAM-SHA-256-PLUS", sasl.Credentials{User: "me", Password: "pencil", TLS: true, Binding: binding}); !strings.HasPrefix(got, "235") {
			t.Errorf("%s: %q", kind, got)
		}
		_ = c.Close()
		if err := s.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestStrangeLogins(t *testing.T) {
	for _, row := range []struct{ why, script, say, reply, err string }{
		{"it is cancelled", "@auth", "AUTH LOGIN\r\n*\r\n", "501 5.7.0", "expected a response in base64, got C: *"},
		{"no base64", "@auth", "AUTH PLAIN a\r\n", "501 5.5.2", "expected a response in base64, got C: ********"},
		{"not what the mechanism says", "@auth", "AUTH PLAIN YQ==\r\n", "501 5.5.2", "expected a response of PLAIN, got PLAIN: the response should be"},
		{"it cannot be served", "@auth", "AUTH SCRAM-SHA-256\r\n", "504 5.5.4", "expected a login that can be served, got SCRAM-SHA-256 cannot be served without the password"},
		{"nobody knows it", "@auth", "AUTH X\r\n", "504 5.5.4", `got "X" is not a login mechanism`},
	} {
		s := start(t, row.script)
		c := rawclient.Dial(t, s.Addr)
		c.Say(row.say)
		for {
			got, err := c.In.ReadString('\n')
			if strings.HasPrefix(got, "334") {
				continue
			}
			if err != nil || !strings.HasPrefix(got, row.reply) {
				t.Errorf("%s: %q, %v", row.why, got, err)
			}
			break
		}
		c.Gone()
		_ = c.Close()
		if err := s.Wait(); err == nil || !strings.Contains(err.Error(), row.err) {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestRefusedBeforehand(t *testing.T) {
	for text, want := range map[string]string{
		"@auth SCRAM-SHA-1":     "script:1:1: expected a password for @auth SCRAM-SHA-1",
		"S: 220\n@auth NOTHING": `script:2:1: "NOTHING" is not a login mechanism`,
		"S: 220\n@starttls":     "script:2:1: expected a certificate for TLS",
	} {
		sc, err := script.Parse("script", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		_, err = serve.New(serve.Options{Script: sc})
		if _, typed := errors.AsType[*script.Error](err); !typed || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if errors.Is(err, serve.ErrPassword) != strings.Contains(text, "SCRAM") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
