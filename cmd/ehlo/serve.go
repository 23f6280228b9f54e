package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/internal/crash"
	"ehlo/session/event"
	"ehlo/session/serve"
	"ehlo/session/smtptest"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	listen string
	once   bool
	set    []string
}

func (a *app) serve() *cobra.Command {
	var (
		f flags
		l serveFlags
	)
	c := &cobra.Command{
		Use:   "serve [flags] SCRIPT",
		Short: "play the server's side of a script",
		Long: `Serve plays the server's side of a script: it sends the S: lines and expects the
C: lines, so that a transcript from a bug report becomes that server, on loopback.
SCRIPT - is standard input. It plays the script from its start for one client after
another, until a signal ends it, or once with --once: then the exit code is 40 where
the client said something else. A client that comes meanwhile waits for its turn.
--timeout bounds each wait for a client, not how many waits there are.

In a C: line * matches anything, and so does a variable that only a client knows,
such as ${helo}, the first time. A client need not pipeline what the script has as a
group. @starttls and @tls take a certificate that is made at the start, whose
authority is written to a file and printed, or yours. @auth takes any password, or the
one that you give. @data and @bdat take any message.`,
		Example: `  ehlo probe --record mx1.smtp mx1.example.com
  ehlo serve mx1.smtp
  ehlo serve --once --listen :0 greylisted.smtp && echo the client came again
  ehlo serve --listen 0.0.0.0:2525 --cert mx.pem --key mx.key starttls.smtp
  EHLO_PASSWORD=secret ehlo serve --user me@example.com submission.smtp`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.runServe(c.Context(), &f, &l, args)
		},
	}
	addGroup(c, "Where", func(s *pflag.FlagSet) {
		s.StringVar(&l.listen, "listen", "127.0.0.1:2525", "take connections at `ADDR:PORT` (without ADDR: 127.0.0.1; port 0: a free one, which is printed), or at a socket: unix:///path")
	})
	addGroup(c, "How", func(s *pflag.FlagSet) {
		s.BoolVar(&l.once, "once", false, "play the script once; exit 40 where the client did not match")
		s.Var(&f.timeout, "timeout", "how long the client may be silent, or not read: `DUR` is 30s, 5m or a number of seconds (default 5m)")
	})
	addGroup(c, "Script", func(s *pflag.FlagSet) {
		s.StringArrayVar(&l.set, "set", nil, "give a variable its value: `NAME=VALUE` (repeatable)")
	})
	addGroup(c, "TLS", func(s *pflag.FlagSet) {
		s.StringVar(&f.cert, "cert", "", "this server's certificate chain, in `FILE` (PEM); needs --key (default: one is made)")
		s.StringVar(&f.key, "key", "", "its private key, in `FILE` (PEM)")
	})
	addGroup(c, "Login", func(s *pflag.FlagSet) {
		s.StringVar(&f.login.user, "user", "", "let in by @auth the user `NAME` only")
		s.StringVar(&f.login.passwordFile, "password-file", "", "and the password, or token, in the first line of `FILE` only (also: EHLO_PASSWORD)")
		s.StringVar(&f.login.passwordCommand, "password-command", "", "or in the first line that `CMD` writes")
	})
	addGroup(c, "Output", func(s *pflag.FlagSet) {
		f.outputs(s)
		s.BoolVar(&f.time, "time", false, "a comment with the time after each reply")
	})
	completeValues(c)
	c.ValidArgsFunction = scriptFiles
	return c
}

func (a *app) runServe(ctx context.Context, f *flags, l *serveFlags, args []string) error {
	if err := f.checkOutput(); err != nil {
		return err
	}
	if len(args) != 1 {
		return usage("see ehlo serve --help", "ehlo serve needs one SCRIPT: a file, or - for standard input")
	}
	ready, err := a.readyServer(ctx, f, l, args[0])
	if err != nil {
		return a.refuse(f, "serve", args[0], err)
	}
	defer ready.listener.Close()
	defer crash.After(ctx, func() { _ = ready.listener.Close() })()
	out := a.stdout(f, "serve")
	out.style.Server = true
	out.listening(ready)
	for {
		var c net.Conn
		if c, err = ready.listener.Accept(); err != nil {
			err = &event.Error{Kind: event.Input, Message: "cannot take connections: " + err.Error(), Err: err}
			break
		}
		err = a.session(ctx, out, ready, args[0], c)
		if l.once {
			break
		}
		if ctx.Err() != nil {
			err = ctx.Err() // however this session ended
			break
		}
		if err != nil {
			a.complain(asError(ctx, err))
		}
	}
	ready.server.Close()
	if err == nil {
		err = out.finish()
	}
	return err
}

// readied is a server that listens.
type readied struct {
	server   *serve.Server
	listener net.Listener
	ca       string     // the file with the authority of the certificate that was made, or ""
	sink     event.Sink // of the session that goes on
}

