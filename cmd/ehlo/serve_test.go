package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// background is an `ehlo serve` that a script has started.
type background struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
	read     chan struct{} // closed at the end of its output
}

// running is the key of the one that was started last.
type running struct{}

var (
	listeningAt = regexp.MustCompile(`(?:listening on |"address":")([^"\s]+)`)
	itsCA       = regexp.MustCompile(`(?:# CA: |"ca":")([^"\n]+)`)
)

// serving starts `ehlo serve --listen :0` in the background, with the variables
// that are given in front, and puts its address into $ADDR, its port into $AT and
// its CA file into $CA.
func serving(ts *testscript.TestScript, neg bool, args []string) {
	env := []string{}
	for len(args) > 0 && strings.Contains(args[0], "=") && !strings.HasPrefix(args[0], "-") {
		env, args = append(env, args[0]), args[1:]
	}
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serving [NAME=VALUE…] ARGUMENTS…")
	}
	ehlo, err := exec.LookPath(filepath.Join(strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator))[0], "ehlo"))
	ts.Check(err)
	b := &background{cmd: exec.Command(ehlo, append([]string{"serve", "--listen", ":0"}, args...)...), read: make(chan struct{})}
	b.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR"} {
		b.cmd.Env = append(b.cmd.Env, name+"="+ts.Getenv(name))
	}
	b.cmd.Env = append(b.cmd.Env, env...)
	b.cmd.Stderr = &b.err
	pipe, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	ts.Defer(func() { _ = b.cmd.Process.Kill() })
	// Its first lines come at once; what it has no certificate for has no second.
	lines := bufio.NewReader(pipe)
	first, _ := lines.ReadString('\n')
	b.out.WriteString(first)
	found := listeningAt.FindStringSubmatch(first)
	if found == nil {
		_ = b.cmd.Wait()
		ts.Fatalf("it does not listen: %s%s", first, b.err.String())
	}
	ca := itsCA.FindStringSubmatch(first)
	if ca == nil && len(peekLine(lines)) > 0 {
		second, _ := lines.ReadString('\n')
		b.out.WriteString(second)
		ca = itsCA.FindStringSubmatch(second)
	}
	ts.Setenv("CA", "")
	if ca != nil {
		ts.Setenv("CA", ca[1])
	}
	ts.Setenv("ADDR", found[1])
	go func() {
		defer close(b.read)
		_, _ = io.Copy(&b.out, lines)
	}()
	*ts.Value(running{}).(**background) = b
}

// peekLine is what has been written already behind the first line.
func peekLine(r *bufio.Reader) []byte {
	b, _ := r.Peek(r.Buffered())
	return b
}

// ended awaits the end of what serving has started, wants that exit code, and
// leaves its output in the files served.out and served.err. With a signal's name
// behind the code it is ended by that.
func ended(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: ended CODE [INT|TERM]")
	}
	b := *ts.Value(running{}).(**background)
	if len(args) == 2 {
		ts.Check(b.cmd.Process.Signal(map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[1]]))
	}
	late := time.AfterFunc(30*time.Second, func() { _ = b.cmd.Process.Kill() })
	defer late.Stop()
	<-b.read
	_ = b.cmd.Wait()
	ts.Check(os.WriteFile(ts.MkAbs("served.out"), b.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("served.err"), b.err.Bytes(), 0o600))
	if code := strconv.Itoa(b.cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("exit %s, not %s\n%s%s", code, args[0], b.out.String(), b.err.String())
	}
}

// gone wants that a file is not there.
func gone(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		if _, err := os.Stat(ts.MkAbs(name)); (err != nil) == neg {
			ts.Fatalf("%s: %v", name, err)
		}
	}
}

// says connects to an address, says octets in Go's syntax, and writes all that
// it hears to the file heard: says ADDR 'EHLO x\r\nQUIT\r\n'.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: says ADDR TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	c, err := net.Dial("tcp", args[0])
	ts.Check(err)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = io.WriteString(c, text)
	ts.Check(err)
	heard, err := io.ReadAll(c)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("heard"), bytes.ReplaceAll(heard, []byte("\r\n"), []byte("\n")), 0o600))
}

// TestMirror plays both sides of scripts against each other: those of this test,
// and the recipes.
func TestMirror(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("EHLO_PASSWORD", "S3cret~Pass")
	files, err := filepath.Glob(filepath.Join("testdata", "mirror", "*.smtp"))
	recipes, _ := filepath.Glob(filepath.Join("..", "..", "docs", "recipes", "*.smtp"))
	if err != nil || len(files) == 0 || len(recipes) == 0 {
		t.Fatal(err)
	}
	sets := []string{"--set", "elsewhere=y.test", "--set", "second=c@d.test", "--set", "wait=300ms", "--set", "pause=10ms"}
	for _, file := range append(files, recipes...) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			out, in := io.Pipe()
			var serveErr, runOut, runErr bytes.Buffer
			served := make(chan int, 1)
			go func() {
				served <- run(context.Background(), append([]string{"serve", "--once", "--listen", ":0", "--timeout", "10", "--user", "me", file}, sets...), streams{strings.NewReader(""), in, &serveErr})
				_ = in.Close()
			}()
			lines := bufio.NewReader(out)
			first, _ := lines.ReadString('\n')
			found := listeningAt.FindStringSubmatch(first)
			if found == nil {
				t.Fatalf("%s%s", first, serveErr.String())
			}
			ca := itsCA.FindStringSubmatch(string(peekLine(lines)))
			trust := sets[:len(sets):len(sets)]
			if ca != nil {
				trust = append(trust, "--ca", ca[1])
			}
			var transcript bytes.Buffer
			read := make(chan struct{})
			go func() { _, _ = io.Copy(&transcript, lines); close(read) }()
			code := run(context.Background(), append([]string{"run", "--timeout", "10", "--insecure-auth", "--user", "me", "--helo", "client.example.test", "--set", "from=me@example.test", file, found[1]}, trust...), streams{strings.NewReader(""), &runOut, &runErr})
			<-read
			if other := <-served; code != 0 || other != 0 {
				t.Errorf("run: %d, serve: %d\n%s%s\n%s%s", code, other, runOut.String(), runErr.String(), transcript.String(), serveErr.String())
			}
		})
	}
}
