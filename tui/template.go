package tui

import (
	"encoding/base64"
	"slices"
	"strings"

	"ehlo/session/flow"
)

// template is what a message may begin as: text and fields that stand in the
// draft from then on, to be seen and changed.
type template struct {
	name    string
	help    string
	subject string
	headers []string
	utf8    bool // SMTPUTF8 is said
	body    func() string
}

// boundary is that of templates of several parts.
const boundary = "=_ehlo_template"

// templates are in the order in which Enter leads through them. The first is
// the person's own text.
var templates = [...]template{
	{name: "plain", help: "the text as you type it"},
	{
		name: "html", help: "the same as text and as HTML",
		headers: []string{`Content-Type: multipart/alternative; boundary="` + boundary + `"`, "Content-Transfer-Encoding: 8bit"},
		body: several("Content-Type: text/plain; charset=utf-8\n\nThis is a test message.",
			"Content-Type: text/html; charset=utf-8\n\n<html><body><p>This is a <b>test</b> message.</p></body></html>"),
	},
	{
		name: "8bit", help: "octets above 127, which BODY=8BITMIME allows",
		subject: "Prüfung: Größe, 試験, δοκιμή", headers: []string{"Content-Transfer-Encoding: 8bit"},
		body: text("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\nいろはにほへと ちりぬるを\nЪ, ß, ñ, €, 😀"),
	},
	{
		name: "utf8", help: "the header in UTF-8 too, which SMTPUTF8 allows",
		subject: "Prüfung", utf8: true, headers: []string{"Content-Transfer-Encoding: 8bit"},
		body: text("MAIL says SMTPUTF8: without it, an address or a header may be ASCII only (RFC 6531).\nGrüße"),
	},
	{
		name: "lines", help: "lines that break a server: dots, spaces, 998 octets",
		body: text(".\n..\n.a line that starts with a dot\nFrom a line that mbox files quote\n two spaces at the end  \n\t\n" + strings.Repeat("x", 998) + "\n--\n.QUIT\n."),
	},
	{
		name: "gtube", help: "what every spam filter is to find",
		subject: "test of the spam filter (GTUBE)",
		// In two pieces, so that the program is not taken for what it sends.
		body: text("XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"),
	},
	{
		name: "eicar", help: "a file that every virus scanner is to find",
		subject: "test of the virus scanner (EICAR)",
		headers: []string{`Content-Type: multipart/mixed; boundary="` + boundary + `"`},
		body: func() string {
			file := `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
			return several("Content-Type: text/plain\n\nThe attachment is the EICAR test file. It does nothing.",
				"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"eicar.com\"\n\n"+base64.StdEncoding.EncodeToString([]byte(file)))()
		},
	},
}

func text(s string) func() string { return func() string { return s } }

// several is a body of several parts.
func several(list ...string) func() string {
	return text("--" + boundary + "\n" + strings.Join(list, "\n--"+boundary+"\n") + "\n--" + boundary + "--")
}

func templateNames() (names []string) {
	for _, t := range templates {
		names = append(names, t.name)
	}
	return names
}

// useTemplate puts another template in the place of the one that is used.
// Nothing that was typed is lost: each template has its text as it was left,
// and fields that are not its own stay.
func (c *composer) useTemplate(name string) {
	was, is := templates[c.options[0]], templates[max(slices.Index(templateNames(), name), 0)]
	if c.bodies == nil {
		c.bodies = map[string][]string{}
	}
	c.bodies[was.name] = c.body
	c.headers = slices.DeleteFunc(c.headers, func(h string) bool { return slices.Contains(was.headers, h) })
	if c.one[partSubject] == was.subject {
		c.one[partSubject] = ""
	}
	if was.utf8 && c.option(partUTF8) == string(flow.UTF8Always) {
		c.choose(partUTF8, string(flow.UTF8Auto))
	}

	c.choose(partTemplate, is.name)
	c.headers = append(c.headers, is.headers...)
	if c.one[partSubject] == "" {
		c.one[partSubject] = is.subject
	}
	if is.utf8 {
		c.choose(partUTF8, string(flow.UTF8Always))
	}
	body, kept := c.bodies[is.name]
	if !kept && is.body != nil {
		body = strings.Split(is.body(), "\n")
	}
	c.body, c.row, c.scroll = body, 0, 0
	c.changed()
}
