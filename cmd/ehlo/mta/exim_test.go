//go:build mta

package mta

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// exim is a running Exim, mx1.mail.test, that queues mail for good and second @mail.test.
type exim struct {
	port   string
	caFile string
	pipe   string // a command that speaks SMTP on its standard streams
	dir    string
}

// eximMain is what all its configurations begin with: TLS, and mail for mail.test.
const eximMain = `exim_path = $binary
spool_directory = $dir/spool
log_file_path = $dir/log/%s
pid_file_path = $dir/pid
primary_hostname = mx1.mail.test
domainlist local_domains = mail.test
acl_smtp_rcpt = rcpt
queue_only
message_size_limit = $sizeLimit
tls_certificate = $dir/cert.pem
tls_privatekey = $dir/key.pem
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
`

const eximConf = eximMain + `begin acl
rcpt:
  accept domains = +local_domains
         local_parts = good : second
  defer  local_parts = grey
         message = 4.2.0 greylisted
  deny   message = 5.1.1 unknown user
`

func startExim(t *testing.T) *exim { return startEximAs(t, "exim", eximConf) }

// startEximAs runs Exim as one unprivileged user, for whom it needs no wrapper but a passwd file in which
// that user is Debian-exim. The name is for its directory; in conf $$ is a dollar of Exim's own.
func startEximAs(t *testing.T, name, conf string) *exim {
	deb := fetch(t, "exim4-daemon-light", "libnss-wrapper")
	dir := serverDir(t, name)
	e := &exim{port: freePort(t), caFile: filepath.Join(dir, "ca.pem"), pipe: filepath.Join(dir, "exim-bs"), dir: dir}
	uid, gid := serverUser()
	values := map[string]string{
		"binary": deb.path("usr/sbin/exim4"), "dir": dir, "sizeLimit": fmt.Sprint(sizeLimit), "uid": fmt.Sprint(uid), "gid": fmt.Sprint(gid),
		"$": "$",
	}
	for name, text := range map[string]string{
		"conf":   conf,
		"passwd": "root:x:0:0::/:/bin/sh\nDebian-exim:x:$uid:$gid::/:/bin/false\n",
		"group":  "root:x:0:\nDebian-exim:x:$gid:\n",
	} {
		writeFile(t, filepath.Join(dir, name), os.Expand(text, func(name string) string { return values[name] }))
	}
	for _, name := range []string{"spool", "log"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	newAuthority(t, e.caFile).issue(t, dir, time.Now().Add(time.Hour), "mx1.mail.test")

	file := []string{"-C", filepath.Join(dir, "conf")}
	cmd := deb.command(nil, "usr/sbin/exim4", append(file, "-bdf", "-oX", "127.0.0.1."+e.port)...)
	cmd.Env = append(cmd.Env, "LD_PRELOAD="+deb.library(t, "libnss_wrapper.so"),
		"NSS_WRAPPER_PASSWD="+filepath.Join(dir, "passwd"), "NSS_WRAPPER_GROUP="+filepath.Join(dir, "group"))

	words := append([]string{"env", "-i"}, cmd.Env...)
	words = append(append(append(words, cmd.Path), file...), `"$@"`)
	script := strings.Join(words, " ")
	if os.Getuid() == 0 {
		script = fmt.Sprintf("setpriv --reuid=%d --regid=%d --clear-groups %s", uid, gid, script)
	}
	writeFile(t, e.pipe, "#!/bin/sh\nexec "+script+"\n")
	if err := os.Chmod(e.pipe, 0o755); err != nil {
		t.Fatal(err)
	}

	serve(t, cmd, dir, filepath.Join(dir, "log", "main"), greeted("tcp", "127.0.0.1:"+e.port))
	return e
}

// queued takes the only message out of Exim's queue and returns its body.
func (e *exim) queued(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(e.dir, "spool", "input", "*-D"))
	if len(found) != 1 {
		t.Fatalf("want one message in the queue, got %v", found)
	}
	octets, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"-D", "-H"} {
		if err := os.Remove(strings.TrimSuffix(found[0], "-D") + kind); err != nil {
			t.Fatal(err)
		}
	}
	_, body, _ := strings.Cut(string(octets), "\n") // its first line is its own name
	return body
}

