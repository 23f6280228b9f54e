package script

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *Script {
	t.Helper()
	s, err := Parse("t", strings.NewReader(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}

// one is the script's only item.
func one[I Item](t *testing.T, text string) I {
	t.Helper()
	s := parse(t, text)
	i, ok := s.Items[0].(I)
	if !ok || len(s.Items) != 1 {
		t.Fatalf("%q: %#v", text, s.Items)
	}
	return i
}

// Every form of every line, in canonical text.
const everything = `# comment

C: EHLO ${helo}
C:
C:   three spaces, one is the tag's
C: \x00\xff \xZZ \x $${literal} $$ $
S: 250-SIZE *
S: 2xx
S: hello, no code
S: 250-unfinished
@connect
@connect smtp://[::1]:2525
@connect ${host}:25
@starttls
@tls
@auth
@auth SCRAM-SHA-256
@data my message.eml
@bdat my message.eml
@bdat my message.eml 65536
@raw "NOOP\r\n\xff\x00\""
@reply "250-a\n250 b\n"
@flush
@sleep 1h
@sleep 0s
@timeout 1m30s
@expect close
@expect silence 1.5s
@close
@reset
@set to ${user}@example.com
@capture id ^250 .* (\w+)\x41${1}$
@assert size >= 10485760
@assert elapsed < 2s
@assert extension has AUTH PLAIN
@assert extension lacks STARTTLS
@assert tls.version >= TLS 1.2
@assert tls.verified == true
@assert cert.days > ${days}
@assert enhanced == 5.7.x
@include common/login.ehlo
@repeat 3
  C: NOOP
  # inside

  @repeat 2
    S: 250-a
    S: 250
  @end
@end
`

func TestCanonicalTextStaysAsItIs(t *testing.T) {
	texts := map[string]string{"everything": everything}
	for _, name := range []string{"testdata/probe.ehlo", "testdata/send.ehlo"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(b)
	}
	for name, text := range texts {
		s := parse(t, text)
		if got := s.String(); got != text {
			t.Errorf("%s: got\n%s", name, got)
		}
		if again := parse(t, s.String()); !reflect.DeepEqual(again, s) {
			t.Errorf("%s: the script is another one after printing", name)
		}
	}
}

func TestOtherTextBecomesCanonical(t *testing.T) {
	for _, row := range []struct{ why, text, canonical string }{
		{"line ends of Windows", "C: a\r\nS: 250\r\n", "C: a\nS: 250\n"},
		{"a byte order mark", "\ufeffC: a\n", "C: a\n"},
		{"no line end at the end", "C: a", "C: a\n"},
		{"blanks in front", "\t C: a\n", "C: a\n"},
		{"an empty C: with its space", "C: \n", "C:\n"},
		{"spaces at the end of text are text", "S: 250 \nC: a \n", "S: 250 \nC: a \n"},
		{"blanks of a directive", " @expect \t silence   1000ms  ", "@expect silence 1s\n"},
		{"a raw string of Go", "@raw `a\\r`", "@raw \"a\\\\r\"\n"},
		{"spaces behind a comment", "# a  \n \t \n", "# a\n\n"},
		{"comments in a reply stay", "S: 250-a\n# b\nS: 250 c\n", "S: 250-a\n# b\nS: 250 c\n"},
	} {
		if got := parse(t, row.text).String(); got != row.canonical {
			t.Errorf("%s: %q", row.why, got)
		}
	}
}

func TestGroups(t *testing.T) {
	for _, row := range []struct {
		why, text string
		groups    []int // lines of each
	}{
		{"a hyphen goes on", "S: 250-a\nS: 250 b\nS: 250 c", []int{2, 1}},
		{"a code alone ends it", "S: 250-SIZE *\nS: 250\nS: 354", []int{2, 1}},
		{"x is a digit", "S: 2xx-a\nS: 2xx b\nS: 5xx", []int{2, 1}},
		{"C: ends it", "S: 250-a\nC: b\nS: 250 c", []int{1, 1}},
		{"a directive ends it", "S: 250-a\n@close", []int{1}},
		{"a comment does not", "S: 250-a\n# b\n\nS: 250 c", []int{2}},
		{"the end of the text ends it", "S: 250-a\n# b", []int{1}},
		{"no code, no more", "S: hello-\nS: 2500-a\nS: 199-a\nS: 250 b", []int{1, 1, 1, 1}},
		{"a word is no code", "S: xxxl-\nS: 2xxa", []int{1, 1}},
	} {
		var got []int
		for _, i := range parse(t, row.text).Items {
			if g, ok := i.(Server); ok {
				got = append(got, len(g.Lines))
			}
		}
		if !reflect.DeepEqual(got, row.groups) {
			t.Errorf("%s: %v", row.why, got)
		}
	}
}

func TestPositions(t *testing.T) {
	s := parse(t, "# ü\n  C: ü ${a} $${b} ${c}\nS: 250 ${d}")
	c, g := s.Items[1].(Client), s.Items[2].(Server)
	if got := c.At().String(); got != "t:2:3" {
		t.Error(got)
	}
	for i, v := range []string{"t:2:8", "t:2:19"} {
		if got := c.Line.Variables()[i].Pos.String(); got != v {
			t.Error(got)
		}
	}
	_, _, text := g.Lines[0].split()
	if got := text.Variables()[0].Pos.String(); got != "t:3:8" {
		t.Error(got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, bad := range []struct{ why, text, err string }{
		{"no tag", "C: a\nEHLO x", `t:2:1: expected C: text, S: text, an @directive, or a # comment, and this is "EHLO x"`},
		{"a tag in lower case", "  c: a", `t:1:3: expected C: text`},
		{"no space behind a tag", "S:250", "t:1:3: expected a space behind S:"},
		{"a tab behind a tag", "C:\ta", "t:1:3: expected a space behind C:"},
		{"not UTF-8", "C: gr\xfcn", `t:1:6: expected UTF-8; this octet is written \xfc`},
		{"an escape sequence", "# a\x1b[2J", `t:1:4: expected text; this control character is written \x1b`},
		{"a CR in the line", "C: a\rb", `t:1:5: expected text; this control character is written \x0d`},
		{"a variable without an end", "C: é ${a b", "t:1:6: expected } behind the name of a variable"},
		{"a variable without a name", "S: 250 ${}", "t:1:10: expected the name of a variable"},
		{"a name with a hyphen", "C: ${a-b}", "t:1:6: expected the name of a variable"},
		{"no such directive", "@wait 1s", `t:1:1: expected a directive, and there is no "@wait"`},
		{"nearly a directive", "@start", `there is no "@start"; @starttls?`},
		{"a directive in upper case", "@CLOSE", `; @close?`},
		{"a directive without a name", "@ close", `t:1:1: expected a directive, and there is no "@"`},
		{"two targets", "@connect a b", `t:1:12: expected the end of the line, and this is "b": @connect [TARGET]`},
		{"an argument too many", "@tls now", `t:1:6: expected the end of the line, and this is "now": @tls`},
		{"no mechanism", "@auth PLA=N", `t:1:7: expected the name of a SASL mechanism, and this is "PLA=N"`},
		{"no file", "@data", "t:1:6: expected a FILE: @data FILE"},
		{"a bad variable in an argument", "@data ${", "t:1:7: expected } behind"},
		{"an empty chunk", "@bdat f 0", `t:1:9: expected a CHUNK of one octet or more, and this is "0"`},
		{"no Go string", "@raw NOOP", `t:1:6: expected a string in the syntax of Go, such as "NOOP\r\n", and this is "NOOP"`},
		{"a rune is no string", "@raw 'a'", "t:1:6: expected a string"},
		{"no duration", "@sleep 5", `t:1:8: expected a duration such as 500ms or 5s, and this is "5": @sleep DUR`},
		{"no time to wait", "@timeout 0s", `t:1:10: expected a duration above 0s, up to 24h, and this is "0s"`},
		{"backwards", "@sleep -1s", "t:1:8: expected a duration above 0s"},
		{"longer than a day", "@sleep 25h", "t:1:8: expected a duration above 0s, up to 24h"},
		{"expect what", "@expect", "t:1:8: expected close or silence: @expect close | silence DUR"},
		{"expect another thing", "@expect reply", `t:1:9: expected close or silence, and this is "reply"`},
		{"silence without an end", "@expect silence", "t:1:16: expected a duration"},
		{"no name", "@set 1a b", `t:1:6: expected a NAME of letters, digits and _, and this is "1a"`},
		{"no value", "@set a", "t:1:7: expected a VALUE"},
		{"no expression", "@capture a", "t:1:11: expected a REGEXP"},
		{"a bad expression", "@capture a (", "t:1:12: expected a regular expression (RE2): missing closing )"},
		{"no subject", "@assert", "t:1:8: expected a SUBJECT (size, elapsed,"},
		{"another subject", "@assert weight > 1", `t:1:9: expected a SUBJECT`},
		{"an operation that it has not", "@assert extension == SIZE", `t:1:19: expected has lacks, and this is "=="`},
		{"a value of another kind", "@assert size > 10M", `t:1:16: expected a number of octets, and this is "10M"`},
		{"no version", "@assert tls.version == 3", "t:1:24: expected a version such as 1.2"},
		{"no status code", "@assert enhanced == 511", "t:1:21: expected an enhanced status code"},
		{"no number", "@repeat 0", `t:1:9: expected a number from 1 to 1000000, and this is "0"`},
		{"no end", "C: a\n@repeat 2\nC: b", "t:2:1: expected @end for this @repeat"},
		{"no beginning", "C: a\n @end", "t:2:2: expected a @repeat before this @end"},
		{"too deep", strings.Repeat("@repeat 2\n", 9), "t:9:1: expected at most 8 @repeat in each other"},
	} {
		_, err := Parse("t", strings.NewReader(bad.text))
		if err == nil {
			t.Errorf("%s: %q was taken", bad.why, bad.text)
			continue
		}
		e, ok := err.(*Error)
		if !ok || !strings.Contains(err.Error(), bad.err) {
			t.Errorf("%s: %v", bad.why, err)
		} else if e.File != "t" || e.Line < 1 || e.Column < 1 {
			t.Errorf("%s: position %v", bad.why, e.Position)
		}
	}
}

func TestScriptTooLarge(t *testing.T) {
	if _, err := Parse("t", strings.NewReader(strings.Repeat("C: a\n", maxScript/5+1))); err == nil || !strings.Contains(err.Error(), "larger than 16,777,216 octets") {
		t.Error(err)
	}
}

func TestDirectiveTable(t *testing.T) {
	for _, d := range Directives() {
		text := d.Example + "\n"
		switch d.Name {
		case "@repeat":
			text += "@end\n"
		case "@end":
			text = "@repeat 2\n" + text
		}
		if got := parse(t, text).String(); got != text {
			t.Errorf("%s: %q", d.Name, got)
		}
		if !strings.HasPrefix(d.Example, d.Name) {
			t.Errorf("%s has the example of another directive", d.Name)
		}
		if !strings.Contains("\n"+everything, "\n"+d.Name) {
			t.Errorf("%s is in no test", d.Name)
		}
	}
}

func TestAll(t *testing.T) {
	var lines []int
	for i := range parse(t, everything).All {
		lines = append(lines, i.At().Line)
	}
	for i := 1; i < len(lines); i++ {
		if lines[i] <= lines[i-1] {
			t.Errorf("line %d comes behind line %d", lines[i], lines[i-1])
		}
	}
	if last := lines[len(lines)-1]; last != strings.Count(everything, "\n")-3 {
		t.Errorf("the last item is at line %d", last)
	}
}

// FuzzParse: what was parsed once is canonical and stays the same script.
func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f", strings.NewReader(text))
		if err != nil {
			if e, ok := err.(*Error); !ok || e.Line < 1 {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		canonical := s.String()
		again, err := Parse("f", strings.NewReader(canonical))
		if err != nil {
			t.Fatalf("%q was made of %q: %v", canonical, text, err)
		}
		if twice := again.String(); twice != canonical {
			t.Fatalf("%q\nbecame %q\nand then %q", text, canonical, twice)
		}
		third, err := Parse("f", strings.NewReader(canonical))
		if err != nil || !reflect.DeepEqual(third, again) {
			t.Fatalf("%q is not one script", canonical)
		}
		if len(again.Items) != len(s.Items) {
			t.Fatalf("%q: %d items became %d", text, len(s.Items), len(again.Items))
		}
		for i := range s.All {
			if g, ok := i.(Server); ok {
				p, err := g.Pattern(nil)
				_ = err == nil && p.String() != ""
			}
		}
	})
}

// A tutorial's dialogue is a script as it is printed.
func TestTutorialRemark(t *testing.T) {
	const text = "S: 221 Bye\n{The server closes the connection}\n"
	if got := parse(t, text).String(); got != text {
		t.Errorf("%q", got)
	}
}

// A few lines must not become gigabytes.
func TestExpandIsBounded(t *testing.T) {
	vars := map[string]string{"a": "xxxxxxxxxxxxxxxx"}
	double := one[Set](t, "@set a ${a}${a}")
	for range 64 {
		octets, err := double.Value.Expand(vars)
		if err != nil {
			if !strings.Contains(err.Error(), "t:1:12: expected variables that have at most 1,048,576 octets together") {
				t.Error(err)
			}
			return
		}
		vars["a"] = string(octets)
	}
	t.Error("it has no bound")
}

// The names in a long line are found in one pass.
func BenchmarkVariables(b *testing.B) {
	s, err := Parse("t", strings.NewReader("C: "+strings.Repeat("${from}", 100_000)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Check(map[string]string{"from": ""}); err != nil {
			b.Fatal(err)
		}
	}
}
