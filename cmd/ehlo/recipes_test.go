package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ehlo/session/play"
	"ehlo/session/script"
)

// TestRecipes reads docs/recipes: each is a script, is written as ehlo would write it, has the command line
// that runs it in its head and in the table, and says which variables it needs. What it does with real
// servers is tested in mta.
func TestRecipes(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "recipes")
	files, _ := filepath.Glob(filepath.Join(dir, "*.smtp"))
	if len(files) == 0 {
		t.Fatal("no recipes")
	}
	table, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	parts, _ := filepath.Glob(filepath.Join(dir, "parts", "*.smtp"))
	included := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".smtp")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head, _, _ := strings.Cut(string(text), "\n\n")
			for line := range strings.Lines(head) {
				if !strings.HasPrefix(line, "#") {
					t.Fatalf("no head of comments and a blank line behind it: %q", line)
				}
			}
			command := regexp.MustCompile(`(?m)^#   (ehlo run .*\b` + regexp.QuoteMeta(name) + `\.smtp \S+)$`).FindStringSubmatch(head)
			if command == nil {
				t.Fatal("no command line in the head")
			}
			if row := "| [" + name + "](" + name + ".smtp) |"; !strings.Contains(string(table), row) || !strings.Contains(string(table), "| `"+command[1]+"` |") {
				t.Errorf("README.md has no row that begins with %s and ends with `%s`", row, command[1])
			}

			// A value in the head's words, "--set pause=", or in its command line, "--set pause=6m".
			said := map[string]string{}
			for _, set := range regexp.MustCompile(`--set (\w+)=`).FindAllStringSubmatch(head, -1) {
				said[set[1]] = "1"
			}
			known := maps.Clone(said)
			for _, builtIn := range play.Names() {
				known[builtIn] = "1"
			}
			open := func(path string) (io.ReadCloser, error) { included[path] = true; return os.Open(path) }
			s, err := script.Load(file, strings.NewReader(string(text)), open, known)
			if err != nil {
				t.Fatal(err)
			}
			if s.String() != string(text) {
				t.Errorf("it is not written as ehlo would: want\n%s", s)
			}
			if err := s.Check(known); err != nil {
				t.Errorf("%v; say --set in the head", err)
			}
			for variable := range said {
				if !strings.Contains(string(text), "${"+variable+"}") && !usedByPart(included, variable) {
					t.Errorf("--set %s= has no effect", variable)
				}
			}
		})
	}
	for _, part := range parts {
		if !included[part] {
			t.Errorf("nobody includes %s", part)
		}
	}
	if row := regexp.MustCompile(`(?m)^\| \[`).FindAll(table, -1); len(row) != len(files) {
		t.Errorf("README.md has %d recipes, and there are %d", len(row), len(files))
	}
}

// usedByPart says whether an included file uses the variable.
func usedByPart(included map[string]bool, variable string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(included)), func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(text), "${"+variable+"}")
	})
}
