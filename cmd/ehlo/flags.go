package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ehlo/resolver"
	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// flags are what every connecting command has (interface.md).
type flags struct {
	// where
	server string
	port   uint16
	ip4    bool
	ip6    bool
	bind   string
	dns    []string
	noMX   bool
	proxy  string
	all    bool
	// how
	helo           string
	protocol       string
	connectTimeout duration
	timeout        duration
	quitAfter      string
	dropAfter      string
	pipe           string
	proxyProtocol  string
	xclient        string
	xforward       string
	// TLS
	tls    string
	verify bool
	ca     string
	cert   string
	key    string
	sni    string
	tlsMin string
	tlsMax string
	keyLog string
	login  loginFlags
	// output
	output      string
	record      string
	recordExact bool
	time        bool
	quiet       bool
	noColor     bool
}

// groupAnnotation marks a flag with the title of its group.
const groupAnnotation = "ehlo_group"

// addGroup gives a command the flags of a group.
func addGroup(c *cobra.Command, title string, define func(*pflag.FlagSet)) {
	set := pflag.NewFlagSet(title, pflag.ContinueOnError)
	set.SortFlags = false
	define(set)
	set.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{groupAnnotation: {title}}
		c.Flags().AddFlag(f)
	})
	c.Flags().SortFlags = false
}

// connecting gives a command the flags of a connecting command.
func (f *flags) connecting(c *cobra.Command) {
	addGroup(c, "Where", func(s *pflag.FlagSet) {
		s.StringVar(&f.server, "server", "", "connect to `HOST[:PORT]` and leave the recipients alone")
		s.Uint16VarP(&f.port, "port", "p", 0, "`PORT` to connect to (default 25, or the target's)")
		f.families(s)
		s.StringVar(&f.bind, "bind", "", "local `ADDR` to connect from")
		s.StringVar(&f.proxy, "proxy", "", "go through the proxy at `URL`: socks5://, socks5h:// (it looks names up) or http://")
		f.servers(s)
		s.BoolVar(&f.noMX, "no-mx", false, "take the domain's own address, not its MX")
		s.BoolVar(&f.all, "all", false, "every exchanger and address, not the first that answers")
	})
	addGroup(c, "How", func(s *pflag.FlagSet) {
		s.StringVar(&f.helo, "helo", "", "`NAME` for EHLO (default: this host's full name, else its address literal)")
		s.StringVar(&f.protocol, "protocol", "", "speak `PROTOCOL`: esmtp (EHLO), smtp (HELO) or lmtp (LHLO) (default: EHLO, and HELO where that is refused)")
		f.connectTimeout = duration(session.DefaultConnect)
		s.Var(&f.connectTimeout, "connect-timeout", "how long a connection may take: `DUR` is 30s, 5m or a number of seconds")
		s.Var(&f.timeout, "timeout", "how long a whole reply, a handshake or a blocked write may take (default 60s, and 10m for the reply to the final dot)")
		s.StringVar(&f.quitAfter, "quit-after", "", "end with QUIT after `PHASE`: banner, helo, tls, auth, mail, rcpt, data, dot")
		s.StringVar(&f.dropAfter, "drop-after", "", "end without QUIT after `PHASE`")
		s.StringVar(&f.pipe, "pipe", "", "start `COMMAND` and speak with its standard input and output, in place of a TARGET")
		s.StringVar(&f.proxyProtocol, "proxy-protocol", "", "send a PROXY header first: `VERSION` is v1 or v2, with ,source=ADDR:PORT ,destination=ADDR:PORT")
		s.StringVar(&f.xclient, "xclient", "", "send XCLIENT with `'NAME=… ADDR=…'` and greet again")
		s.StringVar(&f.xforward, "xforward", "", "send XFORWARD with `'NAME=… ADDR=…'`")
	})
	addGroup(c, "TLS", func(s *pflag.FlagSet) {
		s.StringVar(&f.tls, "tls", "auto", "`MODE` is auto (STARTTLS where offered), require, never, or implicit (TLS from the first octet)")
		s.BoolVar(&f.verify, "tls-verify", false, "a certificate that does not verify ends the session")
		s.StringVar(&f.ca, "ca", "", "trust the certificates in `FILE` (PEM) in place of the system's")
		s.StringVar(&f.cert, "cert", "", "this client's certificate chain, in `FILE` (PEM); needs --key")
		s.StringVar(&f.key, "key", "", "its private key, in `FILE` (PEM)")
		s.StringVar(&f.sni, "sni", "", "`NAME` to send, and to look for in the certificate (default: the exchanger's host name)")
		s.StringVar(&f.tlsMin, "tls-min", "", "refuse TLS below `VERSION` 1.0, 1.1, 1.2 or 1.3 (default 1.0)")
		s.StringVar(&f.tlsMax, "tls-max", "", "do not offer TLS above `VERSION`")
		s.StringVar(&f.keyLog, "keylog", "", "append the secrets of TLS to `FILE`, for a packet analyser (also: SSLKEYLOGFILE)")
	})
	f.login.define(c)
	addGroup(c, "Output", func(s *pflag.FlagSet) {
		f.outputs(s)
		s.StringVar(&f.record, "record", "", "write the session to `FILE`, as a script that passes again: what is other each time is a pattern. Long messages go beside it, to FILE.1.eml and so on")
		s.BoolVar(&f.recordExact, "record-exact", false, "with --record: leave dates, ids and addresses as they were")
		s.BoolVar(&f.time, "time", false, "a comment with the time after each reply")
	})
	completeValues(c)
}

