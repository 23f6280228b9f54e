package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"ehlo/tui"
)

var update = flag.Bool("update", false, "write what is generated into the README")

// TestReadme holds the tables of the README to those of the code.
func TestReadme(t *testing.T) {
	generated(t, "keys", tui.KeyTable())
	generated(t, "directives", directiveTable())
}

// generated holds a part of the README to what it is made from.
func generated(t *testing.T, name, table string) {
	t.Helper()
	file, begin, end := "../../README.md", "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(b), begin)
	have, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no %q with an end", file, begin)
	}
	want := "\n" + strings.TrimSpace(table) + "\n\n"
	if have == want {
		return
	}
	if !*update {
		t.Fatalf("the table of %s in the README is old: go test ./cmd/ehlo -run Readme -update", name)
	}
	if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
