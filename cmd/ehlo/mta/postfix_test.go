//go:build mta

package mta

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPostfix runs ehlo against Postfix, found through NSD.
func TestPostfix(t *testing.T) {
	server := startPostfix(t)
	n := names{
		"DNS": startNSD(t), "DEAD": "127.0.0.1:" + freePort(t), "PORT": server.port, "SMTPS": server.smtpsPort,
		"CA": server.caFile, "MAIL": filepath.Join(scratch, "mail"), "LARGE": filepath.Join(scratch, "large"),
	}
	t.Run("mx", func(t *testing.T) { testRoutes(t, n) })
	t.Run("domains", func(t *testing.T) { testDomains(t, n) })
	t.Run("probe", func(t *testing.T) { testProbe(t, n) })
	t.Run("tls", func(t *testing.T) { testTLS(t, n) })
	t.Run("size", func(t *testing.T) { testSize(t, n) })
	server.log(t, 0)
	t.Run("delivery", func(t *testing.T) { testDelivery(t, n, server) })
	t.Run("recipients", func(t *testing.T) { testRecipients(t, n, server) })
	t.Run("too large", func(t *testing.T) { testTooLarge(t, n, server) })
	t.Run("octets", func(t *testing.T) { testTranscript(t, n, server) })

	all, err := os.ReadFile(filepath.Join(server.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(all)) {
		for _, bad := range []string{"improper command", "non-SMTP command", "bare <LF>", "lost connection after DATA", "SSL_accept error", "timeout", "fatal:", "panic:"} {
			if strings.Contains(line, bad) {
				t.Errorf("Postfix says: %s", line)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(server.dir, "mail", "*", "new", "*")); len(left) > 0 {
		t.Errorf("messages that nobody sent: %v", left)
	}
}

// testRoutes looks at where mail goes.
func testRoutes(t *testing.T, n names) {
	text := n.ehlo(t, "mx --dns $DNS mail.test")
	text.want(t, text.exit == 0, "exit 0")
	text.plain(t)
	first, second := strings.Index(text.stdout, "MX 10 mx1.mail.test"), strings.Index(text.stdout, "MX 20 mx2.mail.test")
	text.want(t, first >= 0 && second > first, "MX 10 mx1.mail.test, then MX 20 mx2.mail.test")
	text.want(t, strings.Contains(text.stdout, "127.0.0.1") && strings.Contains(text.stdout, "127.0.0.2"), "their addresses")

	r := n.ehlo(t, "mx --dns $DNS -o json mail.test")
	route := r.report(t).Route
	r.want(t, r.exit == 0, "exit 0")
	r.want(t, route.Domain == "mail.test" && route.Source == "mx", "route of mail.test from its MX")
	got := fmt.Sprint(route.Exchangers)
	r.want(t, got == "[{mx1.mail.test 10 [127.0.0.1]} {mx2.mail.test 20 [127.0.0.2]}]", "both exchangers in order, got %s", got)

	r = n.ehlo(t, "mx --dns $DNS -o json big.test")
	r.want(t, r.exit == 0 && len(r.report(t).Route.Exchangers) == bigExchangers, "%d exchangers, by TCP", bigExchangers)
}

// testDomains looks at domains with an unusual route, or none.
func testDomains(t *testing.T, n names) {
	tests := []struct {
		name, dns, domain string
		exit              int
		kind              string
	}{
		{"an address and no MX", "$DNS", "implicit.test", 0, ""},
		{"the exchanger is an alias", "$DNS", "alias.test", 0, ""},
		{"null MX", "$DNS", "null.test", 42, "null_mx"},
		{"no such domain", "$DNS", "nonexistent.test", 42, "no_such_domain"},
		{"an exchanger without an address", "$DNS", "noaddress.test", 42, "no_address"},
		{"the DNS server refuses", "$DNS", "elsewhere.example", 43, "dns_failure"},
		{"no DNS server", "$DEAD", "mail.test", 43, "dns_failure dns_timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := n.ehlo(t, "probe --dns "+test.dns+" -p $PORT -o json "+test.domain)
			rep := r.report(t)
			r.want(t, r.exit == test.exit, "exit %d", test.exit)
			if test.exit != 0 {
				r.want(t, len(rep.Sessions) == 0, "no session")
				r.want(t, rep.Error != nil && rep.Error.Phase == "dns" && slices.Contains(strings.Fields(test.kind), rep.Error.Kind),
					"phase dns, kind %s", test.kind)
				return
			}
			r.want(t, rep.last(t).Address == "127.0.0.1:"+n["PORT"] && rep.last(t).Outcome == "ok", "a session with 127.0.0.1")
			if test.domain == "implicit.test" {
				r.want(t, rep.Route.Source == "address", "source address, got %s", rep.Route.Source)
			}
		})
	}
}

// testProbe looks at what is known of a server without sending mail.
func testProbe(t *testing.T, n names) {
	r := n.ehlo(t, "probe --dns $DNS -p $PORT --ca $CA -o json mail.test")
	rep := r.report(t)
	s := rep.last(t)
	r.want(t, r.exit == 0, "exit 0")
	r.want(t, len(rep.Sessions) == 1 && s.Host == "mx1.mail.test", "only the exchanger that answers first, mx1")
	r.want(t, s.Greeting.Code == 220 && strings.HasPrefix(strings.Join(s.Greeting.Lines, ""), "mx1.mail.test ESMTP"), "the greeting")
	r.want(t, s.Protocol == "ESMTP", "ESMTP")
	r.want(t, s.Size.State == "declared" && s.Size.Declared == sizeLimit, "size declared %d", sizeLimit)
	for _, keyword := range []string{"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8", "CHUNKING"} {
		r.want(t, s.extension(keyword), "extension %s", keyword)
	}
	r.want(t, !s.extension("STARTTLS"), "the extensions of the EHLO after STARTTLS, where it is not offered again")

	r = n.ehlo(t, "probe --dns $DNS -p $PORT --ca $CA --all -o json mail.test")
	rep = r.report(t)
	r.want(t, r.exit == 0 && len(rep.Sessions) == 2 && rep.Sessions[1].Host == "mx2.mail.test", "--all: a session with each exchanger")

	r = n.ehlo(t, "probe --dns $DNS -p $PORT --ca $CA mail.test")
	r.plain(t)
	for _, line := range []string{"S: 220 mx1.mail.test ESMTP Postfix", "S: 250-SIZE " + strconv.Itoa(sizeLimit), "C: STARTTLS", "C: QUIT", "S: 221 2.0.0 Bye"} {
		r.want(t, slices.Contains(strings.Split(r.stdout, "\n"), line), "the line %q", line)
	}
}

// testTLS looks at the verdict on the certificate, and what follows from it.
func testTLS(t *testing.T, n names) {
	tests := []struct {
		name, flags, target string
		exit                int
		mode                string
		verified            bool
	}{
		{"its authority is known", "--ca $CA", "-p $PORT mail.test", 0, "starttls", true},
		{"and required", "--ca $CA --tls-verify", "-p $PORT mail.test", 0, "starttls", true},
		{"its authority is not known", "", "-p $PORT mail.test", 0, "starttls", false},
		{"but required", "--tls-verify", "-p $PORT mail.test", 29, "starttls", false},
		{"it is for another name", "--ca $CA", "smtp://mx2.mail.test:$PORT", 0, "starttls", false},
		{"it is for no address", "--ca $CA", "127.0.0.1:$PORT", 0, "starttls", false},
		{"TLS from the first octet", "--ca $CA", "smtps://mx1.mail.test:$SMTPS", 0, "implicit", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := n.ehlo(t, "probe --dns $DNS "+test.flags+" -o json "+test.target)
			rep := r.report(t)
			r.want(t, r.exit == test.exit, "exit %d", test.exit)
			if test.exit != 0 {
				r.want(t, rep.Error != nil && rep.Error.Phase == "tls" && rep.Error.Kind == "tls_unverified", "phase tls, kind tls_unverified")
			}
			s := rep.last(t)
			if s.TLS == nil {
				r.want(t, false, "TLS")
				return
			}
			r.want(t, s.TLS.Mode == test.mode && strings.HasPrefix(s.TLS.Version, "TLS 1."), "%s", test.mode)
			r.want(t, s.TLS.Verified == test.verified && (s.TLS.Error == "") == test.verified, "verified %v, else an error text", test.verified)
			r.want(t, len(s.TLS.Certificates) > 0 && reflect.DeepEqual(s.TLS.Certificates[0].Names, []string{"mx1.mail.test"}), "the certificate's name")
		})
	}
	r := n.ehlo(t, "probe --tls never -o json 127.0.0.1:$PORT")
	r.want(t, r.exit == 0 && r.report(t).last(t).TLS == nil, "exit 0 without TLS")
}

// testSize looks at the limit that Postfix declares.
func testSize(t *testing.T, n names) {
	r := n.ehlo(t, "size --dns $DNS -p $PORT mail.test")
	r.plain(t)
	r.want(t, r.exit == 0 && strings.Contains(r.stdout, "14,680,064 octets (14.0 MiB)"), "14,680,064 octets (14.0 MiB)")
}
