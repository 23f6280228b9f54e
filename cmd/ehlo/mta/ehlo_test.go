//go:build mta

package mta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

// runTimeout is what one run of ehlo may take: the servers are near and answer at once.
const runTimeout = 30 * time.Second

// scratch is the directory of this test run; the ehlo binary is in it.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "ehlo-mta-"); err == nil {
			defer os.RemoveAll(scratch)
			err = os.Chmod(scratch, 0o755) // the servers may be another user
		}
		if err == nil {
			build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(scratch, "ehlo"), "ehlo/cmd/ehlo")
			build.Stdout, build.Stderr = os.Stdout, os.Stderr
			err = build.Run()
		}
		if err != nil {
			fmt.Println("cannot make the ehlo binary:", err)
			return 1
		}
		return m.Run()
	}())
}

// names are what a command line of these tests may use as $NAME.
type names map[string]string

// result is what a run of ehlo left.
type result struct {
	command, stdout, stderr string
	exit                    int
}

// ehlo runs a command line, whose words are separated by blanks, without the user's configuration.
func (n names) ehlo(t *testing.T, line string) result {
	t.Helper()
	words := strings.Fields(line)
	for i, word := range words {
		words[i] = os.Expand(word, func(name string) string {
			value, ok := n[name]
			if !ok {
				t.Fatalf("$%s is not known in %q", name, line)
			}
			return value
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(scratch, "ehlo"), words...)
	cmd.Dir = scratch
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + scratch, "LANG=C.UTF-8", "TERM=xterm-256color"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("ehlo %s: %v, %v\n%s%s", strings.Join(words, " "), err, ctx.Err(), &stdout, &stderr)
	}
	return result{"ehlo " + strings.Join(words, " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// want reports an expectation that does not hold, with what was run and what came of it.
func (r result) want(t *testing.T, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf("%s\nwant: %s\nexit: %d\nstdout: %s\nstderr: %s", r.command, fmt.Sprintf(format, args...), r.exit, short(r.stdout), short(r.stderr))
	}
}

// short keeps the beginning and the end of a long output.
func short(s string) string {
	if len(s) > 6000 {
		return s[:3000] + "\n[…]\n" + s[len(s)-3000:]
	}
	return s
}

// report decodes the only line of -o json, whose exit code must be the command's.
func (r result) report(t *testing.T) report {
	t.Helper()
	var rep report
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	if err := decoder.Decode(&rep); err != nil {
		t.Fatalf("%s\nno report: %v\nexit: %d\nstdout: %s\nstderr: %s", r.command, err, r.exit, short(r.stdout), short(r.stderr))
	}
	r.want(t, strings.Count(r.stdout, "\n") == 1, "one line")
	r.want(t, rep.Schema == 1, "schema 1, got %d", rep.Schema)
	r.want(t, rep.Exit == r.exit, "the report's exit %d to be the command's", rep.Exit)
	r.want(t, (rep.Outcome == "ok") == (r.exit == 0), "outcome %q to fit the exit code", rep.Outcome)
	r.want(t, (rep.Error == nil) == (r.exit == 0), "error %v to fit the exit code", rep.Error)
	return rep
}

// plain expects text that a terminal shows as it is.
func (r result) plain(t *testing.T) {
	t.Helper()
	r.want(t, utf8.ValidString(r.stdout), "UTF-8")
	for _, c := range r.stdout {
		if unicode.IsControl(c) && c != '\n' {
			r.want(t, false, "no control character but the line end, got %U", c)
			return
		}
	}
}

// report has those keys of the JSON report that these tests look at.
type report struct {
	Schema  int
	Outcome string
	Exit    int
	Error   *failure
	Route   struct {
		Domain, Source string
		Exchangers     []struct {
			Host       string
			Preference int
			Addresses  []string
		}
	}
	Sessions []session
}

type failure struct {
	Kind, Phase, Message string
	Reply                *reply
}

type reply struct {
	Code     int
	Enhanced string
	Lines    []string
}

type session struct {
	Host, Address, Outcome, Protocol, Delivery string
	Greeting                                   reply
	Extensions                                 []struct{ Keyword string }
	Size                                       struct {
		State, Verdict, Reason                     string
		Declared, Accepted, Rejected               int64
		Exact                                      bool
		Commands, Rejections, Connections, Ceiling int64
	}
	TLS *struct {
		Mode, Version, Error string
		Verified             bool
		Certificates         []struct {
			Subject, Issuer string
			Names           []string
		}
	}
	Auth *struct {
		Offered []string
		Used    string
		OK      bool
	}
	Recipients []struct {
		Address string
		Reply   reply
	}
	Message    struct{ Octets int64 }
	Transcript []struct{ From, Text string }
}

// last returns the session that was used.
func (rep report) last(t *testing.T) session {
	t.Helper()
	if len(rep.Sessions) == 0 {
		t.Fatal("no session in the report")
	}
	return rep.Sessions[len(rep.Sessions)-1]
}

// extension says whether the server offers it.
func (s session) extension(keyword string) bool {
	for _, e := range s.Extensions {
		if e.Keyword == keyword {
			return true
		}
	}
	return false
}
