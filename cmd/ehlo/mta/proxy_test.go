//go:build mta

package mta

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const tinyproxyConf = `Listen 127.0.0.1
Port %s
LogFile "%s/log"
Timeout 30
MaxClients 10
Allow 127.0.0.1
ConnectPort %s
ConnectPort %s
ConnectPort %s
BasicAuth user pr0xyw0rd
`

// listening is a ready function for serve.
func listening(address string) func() error {
	return func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	}
}

// TestProxies reaches Postfix through an HTTP and a SOCKS proxy that want a login.
func TestProxies(t *testing.T) {
	server := startPostfix(t)
	n := names{"PORT": server.port, "SMTPS": server.smtpsPort, "CA": server.caFile, "DEAD": freePort(t), "OTHER": freePort(t), "DNS": startNSD(t)}
	proxies := []struct {
		scheme   string
		names    bool // it knows mx1.mail.test
		filtered bool // it refuses ports that it was not told of
		start    func(t *testing.T, port string)
	}{
		{"http", false, true, func(t *testing.T, port string) {
			deb, dir := fetch(t, "tinyproxy"), serverDir(t, "tinyproxy")
			writeFile(t, filepath.Join(dir, "conf"), fmt.Sprintf(tinyproxyConf, port, dir, n["PORT"], n["SMTPS"], n["DEAD"]))
			serve(t, deb.command(nil, "usr/bin/tinyproxy", "-d", "-c", filepath.Join(dir, "conf")), dir, filepath.Join(dir, "log"), listening("127.0.0.1:"+port))
		}},
		{"socks5", true, false, func(t *testing.T, port string) {
			deb, dir := fetch(t, "microsocks", "libnss-wrapper"), serverDir(t, "microsocks")
			writeFile(t, filepath.Join(dir, "hosts"), "127.0.0.1 mx1.mail.test\n")
			cmd := deb.command(nil, "usr/bin/microsocks", "-i", "127.0.0.1", "-p", port, "-u", "user", "-P", "pr0xyw0rd")
			cmd.Env = append(cmd.Env, "LD_PRELOAD="+deb.library(t, "libnss_wrapper.so"), "NSS_WRAPPER_HOSTS="+filepath.Join(dir, "hosts"))
			serve(t, cmd, dir, filepath.Join(dir, "output"), listening("127.0.0.1:"+port))
		}},
	}
	for _, proxy := range proxies {
		t.Run(proxy.scheme, func(t *testing.T) {
			port := freePort(t)
			proxy.start(t, port)
			n["PROXY"] = proxy.scheme + "://user:pr0xyw0rd@127.0.0.1:" + port
			tests := []struct {
				name, line string
				exit       int
			}{
				{"an address", "--proxy $PROXY 127.0.0.1:$PORT", 0},
				{"a name that ehlo looks up, verified STARTTLS", "--proxy $PROXY --dns $DNS --ca $CA --tls-verify smtp://mx1.mail.test:$PORT", 0},
				{"TLS from the first octet", "--proxy $PROXY --dns $DNS --ca $CA --tls-verify smtps://mx1.mail.test:$SMTPS", 0},
				{"nothing listens behind it", "--proxy $PROXY 127.0.0.1:$DEAD", 2},
				{"a wrong login", "--proxy " + strings.Replace(n["PROXY"], "pr0xyw0rd", "wrong", 1) + " 127.0.0.1:$PORT", 2},
				{"no login", "--proxy " + strings.Replace(n["PROXY"], "user:pr0xyw0rd@", "", 1) + " 127.0.0.1:$PORT", 2},
				{"no proxy", "--proxy " + proxy.scheme + "://127.0.0.1:$DEAD 127.0.0.1:$PORT", 2},
			}
			if proxy.filtered {
				tests = append(tests, struct {
					name, line string
					exit       int
				}{"a port that it refuses", "--proxy $PROXY 127.0.0.1:$OTHER", 2})
			}
			if proxy.names {
				tests = append(tests, struct {
					name, line string
					exit       int
				}{"a name that the proxy looks up", "--proxy " + strings.Replace(n["PROXY"], "socks5", "socks5h", 1) + " --ca $CA --tls-verify smtp://mx1.mail.test:$PORT", 0})
			}
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					for _, face := range []string{"json", "text"} {
						r := n.ehlo(t, "probe --helo client.test -o "+face+" "+test.line)
						r.want(t, r.exit == test.exit, "exit %d", test.exit)
						r.want(t, !strings.Contains(r.stdout+r.stderr, "pr0xyw0rd"), "the proxy's password nowhere")
						if face == "text" {
							r.plain(t)
							continue
						}
						rep := r.report(t)
						if test.exit == 0 {
							r.want(t, strings.HasPrefix(strings.Join(rep.last(t).Greeting.Lines, ""), "mx1.mail.test ESMTP Postfix"), "Postfix's greeting")
						} else {
							r.want(t, rep.Error != nil && rep.Error.Phase == "connect" && strings.Contains(rep.Error.Message, "proxy"), "phase connect, with the proxy named")
						}
					}
				})
			}
		})
	}
}
