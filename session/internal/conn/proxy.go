package conn

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/pires/go-proxyproto"
	"golang.org/x/net/proxy"

	"ehlo/internal/crash"
)

// Dial opens a connection to an address.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// DialContext makes a Dial a dialer of golang.org/x/net/proxy.
func (d Dial) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

// Dial is that dialer without a context.
func (d Dial) Dial(network, address string) (net.Conn, error) {
	return d(context.Background(), network, address)
}

// The usual ports of proxies.
const (
	portSOCKS = "1080" // RFC 1928 3
	portHTTP  = "3128" // no standard; what squid and its clients use
)

// ThroughProxy is a Dial that leads through a proxy: socks5:// and socks5h://
// (RFC 1928, 1929), or http:// (CONNECT, RFC 9110 9.3.6). An error names the
// proxy, never its password.
func ThroughProxy(by *url.URL, direct Dial) Dial {
	if by.Scheme == "http" {
		return func(ctx context.Context, _, address string) (net.Conn, error) {
			return connectHTTP(ctx, by, direct, address)
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var login *proxy.Auth
		if by.User != nil {
			password, _ := by.User.Password()
			login = &proxy.Auth{User: by.User.Username(), Password: password}
		}
		d, err := proxy.SOCKS5("tcp", proxyAddress(by, portSOCKS), login, direct)
		if err != nil {
			return nil, &ProxyError{by.Host, err}
		}
		nc, err := d.(proxy.ContextDialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, &ProxyError{by.Host, err}
		}
		return nc, nil
	}
}

// ProxyError is a proxy that cannot be reached, or that does not connect.
type ProxyError struct {
	Proxy string // its host and port
	Err   error
}

func (e *ProxyError) Error() string {
	err := e.Err
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "socks connect" {
		err = op.Err
	}
	return fmt.Sprintf("through the proxy %s: %s", e.Proxy, err)
}

func (e *ProxyError) Unwrap() error { return e.Err }

func proxyAddress(by *url.URL, port string) string {
	if by.Port() != "" {
		port = by.Port()
	}
	return net.JoinHostPort(by.Hostname(), port)
}

// connectHTTP asks an HTTP proxy for a tunnel.
func connectHTTP(ctx context.Context, by *url.URL, direct Dial, address string) (net.Conn, error) {
	nc, err := direct(ctx, "tcp", proxyAddress(by, portHTTP))
	if err != nil {
		return nil, &ProxyError{by.Host, err}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = nc.SetDeadline(deadline)
	}
	defer crash.After(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })()
	tunnel, err := askTunnel(nc, by, address)
	if err != nil {
		nc.Close()
		return nil, &ProxyError{by.Host, err}
	}
	_ = nc.SetDeadline(time.Time{})
	return tunnel, nil
}

func askTunnel(nc net.Conn, by *url.URL, address string) (net.Conn, error) {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if by.User != nil {
		password, _ := by.User.Password()
		login := base64.StdEncoding.EncodeToString([]byte(by.User.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+login)
	}
	if err := request.Write(nc); err != nil {
		return nil, err
	}
	// A proxy's answer is small; a hostile one is cut off by net/http's limits
	// on lines and headers and by the deadline.
	in := bufio.NewReader(nc)
	response, err := http.ReadResponse(in, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("it answers CONNECT with %q", response.Status)
	}
	return &tunnelled{nc, in}, nil
}

// tunnelled reads first what the proxy has sent along with its answer: the
// server's greeting may be there.
type tunnelled struct {
	net.Conn
	in *bufio.Reader
}

func (t *tunnelled) Read(p []byte) (int, error) { return t.in.Read(p) }

// Header is the PROXY protocol's header (HAProxy, proxy-protocol.txt 2): what
// a load balancer says of the connection that it passes on.
type Header struct {
	Version     int            // 1 or 2
	Source      netip.AddrPort // invalid: this connection's own
	Destination netip.AddrPort // invalid: this connection's own
}

// SendHeader sends the header as the first octets of a connection, and says
// what it said.
func SendHeader(nc net.Conn, h Header) (string, error) {
	source, destination := nc.LocalAddr(), nc.RemoteAddr()
	if h.Source.IsValid() {
		source = net.TCPAddrFromAddrPort(h.Source)
	}
	if h.Destination.IsValid() {
		destination = net.TCPAddrFromAddrPort(h.Destination)
	}
	header := proxyproto.HeaderProxyFromAddrs(byte(h.Version), source, destination)
	if _, err := header.WriteTo(nc); err != nil {
		return "", err
	}
	return fmt.Sprintf("PROXY protocol v%d: from %s to %s", h.Version, source, destination), nil
}
