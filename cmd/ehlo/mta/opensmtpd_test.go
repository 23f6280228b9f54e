//go:build mta

package mta

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// opensmtpdFiles are what OpenSMTPD finds at its fixed places. Its users are known within its root only.
var opensmtpdFiles = map[string]string{
	"etc/smtpd.conf": `smtp max-message-size $sizeLimit
listen on 127.0.0.1 port $port hostname mx1.mail.test
action "local" mbox
match from any for domain "mail.test" action "local"
`,
	"etc/mailname": "mx1.mail.test\n",
	"etc/passwd": `root:x:0:0::/:/bin/false
opensmtpd:x:65531:65531::/:/bin/false
opensmtpq:x:65532:65532::/:/bin/false
`,
	"etc/group": "root:x:0:\nopensmtpd:x:65531:\nopensmtpq:x:65532:\n",
}

// startOpenSMTPD runs OpenSMTPD. It insists on root, on users of its own and on fixed paths, so a
// directory of the test becomes its root.
func startOpenSMTPD(t *testing.T) (port, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("OpenSMTPD wants root, and a root of its own: run this as root")
	}
	deb := fetch(t, "opensmtpd")
	dir, port = serverDir(t, "opensmtpd"), freePort(t)
	for name, text := range opensmtpdFiles {
		writeFile(t, filepath.Join(dir, name), strings.NewReplacer("$port", port, "$sizeLimit", fmt.Sprint(sizeLimit)).Replace(text))
	}
	for _, name := range []string{"dev", "tmp", "var/run", "var/lib/opensmtpd/empty", "var/spool/smtpd"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o711); err != nil {
			t.Fatal(err)
		}
	}
	needs := deb.command(nil, "usr/sbin/smtpd")
	needs.Path, needs.Args = "/usr/bin/ldd", []string{"ldd", needs.Path}
	libraries, err := needs.Output()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, deb.path("usr/sbin/smtpd"), filepath.Join(dir, "usr/sbin/smtpd"))
	for _, word := range strings.Fields(string(libraries)) {
		switch {
		case strings.HasPrefix(word, "/lib64/"): // the loader's path is in the program
			copyFile(t, word, filepath.Join(dir, word))
		case filepath.IsAbs(word):
			copyFile(t, word, filepath.Join(dir, "lib", filepath.Base(word)))
		}
	}
	cmd := deb.command(nil, "usr/sbin/smtpd", "-d", "-v")
	cmd.Path, cmd.Args[0], cmd.Dir = "/usr/sbin/smtpd", "/usr/sbin/smtpd", "/" // it starts itself again by this name
	cmd.Env = []string{"PATH=/usr/sbin", "LD_LIBRARY_PATH=/lib"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	start(t, cmd, dir, "", greeted("tcp", "127.0.0.1:"+port))
	return port, dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	octets, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, to, string(octets))
	if err := os.Chmod(to, 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestExactSizeOpenSMTPD is OpenSMTPD, which declares its limit and looks at SIZE in MAIL not at all.
func TestExactSizeOpenSMTPD(t *testing.T) {
	port, dir := startOpenSMTPD(t)
	n := names{"PORT": port}
	n.exact(t, "--tls never 127.0.0.1:$PORT", found{"not_enforced", ceiling, 0, 4, 0, 1})
	octets, err := os.ReadFile(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	_, log, _ := strings.Cut(string(octets), "smtp connected") // what it says of its start is its own affair
	for _, bad := range []string{"warn:", "fatal", "too many", "failed-command", "smtp message", "timeout"} {
		if strings.Contains(log, bad) {
			t.Errorf("its log has %q:\n%s", bad, log)
		}
	}
	if asked := strings.Count(log, "SIZE in MAIL"); asked != 8 {
		t.Errorf("its log should have 8 MAIL with SIZE, not %d:\n%s", asked, log)
	}
	queued, _ := filepath.Glob(filepath.Join(dir, "var/spool/smtpd/queue/*/*"))
	if mail, _ := filepath.Glob(filepath.Join(dir, "var/mail/*")); len(queued)+len(mail) > 0 {
		t.Errorf("queued: %v, delivered: %v", queued, mail)
	}
}
