package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// listen serves connections on loopback until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, serve)
}

// serveOn serves a listener until the test ends.
func serveOn(t *testing.T, l net.Listener, serve func(net.Conn)) string {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// join carries octets both ways until one side ends.
func join(a, b net.Conn, fromA io.Reader) {
	go func() {
		_, _ = io.Copy(b, fromA)
		b.Close()
	}()
	_, _ = io.Copy(a, b)
}

// resolved is what the proxies know of names.
func resolved(host string, port int) string {
	if host == "mx.proxied.test" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// socks is a SOCKS5 proxy (RFC 1928) without login.
func socks(c net.Conn) {
	in := bufio.NewReader(c)
	head := make([]byte, 2)
	if _, err := io.ReadFull(in, head); err != nil {
		return
	}
	_, _ = in.Discard(int(head[1]))
	_, _ = c.Write([]byte{5, 0})
	request := make([]byte, 4)
	if _, err := io.ReadFull(in, request); err != nil {
		return
	}
	var host string
	switch request[3] {
	case 1:
		ip := make([]byte, 4)
		_, _ = io.ReadFull(in, ip)
		host = net.IP(ip).String()
	case 3:
		n, _ := in.ReadByte()
		name := make([]byte, n)
		_, _ = io.ReadFull(in, name)
		host = string(name)
	}
	port := make([]byte, 2)
	_, _ = io.ReadFull(in, port)
	server, err := net.Dial("tcp", resolved(host, int(binary.BigEndian.Uint16(port))))
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}) // connection refused
		return
	}
	defer server.Close()
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	join(c, server, in)
}

// connectProxy is an HTTP proxy that wants the login me:proxysecret.
func connectProxy(c net.Conn) {
	in := bufio.NewReader(c)
	request, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	r := &http.Request{Header: http.Header{"Authorization": request.Header["Proxy-Authorization"]}}
	if user, password, _ := r.BasicAuth(); user != "me" || password != "proxysecret" {
		fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	server, err := net.Dial("tcp", request.Host)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer server.Close()
	fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(c, server, in)
}
