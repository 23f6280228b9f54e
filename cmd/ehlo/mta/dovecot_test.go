//go:build mta

package mta

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// dovecot is a running Dovecot that knows the users good, second and full, the last of whom has no place
// for mail. Their password is password.
type dovecot struct {
	dir  string
	port string // LMTP
	lmtp string // its UNIX socket
	sasl string // where Postfix has logins checked
}

// password has what is special somewhere: a blank, a quote and signs of base64. It is ASCII, since for
// DIGEST-MD5 Dovecot takes UTF-8 where RFC 2831 wants ISO 8859-1 if that has all the letters.
const password = `tr0ub4dor "3&+/=`

const dovecotConf = `base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/log
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
default_vsz_limit = 0
first_valid_uid = 1
import_environment = LD_LIBRARY_PATH
listen = 127.0.0.1
protocols = lmtp
hostname = lmtp.mail.test
ssl = no
auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256
auth_failure_delay = 0
auth_username_format = %Ln
mail_location = maildir:%h
passdb {
  driver = passwd-file
  args = $dir/users
}
userdb {
  driver = passwd-file
  args = $dir/users
}
service anvil {
  chroot =
  # What delays a login after others that failed.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service auth {
  unix_listener sasl {
    mode = 0666
  }
}
service lmtp {
  inet_listener lmtp {
    port = $port
  }
  unix_listener lmtp {
    mode = 0666
  }
}
`

// startDovecot runs Dovecot as one unprivileged user. Its binaries know the places of others and of their
// modules, so PRoot shows them its tree there; the machine's own files are as they were.
func startDovecot(t *testing.T) *dovecot {
	deb, proot := fetch(t, "dovecot-lmtpd"), fetch(t, "proot")
	dir := serverDir(t, "dovecot")
	d := &dovecot{dir: dir, port: freePort(t), lmtp: filepath.Join(dir, "run", "lmtp"), sasl: filepath.Join(dir, "run", "sasl")}
	uid, gid := serverUser()
	owner, err := user.LookupId(strconv.Itoa(uid))
	group, errGroup := user.LookupGroupId(strconv.Itoa(gid))
	if err != nil || errGroup != nil {
		t.Skipf("Dovecot wants user %d and group %d to have names: add them to /etc/passwd and /etc/group", uid, gid)
	}
	values := map[string]string{"dir": dir, "port": d.port, "user": owner.Username, "group": group.Name}
	writeFile(t, filepath.Join(dir, "conf"), os.Expand(dovecotConf, func(name string) string { return values[name] }))
	var users strings.Builder
	for _, name := range []string{"good", "second", "full"} {
		fmt.Fprintf(&users, "%s:{PLAIN}%s:%d:%d::%s/mail/%[1]s\n", name, password, uid, gid, dir)
	}
	writeFile(t, filepath.Join(dir, "users"), users.String())
	writeFile(t, filepath.Join(dir, "mail", "full"), "a file where the mailbox should be\n")
	for _, name := range []string{"run", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}

	inside := deb.command([]string{"usr/lib/dovecot"}, "usr/sbin/dovecot", "-F", "-c", filepath.Join(dir, "conf"))
	cmd := proot.command(nil, "usr/bin/proot", append([]string{
		"-b", deb.path("usr/lib/dovecot") + ":/usr/lib/dovecot", "-b", deb.path("usr/bin/doveconf") + ":/usr/bin/doveconf",
	}, inside.Args...)...)
	cmd.Env = append(cmd.Env, "PROOT_TMP_DIR="+filepath.Join(dir, "tmp"))
	for i, setting := range cmd.Env {
		if strings.HasPrefix(setting, "LD_LIBRARY_PATH=") {
			for _, other := range inside.Env {
				if libraries, ok := strings.CutPrefix(other, "LD_LIBRARY_PATH="); ok {
					cmd.Env[i] += ":" + libraries
				}
			}
		}
	}
	serve(t, cmd, dir, filepath.Join(dir, "log"), greeted("unix", d.lmtp))
	// PRoot itself does not end at SIGTERM; it ends with Dovecot.
	t.Cleanup(func() {
		octets, _ := os.ReadFile(filepath.Join(dir, "run", "master.pid"))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(octets))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	})
	return d
}

