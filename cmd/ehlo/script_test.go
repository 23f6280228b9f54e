package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ehlo/resolver/dnstest"
	"ehlo/session/smtptest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ehlo": func() {
			os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
		},
	})
}

// zone is what the DNS server of the tests knows; PORT is where the mail
// servers are.
const zone = `$TTL 300
example.test.          IN SOA ns.example.test. postmaster.example.test. 1 3600 600 86400 300
example.test.          IN MX  20 mx2.example.test.
example.test.          IN MX  10 mx1.example.test.
mx1.example.test.      IN A   127.0.0.1
mx2.example.test.      IN A   127.0.0.2
dead.example.test.     IN MX  10 gone.example.test.
dead.example.test.     IN MX  20 mx1.example.test.
gone.example.test.     IN A   127.0.0.3
null.example.test.     IN MX  0 .
implicit.example.test. IN A   127.0.0.1
empty.example.test.    IN TXT "neither MX nor address"
odd.example.test.      IN MX  5 127.0.0.1.
odd.example.test.      IN MX  10 alias.example.test.
odd.example.test.      IN MX  15 nowhere.example.test.
odd.example.test.      IN MX  20 mx1.example.test.
alias.example.test.    IN CNAME mx2.example.test.
xn--mnchen-3ya.example.test. IN MX 10 mx1.example.test.
broken.example.test.   IN MX  10 mx1.example.test.
refused.example.test.  IN MX  10 mx1.example.test.
`

// mailServers starts two of them on one port, as the zone has them.
func mailServers(t *testing.T) (port string, ca []byte) {
	t.Helper()
	for i, host := range []string{"mx1.example.test", "mx2.example.test"} {
		m, err := smtptest.NewMail(smtptest.MailOptions{Hostname: host, Domain: "example.test", MaxSize: []int64{14680064, 52428800}[i]})
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0."+strconv.Itoa(i+1)+":"+port)
		if err != nil && i > 0 {
			t.Skipf("this system has one loopback address: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		ca = append(ca, m.CA()...)
		go func() { _ = m.Serve(l) }()
		t.Cleanup(func() { m.Close() })
		if port == "0" {
			t.Fatal("no port")
		}
	}
	return port, ca
}

// otherServers starts one that is TLS from the first octet, and one that
// speaks LMTP on a socket.
func otherServers(t *testing.T) (implicit, socket string) {
	t.Helper()
	m, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.test", MaxSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if implicit, err = m.ListenTLS(); err != nil {
		t.Fatal(err)
	}
	l, err := smtptest.NewMail(smtptest.MailOptions{Hostname: "mx1.example.test", Domain: "example.test", LMTP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	dir, err := os.MkdirTemp("", "ehlo") // short: the path of a socket has 108 octets at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "lmtp")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Skipf("this system has no UNIX sockets: %v", err)
	}
	go func() { _ = l.Serve(listener) }()
	return implicit, socket
}

func TestScripts(t *testing.T) {
	dns, err := dnstest.Start(zone)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dns.Close() })
	dns.Fault("broken.example.test.", "MX", dnstest.Fault{Rcode: dnstest.ServFail})
	dns.Fault("refused.example.test.", "MX", dnstest.Fault{Rcode: dnstest.Refused})
	port, ca := mailServers(t)
	implicit, lmtp := otherServers(t)
	files := t.TempDir()
	addresses := certificateServers(t, files)
	clientCertificate(t, files)
	addresses["SOCKS"], addresses["HTTPPROXY"] = listen(t, socks), listen(t, connectProxy)
	maps.Copy(addresses, sizeServers(t))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close() // nobody listens there any more

	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Values[served{}] = new(*smtptest.Server)
			env.Values[running{}] = new(*background)
			env.Setenv("DNS", dns.Addr)
			env.Setenv("PORT", port)
			env.Setenv("CLOSED", closed.Addr().String())
			env.Setenv("SMTPS", implicit)
			env.Setenv("LMTP", lmtp)
			env.Setenv("FILES", files)
			env.Setenv("LONGEST", strings.Repeat("a", 252)) // a file's name has 255 octets at most, mostly
			for name, address := range addresses {
				env.Setenv(name, address)
			}
			env.Setenv("HOME", env.WorkDir)
			// The settings of whoever runs the tests are not for them.
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir)
			env.Setenv("TWO_LINES", "a@b.test\nc@d.test")
			env.Vars = slices.DeleteFunc(env.Vars, func(v string) bool { return strings.HasPrefix(v, "EHLO_") })
			return os.WriteFile(filepath.Join(env.WorkDir, "ca.pem"), ca, 0o600)
		},
		Condition: func(what string) (bool, error) {
			if what == "root" {
				return os.Getuid() == 0, nil // who may write all files
			}
			return false, fmt.Errorf("unknown condition %q", what)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":    exitIs,
			"serve":   startServer,
			"clean":   clean,
			"client":  client,
			"config":  configIs,
			"serving": serving,
			"ended":   ended,
			"gone":    gone,
			"says":    says,
		},
	})
}

// exitIs runs a command and checks its exit code: exit 42 ehlo mx …
func exitIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if err != nil {
		_, text, ok := strings.Cut(err.Error(), "exit status ")
		if !ok {
			ts.Fatalf("%v", err)
		}
		code, _ = strconv.Atoi(text)
	}
	if want := args[0]; want != strconv.Itoa(code) {
		ts.Fatalf("exit %d, not %s\n%s%s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// clean checks that a file has no control octet but line feeds.
func clean(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		for i, c := range []byte(ts.ReadFile(name)) {
			if c < 0x20 && c != '\n' || c == 0x7f {
				ts.Fatalf("%s has the octet %#x at %d", name, c, i)
			}
		}
	}
}

// served is the key of the server that a script has started last.
type served struct{}

// startServer starts a server that plays the S: side of a script file, and puts its
// address into $ADDR.
func startServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve FILE")
	}
	s, err := smtptest.Start(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Defer(func() { s.Close() })
	ts.Setenv("ADDR", s.Addr)
	*ts.Value(served{}).(**smtptest.Server) = s
}

// client checks that the server's client said what the script expects, to its
// end.
func client(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: client")
	}
	ts.Check((*ts.Value(served{}).(**smtptest.Server)).Wait())
}
