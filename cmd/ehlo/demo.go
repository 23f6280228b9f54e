package main

import (
	"crypto/x509"
	"fmt"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"ehlo/internal/crash"
	"ehlo/resolver/dnstest"
	"ehlo/session/smtptest"
)

// The demo's domain. .test is reserved (RFC 6761): no such mail leaves a host.
const demoDomain = "demo.test"

// demoOwn are the flags that the demo sets itself.
var demoOwn = []string{"server", "port", "dns", "ca", "ipv6", "pipe"}

func (a *app) demo() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "demo [flags]",
		Short: "the interactive session against a mail server and a DNS server inside ehlo",
		Long: `Demo starts a mail server and a DNS server inside ehlo, on loopback, and opens the
interactive session with them: no network is needed, and no mail leaves. One of
its three hosts is broken, to see how that looks. Not on a terminal it probes the
first; with --all, all of them.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runDemo(c, &f)
		},
	}
	f.connecting(c)
	return c
}

func (a *app) runDemo(c *cobra.Command, f *flags) error {
	for _, own := range demoOwn {
		if flag := c.Flags().Lookup(own); flag.Changed {
			return usage("", "the demo has its own servers: --%s does not go with it", own)
		}
	}
	set, err := f.check(c.Flags().Changed("timeout"))
	if err != nil {
		return err
	}
	d, err := startDemo()
	if err != nil {
		return err
	}
	defer d.close()
	set.options.Resolver.Servers = []string{d.dns.Addr}
	set.options.Roots = d.roots
	set.plan.Port = d.port
	if !a.onTerminal() || a.plain(c, f) {
		if err := f.beforeMail(); err != nil {
			return err
		}
		return a.converseWith(c.Context(), f, set, []string{demoDomain}, probing)
	}
	return a.screen(c, f, set, demoDomain, []string{
		"demo: " + demoDomain + " has three mail servers, all inside ehlo; the second one is broken: see the pane MX",
		"try MAIL FROM:<you@example.net>, then RCPT TO:<user@" + demoDomain + ">, or <nobody@" + demoDomain + ">, DATA",
	})
}

// demoRefusal is what the broken server of the demo greets with.
const demoRefusal = "554 5.7.1 mx2." + demoDomain + " takes no mail from your address: it is on a block list (made up for this demo)"

// demoServers are those of `ehlo demo`.
type demoServers struct {
	dns    *dnstest.Server
	mail   []*smtptest.Mail
	serve  crash.Group
	broken *smtptest.FaultServer
	port   uint16
	roots  *x509.CertPool
}

// startDemo starts mail servers on one port, at three addresses, and a DNS
// server that knows them. The second one refuses everybody.
func startDemo() (*demoServers, error) {
	d := &demoServers{roots: x509.NewCertPool()}
	hosts := []struct {
		name, address string
		limit         int64 // 0: it is the broken one
	}{
		{"mx1." + demoDomain, "127.0.0.1", 14680064},
		{"mx2." + demoDomain, "127.0.0.2", 0},
		{"mx3." + demoDomain, "127.0.0.3", 52428800},
	}
	zone := "$ORIGIN " + demoDomain + ".\n$TTL 300\n@ IN SOA ns1 postmaster 1 3600 600 86400 300\n@ IN NS ns1\nns1 IN A 127.0.0.1\n"
	for i, h := range hosts {
		listener, err := net.Listen("tcp", net.JoinHostPort(h.address, strconv.Itoa(int(d.port))))
		if err != nil && i > 0 {
			// Some systems have 127.0.0.1 alone; then one server is the demo.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the demo's mail server: %w", err)
		}
		d.port = uint16(listener.Addr().(*net.TCPAddr).Port)
		zone += fmt.Sprintf("@ IN MX %d %s.\n%s. IN A %s\n", 10*(i+1), h.name, h.name, h.address)
		if h.limit == 0 {
			d.broken = smtptest.Refusal(demoRefusal).Serve(listener)
			continue
		}
		mail, err := smtptest.NewMail(smtptest.MailOptions{Hostname: h.name, Domain: demoDomain, MaxSize: h.limit})
		if err != nil {
			d.close()
			return nil, fmt.Errorf("the demo's mail server: %w", err)
		}
		d.roots.AppendCertsFromPEM(mail.CA())
		d.mail = append(d.mail, mail)
		d.serve.Go(func() { _ = mail.Serve(listener) })
	}
	var err error
	if d.dns, err = dnstest.Start(zone); err != nil {
		d.close()
		return nil, fmt.Errorf("the demo's DNS server: %w", err)
	}
	return d, nil
}

// close ends the servers. It panics where one of them did: that cost the client
// its connection, and is told now that the screen is gone.
func (d *demoServers) close() {
	for _, m := range d.mail {
		_ = m.Close()
	}
	if d.broken != nil {
		_ = d.broken.Close()
	}
	if d.dns != nil {
		_ = d.dns.Close()
	}
	d.serve.Wait()
}
