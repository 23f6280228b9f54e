package outline

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lang "ehlo/session/script"
)

// TestTheRowsOfAScript: which rows there are, and what is never shown.
func TestTheRowsOfAScript(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner.smtp")
	if err := os.WriteFile(inner, []byte("@repeat 2\nC: RSET\n@end\nS: 250\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "@repeat 2\n# twice\nC: NOOP\n@include inner.smtp\n@end\n@include inner.smtp\n@set pw AGEA\nC: AUTH PLAIN ${pw}\nS: 334\nC: c2VjcmV0\nS: 235\n@reply \"2\"\n# and\n@reply \"50\\r\\n\"\nC: QUIT"
	s, err := lang.Load(filepath.Join(dir, "outer.smtp"), strings.NewReader(text), func(path string) (io.ReadCloser, error) { return os.Open(path) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := New(s)
	var rows []string
	for n := range x.Rows {
		row := x.Text(int32(n))
		if x.Rows[n].Head {
			row = "> " + row
		}
		rows = append(rows, row)
	}
	want := []string{
		"@repeat 2", "  # twice", ">   C: NOOP", "  @include inner.smtp", "  @repeat 2", ">     C: RSET", "  @end", ">   S: 250", "@end",
		"@include inner.smtp", "@repeat 2", ">   C: RSET", "@end", "> S: 250",
		"> @set pw ********", "> C: AUTH PLAIN ********", "> S: 334", "> C: ********", "> S: 235", `> @reply "2"`, "# and", `@reply "50\r\n"`, "> C: QUIT",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("%q", rows)
	}
}

// TestASlipOfAuthIsMasked, as it is in the transcript.
func TestASlipOfAuthIsMasked(t *testing.T) {
	for line, want := range map[string]string{
		"C: AUTH PLAIN AHVzZXIAaHVudGVyMg==":     "C: AUTH PLAIN ********",
		"C: AUHT PLAIN AHVzZXIAaHVudGVyMg==":     "C: AUHT PLAIN ********",
		"C: AUTH:PLAIN AHVzZXIAaHVudGVyMg==":     "C: AUTH:PLAIN ********",
		"C: AUTHPLAIN AHVzZXIAaHVudGVyMg==":      "C: AUTHPLAIN ********",
		`@raw "AUTH=PLAIN AHVzZXIAaHVudGVyMg=="`: `@raw "********"`,
		"C: VRFY somebody":                       "C: VRFY somebody",
	} {
		s, err := lang.Load("x.smtp", strings.NewReader(line+"\n"), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := New(s).Text(0); got != want {
			t.Errorf("%s is shown as %s, want %s", line, got, want)
		}
	}
}
