package wire

import (
	"fmt"
	"strings"
	"testing"
)

func ehlo(lines ...string) Offers {
	octets := "250-mx1.example.com Hello\r\n"
	for i, l := range lines {
		octets += map[bool]string{true: "250 ", false: "250-"}[i == len(lines)-1] + l + "\r\n"
	}
	r, _, _ := ParseReply([]byte(octets))
	return ParseEHLO(r)
}

func TestSize(t *testing.T) {
	for _, row := range []struct {
		lines, state, words, note string
		declared                  uint64
	}{
		{"SIZE 14680064|PIPELINING|HELP", "declared", "14,680,064 octets (14.0 MiB), declared by SIZE", "", 14680064},
		{"size 100", "declared", "100 octets, declared by SIZE", "", 100},
		{"SIZE", "unspecified", "not stated: SIZE without a number (often no fixed limit)", "", 0},
		{"SIZE ", "unspecified", "not stated: SIZE without a number (often no fixed limit)", "", 0},
		{"SIZE 0", "unlimited", "no fixed limit (SIZE 0)", "", 0},
		{"SIZE abc", "invalid", "unknown: SIZE abc is not a number", "", 0},
		{"SIZE -5", "invalid", "unknown: SIZE -5 is not a number", "", 0},
		{"SIZE +5", "invalid", "unknown: SIZE +5 is not a number", "", 0},
		{"SIZE 1 2", "invalid", "unknown: SIZE 1 2 is not a number", "", 0},
		{"SIZE=5", "invalid", "unknown: SIZE =5 is not a number", "", 0},
		{"SIZE 18446744073709551615", "declared", "18,446,744,073,709,551,615 octets (15.9 EiB), declared by SIZE", "", 1<<64 - 1},
		{"SIZE 18446744073709551616", "invalid", "unknown: SIZE 18446744073709551616 is larger than any 64-bit number", "", 0},
		{"SIZE 10|SIZE 20", "declared", "20 octets, declared by SIZE", "SIZE is listed 2 times; the last one counts", 20},
		{"HELP", "unsupported", "unknown: the server does not offer SIZE", "", 0},
	} {
		s := ehlo(strings.Split(row.lines, "|")...).Size()
		if string(s.State) != row.state || s.Declared != row.declared || s.String() != row.words || s.Note() != row.note {
			t.Errorf("%s: %s, %d, %q, %q", row.lines, s.State, s.Declared, s, s.Note())
		}
	}
}

func TestOffersKeepOrderCaseAndDuplicates(t *testing.T) {
	o := ehlo("PIPELINING", "size 5", "AUTH=LOGIN PLAIN", "auth plain cram-md5", "", "SIZE 6")
	if got := fmt.Sprint(o); got != "[PIPELINING size 5 AUTH=LOGIN PLAIN auth plain cram-md5 SIZE 6]" {
		t.Error(got)
	}
	if got := fmt.Sprint(o.Mechanisms()); got != "[LOGIN PLAIN CRAM-MD5]" {
		t.Error(got)
	}
	if !o.Has("pipelining") || o.Has("STARTTLS") {
		t.Error("keywords are matched without case, and whole")
	}
}

func TestBinaryRoundsDown(t *testing.T) {
	for n, want := range map[uint64]string{
		1023: "1023 B", 1024: "1.0 KiB", 14680064: "14.0 MiB", 14680063: "13.9 MiB", 52428800: "50.0 MiB", 1<<64 - 1: "15.9 EiB",
	} {
		if got := Binary(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestChanges(t *testing.T) {
	for _, row := range [][3]string{
		{"PIPELINING|SIZE 5", "SIZE 5|PIPELINING", ""},
		{"SIZE 5|STARTTLS", "SIZE 9|AUTH PLAIN|AUTH=PLAIN", "new: AUTH PLAIN, AUTH=PLAIN; gone: STARTTLS; SIZE 5 became SIZE 9"},
		{"HELP", "HELP", ""},
	} {
		got := Changes(ehlo(strings.Split(row[0], "|")...), ehlo(strings.Split(row[1], "|")...))
		if want := row[2]; got != want {
			t.Errorf("%s, then %s: %q", row[0], row[1], got)
		}
	}
}

func FuzzEHLO(f *testing.F) {
	for _, seed := range []string{
		"250-mx\r\n250-SIZE 14680064\r\n250-PIPELINING\r\n250 HELP\r\n", "250-mx\r\n250-size\r\n250 \r\n", "250-mx\r\n250-AUTH=LOGIN PLAIN\r\n250 AUTH  PLAIN \r\n", "250-mx\r\n250 SIZE 99999999999999999999\r\n", "250 mx\r\n", "250-mx\n250-\x00\xff\n250 SIZE=\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		r, _, _ := ParseReply(octets)
		offers := ParseEHLO(r)
		if len(offers) > len(r.Lines) {
			t.Fatalf("%d offers in %d lines", len(offers), len(r.Lines))
		}
		for _, o := range offers {
			found, ok := offers.Find(strings.ToLower(o.Keyword))
			if !ok || !strings.EqualFold(found.Keyword, o.Keyword) {
				t.Fatalf("%q is not found without case", o.Keyword)
			}
			for _, word := range append([]string{o.Keyword}, o.Params...) {
				if word == "" || strings.ContainsAny(word, " \t\x00\x1b\r\n") {
					t.Fatalf("word %q", word)
				}
			}
		}
		if s := offers.Size(); (s.State == SizeDeclared) != (s.Declared > 0) || s.String() == "" {
			t.Fatalf("%+v", s)
		}
	})
}