// delivered takes the user's only message out of the mailbox and returns it as it was sent.
func (d *dovecot) delivered(t *testing.T, user string) string {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(d.dir, "mail", user, "new", "*"))
	if len(found) != 1 {
		t.Fatalf("want one message for %s, got %v", user, found)
	}
	octets, err := os.ReadFile(found[0])
	if err == nil {
		err = os.Remove(found[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	return withoutTrace(t, string(bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n"))))
}

// TestDovecotLMTP delivers to Dovecot over LMTP, by TCP and by its UNIX socket.
func TestDovecotLMTP(t *testing.T) {
	server := startDovecot(t)
	n := names{"MAIL": filepath.Join(scratch, "mail"), "PORT": server.port, "SOCKET": server.lmtp}
	message := header + ".one\n.\nthe end\n"
	if err := os.WriteFile(n["MAIL"], []byte(message), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, to  string
		exit      int
		phase     string
		delivery  string
		replies   string // code and enhanced code of each recipient's last reply
		delivered string
	}{
		{"one", "good@mail.test", 0, "", "accepted", "250 2.0.0", "good"},
		{"two", "good@mail.test,second@mail.test", 0, "", "accepted", "250 2.0.0,250 2.0.0", "good second"},
		{"one unknown", "good@mail.test,unknown@mail.test", 24, "rcpt", "partial", "250 2.0.0,550 5.1.1", "good"},
		{"all unknown", "unknown@mail.test", 24, "rcpt", "rejected", "550 5.1.1", ""},
		{"one has no place, said after the dot", "good@mail.test,full@mail.test,second@mail.test", 26, "data", "partial", "250 2.0.0,451 4.2.0,250 2.0.0", "good second"},
		{"the only one has no place", "full@mail.test", 26, "data", "deferred", "451 4.2.0", ""},
	}
	for wire, target := range map[string]string{"tcp": "lmtp://127.0.0.1:$PORT", "unix": "lmtp://$SOCKET"} {
		for _, test := range tests {
			t.Run(wire+"/"+test.name, func(t *testing.T) {
				r := n.ehlo(t, "send --helo client.test --from sender@client.test --data $MAIL -o json --to "+test.to+" "+target)
				rep := r.report(t)
				s := rep.last(t)
				r.want(t, r.exit == test.exit, "exit %d", test.exit)
				if test.exit != 0 {
					r.want(t, rep.Error != nil && rep.Error.Phase == test.phase, "phase %s", test.phase)
				}
				r.want(t, s.Protocol == "LMTP", "LMTP")
				r.want(t, s.Delivery == test.delivery, "delivery %s, got %q", test.delivery, s.Delivery)
				var to, replies []string
				for _, recipient := range s.Recipients {
					to = append(to, recipient.Address)
					replies = append(replies, fmt.Sprint(recipient.Reply.Code, " ", recipient.Reply.Enhanced))
				}
				r.want(t, strings.Join(to, ",") == test.to, "the recipients in their order, got %v", to)
				r.want(t, strings.Join(replies, ",") == test.replies, "the replies %s, got %v", test.replies, replies)
				for _, name := range strings.Fields(test.delivered) {
					if got := server.delivered(t, name); got != message {
						r.want(t, false, "the message to %s, got %q", name, got)
					}
				}
			})
		}
	}
	for _, target := range []string{"lmtp://127.0.0.1:$PORT", "lmtp://$SOCKET"} {
		r := n.ehlo(t, "probe --helo client.test "+target)
		r.plain(t)
		lines := strings.Split(r.stdout, "\n")
		r.want(t, r.exit == 0 && slices.Contains(lines, "C: LHLO client.test") && slices.Contains(lines, "S: 221 2.0.0 Bye"), "exit 0, LHLO and a good bye")
	}
	if left, _ := filepath.Glob(filepath.Join(server.dir, "mail", "*", "new", "*")); len(left) > 0 {
		t.Errorf("messages that nobody sent: %v", left)
	}
}
