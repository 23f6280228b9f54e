//go:build mta

package mta

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sizeLimit is the message size in octets that Postfix declares.
const sizeLimit = 14680064

// logTimeout is how long the mail log and the mailboxes may lag behind the session.
const logTimeout = 10 * time.Second

// postfix is a running Postfix, mx1.mail.test on 127.0.0.1 and, under the same name, on 127.0.0.2. It
// accepts mail for good, second and third @mail.test, defers grey@mail.test, refuses everyone else there,
// and relays nothing.
type postfix struct {
	port      string // SMTP, with STARTTLS
	smtpsPort string // TLS from the first octet
	caFile    string // the authority of its certificate, whose only name is mx1.mail.test
	dir       string
	logRead   int // octets of the mail log that log has returned
}

const mainCF = `compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
meta_directory = $dir/etc
command_directory = $tree/usr/sbin
daemon_directory = $tree/usr/lib/postfix/sbin
shlib_directory = $tree/usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
import_environment = $environment
export_environment = $environment
maillog_file = $dir/log
maillog_file_prefixes = $dir

myhostname = mx1.mail.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtpd_peername_lookup = no

message_size_limit = $sizeLimit
smtpd_tls_security_level = may
smtpd_tls_cert_file = $dir/etc/cert.pem
smtpd_tls_key_file = $dir/etc/key.pem
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{ {grey@mail.test=450 4.2.0 greylisted} }

# Strict about what a client may not do, as Postfix 3.9 is by default.
smtpd_data_restrictions = reject_unauth_pipelining
smtpd_forbid_unauth_pipelining = yes
smtpd_forbid_bare_newline = reject

# A message arrives as it was sent: no header is added for a client nearby.
local_header_rewrite_clients =
enable_original_recipient = no
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = mail.test
virtual_mailbox_base = $dir/mail
virtual_mailbox_maps = inline:{ good@mail.test=good/, second@mail.test=second/, third@mail.test=third/,
  grey@mail.test=grey/ }
virtual_minimum_uid = 1
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
`

const masterCF = `127.0.0.1:$port      inet n - n - - smtpd
127.0.0.2:$port      inet n - n - - smtpd
127.0.0.1:$smtpsPort inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 300 1 qmgr
tlsmgr  unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
trace   unix - - n - 0 bounce
error   unix - - n - - error
retry   unix - - n - - error
virtual unix - n n - - virtual
anvil   unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`

// startPostfix runs Postfix as one unprivileged user. It wants to be started by root and to change to
// users of its own: libuid-wrapper lets it believe that it does, and libnss-wrapper shows it a passwd file
// where those users are, all of them the user it really runs as. The machine's own is not touched. Each of
// services is given Postfix's directory and authority, and returns lines for master.cf.
func startPostfix(t *testing.T, services ...func(dir string, ca *authority) string) *postfix {
	deb := fetch(t, "postfix", "libnss-wrapper", "libuid-wrapper")
	dir := serverDir(t, "postfix")
	p := &postfix{port: freePort(t), smtpsPort: freePort(t), caFile: filepath.Join(scratch, "ca.pem"), dir: dir}
	uid, gid := serverUser()
	environment := []string{
		"MAIL_CONFIG=" + filepath.Join(dir, "etc"),
		"LD_PRELOAD=" + deb.library(t, "libnss_wrapper.so") + ":" + deb.library(t, "libuid_wrapper.so"),
		"NSS_WRAPPER_PASSWD=" + filepath.Join(dir, "passwd"),
		"NSS_WRAPPER_GROUP=" + filepath.Join(dir, "group"),
		"UID_WRAPPER=1",
		"UID_WRAPPER_ROOT=1",
	}
	values := map[string]string{
		"dir": dir, "tree": string(deb), "port": p.port, "smtpsPort": p.smtpsPort,
		"uid": fmt.Sprint(uid), "gid": fmt.Sprint(gid), "other": fmt.Sprint(uid + 1), "postdrop": fmt.Sprint(gid + 2),
		"sizeLimit": fmt.Sprint(sizeLimit), "environment": "LD_LIBRARY_PATH TZ",
	}
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		values["environment"] += " " + name
	}
	ca := newAuthority(t, p.caFile)
	ca.issue(t, filepath.Join(dir, "etc"), time.Now().Add(time.Hour), "mx1.mail.test")
	master := masterCF
	for _, service := range services {
		master += service(dir, ca)
	}
	for name, text := range map[string]string{
		"passwd":        "root:x:0:0::/:/bin/sh\npostfix:x:$uid:$gid::/:/bin/false\nnobody:x:$other:$other::/:/bin/false\n",
		"group":         "root:x:0:\npostfix:x:$gid:\npostdrop:x:$postdrop:\n",
		"etc/main.cf":   mainCF,
		"etc/master.cf": master,
	} {
		writeFile(t, filepath.Join(dir, name), os.Expand(text, func(name string) string { return values[name] }))
	}
	for _, name := range strings.Fields("data mail queue/active queue/bounce queue/corrupt queue/defer queue/deferred queue/flush " +
		"queue/hold queue/incoming queue/maildrop queue/pid queue/private queue/public queue/saved queue/trace") {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}

	cmd := deb.command([]string{"usr/lib/postfix"}, "usr/lib/postfix/sbin/master", "-d")
	cmd.Env = append(cmd.Env, environment...)
	serve(t, cmd, dir, filepath.Join(dir, "log"), greeted("tcp", "127.0.0.1:"+p.port))
	p.log(t, 1)
	return p
}

// log waits until as many further sessions have ended and returns what the mail log says since the last call.
func (p *postfix) log(t *testing.T, sessions int) string {
	t.Helper()
	var lines []byte
	for deadline := time.Now().Add(logTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		all, err := os.ReadFile(filepath.Join(p.dir, "log"))
		if err != nil {
			t.Fatal(err)
		}
		if lines = all[p.logRead:]; bytes.Count(lines, []byte(": disconnect from ")) >= sessions {
			p.logRead = len(all)
			return string(lines)
		}
	}
	t.Fatalf("not %d sessions in the mail log:\n%s", sessions, lines)
	return ""
}

// delivered waits for a message to the user, takes it out of the mailbox and returns it as it was sent, without the
// lines that Postfix put on top; its lines end in LF.
func (p *postfix) delivered(t *testing.T, user string) string {
	t.Helper()
	pattern := filepath.Join(p.dir, "mail", user, "new", "*")
	for deadline := time.Now().Add(logTimeout); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		found, _ := filepath.Glob(pattern)
		if len(found) == 0 {
			continue
		}
		octets, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(found[0]); err != nil {
			t.Fatal(err)
		}
		return withoutTrace(t, string(octets))
	}
	t.Fatalf("no message for %s:\n%s", user, p.log(t, 0))
	return ""
}

// withoutTrace cuts the header fields that a server put on top, the last of them being Received.
func withoutTrace(t *testing.T, message string) string {
	t.Helper()
	seen := false
	for rest := message; ; {
		line, next, ok := strings.Cut(rest, "\n")
		folded := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if seen && !folded {
			return rest
		}
		if !ok {
			t.Fatalf("no Received header in\n%s", message)
		}
		seen = seen || strings.HasPrefix(line, "Received:")
		rest = next
	}
}