func (f *flags) families(s *pflag.FlagSet) {
	s.BoolVarP(&f.ip4, "ipv4", "4", false, "IPv4 only")
	s.BoolVarP(&f.ip6, "ipv6", "6", false, "IPv6 only")
}

func (f *flags) servers(s *pflag.FlagSet) {
	s.StringArrayVar(&f.dns, "dns", nil, "ask the DNS server `ADDR[:PORT]` (repeatable; default: the system's)")
}

func (f *flags) outputs(s *pflag.FlagSet) {
	s.StringVarP(&f.output, "output", "o", "text", "`FORMAT` is text (a script), json (a report for each target) or events (one object each, live)")
	s.BoolVarP(&f.quiet, "quiet", "q", false, "no transcript, the result only")
	s.BoolVar(&f.noColor, "no-color", false, "no colours (also: NO_COLOR)")
}

// choices are the values of flags that have few, for the shell's completion.
var choices = map[string][]string{
	"protocol":              {"esmtp", "smtp", "lmtp"},
	"tls":                   {"auto", "require", "never", "implicit"},
	"tls-min":               {"1.0", "1.1", "1.2", "1.3"},
	"tls-max":               {"1.0", "1.1", "1.2", "1.3"},
	"output":                {"text", "json", "events"},
	"quit-after":            {"banner", "helo", "tls", "auth", "mail", "rcpt", "data", "dot"},
	"drop-after":            {"banner", "helo", "tls", "auth", "mail", "rcpt", "data", "dot"},
	"auth-initial-response": {"auto", "always", "never"},
	"smtputf8":              {"auto", "always", "never"},
}

// oneOf refuses a value that is not among the choices of its flag.
func oneOf(flag, value string) error {
	if slices.Contains(choices[flag], value) {
		return nil
	}
	return usage("one of "+strings.Join(choices[flag], ", "), "--%s %s is not known", flag, value)
}

// completeValues tells the shell what can stand behind a command and its
// flags: the choices; no files where none are read.
func completeValues(c *cobra.Command) {
	c.ValidArgsFunction = cobra.NoFileCompletions
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if values, ok := choices[f.Name]; ok {
			_ = c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	})
}

// duration is a flag: a Go duration ("1m30s"), or a number of seconds, as
// swaks has it. 0 stands for "not given".
type duration time.Duration

func (d *duration) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func (*duration) Type() string { return "DUR" }

// pause is a duration that may be 0.
type pause struct{ duration }

func (p *pause) String() string { return time.Duration(p.duration).String() }

func (p *pause) Set(s string) error {
	if n, err := strconv.ParseFloat(strings.TrimRight(s, "hmsµun"), 64); err == nil && n == 0 {
		p.duration = 0
		return nil
	}
	return p.duration.Set(s)
}

func (d *duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if n, numeric := strconv.ParseFloat(s, 64); numeric == nil {
		v, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no duration: write 30s, 5m or a number of seconds above 0", s)
	}
	*d = duration(v)
	return nil
}

// settings are the flags, checked, in the form that the session wants.
type settings struct {
	options session.Options
	plan    flow.Plan
}

