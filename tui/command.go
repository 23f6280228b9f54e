package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// prefill opens the palette with a command in it; Enter carries it out.
func prefill(command string) func(*screen) tea.Cmd {
	return func(m *screen) tea.Cmd {
		m.mode = modePalette
		m.palette.Set(command)
		return nil
	}
}

// command is one of those behind ':'.
type command struct {
	name, usage, help string
	do                func(m *screen, argument string) (tea.Cmd, error)
	// values are what may stand for the word that is being typed, behind the
	// arguments that are done; nil: nothing is known.
	values func(m *screen, done []string) values
}

func commands() []command {
	return append([]command{
		{"connect", "connect TARGET", "open a session with an exchanger of the list, or with any other target", (*screen).connect, targets},
		{"reconnect", "reconnect", "open a new session with the same server", (*screen).reconnect, nil},
		{"starttls", "starttls", "STARTTLS, the handshake, and EHLO again", (*screen).startTLS, nil},
		{"auth", "auth [MECHANISM] USER [--insecure]", "log in; the password is asked for and not shown", (*screen).login, loginValues},
		{"size", "size " + sizeFlags, "find out the maximum message size in force, with MAIL and RSET, in the open session", (*screen).size, some("--exact", "--from", "--budget", "--ceiling")},
		{"probe", "probe all", "probe every address of the target at once, beside the open session", (*screen).probeAll, some("all")},
		{"run", "run FILE [here] [NAME=VALUE...]", "play a script, held before its first line; here: with this target's servers, whatever its @connect says", (*screen).runFile, scripts},
		{"serve", "serve [FILE]", "play the server's side of a script, or of what was saved, on loopback", (*screen).serve, scripts},
		{"record", "record FILE", "write the session to a script, from its start to the end", (*screen).record, files},
		{"export", "export [FILE]", "save the session: FILE.smtp is a script, .txt text, .json the report, .eml the last message", (*screen).saveAs, files},
		{"copy", "copy swaks|curl|openssl", "copy a command of that tool that does what this session does", (*screen).copyAs, some("swaks", "curl", "openssl")},
		{"set", "set [NAME VALUE]", "change a setting; alone: list them", (*screen).setUp, settingValues},
		{"help", "help", "all keys", func(m *screen, _ string) (tea.Cmd, error) {
			m.mode = modeBrowse
			return m.help(), nil
		}, nil},
		{"quit", "quit", "QUIT, then the end", func(m *screen, _ string) (tea.Cmd, error) { return m.leave(), nil }, nil},
	}, messageCommands()...)
}

// runCommand carries out what stands in the palette; what is wrong with it is
// said, and it stays.
func (m *screen) runCommand() tea.Cmd {
	name, argument, _ := strings.Cut(strings.TrimSpace(m.palette.String()), " ")
	if name == "" {
		return m.back()
	}
	found := findCommand(name)
	if found == nil {
		m.hint = "there is no command " + name + " (" + commandNames() + ")"
		return nil
	}
	cmd, err := found.do(m, strings.TrimSpace(argument))
	if err != nil {
		m.hint = err.Error()
		return nil
	}
	if m.mode == modePalette && m.loading == "" {
		m.mode = modeBrowse
	}
	return cmd
}

func commandNames() string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

func findCommand(name string) *command {
	var found *command
	for _, c := range commands() {
		if c.name == name {
			return &c
		}
		if name != "" && strings.HasPrefix(c.name, name) && found == nil {
			found = &c
		}
	}
	return found
}
