package script

import (
	"slices"
	"strings"
	"testing"

	"ehlo/session/wire"
)

// answered is the answer of the first group of a script, with what follows it.
func answered(t testing.TB, text string, vars map[string]string, list bool) (Server, string) {
	t.Helper()
	s, err := Parse("t", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n, i := range s.Items {
		if g, ok := i.(Server); ok {
			octets, err := g.Answer(vars, s.Items[n+1:], list)
			if err != nil {
				t.Fatal(err)
			}
			return g, string(octets)
		}
	}
	t.Fatalf("%q has no group", text)
	return Server{}, ""
}

func TestAnswer(t *testing.T) {
	for _, row := range []struct {
		why, script string
		want        []string
	}{
		{"as it stands", "S: 220-mx\nS: 220 * ready", []string{"220-mx", "220 * ready"}},
		{"a code alone", "S: 250", []string{"250"}},
		{"octets and variables", `S: 220 \xff\x2a $${v} ${v}`, []string{"220 \xff* ${v} value"}},
		{"digits for x", "S: 2xx ok", []string{"250 ok"}},
		{"the class alone", "S: 4xx", []string{"450"}},
		{"all of them", "S: xxx a", []string{"250 a"}},
		{"the only one of its class", "S: 3xx go", []string{"354 go"}},
		{"one code for all lines", "S: 2xx-a\nS: x51-b\nS: 2x1 c", []string{"251-a", "251-b", "251 c"}},
		{"two codes", "S: 250-a\nS: 550 b", []string{"250-a", "550 b"}},
		{"no code", "S: hello *", []string{"hello *"}},
		{"half a reply", "S: 250-a\n@close", []string{"250-a"}},
		{"half a reply and a wait", "S: 250-a\n@sleep 1s\nC: b", []string{"250-a"}},
		{"a group as tutorials print it", "S: 220-a\n# b\nC: c", []string{"220 a"}},
		{"one that is looked at first", "S: 250-a *\n@capture n a (\\d)\nC: c", []string{"250 a 0"}},

		{"a capture that finds an asterisk", "S: 250 *\n@capture all .*", []string{"250 *"}},
		{"a word", "S: 250 ok, queued as *\n@capture id queued as (\\w+)", []string{"250 ok, queued as 0"}},
		{"words of the expression", "S: 250 *\n@capture id queued as (\\w+)", []string{"250 queued as a"}},
		{"behind a code alone", "S: 250\n@capture id queued as (\\w+)", []string{"250-localhost", "250 queued as a"}},
		{"its group", "S: 250 *\n@capture n ^250 ([0-9]{4}-[A-F]{2})$", []string{"250 0000-AA"}},
		{"two", "S: 250 * is *\n@capture a ^250 (\\d) \n@capture b is ([a-z]+)$", []string{"250 0 is abc"}},
		{"an address", "S: 250 <*>\n@capture a <(\\S+@\\S+)>", []string{"250 <user@example.test>"}},
		{"another line of the reply", "S: 250-*\nS: 250\n@capture a ^250-x(\\d+)$", []string{"250-*", "250"}}, // ^ is the start of the reply
		{"over lines", "S: 250-*\nS: 250\n@capture a (?m)^250 x(\\d+)$", []string{"250-x0", "250 x0"}},
		{"what cannot be", "S: 250 a\n@capture a b", []string{"250 a"}},
		{"of another reply", "S: 250 *\nC: a\nS: 250 b\n@capture a (b)", []string{"250 *"}},

		{"an extension", "S: 250-mx\nS: 250 HELP\n@assert extension has DSN", []string{"250-mx", "250-DSN", "250 HELP"}},
		{"one that is there", "S: 250-mx\nS: 250-DSN\nS: 250 HELP\n@assert extension has dsn", []string{"250-mx", "250-DSN", "250 HELP"}},
		{"its parameters", "S: 250-mx\nS: 250-AUTH PLAIN *\nS: 250 HELP\n@assert extension has AUTH LOGIN\n@assert extension has AUTH plain", []string{"250-mx", "250-AUTH PLAIN *", "250-AUTH PLAIN LOGIN", "250 HELP"}},
		{"behind a code alone", "S: 250\n@assert extension has DSN\n@assert extension has SIZE 5", []string{"250-localhost", "250-DSN", "250 SIZE 5"}},
		{"behind one line", "S: 250 mx\n@assert extension has DSN", []string{"250-mx", "250 DSN"}},
		{"one that must not be", "S: 250 mx\n@assert extension lacks DSN", []string{"250 mx"}},
		{"a size", "S: 250-mx\nS: 250-SIZE *\nS: 250\n@assert size > 100\n@assert size < 200", []string{"250-mx", "250-SIZE 101", "250"}},
		{"a size that is not declared", "S: 250-mx\nS: 250\n@assert size == 5", []string{"250-mx", "250-SIZE 5", "250"}},
		{"a size in the place of the greeting", "S: 250-SIZE *\nS: 250\n@assert size >= 5", []string{"250-SIZE *", "250-SIZE 5", "250"}},
		{"a size of the script", "S: 250-mx\nS: 250 SIZE 7\n@assert size == 5", []string{"250-mx", "250 SIZE 7"}},
		{"variables", "S: 250 mx\n@assert extension has ${v}", []string{"250-mx", "250 value"}},

		{"a login", "S: 250\nC: NOOP\nS: 250\n@auth LOGIN", []string{"250-localhost", "250 AUTH LOGIN"}},
		{"any login", "S: 250-mx\nS: 250\n@auth", []string{"250-mx", "250-AUTH PLAIN", "250"}},
		{"any login, and one is there", "S: 250-mx\nS: 250 AUTH CRAM-MD5\n@auth", []string{"250-mx", "250 AUTH CRAM-MD5"}},
		{"any login, and one is asserted", "S: 250\n@assert extension has AUTH NTLM\n@auth", []string{"250-localhost", "250 AUTH NTLM"}},
		{"logins that are there", "S: 250-mx\nS: 250-AUTH=login\nS: 250 AUTH plain\n@auth LOGIN\n@auth PLAIN", []string{"250-mx", "250-AUTH=login", "250 AUTH plain"}},
		{"logins for an asterisk", "S: 250-mx\nS: 250 AUTH *\n@auth NTLM\nS: 535\n@auth ${v}\n@auth ${nobody}", []string{"250-mx", "250 AUTH NTLM value"}},
		{"parameters for an asterisk", "S: 250-mx\nS: 250 X *\n@assert extension has X a", []string{"250-mx", "250 X a"}},
		{"logins behind another EHLO", "S: 250\nC: EHLO b\n@auth LOGIN", []string{"250"}},
		{"logins under TLS", "S: 250 mx\n@tls\n@auth LOGIN", []string{"250 mx"}},
		{"logins on another connection", "S: 250 mx\n@close\n@connect\n@auth LOGIN", []string{"250 mx"}},
		{"STARTTLS", "S: 250\n@starttls\n@auth LOGIN", []string{"250-localhost", "250 STARTTLS"}},
		{"STARTTLS by hand", "S: 250-SIZE 5\nS: 250\nC: starttls", []string{"250-SIZE 5", "250-STARTTLS", "250"}},
		{"STARTTLS for an asterisk", "S: 250 *\n@starttls", []string{"250-*", "250 STARTTLS"}},
		{"STARTTLS that is not offered", "S: 250-mx\nS: 250 HELP\n@starttls", []string{"250-mx", "250 HELP"}},
		{"STARTTLS that is there", "S: 250-mx\nS: 250-STARTTLS\nS: 250\n@starttls", []string{"250-mx", "250-STARTTLS", "250"}},
		{"a refusal", "S: 550\n@auth PLAIN\n@starttls", []string{"550"}},

		{"a status code", "S: 550 *\n@assert enhanced == 5.1.1", []string{"550 5.1.1"}},
		{"and words", "S: 550 * no\n@assert enhanced == 5.1.1", []string{"550 5.1.1 no"}},
		{"close to words", "S: 550 *no\n@assert enhanced == x.1.x", []string{"550 5.1.0 no"}},
		{"behind a code alone", "S: 450\n@assert enhanced == 4.x.x", []string{"450 4.0.0"}},
		{"that is there", "S: 550 5.1.1 *\n@assert enhanced != 5.1.2", []string{"550 5.1.1 *"}},
		{"that cannot be", "S: 550 no\n@assert enhanced == 5.1.1", []string{"550 no"}},
		{"with a capture", "S: 250\n@assert enhanced == 2.6.0\n@capture id id=(\\w+)", []string{"250"}}, // one gap cannot be both
		{"with a capture elsewhere", "S: 250 * *\n@assert enhanced == 2.6.0\n@capture id id=(\\w+)", []string{"250 2.6.0 id=a"}},
	} {
		vars := map[string]string{"v": "value"}
		g, got := answered(t, row.script, vars, true)
		if want := strings.Join(row.want, "\r\n") + "\r\n"; got != want {
			t.Errorf("%s: %q\ngot  %q\nwant %q", row.why, row.script, got, want)
		}
		fits(t, g, vars, got)
	}
	for _, text := range []string{"S: 220\nC: EHLO a\nS: 250\n@auth PLAIN", "S: 250\n@starttls", "S: 250\n@auth", "S: 250\n@assert size > 5\n@assert extension has DSN"} {
		if _, got := answered(t, text, nil, false); got != text[len("S: "):len("S: 220")]+"\r\n" {
			t.Errorf("%q is no list, and its answer is %q", text, got)
		}
	}
	if _, got := answered(t, "S: 250-a\n@starttls", nil, false); got != "250 a\r\n" {
		t.Errorf("%q", got)
	}
	i := one[Server](t, "S: 250 ${no}")
	if _, err := i.Answer(nil, nil, false); err == nil || err.Error() != "t:1:8: the variable ${no} is not known here; $${ is a literal ${" {
		t.Error(err)
	}
}

// fits wants an answer that its own group expects. Where the group has two
// codes, or a code and none at its end, no reply does.
func fits(t *testing.T, g Server, vars map[string]string, octets string) {
	t.Helper()
	codes := g.codes()
	last := codes[len(codes)-1]
	codes = slices.DeleteFunc(codes, func(c string) bool { return c == "" })
	if len(slices.Compact(codes)) > 1 || last == "" && len(codes) > 0 {
		return
	}
	p, err := g.Pattern(vars)
	if err != nil {
		t.Fatal(err)
	}
	r, rest, _ := wire.ParseReply([]byte(octets))
	if m := p.Compare(r); m != nil || len(rest) > 0 {
		t.Errorf("the answer is %q (and then %q): %v", octets, rest, m)
	}
}

func TestSays(t *testing.T) {
	for text, want := range map[string]int{"S: 250": 250, "S: 2xx-a\nS: 3xx b": 354, "S: hello": 0} {
		if got := one[Server](t, text).Says(); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestFind(t *testing.T) {
	r := reply("250-a 1", "250 b 2")
	for re, want := range map[string]string{`b (\d)`: "2", `\d+`: "250", `^250-a (\d)\n`: "1", `(?m)^250 (.*)$`: "b 2"} {
		if got, ok := (Capture{Regexp: re}).Find(r); got != want || !ok {
			t.Errorf("%s: %q, %v", re, got, ok)
		}
	}
	if got, ok := (Capture{Regexp: "c"}).Find(r); ok {
		t.Errorf("%q", got)
	}
}

// FuzzAnswer: a server says what its script's client expects, whatever the
// items behind ask for.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"S: 2xx-SIZE *\nS: x50\n@assert size > 5\n@assert extension has AUTH PLAIN\n@capture a (\\d+)$",
		"S: 550 *a*\n@assert enhanced == 5.x.1\n@capture b [^0]{3}|c+",
		"S: 220-*\nC: a", "S: 250 \n@capture a (x|y)z{2,5}?[^\\w]", "S: hello *\n@capture a .", "S: 250-\nS: 250-${v}*\nS: 250Ok*",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), `\x0`) || len(text) > 2000 {
			return // a line end in a line makes two of it
		}
		s, err := Parse("f", strings.NewReader(text))
		if err != nil || len(s.Items) == 0 {
			return
		}
		g, ok := s.Items[0].(Server)
		if !ok {
			return
		}
		vars := map[string]string{"v": "a*b"}
		octets, err := g.Answer(vars, s.Items[1:], true)
		if err == nil {
			fits(t, g, vars, string(octets))
		}
	})
}
