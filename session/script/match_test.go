package script

import (
	"errors"
	"strings"
	"testing"

	"ehlo/session/wire"
)

func reply(lines ...string) wire.Reply {
	var r wire.Reply
	for _, l := range lines {
		r.Add(wire.Line{Octets: wire.Octets(l)})
	}
	return r
}

func TestMatch(t *testing.T) {
	ehlo := []string{"250-mx Hello", "250-SIZE 100", "250-8BITMIME", "250 HELP"}
	for _, row := range []struct {
		reason  string
		pattern []string
		reply   []string
		why     string // empty: it matches
	}{
		{"a code alone takes any text", []string{"250"}, []string{"250 ok"}, ""},
		{"and any number of lines", []string{"250"}, ehlo, ""},
		{"with a space at its end too", []string{"250 "}, ehlo, ""},
		{"another code", []string{"250"}, []string{"550 5.1.1 no such user"}, "expected S: 250, got 550 5.1.1 no such user"},
		{"x is a digit", []string{"2xx"}, []string{"251 ok"}, ""},
		{"x is one digit", []string{"2xx"}, []string{"450 no"}, "expected S: 2xx, got 450 no"},
		{"x elsewhere is an x", []string{"250 x"}, []string{"250 1"}, "expected S: 250 x, got 250 1"},
		{"text has to be the same", []string{"250 ok"}, []string{"250 OK"}, "expected S: 250 ok, got 250 OK"},
		{"* is any run", []string{"250 *queued as *"}, []string{"250 2.0.0 OK: queued as 7F3A"}, ""},
		{"* is also nothing", []string{"250 a*b"}, []string{"250 ab"}, ""},
		{"* does not reuse octets", []string{"250 aa*aa"}, []string{"250 aaa"}, "expected S: 250 aa*aa, got 250 aaa"},
		{"parts stand in their order", []string{"250 *b*a*"}, []string{"250 ab"}, "expected S: 250 *b*a*, got 250 ab"},
		{"an escaped * is an asterisk", []string{`250 \x2a`}, []string{"250 ok"}, `expected S: 250 \x2a, got 250 ok`},
		{"an escaped * matches one", []string{`250 \x2a`}, []string{"250 *"}, ""},
		{"octets", []string{`250 \xff\x00*`}, []string{`250 \xff\x00\x1b`}, ""},
		{"one line of many", []string{"250-SIZE *", "250"}, ehlo, ""},
		{"the last one as well", []string{"250-HELP", "250"}, ehlo, ""},
		{"a last line may be before the last", []string{"250 SIZE *"}, ehlo, ""},
		{"in order", []string{"250-SIZE *", "250-8BITMIME", "250 HELP"}, ehlo, ""},
		{"out of order", []string{"250-8BITMIME", "250-SIZE *", "250"}, ehlo, "expected S: 250-SIZE *, got it too early, as line 2 of the reply"},
		{"missing", []string{"250-STARTTLS", "250"}, ehlo, "expected S: 250-STARTTLS, got no such line in the 4 of the reply"},
		{"twice needs two", []string{"250-SIZE *", "250-SIZE *", "250"}, ehlo, "expected S: 250-SIZE *, got it too early, as line 2 of the reply"},
		{"a code without a space", []string{"250"}, []string{"250"}, ""},
		{"no separator", []string{"250Ok"}, []string{"250Ok"}, ""},
		{"no code in the reply", []string{"2xx"}, []string{"hello"}, "expected S: 2xx, got hello"},
		{"no code expected", []string{"hello *"}, []string{"hello there"}, ""},
		{"anything", []string{"*"}, []string{"550 no"}, ""},
		{"a malformed reply that was not asked for", []string{"250"}, []string{"250-a", "550 b"}, "expected S: 250, got a malformed reply (code changes within the reply): 250-a / 550 b"},
		{"one that was", []string{"250-a", "hello"}, []string{"250-a", "hello"}, ""},
	} {
		g := one[Server](t, "S: "+strings.Join(row.pattern[:1], ""))
		for _, l := range row.pattern[1:] {
			g.Lines = append(g.Lines, one[Server](t, "S: "+l).Lines...)
		}
		p, err := g.Pattern(nil)
		if err != nil {
			t.Fatal(err)
		}
		ok, why := p.Match(reply(row.reply...))
		if ok != (row.why == "") || why != row.why {
			t.Errorf("%s: %v %q", row.reason, ok, why)
		}
	}
}

func TestMismatchHasItsLine(t *testing.T) {
	p, _ := one[Server](t, "S: 250-SIZE *\nS: 250-STARTTLS\nS: 250").Pattern(nil)
	m := p.Compare(reply("250-SIZE 1", "250 HELP"))
	if m == nil || m.Error() != "t:2:1: expected S: 250-STARTTLS, got no such line in the 2 of the reply" {
		t.Error(m)
	}
	if m := p.CompareCode(reply("250 HELP")); m != nil {
		t.Errorf("codes only: %v", m)
	}
}

