package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The house: what each room may import of the other rooms. A room that is not
// listed here is a defect, and so is an import that is not in its row; move a
// wall where that is better, and its row with it.
var rooms = map[string][]string{
	"internal/crash":             {},
	"resolver":                   {"internal/crash"},
	"resolver/dnstest":           {"internal/crash"},
	"session/wire":               {},
	"session/event":              {"session/wire"},
	"session/internal/conn":      {"internal/crash", "session/wire", "session/event"},
	"session/internal/rawclient": {}, // of tests only
	"session/message":            {"session/wire"},
	"session":                    {"internal/crash", "session/event", "session/wire", "session/internal/conn", "session/message", "session/sasl", "resolver"},
	"session/flow":               {"internal/crash", "session", "session/message", "session/event", "session/wire"},
	"session/play":               {"internal/crash", "session", "session/script", "session/event", "session/wire", "session/message", "session/flow"},
	"session/sasl":               {},
	"session/script":             {"session", "session/event", "session/wire"},
	"session/transcript":         {"session/event", "session/wire", "session/message"},
	"session/serve":              {"internal/crash", "session/script", "session/event", "session/wire", "session/sasl"},
	"session/smtptest":           {"internal/crash", "session/script", "session/wire", "session/serve"},
	"tui":                        {"internal/crash", "session", "session/event", "session/wire", "session/transcript", "session/script", "session/play", "session/flow", "session/message", "session/sasl", "tui/internal/background", "tui/internal/engine", "tui/internal/face", "tui/internal/keep", "tui/internal/outline", "tui/internal/smtpline"},
	"tui/internal/background":    {},
	"tui/internal/engine":        {"session", "session/event", "session/wire", "session/script", "session/play", "session/flow", "tui/internal/outline", "tui/internal/smtpline"},
	"tui/internal/face":          {"session/wire"},
	"tui/internal/keep":          {"session/wire", "tui/internal/smtpline"},
	"tui/internal/outline":       {"session/script", "session/wire"},
	"tui/internal/smtpline":      {"session/event", "session/sasl", "session/transcript", "session/wire"},
	"cmd/ehlo":                   {"*"},
	"cmd/ehlo/mta":               {},
}

// Libraries that belong to one room only.
var homes = map[string]string{
	"github.com/miekg/dns":           "resolver",
	"github.com/charmbracelet/":      "tui",
	"github.com/atotto/clipboard":    "tui",
	"github.com/aymanbagabas/":       "tui",
	"github.com/spf13/":              "cmd/ehlo",
	"github.com/emersion/go-smtp":    "session/smtptest",
	"github.com/emersion/go-message": "session/message",
	"golang.org/x/term":              "cmd/ehlo",
	"github.com/pelletier/go-toml":   "cmd/ehlo",
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "ehlo/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestHouse(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "ehlo/")
		may, known := rooms[room]
		if !known {
			t.Errorf("%s is no room of the house", room)
		}
		for _, i := range p.Imports {
			if other, ours := strings.CutPrefix(i, "ehlo/"); ours {
				if !slices.Contains(may, other) && !slices.Contains(may, "*") {
					t.Errorf("%s imports %s", room, other)
				}
			}
			for library, home := range homes {
				if strings.HasPrefix(i, library) && room != home && !strings.HasPrefix(room, home+"/") {
					t.Errorf("%s imports %s, which lives in %s only", room, i, home)
				}
			}
		}
	}
}

// starts are what else begins a goroutine.
var starts = map[string]bool{"sync.WaitGroup": true, "context.AfterFunc": true, "time.AfterFunc": true}

// unguarded are those that need nothing of internal/crash, and why.
var unguarded = map[string]string{
	"tui/guard.go: go":                         "the guard of the screen",
	"tui/tui.go: time.AfterFunc":               "it closes a channel, or lets signals be",
	"session/play/gate.go: time.AfterFunc":     "it ends a context, which does not panic",
	"session/smtptest/mail.go: sync.WaitGroup": "it counts calls, in goroutines of the callers",
}

// TestGuards: a goroutine belongs to somebody who hears of its panic, who may
// have a terminal to restore. Servers of tests are no exception: the demo has them.
func TestGuards(t *testing.T) {
	found := map[string]bool{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/crash/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			what := ""
			switch n := n.(type) {
			case *ast.GoStmt:
				what = "go"
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok {
					what = x.Name + "." + n.Sel.Name
				}
			}
			if what != "go" && !starts[what] {
				return true
			}
			found[path+": "+what] = true
			if unguarded[path+": "+what] == "" {
				t.Errorf("%s: %s: a goroutine without a guard: internal/crash has one", files.Position(n.Pos()), what)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for known := range unguarded {
		if !found[known] {
			t.Errorf("%s: there is none any more", known)
		}
	}
}
