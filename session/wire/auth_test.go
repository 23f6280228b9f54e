package wire

import "testing"

func TestSecretFrom(t *testing.T) {
	const named = "AHVzZXIAaHVudGVyMg==" // NUL user NUL hunter2
	for line, want := range map[string]string{
		"":                                 "",
		"AUTH":                             "AUTH",
		"AUTH PLAIN":                       "AUTH PLAIN",
		"AUTH PLAIN =":                     "AUTH PLAIN ",
		"auth\tplain  x y":                 "auth\tplain  ",
		"AUTH=PLAIN x":                     "AUTH=",
		"AUTH:PLAIN x":                     "AUTH:PLAIN ",
		"AUTH PLAIN:x":                     "AUTH PLAIN:",
		"AUTH PLAIN=x":                     "AUTH PLAIN=",
		"AUTH;PLAIN x":                     "AUTH;",
		"AUTHOR x":                         "AUTHOR x",
		"AUTH " + named:                    "AUTH ",
		"AUTH AHVzZXIA+/aa":                "AUTH ", // a mechanism has no +
		"AUHT PLAIN " + named:              "AUHT PLAIN ",
		"AUTHPLAIN " + named:               "AUTHPLAIN ",
		"AUTHPLAIN:" + named:               "AUTHPLAIN:",
		"AUTHPLAIN AHVzZXIAaH":             "AUTHPLAIN ", // it is being typed
		"NOOP " + named + " x":             "NOOP ",
		named:                              "",
		"MAIL FROM:<a@b> AUTH=<>":          "MAIL FROM:<a@b> AUTH=<>",
		"EHLO AAAAAAAAAAAA":                "EHLO AAAAAAAAAAAA",
		"RCPT TO:<aHVudGVyMg@example.com>": "RCPT TO:<aHVudGVyMg@example.com>",
	} {
		if got := line[:SecretFrom([]byte(line))]; got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestMaybeResponse(t *testing.T) {
	for line, want := range map[string][2]bool{ // complete, and typed so far
		"aHVudGVyMi1zM2NyZXQ=": {true, true}, "aHVudGVyMi1zM": {false, true}, "STARTTLS": {}, "xforward": {},
		"NOOP": {}, "MAIL FROM:<>": {}, "hello you": {}, "": {},
	} {
		if got := [2]bool{MaybeResponse([]byte(line)), BeginsResponse([]byte(line))}; got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
