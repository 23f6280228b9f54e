package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/session/event"
	"ehlo/session/wire"
	"ehlo/tui"
)

// widest is how many characters of a value help config shows.
const widest = 60

// shown is a flag's value without its secrets: what stands before the @ of a
// URL, and whatever is a password or finds one.
func shown(flag, text string) string {
	for _, word := range []string{"password", "secret", "token"} {
		if text != "" && strings.Contains(flag, word) && !strings.HasSuffix(flag, "-file") {
			return "(not shown)"
		}
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text
	}
	if i := strings.Index(text, "://"); i >= 0 && i < at {
		return text[:i+3] + "***" + text[at:]
	}
	if flag == "proxy" {
		return "***" + text[at:]
	}
	return text
}

// foreign are variables of other programs that set a flag too, after all else.
var foreign = map[string]string{"no-color": "NO_COLOR", "keylog": "SSLKEYLOGFILE"}

// row is what one command's flag has for a value, and whence.
type row struct{ value, from string }

// lines are the rows of one flag.
type lines struct {
	name     string
	commands []string // in their order, with
	rows     []row    // the row of each
}

// usual is the row that most commands have.
func (l lines) usual() row {
	count, best := map[row]int{}, l.rows[0]
	for _, r := range l.rows {
		if count[r]++; count[r] > count[best] {
			best = r
		}
	}
	return best
}

// helpConfig writes each flag with its variable, its key, and where its
// present value comes from. It works with a config file that has errors, and
// says the first one.
func (a *app) helpConfig(profile string) error {
	file, _ := readConfig(configPath())
	titles, groups, failed := present(profile)
	a.configHead(file, failed)
	table := [][]string{{"  flag", "variable", "key", "from", "value"}}
	for _, title := range titles {
		table = append(table, []string{""}, []string{title + ":"})
		for _, l := range groups[title] {
			usual, key := l.usual(), l.name
			if key == profileFlag {
				key = "-"
			}
			table = append(table, []string{"  --" + l.name, variable(l.name), key, usual.from, usual.value})
			for i, r := range l.rows {
				if r != usual {
					table = append(table, []string{"    in " + l.commands[i], "", "", r.from, r.value})
				}
			}
		}
	}
	writeTable(a.out, table)
	return a.configTail()
}

// writeTable writes rows with their columns aligned.
func writeTable(w io.Writer, table [][]string) {
	var widths []int
	for _, cells := range table {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], tui.Cells(cell))
		}
	}
	for _, cells := range table {
		line := ""
		for i, cell := range cells {
			line += cell + strings.Repeat(" ", widths[i]-tui.Cells(cell)+2)
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func (a *app) configHead(file *config, failed error) {
	path := configPath()
	there := ""
	if _, err := os.Stat(path); err != nil {
		there = " (there is none)"
	}
	fmt.Fprintf(a.out, `Every flag can be set by a variable, and by a key in the config file. A flag on the
command line wins; then come the environment, the profile, the rest of the file,
and the default.

config file: %s%s
`, wire.Visible([]byte(path)), there)
	if file != nil && len(file.profiles) > 0 {
		fmt.Fprintf(a.out, "profiles:    %s (--profile NAME)\n", wire.Visible([]byte(strings.Join(file.profiles, ", "))))
	}
	if e, bad := errors.AsType[*event.Error](failed); bad {
		fmt.Fprintf(a.out, "error:       %s\n", wire.Visible([]byte(e.Message)))
		if e.Hint != "" {
			fmt.Fprintf(a.out, "             %s\n", wire.Visible([]byte(e.Hint)))
		}
	}
	fmt.Fprintln(a.out)
}

func (a *app) configTail() error {
	password := "not set"
	if os.Getenv("EHLO_PASSWORD") != "" {
		password = "set, not shown"
	}
	_, err := fmt.Fprintf(a.out, `
EHLO_PASSWORD (%s) is the password of a login. An empty variable is like none.
A repeatable flag takes a list in the file, and a value on each line of its variable.

A config file:

  helo = "client.example.net"     # a flag's name, for every command that has it
  timeout = 20
  [send]                          # for one command
  from = "me@example.net"
  [profile.work]                  # with --profile work, or EHLO_PROFILE=work
  server = "mail.example.net:587"
  dns = ["192.0.2.53", "192.0.2.54"]
`, password)
	return err
}

// present applies the settings to every command, and gives the rows of their
// flags by group. The demo is left out: it does not take all of them.
func present(profile string) (titles []string, groups map[string][]lines, first error) {
	fresh := &app{}
	groups = map[string][]lines{}
	for _, c := range takers(fresh.root()) {
		if c.Name() == "demo" {
			continue
		}
		if profile != "" {
			_ = c.Flags().Set(profileFlag, profile)
		}
		if err := fresh.settle(c); first == nil {
			first = err
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			title := groupOf(f)
			if groups[title] == nil {
				titles = append(titles, title)
			}
			groups[title] = noted(groups[title], f.Name, c.Name(), fresh.row(c, f))
		})
	}
	return titles, groups, first
}

// noted adds a command's row to those of its flag.
func noted(group []lines, flag, command string, r row) []lines {
	for i := range group {
		if group[i].name == flag {
			group[i].commands, group[i].rows = append(group[i].commands, command), append(group[i].rows, r)
			return group
		}
	}
	return append(group, lines{flag, []string{command}, []row{r}})
}

func (a *app) row(c *cobra.Command, f *pflag.Flag) row {
	r := row{from: "default"}
	if o := a.origins[f.Name]; o.rank != typed {
		r.from = o.words
	} else if f.Changed {
		r.from = "flag"
	} else if text := os.Getenv(foreign[f.Name]); text != "" {
		if r.from = foreign[f.Name]; f.Value.Type() != "bool" {
			r.value = wire.Visible([]byte(text))
			return r
		}
		r.value = "true"
		return r
	}
	texts := []string{f.Value.String()}
	if slice, ok := f.Value.(pflag.SliceValue); ok {
		texts = slice.GetSlice()
	}
	for i, text := range texts {
		texts[i] = wire.Visible([]byte(shown(f.Name, text)))
	}
	r.value = strings.Join(texts, ", ")
	r.value = tui.Cut(r.value, widest)
	return r
}
