//go:build mta

package mta

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const submissionCF = `127.0.0.1:%[1]s inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=%[2]s
  -o smtpd_sasl_security_options=noanonymous
  -o broken_sasl_auth_clients=yes
  -o smtpd_error_sleep_time=0
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
`

// TestSubmission logs in to Postfix, which has Dovecot check the login, and sends.
func TestSubmission(t *testing.T) {
	checker, port := startDovecot(t), freePort(t)
	server := startPostfix(t, func(string, *authority) string { return fmt.Sprintf(submissionCF, port, checker.sasl) })
	n := names{
		"DNS": startNSD(t), "PORT": port, "CA": server.caFile, "MAIL": filepath.Join(scratch, "mail"),
		"PASSWORD": filepath.Join(scratch, "password"), "WRONG": filepath.Join(scratch, "wrong"),
		"RECORD": filepath.Join(scratch, "record"),
	}
	const wrong = "not the passw0rd"
	for file, text := range map[string]string{"PASSWORD": password + "\n", "WRONG": wrong + "\n", "MAIL": header + "Hello.\n"} {
		if err := os.WriteFile(n[file], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const target = " submission://good@mx1.mail.test:$PORT"
	kept := func(t *testing.T, r result, secret string) {
		t.Helper()
		record, _ := os.ReadFile(n["RECORD"])
		for _, form := range secretForms(secret) {
			where := bytes.NewBufferString(r.stdout + r.stderr)
			where.Write(record)
			r.want(t, !bytes.Contains(where.Bytes(), []byte(form)), "the password nowhere, found as %q", form)
		}
		_ = os.Remove(n["RECORD"])
	}

	mechanisms := strings.Fields("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256")
	t.Run("offered", func(t *testing.T) {
		r := n.ehlo(t, "probe --dns $DNS --ca $CA --tls-verify -o json submission://mx1.mail.test:$PORT")
		s := r.report(t).last(t)
		r.want(t, r.exit == 0 && s.TLS != nil && s.TLS.Verified && s.TLS.Mode == "starttls", "verified STARTTLS")
		r.want(t, s.extension("AUTH"), "AUTH after STARTTLS")
		r = n.ehlo(t, "probe --dns $DNS --ca $CA --auth any --password-file $PASSWORD -o json"+target)
		s = r.report(t).last(t)
		r.want(t, r.exit == 0 && s.Auth != nil && s.Auth.OK && s.Auth.Used == "SCRAM-SHA-256", "the strongest, SCRAM-SHA-256")
		if s.Auth != nil {
			for _, mechanism := range mechanisms {
				r.want(t, slices.Contains(s.Auth.Offered, mechanism), "%s offered", mechanism)
			}
		}
		kept(t, r, password)
	})
	for _, mechanism := range mechanisms {
		for _, when := range strings.Fields("auto always never") {
			t.Run(mechanism+"/"+when, func(t *testing.T) {
				line := "probe --dns $DNS --ca $CA --auth " + mechanism + " --auth-initial-response " + when
				r := n.ehlo(t, line+" --password-file $PASSWORD -o json"+target)
				s := r.report(t).last(t)
				if when == "always" && slices.Contains([]string{"CRAM-MD5", "DIGEST-MD5"}, mechanism) {
					return // those have no first response of the client; what comes of asking for it is not Postfix's
				}
				r.want(t, r.exit == 0 && s.Auth != nil && s.Auth.OK && s.Auth.Used == mechanism, "a login by %s", mechanism)
				kept(t, r, password)
			})
		}
		t.Run(mechanism+"/wrong password", func(t *testing.T) {
			for _, face := range strings.Fields("json events text") {
				r := n.ehlo(t, "probe --dns $DNS --ca $CA --auth "+mechanism+" --password-file $WRONG --record $RECORD -o "+face+target)
				r.want(t, r.exit == 28, "exit 28")
				kept(t, r, wrong)
				if face != "json" {
					continue
				}
				rep := r.report(t)
				r.want(t, rep.Error != nil && rep.Error.Phase == "auth" && rep.Error.Kind == "auth_failed", "phase auth, kind auth_failed")
				r.want(t, rep.Error != nil && rep.Error.Reply != nil && rep.Error.Reply.Code == 535 && rep.Error.Reply.Enhanced == "5.7.8", "the server's 535 5.7.8")
				logins := 0
				for _, sent := range rep.last(t).Transcript {
					if sent.From == "C" && strings.HasPrefix(sent.Text, "AUTH ") {
						logins++
					}
				}
				r.want(t, logins == 1, "one AUTH, got %d", logins)
			}
		})
	}
	t.Run("not offered", func(t *testing.T) {
		r := n.ehlo(t, "probe --dns $DNS --ca $CA --auth GSSAPI,XOAUTH2 --password-file $PASSWORD -o json"+target)
		if r.exit == 1 { // a mechanism that ehlo does not know is a usage error
			r = n.ehlo(t, "probe --dns $DNS --ca $CA --auth XOAUTH2 --password-file $PASSWORD -o json"+target)
		}
		rep := r.report(t)
		r.want(t, r.exit == 28 && rep.Error != nil && rep.Error.Kind == "auth_unavailable", "exit 28, kind auth_unavailable")
		kept(t, r, password)
	})
	t.Run("certificate not verified", func(t *testing.T) {
		for _, mechanism := range append([]string{"any"}, mechanisms...) {
			r := n.ehlo(t, "probe --dns $DNS --auth "+mechanism+" --password-file $PASSWORD -o json"+target)
			rep := r.report(t)
			r.want(t, r.exit == 28 && rep.Error != nil && rep.Error.Kind == "auth_unavailable" && rep.Error.Phase == "auth", "exit 28, phase auth, kind auth_unavailable")
			for _, sent := range rep.last(t).Transcript {
				r.want(t, sent.From != "C" || !strings.HasPrefix(sent.Text, "AUTH"), "no AUTH")
			}
			kept(t, r, password)
		}
		r := n.ehlo(t, "probe --dns $DNS --insecure-auth --password-file $PASSWORD -o json"+target)
		s := r.report(t).last(t)
		r.want(t, r.exit == 0 && s.Auth != nil && s.Auth.OK && s.TLS != nil && !s.TLS.Verified, "a login with --insecure-auth")
		kept(t, r, password)
	})
	t.Run("in clear", func(t *testing.T) {
		r := n.ehlo(t, "probe --dns $DNS --tls never --insecure-auth --auth PLAIN --password-file $PASSWORD -o json"+target)
		r.want(t, r.exit != 0, "no success: Postfix offers no AUTH without TLS, and submission:// requires it")
		kept(t, r, password)
	})
	t.Run("send", func(t *testing.T) {
		for _, face := range strings.Fields("json events text") {
			r := n.ehlo(t, "send --dns $DNS --ca $CA --helo client.test --from sender@client.test --to good@mail.test --data $MAIL "+
				"--password-file $PASSWORD --record $RECORD -o "+face+target)
			r.want(t, r.exit == 0, "exit 0")
			kept(t, r, password)
			if r.exit == 0 {
				if got := server.delivered(t, "good"); got != header+"Hello.\n" {
					r.want(t, false, "the message, got %q", got)
				}
			}
		}
		r := n.ehlo(t, "send --dns $DNS --ca $CA --helo client.test --from sender@client.test --to good@mail.test --data $MAIL -o json submission://mx1.mail.test:$PORT")
		r.want(t, r.exit == 24 && r.report(t).last(t).Delivery != "accepted", "no relay without a login")
	})
}

// secretForms are the password itself and what tells it as well.
func secretForms(secret string) []string {
	encode := func(s string) string { return strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(s)), "=") }
	sum := hmac.New(md5.New, []byte(secret)).Sum(nil)
	forms := []string{secret, encode(secret), encode("\x00good\x00" + secret), encode("good\x00good\x00" + secret), hex.EncodeToString([]byte(secret)), hex.EncodeToString(sum)}
	if quoted := fmt.Sprintf("%q", secret); quoted != `"`+secret+`"` {
		forms = append(forms, strings.Trim(quoted, `"`))
	}
	return forms
}

