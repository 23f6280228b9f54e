package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"

	"ehlo/session/smtptest"
)

// certificateServers starts servers that are TLS from the first octet, each
// with something wrong about it, and returns their addresses by the name of
// the environment variable. The authority of all but the self-signed one is
// written to wrongs.pem in dir.
func certificateServers(t *testing.T, dir string) map[string]string {
	t.Helper()
	addresses := map[string]string{}
	var authorities []byte
	for name, o := range map[string]smtptest.CertificateOptions{
		"EXPIRED":    {Expired: true},
		"NOTYET":     {NotYetValid: true},
		"OTHERNAME":  {Names: []string{"mail.example.test", "*.example.net"}},
		"SELFSIGNED": {SelfSigned: true},
	} {
		id, err := o.Make()
		if err != nil {
			t.Fatal(err)
		}
		if !o.SelfSigned {
			authorities = append(authorities, id.CA...)
		}
		m, err := smtptest.NewMail(smtptest.MailOptions{Identity: id})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		if addresses[name], err = m.ListenTLS(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "wrongs.pem"), authorities, 0o600); err != nil {
		t.Fatal(err)
	}
	addresses["OLDTLS"] = rawTLS(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, func(c net.Conn) {
		_, _ = c.Write([]byte("220 old\r\n"))
		buf := make([]byte, 1000)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if string(buf[:4]) == "QUIT" {
				_, _ = c.Write([]byte("221 bye\r\n"))
				return
			}
			if n > 0 {
				_, _ = c.Write([]byte("250 old\r\n"))
			}
		}
	})
	addresses["WANTSCERT"] = rawTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert}, func(c net.Conn) {
		_, _ = c.Write([]byte("220 welcome " + c.(*tls.Conn).ConnectionState().PeerCertificates[0].DNSNames[0] + "\r\n"))
	})
	addresses["RUDE"] = rawTLS(t, &tls.Config{}, func(c net.Conn) {
		_, _ = c.Write([]byte("220 rude\r\n"))
		buf := make([]byte, 1000)
		for _, answer := range []string{"250 rude\r\n", ""} {
			if _, err := c.Read(buf); err != nil {
				return
			}
			_, _ = c.Write([]byte(answer))
		}
		_ = c.(*tls.Conn).NetConn().Close() // at QUIT, without a word
	})
	return addresses
}

// rawTLS serves TLS on loopback.
func rawTLS(t *testing.T, config *tls.Config, serve func(net.Conn)) string {
	t.Helper()
	id, err := smtptest.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	config.Certificates = []tls.Certificate{id.Certificate}
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, func(c net.Conn) {
		if c.(*tls.Conn).Handshake() == nil {
			serve(c)
		}
	})
}

// clientCertificate writes client.pem and client.key to dir.
func clientCertificate(t *testing.T, dir string) {
	t.Helper()
	id, err := smtptest.Certificate("client.example.net")
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(id.Certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"client.pem": {Type: "CERTIFICATE", Bytes: id.Certificate.Certificate[0]},
		"client.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
