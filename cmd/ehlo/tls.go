package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"ehlo/session"
	"ehlo/session/event"
)

// checkTLS reads the files and versions of the TLS flags.
func (f *flags) checkTLS(o *session.Options) (err error) {
	if o.Roots, err = readRoots(f.ca); err != nil {
		return err
	}
	if strings.IndexFunc(f.sni, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		return usage("", "--sni: a name has no spaces or control characters")
	}
	o.ServerName = f.sni
	if o.MinTLS, err = tlsVersion("tls-min", f.tlsMin); err != nil {
		return err
	}
	if o.MaxTLS, err = tlsVersion("tls-max", f.tlsMax); err != nil {
		return err
	}
	if o.MaxTLS != 0 && o.MinTLS > o.MaxTLS {
		return usage("", "--tls-min %s is above --tls-max %s", f.tlsMin, f.tlsMax)
	}
	if o.Certificates, err = readIdentity(f.cert, f.key); err != nil {
		return err
	}
	if f.tls == "never" {
		return f.noTLS()
	}
	return f.openKeyLog(o)
}

// noTLS refuses what means nothing without TLS.
func (f *flags) noTLS() error {
	for _, flag := range []struct{ name, value string }{{"cert", f.cert}, {"sni", f.sni}, {"tls-min", f.tlsMin}, {"tls-max", f.tlsMax}, {"keylog", f.keyLog}} {
		if flag.value != "" {
			return usage("", "--tls never and --%s contradict each other", flag.name)
		}
	}
	return nil
}

// openKeyLog opens the file for the secrets of TLS. It stays open until the
// program ends.
func (f *flags) openKeyLog(o *session.Options) error {
	name, from := f.keyLog, "--keylog"
	if name == "" {
		name, from = os.Getenv("SSLKEYLOGFILE"), "SSLKEYLOGFILE"
	}
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return input(err, from)
	}
	o.KeyLog = file
	return nil
}

func tlsVersion(flag, value string) (uint16, error) {
	if value == "" {
		return 0, nil
	}
	i := slices.Index(choices[flag], value)
	if i < 0 {
		return 0, oneOf(flag, value)
	}
	return []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13}[i], nil
}

// readIdentity reads the client's certificate and key.
func readIdentity(cert, key string) ([]tls.Certificate, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	if cert == "" || key == "" {
		return nil, usage("", "--cert and --key go together")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, input(err, "--cert, --key")
	}
	if err != nil {
		return nil, &event.Error{Kind: event.Input, Message: "--cert " + cert + ", --key " + key + ": " + err.Error(), Err: err}
	}
	return []tls.Certificate{pair}, nil
}

// readRoots reads the certificates to trust; nil are the system's.
func readRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, input(err, "--ca")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &event.Error{Kind: event.Input, Message: "--ca " + file + ": there is no certificate in it", Hint: "it must be PEM: -----BEGIN CERTIFICATE-----"}
	}
	return pool, nil
}