// TestCertificates looks at the words for certificates that are wrong, on smtps ports of Postfix.
func TestCertificates(t *testing.T) {
	wrongHost, expired := freePort(t), freePort(t)
	ended := time.Now().Add(-36 * time.Hour)
	server := startPostfix(t, func(dir string, ca *authority) string {
		ca.issue(t, filepath.Join(dir, "wrong"), time.Now().Add(time.Hour), "other.test", "www.other.test")
		ca.issue(t, filepath.Join(dir, "expired"), ended, "mx1.mail.test")
		var lines strings.Builder
		for port, name := range map[string]string{wrongHost: "wrong", expired: "expired"} {
			fmt.Fprintf(&lines, "127.0.0.1:%s inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n  -o smtpd_tls_cert_file=%[2]s/cert.pem\n"+
				"  -o smtpd_tls_key_file=%[2]s/key.pem\n", port, filepath.Join(dir, name))
		}
		return lines.String()
	})
	n := names{"DNS": startNSD(t), "CA": server.caFile, "SMTPS": server.smtpsPort, "WRONG": wrongHost, "EXPIRED": expired}
	tests := []struct {
		name, target string
		words        []string // none: it verifies
	}{
		{"as it should be", "smtps://mx1.mail.test:$SMTPS", nil},
		{"for another host", "smtps://mx1.mail.test:$WRONG", []string{"it is for other.test", "www.other.test, not for mx1.mail.test"}},
		{"expired", "smtps://mx1.mail.test:$EXPIRED", []string{"expired since " + ended.UTC().Format(time.DateOnly)}},
		{"submissions too", "submissions://mx1.mail.test:$EXPIRED", []string{"expired since "}},
		{"TLS implicit", "--tls implicit smtp://mx1.mail.test:$WRONG", []string{"it is for other.test"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, verify := range []string{"", "--tls-verify "} {
				exit := 0
				if test.words != nil && verify != "" {
					exit = 29
				}
				r := n.ehlo(t, "probe --dns $DNS --ca $CA -o json "+verify+test.target)
				rep := r.report(t)
				r.want(t, r.exit == exit, "exit %d", exit)
				if exit != 0 {
					r.want(t, rep.Error != nil && rep.Error.Phase == "tls" && rep.Error.Kind == "tls_unverified", "phase tls, kind tls_unverified")
				}
				s := rep.last(t)
				if s.TLS == nil {
					r.want(t, false, "TLS")
					continue
				}
				r.want(t, s.TLS.Mode == "implicit" && s.TLS.Verified == (test.words == nil), "implicit TLS, verified %v", test.words == nil)
				text := n.ehlo(t, "probe --dns $DNS --ca $CA "+verify+test.target)
				text.plain(t)
				text.want(t, text.exit == exit, "exit %d", exit)
				for _, word := range test.words {
					r.want(t, strings.Contains(s.TLS.Error, word), "the verdict %q in the report", word)
					text.want(t, strings.Contains(text.stdout, word), "the verdict %q", word)
				}
			}
		})
	}
}
