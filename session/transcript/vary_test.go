package transcript_test

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// recorded is the script of a session in which the server says one reply to a
// command, without what stands before it.
func recorded(local, command, said string) string {
	var out strings.Builder
	r := transcript.Record{W: &out}
	answer := event.Reply{Verb: wire.Verb([]byte(command)), Command: []byte(command)}
	events := []event.Event{event.Connecting{Host: "mx"}, event.Connected{Local: local}}
	if command == "" {
		answer = event.Reply{Stage: event.Banner}
	}
	events = append(events, heard(answer, said+"\r\n")...)
	for _, e := range stamped(events) {
		r.Apply(e)
	}
	_ = r.Flush()
	_, script, _ := strings.Cut(out.String(), "ms\n")
	return script
}

// heard is the lines of a reply and then the reply.
func heard(e event.Reply, octets string) (events []event.Event) {
	reply, rest, done := wire.ParseReply([]byte(octets))
	if !done {
		reply.Anomalies = append(reply.Anomalies, wire.Anomaly{Kind: wire.EndedEarly, Line: len(reply.Lines) - 1})
	}
	for _, l := range reply.Lines {
		events = append(events, event.Received{Line: l})
	}
	e.Reply = reply
	events = append(events, e)
	if len(rest) > 0 {
		events = append(events, heard(e, string(rest))...)
	}
	return events
}

