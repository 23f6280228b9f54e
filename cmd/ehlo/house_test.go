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
	"tui":                        {"internal/crash", "session", "session/event", "session/wire", "session/transcript", "session/script", "session/play", "session/flow", "session/message", "session/sasl", "tui/internal/background", "tui/internal/engine", "tui/internal/outline", "tui/internal/smtpline"},
	"tui/internal/background":    {},
	"tui/internal/engine":        {"session", "session/event", "session/wire", "session/script", "session/play", "session/flow", "tui/internal/outline", "tui/internal/smtpline"},
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

// TestGuards: a goroutine belongs to somebody who hears of its panic, who may
// have a terminal to restore. Rooms of tests, and the one that ends the process,
// need none.
func TestGuards(t *testing.T) {
	free := []string{"internal/crash", "tui/guard.go", "cmd/ehlo", "session/smtptest", "session/internal/rawclient", "resolver/dnstest"}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		case slices.ContainsFunc(free, func(f string) bool { return strings.HasPrefix(path, f) }):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: a goroutine without a guard: crash.Go has one", set.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
