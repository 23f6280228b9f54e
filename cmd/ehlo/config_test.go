package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"ehlo/session/event"
)

// configIs makes a file the config file, for its owner alone: config FILE
func configIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: config FILE")
	}
	path := ts.MkAbs("ehlo/config.toml")
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, []byte(ts.ReadFile(args[0])), 0o600))
	ts.Check(os.Chmod(path, 0o600)) // it may have been there
}

// TestPlain holds what ends the screen: flags that were typed. How text shall
// look may be set for good.
func TestPlain(t *testing.T) {
	for _, test := range []struct {
		reason string
		env    string // NAME=value
		args   []string
		plain  bool
	}{
		{"nothing is asked for", "", nil, false},
		{"text is asked for", "", []string{"--output", "text"}, true},
		{"the default is not asked for", "", []string{"--quiet=false"}, false},
		{"how text looks is set", "EHLO_OUTPUT=json", nil, false},
		{"the times of text are set", "EHLO_TIME=true", nil, false},
		{"both, and one is typed", "EHLO_TIME=true", []string{"-q"}, true},
		{"the session is to end early", "EHLO_QUIT_AFTER=helo", nil, true},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			for _, pair := range os.Environ() {
				if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, variablePrefix) {
					t.Setenv(name, "") // the settings of whoever runs the test
				}
			}
			if name, text, set := strings.Cut(test.env, "="); set {
				t.Setenv(name, text)
			}
			a := &app{}
			var f flags
			c := a.root()
			c.ResetFlags()
			f.connecting(c)
			c.Flags().String(profileFlag, "", "")
			if err := c.ParseFlags(test.args); err != nil {
				t.Fatal(err)
			}
			if err := a.settle(c); err != nil {
				t.Fatal(err)
			}
			if got := a.plain(c, &f); got != test.plain {
				t.Errorf("plain is %v", got)
			}
		})
	}
}

// FuzzConfig holds that whatever stands in the file ends in settings that have
// a line of it, or in an error of the config.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"helo = \"x\"\n[send]\nto = ['a', \"b\"]\n[profile.work]\nport = 2_525\nsize = {helo = 'x'}",
		"profile.work.tls = 'never'\n[profile]\nwork.send.from = ''", "\xef\xbb\xbfdns = []",
		"[[x]]", "[profile.\"\"]", "x = {", "timeout = 1.5\r\n", "a.b.c.d = 1", "helo = \"\"\"\n", "[", "=", "tls = 07:00:00",
	} {
		f.Add([]byte(seed))
	}
	flags := (&app{}).root()
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseConfig("config.toml", text, (&app{}).root())
		if e, ok := errors.AsType[*event.Error](err); err != nil && (!ok || e.Kind != event.Config || !strings.HasPrefix(e.Message, "config.toml:")) {
			t.Fatalf("an error without kind or line: %v", err)
		}
		for _, e := range c.entries {
			if e.line < 1 || e.line > 1+strings.Count(string(text), "\n") || anyFlag(flags, e.key) == nil {
				t.Fatalf("%+v is no entry of %q", e, text)
			}
		}
	})
}
