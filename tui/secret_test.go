package tui

import (
	"testing"

	"ehlo/session/event"
)

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
		if got := maskedCommand(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	for line, want := range map[string]bool{
		"c0ZSZXQ=": true, "AGEAc2VjcmV0": true, "STARTTLS": false, "NOOP": false, "FOO": false, "MAIL FROM:<>": false, "hello you": false,
	} {
		if maybeSecret(line) != want {
			t.Errorf("%q: %v", line, !want)
		}
	}
}