func TestMatchCommand(t *testing.T) {
	p, err := one[Client](t, "C: MAIL FROM:<*> SIZE=${n}").Pattern(map[string]string{"n": "1*"})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]bool{
		"MAIL FROM:<a@b> SIZE=1*": true, "MAIL FROM:<> SIZE=1*": true, "MAIL FROM:<> SIZE=12": false, "mail FROM:<> SIZE=1*": false,
	} {
		if ok, why := p.Match([]byte(line)); ok != want || ok != (why == "") {
			t.Errorf("%s: %v %q", line, ok, why)
		}
	}
	if m := p.Compare(wire.Line{Octets: []byte("MAIL FROM:<> SIZE=1*"), Ending: wire.LF}); m == nil || !strings.Contains(m.Actual, "bare LF") {
		t.Errorf("a bare LF is no end of a line: %v", m)
	}
}

// What only a client knows matches anything the first time.
func TestFreeVariables(t *testing.T) {
	for _, row := range []struct {
		pattern, line string
		values        string // name=value, in the order of the names; "-": it does not match
	}{
		{"EHLO ${helo}", "EHLO [192.0.2.1]", "helo=[192.0.2.1]"},
		{"MAIL FROM:<${from}> SIZE=*", "MAIL FROM:<> SIZE=5", "from="},
		{"MAIL FROM:<${from}>*", "MAIL FROM:<a@b> TO=<c>", "from=a@b"},
		{"RCPT TO:<${to}>", "RCPT TO:<a>b>", "to=a>b"},
		{"${from} ${to} ${from}", "a b a", "from=a to=b"},
		{"${from} ${to} ${from}", "a b c", "-"},
		{"${known} ${to}", "k b", "to=b"},
		{"${known} ${to}", "x b", "-"},
		{"NOOP", "NOOP", ""},
	} {
		p, err := one[Client](t, "C: "+row.pattern).Pattern(map[string]string{"known": "k"}, "from", "helo", "known", "to")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		values := p.Values([]byte(row.line))
		for _, name := range []string{"from", "helo", "known", "to"} {
			if value, ok := values[name]; ok {
				got = append(got, name+"="+value)
			}
		}
		ok, _ := p.Match([]byte(row.line))
		if ok != (row.values != "-") || ok && strings.Join(got, " ") != row.values {
			t.Errorf("%s and %s: %v %q", row.pattern, row.line, ok, got)
		}
	}
	if _, err := one[Client](t, "C: ${no}").Pattern(nil, "helo"); err == nil {
		t.Error("a name that is not free was taken")
	}
}

func TestExpand(t *testing.T) {
	vars := map[string]string{"a": `v\x41`, "empty": ""}
	for text, want := range map[string]string{
		"":                  "",
		"x${a}y":            `xv\x41y`,
		"${empty}":          "",
		"$${a}":             "${a}",
		"$$${a}":            "$${a}",
		"$$$${a}":           "$$${a}",
		`\x24{a}`:           "${a}",
		`\x00\xfF`:          "\x00\xff",
		`\x4 \xg0 \x5cx41`:  `\x4 \xg0 \x41`,
		`a\x4${empty}1 $ {`: `a\x41 $ {`,
	} {
		got, err := Text{Raw: text}.Expand(vars)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	c := one[Client](t, "C: ü ${no}")
	_, err := c.Line.Expand(vars)
	if err == nil || err.Error() != "t:1:6: the variable ${no} is not known here; $${ is a literal ${" {
		t.Error(err)
	}
}

// What a transcript writes for octets is, as script text, those octets.
func TestTranscriptTextIsScriptText(t *testing.T) {
	for _, octets := range []string{"250 ok", "${a}", "$${a}", "a\\x41\x00\xff", "gr\xfcn ü", "$${", "${", `\\x`, "a * b"} {
		raw := strings.ReplaceAll(wire.Text([]byte(octets)), "${", "$${")
		c := one[Client](t, "C: "+raw)
		got, err := c.Line.Expand(nil)
		if err != nil || string(got) != octets {
			t.Errorf("%q was written %q and read %q (%v)", octets, raw, got, err)
		}
		p, err := c.Pattern(nil)
		if ok, why := p.Match([]byte(octets)); err != nil || !ok {
			t.Errorf("%q as a pattern: %s %v", octets, why, err)
		}
	}
}

func TestCheck(t *testing.T) {
	vars := map[string]string{"helo": "h"}
	for _, good := range []string{
		"C: ${helo}",
		"@set a ${helo}\nC: ${a}",
		"@capture a b\nS: 250 ${a}",
		"@repeat 2\n@set a b\n@end\n@data ${a}",
		"@include f\nC: ${anything}",
	} {
		if err := parse(t, good).Check(vars); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, at := range map[string]Position{
		"C: ${a}":                             {"t", 1, 4},
		"C: ${a}\n@set a b":                   {"t", 1, 4},
		"@set a ${a}":                         {"t", 1, 8},
		"S: 250-a\nS: 250 ${no}":              {"t", 2, 8},
		"@repeat 2\n  @connect ${no}\n@end":   {"t", 2, 12},
		"@bdat ${no} 5":                       {"t", 1, 7},
		"@assert size > ${no}":                {"t", 1, 16},
		"@include ${no}":                      {"t", 1, 10},
		"@auth ${no}":                         {"t", 1, 7},
		"C: ${helo}\n@include f\n":            {},
		"# ${no} in a comment is no variable": {},
	} {
		err := parse(t, bad).Check(vars)
		var e *Error
		if errors.As(err, &e) && e.Position != at || err == nil && at != (Position{}) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
