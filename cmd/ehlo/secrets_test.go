package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ehlo/session/sasl"
	"ehlo/session/smtptest"
)

// TestSecretsAreNowhere logs in with each mechanism, well and badly, and looks
// for the password in all that ehlo wrote, in all its encodings.
func TestSecretsAreNowhere(t *testing.T) {
	const user, password = "me@example.net", "S3cret~Pass/word+1"
	t.Setenv("EHLO_PASSWORD", password)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, mechanism := range sasl.Names() {
		for _, reply := range []string{"235 2.7.0 welcome", "535 5.7.8 no: " + password[:3], "334 " + base64.StdEncoding.EncodeToString([]byte("more?")), "oops"} {
			for _, output := range []string{"text", "json", "events"} {
				t.Run(mechanism+"/"+reply[:3]+"/"+output, func(t *testing.T) {
					written := loggedIn(t, mechanism, reply, output, user)
					for _, secret := range encodings(user, password) {
						if strings.Contains(written, secret) {
							t.Errorf("%q is in\n%s", secret, written)
						}
					}
				})
			}
		}
	}
}

// loggedIn is what ehlo writes of a session with a login.
func loggedIn(t *testing.T, mechanism, reply, output, user string) string {
	t.Helper()
	script := "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 AUTH " + mechanism + "\nC: AUTH *\n"
	switch mechanism {
	case "LOGIN":
		script += "S: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\nC: *\n"
	case "CRAM-MD5":
		script += "S: 334 " + base64.StdEncoding.EncodeToString([]byte("<1.2@mx>")) + "\nC: *\n"
	case "DIGEST-MD5":
		script += "S: 334 " + base64.StdEncoding.EncodeToString([]byte(`realm="mx",nonce="abc",qop="auth",algorithm=md5-sess,charset=utf-8`)) + "\nC: *\n"
	}
	script += "S: " + reply + "\nC: *\nS: 500 what?\nC: *\nS: 221 bye\n@close\n"
	server, err := smtptest.Start(script)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	record := filepath.Join(t.TempDir(), "record")
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{
		"probe", "-o", output, "--time", "--record", record, "--insecure-auth", "--auth", mechanism, "--user", user, "--timeout", "2", server.Addr,
	}, streams{strings.NewReader(""), &out, &errs})
	recorded, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + errs.String() + string(recorded) + strconv.Itoa(code)
}

// encodings are the forms in which a password may be seen.
func encodings(user, password string) []string {
	list := []string{password, url.QueryEscape(password), hex.EncodeToString([]byte(password))}
	for _, octets := range []string{password, "\x00" + user + "\x00" + password, user + "\x00" + user + "\x00" + password, "auth=Bearer " + password, "user=" + user + "\x01auth=Bearer " + password + "\x01\x01"} {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := e.EncodeToString([]byte(octets))
			list = append(list, text[:len(text)-2], strings.ToUpper(text[:len(text)-2]))
		}
	}
	return list
}
