package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"ehlo/tui"
)

var update = flag.Bool("update", false, "write what is generated into the README")

// TestReadme holds the key table of the README to the one of the screen.
func TestReadme(t *testing.T) {
	const file, begin, end = "../../README.md", "<!-- keys -->\n", "<!-- end of keys -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(b), begin)
	table, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no %q with an end", file, begin)
	}
	want := "\n" + strings.TrimSpace(tui.KeyTable()) + "\n\n"
	if table == want {
		return
	}
	if !*update {
		t.Fatal("the key table of the README is old: go test ./cmd/ehlo -run Readme -update")
	}
	if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}
