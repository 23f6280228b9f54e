package main

import (
	"net/netip"
	"net/url"
	"strings"

	"ehlo/session"
	"ehlo/session/wire"
)

// checkTransport reads the flags of what stands between ehlo and the server.
func (f *flags) checkTransport(s *settings) (err error) {
	if s.options.Proxy, err = proxyURL(f.proxy); err != nil {
		return err
	}
	if s.options.ProxyHeader, err = proxyHeader(f.proxyProtocol); err != nil {
		return err
	}
	for _, attributes := range []struct{ flag, text string }{{"xclient", f.xclient}, {"xforward", f.xforward}} {
		if err := checkAttributes(attributes.flag, attributes.text); err != nil {
			return err
		}
	}
	s.plan.XClient, s.plan.XForward = f.xclient, f.xforward
	if f.pipe == "" {
		return nil
	}
	for _, other := range []struct {
		flag  string
		given bool
	}{
		{"server", f.server != ""},
		{"port", f.port != 0},
		{"proxy", f.proxy != ""},
		{"proxy-protocol", f.proxyProtocol != ""},
		{"bind", f.bind != ""},
		{"all", f.all},
		{"no-mx", f.noMX},
		{"dns", len(f.dns) > 0},
		{"ipv4", f.ip4},
		{"ipv6", f.ip6},
	} {
		if other.given {
			return usage("", "--pipe starts a command: --%s does not go with it", other.flag)
		}
	}
	return nil
}

// proxyURL reads --proxy. Its errors do not repeat it: it may have a password.
func proxyURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	const form = "--proxy socks5://host[:port], socks5h:// (the proxy looks names up) or http://[user:password@]host[:port]"
	switch {
	case err != nil || u.Hostname() == "":
		return nil, usage(form, "--proxy is no URL with a host")
	case u.Scheme != "socks5" && u.Scheme != "socks5h" && u.Scheme != "http":
		return nil, usage(form, "--proxy: the scheme %s is not known", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return nil, usage(form, "--proxy: a proxy has no path")
	}
	return u, nil
}

// proxyHeader reads --proxy-protocol: v1 or v2, and whom to name as the ends
// of the connection.
func proxyHeader(text string) (*session.ProxyHeader, error) {
	if text == "" {
		return nil, nil
	}
	const form = "--proxy-protocol v1, v2 or v2,source=192.0.2.7:40000,destination=192.0.2.1:25"
	words := strings.Split(text, ",")
	h := &session.ProxyHeader{}
	switch words[0] {
	case "v1":
		h.Version = 1
	case "v2":
		h.Version = 2
	default:
		return nil, usage(form, "--proxy-protocol %s is not known", words[0])
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		ap, err := netip.ParseAddrPort(value)
		switch {
		case err != nil:
			return nil, usage(form, "--proxy-protocol: %s is no address with a port", word)
		case key == "source":
			h.Source = ap
		case key == "destination":
			h.Destination = ap
		default:
			return nil, usage(form, "--proxy-protocol: %s is not known", key)
		}
	}
	if h.Source.IsValid() && h.Destination.IsValid() && h.Source.Addr().Is4() != h.Destination.Addr().Is4() {
		return nil, usage(form, "--proxy-protocol: source and destination are of two address families")
	}
	return h, nil
}

// checkAttributes refuses what could not stand in one command.
func checkAttributes(flag, text string) error {
	if text == "" {
		return nil
	}
	for _, word := range strings.Fields(text) {
		if key, _, ok := strings.Cut(word, "="); !ok || key == "" {
			return usage("--"+flag+" 'NAME=client.example.net ADDR=192.0.2.7'", "--%s: %s is not NAME=VALUE", flag, word)
		}
	}
	if wire.Visible([]byte(text)) != text || strings.TrimSpace(text) == "" {
		return usage("", "--%s: it has control characters, or nothing in it", flag)
	}
	return nil
}

// names are the targets of a command line; with --pipe the command is the one
// target.
func (f *flags) names(args []string) ([]string, error) {
	if f.pipe == "" {
		return args, nil
	}
	if len(args) > 0 {
		return nil, usage("leave one of them out", "--pipe starts a command: what is the TARGET %s for?", args[0])
	}
	return []string{f.pipe}, nil
}

// target reads one of names, and refuses flags that contradict it.
func (f *flags) target(name string) (session.Target, error) {
	if f.pipe != "" {
		return session.Target{Text: name, Kind: session.Process, Path: name}, nil
	}
	t, err := session.ParseTarget(name)
	if err != nil {
		return t, err
	}
	return t, f.suits(t)
}
