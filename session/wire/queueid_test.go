package wire

import (
	"strings"
	"testing"
)

func TestQueueID(t *testing.T) {
	for reply, want := range map[string]string{
		"250 2.0.0 Ok: queued as 4C1F93A5D7":                                                                                    "4C1F93A5D7",
		"250 2.0.0 Ok: queued as 4Xy7Jd1CkQz9sT":                                                                                "4Xy7Jd1CkQz9sT",
		"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4C1F93A5D7":                                        "4C1F93A5D7",
		"250 2.6.0 Ok, id=12345-01, from MTA([127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9F00":                                  "9F00",
		"250 OK id=1abCDe-0001Xy-2Z":                                                                                            "1abCDe-0001Xy-2Z",
		"250 OK id=1rABCD-00000004xyz-3QbC":                                                                                     "1rABCD-00000004xyz-3QbC",
		"250 2.0.0 5AOCg2Ab012345 Message accepted for delivery":                                                                "5AOCg2Ab012345",
		"250 2.0.0 1a2b3c4d Message accepted for delivery":                                                                      "1a2b3c4d",
		"250 2.6.0 <a1@b.example> [InternalId=12345, Hostname=X.example.com] 8 bytes in 0.1, 2 KB/sec Queued mail for delivery": "12345",
		"250 2.0.0 OK  1700000000 d2e1a72fcca58-6cbe5f7a1basi123456b3a.45 - gsmtp":                                              "d2e1a72fcca58-6cbe5f7a1basi123456b3a.45",
		"250 Message Queued (7B6E1C4D-0A7C-4C0B-8C35-0D0D5D9B9C2A.1)":                                                           "7B6E1C4D-0A7C-4C0B-8C35-0D0D5D9B9C2A.1",
		"250 ok 1700000000 qp 12345":                                                                                            "12345",
		"250 2.0.0 <a@b.example> kAm3NsQ7ZGVmAAAAgWbXgA Saved":                                                                  "kAm3NsQ7ZGVmAAAAgWbXgA",
		"250-first\n250 2.0.0 Ok: queued as 77":                                                                                 "77",
		"250 queued as A1\xe2\x80\xae\x1b[2J":                                                                                   "A1",

		"250 2.0.0 Ok":                               "",
		"250 Message accepted for delivery":          "",
		"250 queued as spam":                         "",
		"250 your message accepted for delivery":     "",
		"550 5.7.1 see https://a.example/?id=12345":  "",
		"250 see https://a.example/?x=1&id=12345":    "",
		"550 5.7.1 not queued as 4C1F93A5D7, refuse": "",
	} {
		r, _, _ := ParseReply([]byte(strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n"))
		if got := QueueID(r); got != want {
			t.Errorf("%q has the queue id %q, expected %q", reply, got, want)
		}
	}
}
