package smtpline

import (
	"slices"
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/wire"
)

func TestGroupOf(t *testing.T) {
	for lines, want := range map[string]int{
		"MAIL FROM:<>": 1,
		"MAIL FROM:<>\nRCPT TO:<a>\nrcpt to:<b>\nDATA": 4,
		"MAIL FROM:<>\nDATA\ntext":                     2,
		"RSET\nMAIL FROM:<>\nRCPT TO:<a>":              3,
		"EHLO x\nMAIL FROM:<>":                         1,
		"RSET\nSTARTTLS\nEHLO x":                       1,
		"STARTTLS\nEHLO x":                             1,
		"AUTH LOGIN\ndXNlcg==":                         1,
		"RSET\nhello\nNOOP":                            2,
	} {
		if got := GroupOf(strings.Split(lines, "\n")); got != want {
			t.Errorf("%q: %d, want %d", lines, got, want)
		}
	}
}

func TestShownLines(t *testing.T) {
	got := Shown([]string{"AUTH LOGIN", "dXNl", "cGFzcw", "NOOP", "hello", "AUTH PLAIN AGE", "DATA", "c0ZSZXQ=", ".", "c0ZSZXQ="}, false)
	want := []string{"AUTH LOGIN", event.Mask, event.Mask, "NOOP", "hello", "AUTH PLAIN " + event.Mask, "DATA", "c0ZSZXQ=", ".", event.Mask}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Shown([]string{"user"}, true); got[0] != event.Mask {
		t.Errorf("what answers a 334 is shown: %q", got)
	}
}

func TestSecretsOfACommand(t *testing.T) {
	for line, want := range map[string]string{
		"":                            "",
		"AUTH":                        "AUTH",
		"AUTH ":                       "AUTH ",
		"AUTH PLAIN":                  "AUTH PLAIN",
		"AUTH PLAIN ":                 "AUTH PLAIN ",
		"AUTH PLAIN AGEAYg==":         "AUTH PLAIN " + event.Mask,
		" auth\tplain  AGEAYg== more": " auth\tplain  " + event.Mask,
		"AUTH=PLAIN AGEAYg==":         "AUTH=" + event.Mask,
		"AUTH:PLAIN AGEAYg==":         "AUTH:PLAIN " + event.Mask,
		"MAIL FROM:<> AUTH=<>":        "MAIL FROM:<> AUTH=<>",
		"AUTHOR x y":                  "AUTHOR x y",
		"ü AUTH PLAIN x":              "ü AUTH PLAIN x",
	} {
		if got := masked(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]bool{
		"c0ZSZXQ=": true, "AGEAc2VjcmV0": true, "STARTTLS": false, "NOOP": false, "FOO": false, "MAIL FROM:<>": false, "hello you": false,
	} {
		if wire.MaybeResponse([]byte(line)) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}

// TestWarningsRepeatNoSecret: not even of one that no slip of AUTH explains.
func TestWarningsRepeatNoSecret(t *testing.T) {
	const named = "AHVzZXIAaHVudGVyMg=="
	s := rich()
	for line, want := range map[string]string{
		"aHVudGVyMi1zM2NyZXQ=":      "no command that ehlo knows",
		"aHVudGVyMi1zM2":            "no command that ehlo knows",
		named:                       "no command that ehlo knows",
		"AUHT PLAIN " + named:       "no command that ehlo knows: AUHT",
		"AUTH=PLAIN " + named:       "no command that ehlo knows: AUTH=",
		"AUTH PLAIN:" + named:       "",
		"AUTH LOGIN:" + named:       "LOGIN is not offered: PLAIN SCRAM-SHA-256",
		"AUTH aHVudGVyMi1zM2NyZXQ=": "this mechanism is not offered: PLAIN SCRAM-SHA-256",
	} {
		if got := s.Warn(line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
