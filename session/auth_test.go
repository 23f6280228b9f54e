package session_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/transcript"
)

// TestStraySecretsAreMasked: passwords that no login asks for, in everything
// that the session tells.
func TestStraySecretsAreMasked(t *testing.T) {
	const secret, named = "aHVudGVyMi1zM2NyZXQ=", "AHVzZXIAaHVudGVyMg=="
	for _, c := range []struct {
		name    string
		lines   []string
		answers []string
		want    string // of the transcript
	}{
		{"behind a refused AUTH", []string{"AUTH LOGIN", secret}, []string{"504 no"}, "C: ********\n"},
		{"behind one that is over early", []string{"AUTH LOGIN", "bWU=", secret}, []string{"334 VXNlcm5hbWU6", "250 ok"}, "C: ********\n"},
		{"letters in the wrong order", []string{"AUHT PLAIN " + named}, nil, "C: AUHT PLAIN ********\n"},
		{"no blank", []string{"AUTHPLAIN " + named}, nil, "C: AUTHPLAIN ********\n"},
		{"a colon behind the mechanism", []string{"AUTH PLAIN:" + named}, nil, "AUTH PLAIN:********\n"},
		{"a colon before it", []string{"AUTH:PLAIN " + named}, nil, "AUTH:PLAIN ********\n"},
		{"no mechanism", []string{"AUTH " + named}, nil, "AUTH ********\n"},
		{"nothing else", []string{named}, nil, "C: ********\n"},
		{"no password", []string{"AUTH LOGIN", "STARTTLS"}, []string{"530 no"}, "C: STARTTLS\n"},
		{"a name that may be seen", []string{"AUTH EXTERNAL bWVAZXhhbXBsZQ=="}, nil, "AUTH EXTERNAL bWVAZXhhbXBsZQ==\n"},
	} {
		for _, how := range []string{"command", "put"} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				x := converse(session.Options{}, func(peer net.Conn) {
					say(peer, "220 hi\r\n")
					lines := bufio.NewReader(peer)
					for i := range c.lines {
						if _, err := lines.ReadString('\n'); err != nil {
							return
						}
						answer := "500 what?"
						if i < len(c.answers) {
							answer = c.answers[i]
						}
						say(peer, answer+"\r\n")
					}
					_, _ = lines.ReadString('\n')
				})
				if err := x.open(t.Context()); err != nil {
					t.Fatal(err)
				}
				send := func(line string) (err error) {
					if how == "command" {
						return x.Do(t.Context(), session.Command{Line: []byte(line)})
					}
					if err = x.Do(t.Context(), put(line)); err == nil {
						err = x.Do(t.Context(), session.Next{})
					}
					return err
				}
				for _, line := range c.lines {
					if err := send(line); err != nil {
						t.Fatal(err)
					}
				}
				// The server says no more: the error names what is due.
				err := send(c.lines[len(c.lines)-1])
				told := x.text.String() + fmt.Sprint(err)
				for _, e := range x.all {
					if sent, ok := e.(event.Sent); ok {
						e = event.Sent{Line: sent.Masked()}
					}
					told += fmt.Sprintf("%+v", e) + string(transcript.EventJSON(e, time.Time{}))
				}
				for _, hidden := range []string{secret, named} {
					if strings.Contains(strings.ToUpper(told), strings.ToUpper(hidden)[:16]) {
						t.Errorf("%s is told:\n%s", hidden, told)
					}
				}
				if !strings.Contains(x.text.String(), c.want) {
					t.Errorf("the transcript is\n%s", x.text.String())
				}
			})
		}
	}
}