// What servers say, and what of it will be other the next time. {…} is what a
// pattern has to stand for; the rest has to stay as it is.
func TestWhatVaries(t *testing.T) {
	for _, row := range []struct {
		server, command, said string
	}{
		{"Postfix", ".", "250 2.0.0 Ok: queued as {4F3A21}"},
		{"Postfix", ".", "250 2.0.0 Ok: queued as {6E1CF1681AB}"},
		{"Postfix, long ids", ".", "250 2.0.0 Ok: queued as {4Rk5Tn2Z3dz1xyz}"},
		{"Postfix", "", "220 mx1.example.com ESMTP Postfix (Debian/GNU)"},
		{"Postfix", "RCPT TO:<user1@example.com>", "554 5.7.1 Service unavailable; Client host [{198.51.100.7}] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/{198.51.100.7}"},
		{"Postfix", "RCPT TO:<nobody4711@example.com>", "550 5.1.1 <nobody4711@example.com>: Recipient address rejected: User unknown in local recipient table"},
		{"Postfix", "RCPT TO:<a@b>", "450 4.2.0 <a@b>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.com.html"},
		{"Postfix", "MAIL FROM:<a@b> SIZE=99999999", "552 5.3.4 Message size exceeds fixed limit"},
		{"Postfix", "DATA", "354 End data with <CR><LF>.<CR><LF>"},
		{"Postfix", "4f3a21b8c7 x", "502 5.5.2 Error: command not recognized: 4f3a21b8c7"},
		{"Postfix", "RCPT TO:<a@b>", "550 5.7.23 <a@b>: Recipient address rejected: SPF: http://www.openspf.net/Why?s=mfrom&id=user1%40example.com&ip={198.51.100.7}&r=mx1"},
		{"Postfix", "QUIT", "221 2.0.0 Bye"},
		{"Zimbra, amavis", ".", "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {9F84324961}"},
		{"amavis", ".", "250 2.6.0 Ok, id={12345-01}, from MTA([127.0.0.1]:10025): 250 2.0.0 Ok: queued as {9F84324961}"},
		{"Exim", "", "220 mx.example.com ESMTP Exim 4.96 {Tue, 24 Nov 2026 12:00:00 +0000}"},
		{"Exim", ".", "250 OK id={1abCDe-0001Xy-2Z}"},
		{"Exim 4.97", ".", "250 OK id={1rAbCd-00000001XyZ-2aBC}"},
		{"Exim", "RCPT TO:<a@b>", "451 Temporary local problem - please try later"},
		{"Exim", "HELO x", "250 mx.example.com Hello x [{198.51.100.7}]"},
		{"Exim", "HELO x", "250 mx.example.com Hello host-7.example.net [{198.51.100.7}]:{40123}"},
		{"Sendmail", "", "220 mx.example.com ESMTP Sendmail 8.17.1/8.17.1/Debian-2~deb12u1; {Tue, 24 Nov 2026 12:00:00 GMT}; (No UCE/UBE) logging access from: localhost(OK)-localhost [{198.51.100.7}]"},
		{"Sendmail", "", "220 mx.example.com ESMTP Sendmail 8.15.2/8.15.2; {Tue, 24 Nov 2026 13:00:00 +0100 (CET)}"},
		{"Sendmail", ".", "250 2.0.0 {4AP7wxyz012345} Message accepted for delivery"},
		{"Sendmail", "HELO x", "250 mx.example.com Hello x [{198.51.100.7}], pleased to meet you"},
		{"Sendmail", "MAIL FROM:<user2024@example.net>", "250 2.1.0 <user2024@example.net>... Sender ok"},
		{"OpenSMTPD", ".", "250 2.0.0 {4f3a21b8} Message accepted for delivery"},
		{"OpenSMTPD", "HELO x", "250 mx.example.com Hello x [{198.51.100.7}], pleased to meet you"},
		{"Dovecot", ".", "250 2.0.0 <user@example.com> {+2PPFmQE4GYvDgAA8SpcNA} Saved"},
		{"Dovecot", ".", "250 2.0.0 <user@example.com> {nZKvHZS2rmPRLQAAWMtNPA:2} Saved"},
		{"Dovecot", "", "220 mx.example.com Dovecot (Debian) ready."},
		{"Exchange", "", "220 AM0PR01CA0001.outlook.office365.com Microsoft ESMTP MAIL Service ready at {Tue, 24 Nov 2026 12:00:00 +0000} [{08DD2A3B4C5D6E7F}]"},
		{"Exchange", ".", "250 2.6.0 <{20160724081126.59835.49549@example.net}> [InternalId={725849473299}, Hostname={CY4PR10MB1480.namprd10.prod.outlook.com}] {9832} bytes in {0.332}, {28.888} KB/sec Queued mail for delivery"},
		{"Exchange", ".", "250 2.6.0 <{8c642f92-e0e3-4c9e-b3d3-21054eed3244@exchange.example.com}> Queued mail for delivery"},
		{"Exchange", "RCPT TO:<a@b>", "550 5.4.1 Recipient address rejected: Access denied. [AM0EUR02FT001.eop-eur02.prod.protection.outlook.com {2026-11-24T12:00:00.123Z} {08DD2A3B4C5D6E7F}]"},
		{"Exchange", "DATA", "354 Start mail input; end with <CRLF>.<CRLF>"},
		{"IIS", "", "220 mx Microsoft ESMTP MAIL Service, Version: 6.0.3790.4675 ready at  {Tue, 24 Nov 2026 12:00:00 +0100}"},
		{"Gmail", "", "220 mx.google.com ESMTP {d9443c01a7336-2a0dd1234567si12345678a91.123} - gsmtp"},
		{"Gmail", ".", "250 2.0.0 OK  {1795521600} {r33-20020a056870582100b000f169cbbb32sm1847208oap.43} - gsmtp"},
		{"Gmail", "HELO x", "250 mx.google.com at your service"},
		{"Gmail", "DATA", "354 Go ahead {c24si3754682pfl.259} - gsmtp"},
		{"Gmail", "RCPT TO:<a@gmail.com>", "550 5.1.1  https://support.google.com/mail/?p=NoSuchUser {c24si3754682pfl.259} - gsmtp"},
		{"Haraka", "", "220 mx.example.com ESMTP Haraka/3.0.3 ready ({6C2E8D1F-1E1B-4C4C-8E2A-0123456789AB})"},
		{"Haraka", ".", "250 Message Queued ({6C2E8D1F-1E1B-4C4C-8E2A-0123456789AB.1})"},
		{"Haraka", "HELO x", "250 mx.example.com Hello x [{198.51.100.7}], Haraka is at your service."},
		{"qmail", ".", "250 ok {1795521600} qp {30222}"},
		{"qmail", "RCPT TO:<a@b>", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"},
		{"chasquid", "", "220 mx.example.com ESMTP chasquid"},
		{"chasquid", "RCPT TO:<a@b>", "250 2.1.5 You have an eerie feeling..."},
		{"mox", "RCPT TO:<a@b>", "550 5.1.1 no such user ({Qz7hN3bT0aX9kLmP2rVw8g})"},
		{"mox", ".", "250 2.6.0 it is done"},
		{"Courier", ".", "250 Ok. {000000000012345A.000000006553A1B2.00004D2A}"},
		{"Cyrus", ".", "250 2.1.5 Ok SESSIONID=<{cyrus-12823-1488397532-1}> [example.net!user.joe.INBOX () {2294}]"},
		{"Cyrus", "", "220 mx.example.com Cyrus LMTP 3.6.1-Debian-3.6.1-4+deb12u3 server ready"},
		{"hMailServer", ".", "250 Queued ({0.123} seconds)"},
		{"greylisting", "RCPT TO:<a@b>", "450 4.2.0 Greylisted, please try again in {83} seconds"},
		{"MDaemon", "", "220 mx.example.com ESMTP MDaemon 23.0.1; {Tue, 24 Nov 2026 12:00:00 +0000}"},
		{"MDaemon", ".", "250 Ok, message saved <Message-ID: {20261124120000.4711@example.net}>"},
		{"Domino", "", "220 mx ESMTP Service (Lotus Domino Release 8.5.3) ready at {Tue, 24 Nov 2026 12:00:00 +0100}"},
		{"Amazon", ".", "250 Ok {0102018bd5a1b2c3-1a2b3c4d-5e6f-7081-92a3-b4c5d6e7f809-000000}"},
		{"KumoMTA", ".", "250 OK ids={31ce1ea0e2f111ee8f3f0242ac110002}"},
		{"Stalwart", ".", "250 2.0.0 Message queued with id {1a2b3c4d5e6f}."},
		{"Yandex", ".", "250 2.0.0 Ok: queued on mxfront7.example.net as {1795521600-abcDEF-XyZ}"},
		{"MailHog", ".", "250 Ok: queued as {Zk3_fR-x0QpT=@mailhog.example}"},
		{"go-smtp", ".", "250 2.0.0 OK: queued as {7F3A0001}"},
		{"asctime", "", "220 mx ready {Tue Nov 24 12:00:00 2026}"},
		{"American", "", "220 mx ready {Tuesday, November 24, 2026 12:00:00 PM}"},
		{"a day", "", "220 mx {24-Nov-2026} up"},
		{"ISO 8601", "", "220 mx {2026-11-24 12:00:00}, {2026-11-24T12:00:00+01:00}, {20261124T120000Z}"},
		{"a time", "", "220 mx at {12:00:00} (load 0.12)"},
		{"milliseconds", ".", "250 ok {1795521600123}"},
		{"own address in brackets and alone", "HELO x", "250 hello {198.51.100.7}, ({198.51.100.7}) and [{198.51.100.7}]:{40123}"},
		{"another's address", "HELO x", "250 hello 198.51.100.70, 1198.51.100.7 and 198.51.100.7.example.net"},
		{"own address in an address", "RCPT TO:<a@[198.51.100.7]>", "250 2.1.5 <a@[198.51.100.7]> ok"},
		{"a limit", ".", "552 5.3.4 Message too large: 104857600 octets, 1073741824 or 2147483648 at most"},
		{"words", "NOOP", "250 RFC5321 8BITMIME SMTPUTF8 TLSv1.3 TLS_AES_256_GCM_SHA384 ECDHE-RSA-AES128-GCM-SHA256 x86_64 AS201806281 ex2019mbx01 sha256 rfc822"},
		{"numbers", "NOOP", "250 5.7.26 4.96.1 15.20.8093.014 1.2.3 12:30 10/20 #4711 300 seconds"},
		{"a URL", "NOOP", "250 see https://www.example.com/4f3a21b8c7/help?x=4f3a21b8c7.html"},
		{"a PIX", "", `220 \x2a\x2a\x2a\x2a\x2a\x2a\x2a\x2a0\x2a2`},
	} {
		plain := strings.NewReplacer("{", "", "}", "", `\x2a`, "*").Replace(row.said)
		want := "S: "
		for i, part := range strings.Split(row.said, "{") {
			_, behind, found := strings.Cut(part, "}")
			if i == 0 {
				behind = part
			} else if found {
				want += "*"
			}
			want += behind
		}
		want += "\n"
		if strings.Contains(want, "*") {
			want = "# was: S: " + plain + "\n" + want
		}
		if got := recorded("198.51.100.7:40123", row.command, plain); got != want {
			t.Errorf("%s: got\n%swant\n%s", row.server, got, want)
		}
	}
}

func TestOwnAddressInIPv6(t *testing.T) {
	for said, want := range map[string]string{
		"250 mx Hello [IPv6:2001:db8::1]":           "250 mx Hello [*]",
		"250 mx Hello [ipv6:2001:DB8:0:0:0:0:0:1]":  "250 mx Hello [*]",
		"250 mx Hello ([2001:db8::1]:40123)":        "250 mx Hello ([*]:*)",
		"250 mx Hello 2001:db8::1.":                 "250 mx Hello *.",
		"250 mx Hello [IPv6:2001:db8::12]":          "250 mx Hello [IPv6:2001:db8::12]",
		"250 2.1.0 <a@[IPv6:2001:db8::1]> is known": "250 2.1.0 <a@[IPv6:2001:db8::1]> is known",
	} {
		_, got, _ := strings.Cut("\n"+strings.TrimSpace(recorded("[2001:db8::1]:40123", "HELO x", said)), "\nS: ")
		if got != want {
			t.Errorf("%s: %s", said, got)
		}
	}
	if got := recorded("127.0.0.1:40123", "HELO x", "250 [::ffff:127.0.0.1]"); !strings.HasSuffix(got, "\nS: 250 [*]\n") {
		t.Error(got)
	}
	for _, local := range []string{"", "@", "/run/ehlo.sock"} {
		if got := recorded(local, "HELO x", "250 127.0.0.1"); got != "S: 250 127.0.0.1\n" {
			t.Errorf("from %q: %s", local, got)
		}
	}
}

// The list of extensions is what a person wants to compare.
func TestExtensionsDoNotVary(t *testing.T) {
	const list = "250-mx Hello [198.51.100.7]\r\n250-SIZE 1795521600\r\n250-X-ID 4f3a21b8c7\r\n250 AUTH 4f3a21b8c7"
	got := recorded("198.51.100.7:40123", "EHLO x", list)
	want := "# was: S: 250-mx Hello [198.51.100.7]\nS: 250-mx Hello [*]\nS: 250-SIZE 1795521600\nS: 250-X-ID 4f3a21b8c7\nS: 250 AUTH 4f3a21b8c7\n"
	if got != want {
		t.Error(got)
	}
	got = recorded("198.51.100.7:40123", "HELP", list)
	if !strings.Contains(got, "# was: S: 250-X-ID 4f3a21b8c7\nS: 250-X-ID *\n") {
		t.Error(got)
	}
}

// chasquid answers a message with one of several lines, drawn by lot.
func TestAServerWithHumour(t *testing.T) {
	var out strings.Builder
	r := transcript.Record{W: &out}
	events := []event.Event{event.Connecting{Host: "mx"}, event.Connected{}}
	events = append(events, heard(event.Reply{Stage: event.Banner}, "220 mx ESMTP chasquid\r\n")...)
	events = append(events, heard(event.Reply{Verb: ".", Command: []byte(".")}, "250 2.0.0 You offer the Amulet of Yendor to Anhur...\r\n")...)
	for _, e := range stamped(events) {
		r.Apply(e)
	}
	if !strings.HasSuffix(out.String(), "\nS: 250 2.0.0 *\n") {
		t.Error(out.String())
	}
}