// TestExim speaks with Exim over TCP and with one that it starts itself.
func TestExim(t *testing.T) {
	server := startExim(t)
	n := names{
		"PORT": server.port, "CA": server.caFile, "PIPE": server.pipe + " -bs", "MISSING": server.pipe + "-missing",
		"MAIL": filepath.Join(scratch, "mail"),
	}
	const body = ".one\n..two\n.\nthe end\n"
	if err := os.WriteFile(n["MAIL"], []byte(header+body), 0o600); err != nil {
		t.Fatal(err)
	}
	wires := []struct{ name, target string }{
		{"tcp", "--ca $CA --sni mx1.mail.test 127.0.0.1:$PORT"},
		// Exim offers STARTTLS there too, but GnuTLS reads with recv, which a pipe does not know.
		{"pipe", "--tls never --pipe $PIPE"},
	}
	for _, wire := range wires {
		t.Run(wire.name, func(t *testing.T) {
			if wire.name == "pipe" && os.Getuid() == 0 {
				if _, err := exec.LookPath("setpriv"); err != nil {
					t.Skip("as root Exim has to give up root in the pipe: apt-get install util-linux, or do not run as root")
				}
			}
			r := n.ehlo(t, "probe --helo client.test -o json "+wire.target)
			s := r.report(t).last(t)
			r.want(t, r.exit == 0, "exit 0")
			r.want(t, strings.HasPrefix(strings.Join(s.Greeting.Lines, ""), "mx1.mail.test ESMTP Exim"), "the greeting")
			r.want(t, s.Size.State == "declared" && s.Size.Declared == sizeLimit, "size declared %d", sizeLimit)
			if wire.name == "tcp" {
				r.want(t, s.TLS != nil && s.TLS.Mode == "starttls" && s.TLS.Verified, "verified STARTTLS")
			}
			r = n.ehlo(t, "probe --helo client.test "+wire.target)
			r.plain(t)
			lines := strings.Split(r.stdout, "\n")
			r.want(t, r.exit == 0 && slices.Contains(lines, "C: EHLO client.test") && slices.Contains(lines, "S: 221 mx1.mail.test closing connection"), "exit 0, EHLO and a good bye")

			tests := []struct {
				name, to, delivery string
				exit               int
				queued             bool
			}{
				{"good", "good@mail.test", "accepted", 0, true},
				{"one unknown", "unknown@mail.test,second@mail.test", "partial", 24, true},
				{"all unknown", "unknown@mail.test", "rejected", 24, false},
				{"not now", "grey@mail.test", "deferred", 24, false},
			}
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					for _, flag := range []string{"", "--no-pipelining "} {
						r := n.ehlo(t, "send --helo client.test --from sender@client.test --data $MAIL -o json "+flag+"--to "+test.to+" "+wire.target)
						s := r.report(t).last(t)
						r.want(t, r.exit == test.exit && s.Delivery == test.delivery, "exit %d, delivery %s, got %q", test.exit, test.delivery, s.Delivery)
						if test.queued && s.Delivery == test.delivery {
							if got := server.queued(t); got != body {
								r.want(t, false, "the body %q, got %q", body, got)
							}
						}
					}
				})
			}
		})
	}
	t.Run("no such command", func(t *testing.T) {
		r := n.ehlo(t, "probe --helo client.test -o json --pipe $MISSING")
		rep := r.report(t)
		r.want(t, r.exit != 0 && rep.Error != nil && rep.Error.Kind != "internal", "an error that is not ehlo's own")
	})
}
