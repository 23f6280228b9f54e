//go:build mta

package mta

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 20 * time.Second // from a server's start to its first answer
	stopTimeout  = 10 * time.Second // from SIGTERM to SIGKILL
)

// nobody is who the servers are when the tests are root.
const nobody = 65534

// serverUser returns the user and the group that the servers run as.
func serverUser() (uid, gid int) {
	if os.Getuid() == 0 {
		return nobody, nobody
	}
	return os.Getuid(), os.Getgid()
}

// tree is the root of an unpacked set of Debian packages.
type tree string

// fetched are the trees of this test run: to ask apt-get for each takes seconds.
var fetched = map[string]tree{}

// fetch unpacks Debian packages and what they need; the first one names the tree.
func fetch(t *testing.T, packages ...string) tree {
	t.Helper()
	key := strings.Join(packages, " ")
	if known, ok := fetched[key]; ok {
		return known
	}
	cmd := exec.Command(filepath.Join("..", "..", "..", ".ci", "mta", "fetch"), packages...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		t.Skip(strings.TrimSpace(stderr.String()))
	}
	if err != nil {
		t.Fatalf("cannot fetch %v: %v\n%s", packages, err, &stderr)
	}
	fetched[key] = tree(strings.TrimSpace(string(out)))
	return fetched[key]
}

// path returns a file of the tree.
func (tr tree) path(name string) string { return filepath.Join(string(tr), name) }

// library returns a shared library of the tree, wherever Debian keeps it for this architecture.
func (tr tree) library(t *testing.T, name string) string {
	t.Helper()
	found, _ := filepath.Glob(tr.path("usr/lib/*/" + name))
	if len(found) != 1 {
		t.Fatalf("%s: want one in %s, got %v", name, tr, found)
	}
	return found[0]
}

// command makes a command of the tree with its libraries, those in libDirs first, and an otherwise
// empty environment.
func (tr tree) command(libDirs []string, name string, args ...string) *exec.Cmd {
	var dirs []string
	for _, dir := range libDirs {
		dirs = append(dirs, tr.path(dir))
	}
	for _, pattern := range []string{"usr/lib/*-linux-gnu*", "lib/*-linux-gnu*"} {
		found, _ := filepath.Glob(tr.path(pattern))
		dirs = append(dirs, found...)
	}
	cmd := exec.Command(tr.path(name), args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH=" + strings.Join(dirs, ":")}
	return cmd
}

// serverDir makes a directory for one server, removed when the test ends. Its path is short, since a
// UNIX socket's has room for 107 octets.
func serverDir(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(scratch, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// writeFile writes a file of a server, with the directories above it.
func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serve starts a server as serverUser, who is given dir.
func serve(t *testing.T, cmd *exec.Cmd, dir, log string, ready func() error) {
	t.Helper()
	cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		uid, gid := serverUser()
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(name, uid, gid))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	start(t, cmd, dir, log, ready)
}

// start starts a server, waits until ready says nil, and stops it with its children when the test ends.
// Its standard streams, which are kept in dir, and its log file are shown if it does not come up.
func start(t *testing.T, cmd *exec.Cmd, dir, log string, ready func() error) {
	t.Helper()
	// A process group of its own is how all its children are found again; the parent's death is
	// for a test that is killed before its cleanup.
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGTERM
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start %s: %v (can user %d reach it? EHLO_MTA_CACHE sets another place)", cmd.Path, err, nobody)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { stop(cmd.Process.Pid, ended) })

	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		why := ready()
		if why == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			why = fmt.Errorf("it ended: %v", err)
		default:
			if time.Now().Before(deadline) {
				continue
			}
		}
		said, _ := os.ReadFile(output.Name())
		logged, _ := os.ReadFile(log)
		t.Fatalf("%s did not start: %v\n%s%s", cmd.Path, why, said, logged)
	}
}

// greeted says that a server answers with its greeting.
func greeted(network, address string) (ready func() error) {
	return func() error {
		c, err := net.DialTimeout(network, address, time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		greeting := make([]byte, 4)
		if _, err := c.Read(greeting); err != nil || string(greeting) != "220 " {
			return fmt.Errorf("its greeting is %q: %v", greeting, err)
		}
		_, err = c.Write([]byte("QUIT\r\n"))
		return err
	}
}

// stop ends the process group pid and returns when its leader has ended.
func stop(pid int, ended <-chan error) {
	select {
	case <-ended:
	default:
		_ = syscall.Kill(pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(stopTimeout):
		}
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// freePort returns a port that is free for TCP and UDP on 127.0.0.1, and for TCP on 127.0.0.2.
func freePort(t *testing.T) string {
	t.Helper()
	for range 20 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(first.Addr().String())
		second, err := net.Listen("tcp", "127.0.0.2:"+port)
		datagrams, errDatagrams := net.ListenPacket("udp", "127.0.0.1:"+port)
		for _, c := range []io.Closer{first, second, datagrams} {
			if c != nil {
				c.Close()
			}
		}
		if err == nil && errDatagrams == nil {
			return port
		}
	}
	t.Fatal("no free port on 127.0.0.1 and 127.0.0.2")
	return ""
}
