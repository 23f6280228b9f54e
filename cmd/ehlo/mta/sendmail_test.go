//go:build mta

package mta

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sendmailCF = `V10/Berkeley
Cwmx1.mail.test
Djmx1.mail.test
DnMAILER-DAEMON
O QueueDirectory=$dir/queue
O MaxMessageSize=$size
O DeliveryMode=queueonly
O AliasFile=
O DontBlameSendmail=safe
O TempFileMode=0600
O DefaultUser=$uid:$gid
O RunAsUser=$uid:$gid
O SmtpGreetingMessage=$$j Sendmail $$v/$$Z; $$b
O PidFile=$dir/pid
O Timeout.ident=0
Troot
Troot daemon nobody
H?D?Date: $$a
S3
R$$*	$$: $$1
S4
R$$*	$$: $$1
S0
R$$*	$$#local $$: $$1
Mlocal,	P=/bin/false, F=lsDFMAw5:/|@qPSXfmnz9, S=0, R=0, T=DNS/RFC822/SMTP, A=false
Mprog,	P=/bin/false, F=lsDFMoqeu9, S=0, R=0, A=false
`

// sendmail makes a command that is Sendmail, mx1.mail.test, on its standard
// streams, and returns it and its queue. libnss-wrapper gives the host a full
// name: Sendmail waits a minute for one otherwise.
func sendmail(t *testing.T, name, size string) (command, queue string) {
	t.Helper()
	deb := fetch(t, "sendmail-bin", "libnss-wrapper")
	dir := serverDir(t, name)
	uid, gid := serverUser()
	values := map[string]string{"dir": dir, "size": size, "uid": fmt.Sprint(uid), "gid": fmt.Sprint(gid), "$": "$"}
	writeFile(t, filepath.Join(dir, "sendmail.cf"), os.Expand(sendmailCF, func(name string) string { return values[name] }))
	writeFile(t, filepath.Join(dir, "hosts"), "127.0.0.1 mx1.mail.test mx1\n")
	queue = filepath.Join(dir, "queue")
	if err := os.Mkdir(queue, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := deb.command(nil, "usr/libexec/sendmail/sendmail", "-C", filepath.Join(dir, "sendmail.cf"), "-bs")
	words := append([]string{"env", "-i"}, cmd.Env...)
	words = append(words, "LD_PRELOAD="+deb.library(t, "libnss_wrapper.so"),
		"NSS_WRAPPER_HOSTNAME=mx1.mail.test", "NSS_WRAPPER_HOSTS="+filepath.Join(dir, "hosts"))
	script := strings.Join(append(words, cmd.Args...), " ")
	if os.Getuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("as root Sendmail has to give up root: apt-get install util-linux, or do not run as root")
		}
		script = fmt.Sprintf("setpriv --reuid=%d --regid=%d --clear-groups %s", uid, gid, script)
		if err := os.Chown(queue, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	command = filepath.Join(dir, "sendmail-bs")
	writeFile(t, command, "#!/bin/sh\nexec "+script+"\n")
	if err := os.Chmod(command, 0o755); err != nil {
		t.Fatal(err)
	}
	return command, queue
}

// TestExactSizeSendmail is Sendmail with the limit that it declares, and with
// none: then it looks whether the disk has room, and says 452 where it has not.
func TestExactSizeSendmail(t *testing.T) {
	for _, test := range []struct {
		name, size string
		want       found
	}{
		{"sendmail-declared", fmt.Sprint(sizeLimit), found{"enforced", sizeLimit, sizeLimit + 1, 2, 1, 1}},
		{"sendmail-unlimited", "0", found{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			command, queue := sendmail(t, test.name, test.size)
			n := names{"PIPE": command}
			if test.size == "0" {
				r := n.ehlo(t, "size --exact --helo client.test --tls never --pipe $PIPE -o json")
				got := r.report(t).last(t).Size
				unlimited := r.exit == 0 && got.Verdict == "unlimited"
				room := r.exit == 23 && got.Verdict == "unknown" && strings.Contains(got.Reason, "no room now")
				r.want(t, (unlimited || room) && got.Rejected == 0, "no limit, got %+v", got)
			} else {
				n.exact(t, "--tls never --pipe $PIPE", test.want)
			}
			if found, _ := filepath.Glob(filepath.Join(queue, "*")); len(found) > 0 {
				t.Errorf("queued: %v", found)
			}
		})
	}
}
