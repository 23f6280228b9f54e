package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"ehlo/internal/crash"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/sasl"
)

// loginFlags are the flags of the login.
type loginFlags struct {
	mechanisms      string
	user            string
	identity        string
	initial         string
	passwordFile    string
	passwordCommand string
	insecure        bool
}

// maxPassword bounds a password or token, in octets: tokens of some providers
// have a few thousand.
const maxPassword = 64 << 10

func (l *loginFlags) define(c *cobra.Command) {
	addGroup(c, "Login", func(s *pflag.FlagSet) {
		s.StringVar(&l.mechanisms, "auth", "", "log in with `MECH[,MECH]`, the first that is offered, or with any: the strongest")
		s.StringVar(&l.user, "user", "", "user `NAME`; also user@ in the TARGET's URL")
		s.StringVar(&l.identity, "auth-identity", "", "act as `NAME` (the authorization identity)")
		s.StringVar(&l.initial, "auth-initial-response", "auto", "send the first response along with AUTH: `WHEN` is auto, always, never")
		s.StringVar(&l.passwordFile, "password-file", "", "the password, or the token, is the first line of `FILE` (also: EHLO_PASSWORD)")
		s.StringVar(&l.passwordCommand, "password-command", "", "it is the first line that `CMD` writes")
		s.BoolVar(&l.insecure, "insecure-auth", false, "log in also where the link is not TLS with a certificate that verifies")
	})
}

// wanted says that a login is asked for.
func (l *loginFlags) wanted(user string) bool {
	return l.mechanisms != "" || l.user != "" || user != ""
}

// login is the login that the flags and a target's user ask for, or nil. The
// password is read here, before anything is connected; prompt asks for it where
// nothing else gives it, nil: it cannot be asked for.
func (l *loginFlags) login(ctx context.Context, user string, prompt func(string) (string, error)) (*session.Auth, error) {
	if l.initial != "" {
		if err := oneOf("auth-initial-response", l.initial); err != nil {
			return nil, err
		}
	}
	if !l.wanted(user) {
		for _, flag := range []struct{ name, value string }{{"auth-identity", l.identity}, {"password-file", l.passwordFile}, {"password-command", l.passwordCommand}} {
			if flag.value != "" {
				return nil, usage("--user NAME or --auth any logs in", "--%s means nothing without a login", flag.name)
			}
		}
		return nil, nil
	}
	auth := &session.Auth{Initial: sasl.Initial(l.initial), Insecure: l.insecure}
	for _, m := range strings.Split(l.mechanisms, ",") {
		if m = strings.ToUpper(strings.TrimSpace(m)); m == "" {
			continue
		}
		if m == "ANY" {
			auth.Mechanisms = nil
			break
		}
		if !slices.Contains(sasl.Names(), m) {
			return nil, usage("any, or some of "+strings.Join(sasl.Names(), ", "), "--auth %s is not known", m)
		}
		auth.Mechanisms = append(auth.Mechanisms, m)
	}
	auth.Credentials.User, auth.Credentials.Identity = l.user, l.identity
	if l.user == "" {
		auth.Credentials.User = user
	}
	if !needsPassword(auth.Mechanisms) {
		return auth, nil
	}
	if auth.Credentials.User == "" {
		return nil, usage("--user NAME", "the login needs a user")
	}
	var err error
	auth.Credentials.Password, err = l.password(ctx, auth.Credentials.User, prompt)
	return auth, err
}

// needsPassword says whether one of the mechanisms does.
func needsPassword(mechanisms []string) bool {
	return len(mechanisms) == 0 || slices.ContainsFunc(mechanisms, func(m string) bool { return m != "EXTERNAL" && m != "ANONYMOUS" })
}

// password reads the password from where the flags say. No error of it has
// anything of what was read.
func (l *loginFlags) password(ctx context.Context, user string, prompt func(string) (string, error)) (string, error) {
	switch value := os.Getenv("EHLO_PASSWORD"); {
	case l.passwordFile != "" && l.passwordCommand != "":
		return "", usage("leave one of them out", "--password-file and --password-command contradict each other")
	case l.passwordFile != "":
		return readPassword(l.passwordFile)
	case l.passwordCommand != "":
		return passwordFrom(ctx, l.passwordCommand)
	case value != "":
		return value, nil
	case prompt == nil:
		return "", usage("--password-file FILE, --password-command CMD or EHLO_PASSWORD", "the login of %s needs a password, and there is no terminal to ask for it", user)
	}
	return prompt("password of " + user + ": ")
}

func readPassword(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", input(err, "--password-file")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", input(err, "--password-file")
	}
	if info.IsDir() {
		return "", &event.Error{Kind: event.Input, Message: "--password-file: " + path + ": it is a directory"}
	}
	if info.Mode().IsRegular() {
		if err := private(path, info); err != nil {
			return "", err
		}
	}
	return firstLine(f, "--password-file "+path)
}

func passwordFrom(ctx context.Context, command string) (string, error) {
	shell := []string{"/bin/sh", "-c", command}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C", command}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	cmd.WaitDelay = 100 * time.Millisecond // what it has started may hold its output open
	out, err := cmd.Output()
	if err != nil {
		return "", &event.Error{Kind: event.Input, Message: fmt.Sprintf("--password-command: the command failed: %s", err), Err: err}
	}
	return firstLine(bytes.NewReader(out), "--password-command")
}

// firstLine is the first line of r, without its end.
func firstLine(r io.Reader, what string) (string, error) {
	lines := bufio.NewScanner(io.LimitReader(r, maxPassword))
	lines.Buffer(nil, maxPassword)
	if !lines.Scan() || lines.Text() == "" {
		return "", &event.Error{Kind: event.Input, Message: what + ": there is no password in its first line"}
	}
	return lines.Text(), nil
}

// prompter asks on the terminal, without echo, or is nil where there is none.
func (a *app) prompter(ctx context.Context) func(string) (string, error) {
	file, ok := a.in.(*os.File)
	if !ok || !isTerminal(a.in) {
		return nil
	}
	return func(question string) (string, error) {
		state, err := term.GetState(int(file.Fd()))
		if err != nil {
			return "", input(err, "the password")
		}
		fmt.Fprint(a.err, question)
		defer fmt.Fprintln(a.err)
		var secret []byte
		done := make(chan error, 1)
		crash.Go(func() (err error) {
			secret, err = term.ReadPassword(int(file.Fd()))
			return err
		}, func(err error) { done <- err })
		select {
		case err := <-done:
			crash.Raise(err)
			if err != nil {
				return "", input(err, "the password")
			}
			return string(secret), nil
		case <-ctx.Done():
			_ = term.Restore(int(file.Fd()), state) // it did not echo
			return "", ctx.Err()
		}
	}
}
