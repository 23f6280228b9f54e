package play

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/flow"
	"ehlo/session/script"
	"ehlo/session/serve"
	"ehlo/session/smtptest"
)

// generator makes scripts that have both sides: whatever they say, a server that
// plays one side and a client that plays the other agree.
type generator struct {
	*rand.Rand
	dir  string
	b    strings.Builder
	tls  bool
	vars []string
}

func (g *generator) one(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.b, format+"\n", args...) }

// text is what may stand behind a code or a tag.
func (g *generator) text() string {
	words := []string{"ok", "2.1.0", "5.1.1", `\x00\x1b`, "ü", "$${x}", `\x5cx41`, "#", "@data", "  two", "S: 250", "C:"}
	if len(g.vars) > 0 {
		words = append(words, "${"+g.one(g.vars...)+"}")
	}
	var list []string
	for range g.IntN(4) {
		list = append(list, g.one(words...))
	}
	return strings.Join(list, " ")
}

// reply is a group of S: lines, or a @reply.
func (g *generator) reply(code string) {
	pattern := func() string {
		if g.IntN(3) == 0 {
			return g.one("*", "a*", "*b", "a * b", "queued as *")
		}
		return g.text()
	}
	if g.IntN(8) == 0 {
		g.line(`@reply "%s-a\n%s b\r\n"`, code, code)
		return
	}
	for range g.IntN(3) {
		g.line("S: %s-%s", code, pattern())
		if g.IntN(6) == 0 {
			g.line("# between")
		}
	}
	switch g.IntN(4) {
	case 0:
		g.line("S: %s", code)
	case 1:
		g.line("S: %cxx %s", code[0], pattern())
	default:
		g.line("S: %s %s", code, pattern())
	}
	if g.IntN(5) == 0 {
		name := fmt.Sprintf("v%d", len(g.vars))
		g.line("@capture %s ^...(.?)", name)
		g.vars = append(g.vars, name)
	}
}

// command is a C: line, or octets that make one.
func (g *generator) command() {
	switch g.IntN(6) {
	case 0:
		g.line(`@raw "NO"`)
		g.line(`@raw "OP\xff\n"`)
	case 1:
		g.line("C: EHLO ${helo}")
	case 2:
		g.line("C: MAIL FROM:<${from}> SIZE=%d", g.IntN(1000))
	default:
		g.line("C: %s%s", g.one("NOOP ", "VRFY ", "RSET ", "x"), g.text())
	}
}

func (g *generator) message() {
	g.line("C: DATA")
	g.line("S: 354")
	if g.IntN(2) == 0 {
		g.line("@data %s", g.file())
	} else {
		for range g.IntN(4) {
			g.line("C: %s", g.one("", "..", ".x", "text "+g.text()))
		}
		g.line("C: .")
	}
	g.reply("250")
}

func (g *generator) file() string {
	f, err := os.CreateTemp(g.dir, "*.eml")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	_, _ = f.WriteString(g.one("", "a", "a\n.\nb\r\n", ".", strings.Repeat("long ", 5000)))
	return f.Name()
}

func (g *generator) block(depth int) {
	for range 1 + g.IntN(5) {
		switch g.IntN(11) {
		case 0:
			n := 1 + g.IntN(6)
			for range n {
				g.command()
			}
			for range n {
				g.reply(g.one("250", "550", "451"))
			}
		case 1:
			g.message()
		case 2:
			g.line("@bdat %s %d", g.file(), 1+g.IntN(9000))
			g.reply("250")
		case 3:
			if depth < 2 {
				g.line("@repeat %d", 1+g.IntN(3))
				g.block(depth + 1)
				g.line("@end")
			}
		case 4:
			g.line("@set s%d %s", g.IntN(3), "a b")
			g.line("# a comment")
			g.line("@flush")
			g.line("@sleep 1ms")
		case 5:
			if g.IntN(4) == 0 && !g.tls && depth == 0 {
				g.line(g.one("@starttls", "C: STARTTLS\nS: 220 go\n@tls"))
				g.tls = true
			}
		case 6:
			if g.IntN(4) == 0 && depth == 0 {
				g.line(g.one("@close", "@expect close", "@reset", "C: QUIT\nS: 221"))
				g.line("@connect")
				g.tls = false
				g.reply("220")
			}
		default:
			g.command()
			g.reply(g.one("250", "252", "500", "421"))
		}
	}
}

func (g *generator) script() string {
	g.reply("220")
	g.block(0)
	if g.IntN(2) == 0 {
		g.line("C: QUIT")
		g.reply("221")
	}
	if g.IntN(3) == 0 {
		g.line(g.one("@expect close", "@close"))
	}
	return g.b.String()
}

// TestBothSides plays generated scripts, each against itself.
func TestBothSides(t *testing.T) {
	id, err := smtptest.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for seed := range uint64(1000) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), dir: dir}
		text := g.script()
		s, err := script.Load(filepath.Join(dir, "t"), strings.NewReader(text), nil, nil)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		server, err := serve.New(serve.Options{Script: s, TLS: id.Server(), Timeout: 20 * time.Second})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- server.Play(t.Context(), l, nil) }()
		target, _ := session.ParseTarget(l.Addr().String())
		one := session.New(session.Options{Roots: id.Pool(), Helo: "client.test", Timeouts: session.Timeouts{Reply: 20 * time.Second, Dot: 20 * time.Second}})
		played := Run(t.Context(), one, Options{Script: s, Plan: flow.Plan{Target: target}, Known: map[string]string{"from": "me@client.test"}})
		if err := <-served; err != nil || played != nil {
			t.Errorf("seed %d: the client says %v, the server %v\n%s", seed, played, err, text)
		}
		_ = l.Close()
		if t.Failed() {
			return
		}
	}
}