// readyServer reads and checks all that the server needs, and then listens.
func (a *app) readyServer(ctx context.Context, f *flags, l *serveFlags, name string) (*readied, error) {
	network, address, err := listenAddress(l.listen)
	if err != nil {
		return nil, err
	}
	ready := &readied{}
	opt := serve.Options{
		Timeout: time.Duration(f.timeout), User: f.login.user,
		Sink: func(e event.Event) { ready.sink(e) },
	}
	if opt.Vars, err = parseSets(l.set); err != nil {
		return nil, err
	}
	if opt.Script, err = a.loadScript(name, opt.Vars); err != nil {
		return nil, err
	}
	if f.login.passwordFile != "" || f.login.passwordCommand != "" || os.Getenv("EHLO_PASSWORD") != "" {
		if opt.Password, err = f.login.password(ctx, f.login.user, nil); err != nil {
			return nil, err
		}
	}
	made, err := f.serverTLS(&opt, address)
	if err != nil {
		return nil, err
	}
	if ready.server, err = serve.New(opt); err != nil {
		e := asError(ctx, scriptError(err))
		if errors.Is(err, serve.ErrPassword) {
			e.Hint = "--user NAME --password-file FILE gives it one"
		}
		return nil, e
	}
	if ready.listener, err = net.Listen(network, address); err != nil {
		return nil, cannotListen(l.listen, err)
	}
	if made != nil {
		if ready.ca, err = a.writeCA(made.CA); err != nil {
			_ = ready.listener.Close()
			return nil, err
		}
	}
	return ready, nil
}

// serverTLS is the certificate for a script that has TLS: the one of the flags,
// or one that is made here.
func (f *flags) serverTLS(o *serve.Options, address string) (made *smtptest.Identity, err error) {
	given, err := readIdentity(f.cert, f.key)
	if err != nil || !serve.Secure(o.Script) {
		return nil, err
	}
	if given == nil {
		names := []string{"localhost", "127.0.0.1", "::1"}
		if host, _, err := net.SplitHostPort(address); err == nil {
			if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() && !ip.IsUnspecified() {
				names = append(names, host)
			}
		}
		if made, err = smtptest.Certificate(names...); err != nil {
			return nil, err
		}
		given = []tls.Certificate{made.Certificate}
	}
	// Old clients are debugged too.
	o.TLS = &tls.Config{Certificates: given, MinVersion: tls.VersionTLS10} //nolint:gosec
	return made, nil
}

// listenAddress reads --listen. Without an address it is loopback: what is
// served is for oneself, unless one says otherwise.
func listenAddress(s string) (network, address string, err error) {
	for _, scheme := range []string{"unix://", "lmtp://"} {
		if path, ok := strings.CutPrefix(s, scheme); ok && strings.HasPrefix(path, "/") {
			return "unix", path, nil
		}
	}
	wrong := usage("--listen 127.0.0.1:2525, --listen :0 or --listen unix:///tmp/smtp", "--listen %s is not ADDR:PORT", s)
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", "", wrong
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", wrong
	}
	if host == "" {
		host = "127.0.0.1"
	}
	network = "tcp"
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		network = "tcp4" // 0.0.0.0 is no more than it says
	}
	return network, net.JoinHostPort(host, port), nil
}

func cannotListen(where string, err error) *event.Error {
	why := err.Error()
	if op, ok := errors.AsType[*net.OpError](err); ok {
		why = op.Err.Error()
	}
	hint := ""
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		why = no.Error()
		switch no {
		case syscall.EADDRINUSE:
			hint = "--listen :0 takes a free port"
		case syscall.EACCES:
			hint = "--listen 127.0.0.1:2525 needs no privilege"
		}
	}
	return &event.Error{Kind: event.Input, Message: "cannot listen on " + where + ": " + why, Hint: hint, Err: err}
}

// writeCA writes the certificate of an authority to a file that is there until
// the program ends.
func (a *app) writeCA(pem []byte) (string, error) {
	file, err := os.CreateTemp("", "ehlo-ca-*.pem")
	if err != nil {
		return "", input(err, "the CA file")
	}
	a.later(func() { _ = os.Remove(file.Name()) })
	_, err = file.Write(pem)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", input(err, "the CA file")
	}
	return file.Name(), nil
}

// listening says where the server is, for whoever waits for it.
func (f *faces) listening(r *readied) {
	address := r.listener.Addr().String()
	if r.listener.Addr().Network() == "unix" {
		address = "unix://" + address
	}
	if f.output == "text" {
		var all bytes.Buffer // in one piece: whoever reads the address finds the CA too
		text := f.style
		text.W = &all
		text.Summary("listening on " + address)
		if r.ca != "" {
			text.Summary("CA: " + r.ca)
		}
		_, _ = f.out.Write(all.Bytes())
		return
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(struct { // it is plain data
		Schema  int    `json:"schema"`
		Version string `json:"version"`
		Command string `json:"command"`
		Event   string `json:"event"`
		Address string `json:"address"`
		CA      string `json:"ca,omitempty"`
	}{transcript.Schema, version(), f.command, "listening", wire.Text([]byte(address)), r.ca})
	_, _ = f.out.Write(line.Bytes())
}

// session plays the script once, for a client that has come, and writes its
// output.
func (a *app) session(ctx context.Context, out *faces, r *readied, name string, c net.Conn) error {
	t := out.target(name)
	r.sink = t.live
	e := asError(ctx, r.server.Play(ctx, r.listener, c))
	if e == nil {
		t.say("the client did as the script says")
	} else if out.quiet {
		t.say(e.Message) // the transcript has it otherwise
	}
	t.end(e, exitOf(ctx, e))
	if e == nil {
		return nil
	}
	return e
}
