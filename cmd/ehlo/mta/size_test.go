//go:build mta

package mta

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// found is what `ehlo size --exact` has to find out about a server.
type found struct {
	verdict            string
	accepted, rejected int64
	commands           int64 // at most
	rejections         int64 // at most
	connections        int64
}

// exact runs `ehlo size --exact` and holds what it found to what is true.
func (n names) exact(t *testing.T, line string, want found) session {
	t.Helper()
	r := n.ehlo(t, "size --exact --helo client.test -o json "+line)
	s := r.report(t).last(t)
	got := s.Size
	r.want(t, r.exit == 0, "exit 0")
	r.want(t, got.Verdict == want.verdict && got.Accepted == want.accepted && got.Rejected == want.rejected, "%+v, got %+v", want, got)
	r.want(t, got.Commands <= want.commands && got.Rejections <= want.rejections && got.Connections == want.connections, "no more than %+v, got %+v", want, got)
	r.want(t, s.Delivery == "none" && len(s.Recipients) == 0, "no delivery, no recipient")
	for _, line := range s.Transcript {
		r.want(t, !strings.HasPrefix(line.Text, "421"), "no 421")
		r.want(t, line.From == "S" || !strings.HasPrefix(line.Text, "RCPT") && !strings.HasPrefix(line.Text, "DATA"), "neither RCPT nor DATA")
	}
	r = n.ehlo(t, "size --exact --helo client.test --pause 0.01 "+line)
	r.plain(t)
	r.want(t, r.exit == 0, "exit 0")
	return s
}

const ceiling = 1 << 40

// TestExactSizePostfix is Postfix with the limit that it declares, and with
// none.
func TestExactSizePostfix(t *testing.T) {
	unlimited, quiet := freePort(t), freePort(t)
	server := startPostfix(t, func(string, *authority) string {
		return "127.0.0.1:" + unlimited + " inet n - n - - smtpd\n  -o message_size_limit=0\n" +
			// It declares nothing, and enforces its limit all the same.
			"127.0.0.1:" + quiet + " inet n - n - - smtpd\n  -o smtpd_discard_ehlo_keywords=size\n"
	})
	n := names{"PORT": server.port, "UNLIMITED": unlimited, "QUIET": quiet, "CA": server.caFile}
	sessions := 0
	for _, test := range []struct {
		name, line string
		want       found
	}{
		{"declared", "--tls never 127.0.0.1:$PORT", found{"enforced", sizeLimit, sizeLimit + 1, 2, 1, 1}},
		{"declared, under TLS", "--ca $CA --sni mx1.mail.test 127.0.0.1:$PORT", found{"enforced", sizeLimit, sizeLimit + 1, 2, 1, 1}},
		{"no limit", "--tls never 127.0.0.1:$UNLIMITED", found{"unlimited", ceiling, 0, 2, 1, 1}},
		{"not declared", "--tls never 127.0.0.1:$QUIET", found{"undeclared", sizeLimit, sizeLimit + 1, 80, 9, 1}},
	} {
		t.Run(test.name, func(t *testing.T) { n.exact(t, test.line, test.want) })
		sessions += 2
	}
	log := server.log(t, sessions)
	for _, bad := range []string{"too many errors", "warning:", "panic:", "fatal:", "error:", "lost connection", "timeout", "improper command pipelining"} {
		if strings.Contains(log, bad) {
			t.Errorf("the mail log has %q:\n%s", bad, short(log))
		}
	}
	if found, _ := filepath.Glob(filepath.Join(server.dir, "mail", "*", "new", "*")); len(found) > 0 {
		t.Errorf("delivered: %v", found)
	}
}

// TestExactSizeExim is Exim with the limit that it declares, and with none; it
// takes a SIZE that is no number.
func TestExactSizeExim(t *testing.T) {
	for _, test := range []struct {
		name, setting string
		want          found
	}{
		{"exim-declared", "message_size_limit = $sizeLimit", found{"enforced", sizeLimit, sizeLimit + 1, 2, 1, 1}},
		{"exim-unlimited", "message_size_limit = 0\ncheck_spool_space = 0", found{"ignored", ceiling, 0, 2, 1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startEximAs(t, test.name, strings.Replace(eximConf, "message_size_limit = $sizeLimit", test.setting, 1))
			n := names{"PORT": server.port}
			n.exact(t, "--tls never 127.0.0.1:$PORT", test.want)
			quietExim(t, server)
		})
	}
}

// quietExim wants nothing in Exim's logs that tells of limits, and nothing queued.
func quietExim(t *testing.T, server *exim) {
	t.Helper()
	logs, _ := filepath.Glob(filepath.Join(server.dir, "log", "*"))
	for _, name := range logs {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"too many", "Too many", "synchronization", "dropped", "panic"} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s has %q:\n%s", filepath.Base(name), bad, text)
			}
		}
	}
	if found, _ := filepath.Glob(filepath.Join(server.dir, "spool", "input", "*")); len(found) > 0 {
		t.Errorf("queued: %v", found)
	}
}
