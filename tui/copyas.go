package tui

import (
	"errors"
	"net"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// transaction is what the client said of one, in the form of the commands.
type transaction struct {
	helo, from string
	mail       bool // MAIL was said
	to         []string
}

// take takes a line of the client's.
func (t *transaction) take(line []byte) {
	switch wire.Verb(line) {
	case "EHLO", "HELO", "LHLO":
		t.helo = wire.Argument(line)
		t.mail, t.from, t.to = false, "", nil
	case "MAIL":
		t.mail, t.from, t.to = true, wire.PathOf(line), nil
	case "RCPT":
		t.to = append(t.to, wire.PathOf(line))
	}
}

// commandLine is a command of another tool that does what a session did: with
// the same server, TLS, login and transaction. No password is in it: the tools
// ask for it.
func commandLine(tool string, c *transcript.Conversation, t transaction) (string, error) {
	if c.Network != "tcp" {
		return "", errors.New("the session is not over TCP: " + tool + " has no command for that")
	}
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(c.Name(), ".")
	implicit := c.TLS != nil && c.TLS.Mode == "implicit"
	lmtp := c.Protocol == "LMTP"
	var w []string
	switch tool {
	case "swaks":
		w = append(w, "swaks", "--server", host, "--port", port)
		switch {
		case implicit:
			w = append(w, "--tls-on-connect")
		case c.TLS != nil:
			w = append(w, "--tls")
		}
		if c.TLS != nil && name != host {
			w = append(w, "--tls-sni", name)
		}
		if lmtp {
			w = append(w, "--protocol", "LMTP")
		}
		if t.helo != "" {
			w = append(w, "--helo", t.helo)
		}
		if c.Auth != nil {
			w = append(w, "--auth", c.Auth.Mechanism)
		}
		switch {
		case !t.mail:
			w = append(w, "--quit-after", "HELO")
		default:
			w = append(w, "--from", orEmpty(t.from))
		}
		if len(t.to) > 0 {
			w = append(w, "--to", strings.Join(t.to, ","))
		} else if t.mail {
			w = append(w, "--quit-after", "MAIL")
		}
	case "curl":
		if lmtp {
			return "", errors.New("curl does not speak LMTP")
		}
		scheme := "smtp"
		if implicit {
			scheme = "smtps"
		}
		w = append(w, "curl", "-v", scheme+"://"+net.JoinHostPort(name, port)+"/"+t.helo)
		if name != host {
			w = append(w, "--connect-to", "::"+bracketed(host)+":"+port)
		}
		if c.TLS != nil && !implicit {
			w = append(w, "--ssl-reqd")
		}
		if c.Auth != nil {
			w = append(w, "--login-options", "AUTH="+c.Auth.Mechanism, "--user", "USER")
		}
		if t.mail {
			w = append(w, "--mail-from", t.from)
		}
		for _, to := range t.to {
			w = append(w, "--mail-rcpt", to)
		}
		if len(t.to) > 0 {
			w = append(w, "--upload-file", "message.eml")
		}
	case "openssl":
		if c.TLS == nil {
			return "", errors.New("the session is not under TLS: openssl s_client is for that")
		}
		w = append(w, "openssl", "s_client", "-crlf", "-quiet", "-connect", net.JoinHostPort(host, port))
		if !implicit {
			protocol := "smtp"
			if lmtp {
				protocol = "lmtp"
			}
			w = append(w, "-starttls", protocol)
			if t.helo != "" {
				w = append(w, "-name", t.helo)
			}
		}
		if c.TLS.ServerName != "" {
			w = append(w, "-servername", c.TLS.ServerName)
		}
	default:
		return "", errors.New("copy swaks, curl or openssl")
	}
	for i := range w {
		w[i] = quoted(w[i])
	}
	return strings.Join(w, " "), nil
}

// orEmpty is how swaks is told the null reverse-path.
func orEmpty(from string) string {
	if from == "" {
		return "<>"
	}
	return from
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// quoted is a word for a POSIX shell. What came from outside is in it as it
// may be shown.
func quoted(word string) string {
	word = wire.Visible([]byte(word))
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@=,+%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// copyAs copies a command of another tool that does what this session does.
func (m *screen) copyAs(tool string) (tea.Cmd, error) {
	c := m.view.Now()
	if c == nil {
		return nil, errors.New("there was no session yet")
	}
	line, err := commandLine(tool, c, m.transaction())
	if err != nil {
		return nil, err
	}
	cmd := m.copyText(line+"\n", "the command")
	m.mode = modeBrowse
	m.page("As a command of "+tool, []string{line, "", "It was copied. It stands for the last session here: its server, TLS, login and transaction."}, nil)
	return cmd, nil
}

// transaction is the last one that was begun by MAIL.
func (m *screen) transaction() (t transaction) {
	for i := range m.log.lines {
		e, ok := m.log.lines[i].event.(event.Sent)
		if !ok || e.Text || m.log.lines[i].from != 'C' {
			continue
		}
		t.take(e.Masked())
	}
	return t
}