// check refuses bad values and combinations before anything is connected.
func (f *flags) check(timeoutGiven bool) (settings, error) {
	var s settings
	if err := f.checkOutput(); err != nil {
		return s, err
	}
	asked, err := f.resolver()
	if err != nil {
		return s, err
	}
	s.options.Resolver = asked
	if f.bind != "" {
		addr, err := netip.ParseAddr(strings.Trim(f.bind, "[]"))
		if err != nil {
			return s, usage("give an address of this host: --bind 192.0.2.7", "--bind %s is not an IP address", f.bind)
		}
		s.options.Bind = addr
	}
	if i := strings.IndexFunc(f.helo, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return s, usage("", "--helo: a name has no spaces or control characters")
	}
	s.options.Helo = f.helo
	if f.helo == "" {
		s.options.Helo = hostName()
	}
	s.options.Timeouts = session.Timeouts{Connect: time.Duration(f.connectTimeout)}
	if timeoutGiven {
		s.options.Timeouts.Reply = time.Duration(f.timeout)
		s.options.Timeouts.Dot = time.Duration(f.timeout)
	}
	if f.protocol != "" {
		if err := oneOf("protocol", f.protocol); err != nil {
			return s, err
		}
	}
	if err := oneOf("tls", f.tls); err != nil {
		return s, err
	}
	if f.tls == "never" && f.verify {
		return s, usage("", "--tls never and --tls-verify contradict each other")
	}
	s.options.TLS = session.TLSMode(f.tls)
	if err := f.checkTLS(&s.options); err != nil {
		return s, err
	}
	if err := f.checkServer(); err != nil {
		return s, err
	}
	s.plan = flow.Plan{Server: f.server, Port: f.port, NoMX: f.noMX, Protocol: flow.Protocol(f.protocol), Verify: f.verify}
	if err := f.checkTransport(&s); err != nil {
		return s, err
	}
	return s, f.checkStop(&s.plan)
}

// checkServer refuses a --server that is none, and two ports for one.
func (f *flags) checkServer() error {
	if f.server == "" {
		return nil
	}
	t, err := session.ParseTarget(f.server)
	if err != nil || t.Scheme != "" || t.Recipient != "" {
		return usage("--server mx1.example.com, --server 192.0.2.1:2525 or --server '[2001:db8::1]:25'", "--server %s is not HOST[:PORT]", f.server)
	}
	if t.Port != 0 && f.port != 0 {
		return usage("leave one of them out", "--server %s and --port %d name two ports", f.server, f.port)
	}
	return nil
}

func (f *flags) checkOutput() error { return oneOf("output", f.output) }

func (f *flags) resolver() (resolver.Resolver, error) {
	r := resolver.Resolver{}
	switch {
	case f.ip4 && f.ip6:
		return r, usage("leave both out for both", "-4 and -6 contradict each other")
	case f.ip4:
		r.Only = "ip4"
	case f.ip6:
		r.Only = "ip6"
	}
	for _, s := range f.dns {
		addr, err := dnsServer(s)
		if err != nil {
			return r, err
		}
		r.Servers = append(r.Servers, addr)
	}
	return r, nil
}

// dnsServer reads ADDR[:PORT]. A name will not do: who would look it up?
func dnsServer(s string) (string, error) {
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(addr.String(), "53"), nil
	}
	if ap, err := netip.ParseAddrPort(s); err == nil && ap.Port() != 0 {
		return ap.String(), nil
	}
	return "", usage("--dns 192.0.2.53, --dns 192.0.2.53:5353 or --dns '[2001:db8::53]:5353'", "--dns %s is not an address of a DNS server", s)
}

// stops are the phases of --quit-after and --drop-after.
var stops = map[string]event.Stage{
	"connect": event.Banner, "banner": event.Banner, "helo": event.Helo, "tls": event.StartTLS, "auth": event.Auth,
	"mail": event.Mail, "rcpt": event.Rcpt, "data": event.Data, "dot": event.Dot,
}

func (f *flags) checkStop(p *flow.Plan) error {
	name, flag := f.quitAfter, "--quit-after"
	if f.dropAfter != "" {
		name, flag, p.Drop = f.dropAfter, "--drop-after", true
	}
	switch {
	case f.quitAfter != "" && f.dropAfter != "":
		return usage("", "--quit-after and --drop-after contradict each other")
	case name == "":
		return nil
	}
	stage, ok := stops[strings.ToLower(name)]
	if !ok {
		return usage("one of banner, helo, tls, auth, mail, rcpt, data, dot", "%s %s is not a phase", flag, name)
	}
	p.Stop = stage
	return nil
}
