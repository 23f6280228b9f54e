package tui

import (
	"bytes"
	"testing"

	"ehlo/session/event"
)

// TestTheLastLetterAsTyped: to the octet, in chunks and behind DATA.
func TestTheLastLetterAsTyped(t *testing.T) {
	for what, row := range map[string]struct {
		sent []string // "> " is message text
		want string
	}{
		"text": {
			[]string{"MAIL FROM:<>", "RCPT TO:<a@b>", "DATA", "> Subject: x", "> ", "> ..dot", "> .", "QUIT"},
			"Subject: x\r\n\r\n.dot\r\n",
		},
		"text that goes on":  {[]string{"DATA", "> one", "> ", "> two"}, "one\r\n\r\ntwo\r\n"},
		"the last of two":    {[]string{"DATA", "> one", "> .", "MAIL FROM:<>", "DATA", "> two", "> ."}, "two\r\n"},
		"a second was begun": {[]string{"DATA", "> one", "> .", "MAIL FROM:<>", "RCPT TO:<a@b>"}, "one\r\n"},
		"chunks": {
			[]string{"MAIL FROM:<>", "RCPT TO:<a@b>", "BDAT 15", "> .Subject: x", "BDAT 9", "> ", "> .", "> .z", "BDAT 3 LAST", "> ..", "QUIT"},
			".Subject: x\r\n" + "\r\n.\r\n.z\r\n" + "..\r",
		},
		"a chunk without text":               {[]string{"BDAT 4", "> ab", "BDAT 0 LAST", "NOOP"}, "ab\r\n"},
		"chunks that go on":                  {[]string{"BDAT 4", "> ab", "NOOP", "BDAT 8", "> cd"}, "ab\r\ncd\r\n"},
		"chunks that were reset":             {[]string{"BDAT 4", "> ab", "RSET", "MAIL FROM:<>", "BDAT 4 LAST", "> cd"}, "cd\r\n"},
		"chunks behind text":                 {[]string{"DATA", "> one", "> .", "MAIL FROM:<>", "BDAT 4 LAST", "> ab"}, "ab\r\n"},
		"text behind chunks":                 {[]string{"BDAT 4 LAST", "> ab", "MAIL FROM:<>", "DATA", "> one", "> ."}, "one\r\n"},
		"a beginning that is no longer kept": {[]string{"> ", "> the rest", "> .", "NOOP"}, ""},
		"none":                               {[]string{"MAIL FROM:<>", "NOOP"}, ""},
	} {
		var s script
		for _, line := range row.sent {
			text, is := bytes.CutPrefix([]byte(line), []byte("> "))
			s.events = append(s.events, event.Sent{Line: text, Text: is})
		}
		var got bytes.Buffer
		if err := s.writeLetter(&got, nil); err != nil || got.String() != row.want || s.hasLetter() != (row.want != "") {
			t.Errorf("%s: %q, %v; want %q", what, got.String(), err, row.want)
		}
	}
}
