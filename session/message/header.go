package message

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"

	"ehlo/session/wire"
)

// foldedLine is how many octets a line of the header should have at most
// (RFC 5322 2.1.1).
const foldedLine = 78

// field is a header field: its value in one line, ready to be folded.
type field struct{ name, value string }

// parseField reads "Name: value", as the user gave it.
func parseField(line string) (field, error) {
	bad := func(why string) (field, error) { return field{}, fmt.Errorf("header %q: %s", line, why) }
	if strings.ContainsAny(line, "\r\n\x00") {
		return bad("a line end or NUL in it")
	}
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return bad("no colon: 'Name: value' is wanted")
	}
	if name == "" {
		return bad("no name before the colon")
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' {
			return bad("its name may have printable ASCII only, and no space")
		}
	}
	return field{name, encodeValue(name, strings.Trim(value, " \t"))}, nil
}

// replaceIn takes the place of the first field of the same name.
func (f field) replaceIn(list []field) bool {
	for i := range list {
		if strings.EqualFold(list[i].name, f.name) {
			list[i] = f
			return true
		}
	}
	return false
}

// writeHeader writes fields and the empty line behind them.
func writeHeader(w io.Writer, fields []field) error {
	var h textproto.Header
	for _, f := range slices.Backward(fields) { // AddRaw puts it in front
		raw := fold(f)
		for line := range strings.SplitSeq(raw, "\r\n") {
			if len(line) > longestLine {
				return fmt.Errorf("header %s: a word of it makes a line of %d octets, and %d is the most that a line may have", f.name, len(line), longestLine)
			}
		}
		h.AddRaw([]byte(raw))
	}
	return textproto.WriteHeader(w, h)
}

// fold writes a field in lines of at most foldedLine octets, as far as there
// are spaces to break them at. Unlike textproto's own folding it never breaks a
// word, which would put a space into it (RFC 5322 2.2.3).
func fold(f field) string {
	var b strings.Builder
	b.WriteString(f.name + ":")
	column := b.Len()
	rest, first := " "+f.value, true
	for rest != "" {
		space := len(rest) - len(strings.TrimLeft(rest, " \t"))
		word := len(rest)
		if i := strings.IndexAny(rest[space:], " \t"); i >= 0 {
			word = space + i
		}
		if !first && column+word > foldedLine {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(rest[:word])
		column += word
		rest, first = rest[word:], false
	}
	b.WriteString("\r\n")
	return b.String()
}

// encodeValue makes a value ASCII where its field allows it.
func encodeValue(name, value string) string {
	if wire.IsASCII([]byte(value)) || !utf8.ValidString(value) {
		return value
	}
	switch strings.ToLower(name) {
	case "from", "sender", "reply-to", "to", "cc", "bcc",
		"resent-from", "resent-sender", "resent-to", "resent-cc", "resent-bcc":
		list, err := mail.ParseAddressList(value)
		if err != nil {
			return value
		}
		all := make([]string, len(list))
		for i, a := range list {
			address := (&mail.Address{Address: a.Address}).String() // with what quotes it needs
			all[i] = named(a.Name, strings.Trim(address, "<>"))
		}
		return strings.Join(all, ", ")
	case "date", "message-id", "in-reply-to", "references", "received", "return-path",
		"mime-version", "content-type", "content-disposition", "content-transfer-encoding", "content-id",
		"dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
		"authentication-results", "autocrypt", "list-id", "list-unsubscribe", "list-post":
		return value
	}
	return encodeText(name, value)
}

// encodeText makes unstructured text ASCII: encoded words (RFC 2047) that fit
// on lines behind the field's name. ASCII text stays unless it has a word that
// no line holds.
func encodeText(name, text string) string {
	if wire.IsASCII([]byte(text)) && !slices.ContainsFunc(strings.Fields(text), func(w string) bool { return len(w) > longestLine-foldedLine }) {
		return text
	}
	return encodeWords(text, max(foldedLine-2-len(name)-2, 40))
}

// encodeWords writes text as encoded words of at most width octets each: in
// "Q", which people can read in part, or in "B" where that is much shorter.
func encodeWords(text string, width int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	width = min(width, 75) - len("=?utf-8?q??=")
	q := 0
	for _, c := range []byte(text) {
		q += len(quoted(c))
	}
	inQ := q <= 2*len(text)
	var words []string
	for text != "" {
		end, used := 0, 0
		for end < len(text) {
			_, n := utf8.DecodeRuneInString(text[end:])
			if inQ {
				for _, c := range []byte(text[end : end+n]) {
					used += len(quoted(c))
				}
			} else {
				used = base64.StdEncoding.EncodedLen(end + n)
			}
			if used > width {
				break
			}
			end += n
		}
		var b strings.Builder
		if inQ {
			b.WriteString("=?utf-8?q?")
			for _, c := range []byte(text[:end]) {
				b.WriteString(quoted(c))
			}
		} else {
			b.WriteString("=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(text[:end])))
		}
		words = append(words, b.String()+"?=")
		text = text[end:]
	}
	return strings.Join(words, " ")
}

// quoted is an octet in "Q" as it may stand anywhere in a header (RFC 2047 5).
func quoted(c byte) string {
	switch {
	case c == ' ':
		return "_"
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("!*+-/", c) >= 0:
		return string(rune(c))
	}
	return fmt.Sprintf("=%02X", c)
}

// sender is the From field of a reverse-path, empty for a null one, and its
// domain.
func sender(s string) (from, domain string, err error) {
	if s = strings.TrimSpace(s); s == "" || s == "<>" {
		return "", "", nil
	}
	from, err = mailbox(s)
	if err != nil {
		return "", "", fmt.Errorf("sender: %w", err)
	}
	_, path := splitMailbox(s)
	address, _ := wire.ParseAddress(path)
	return from, address.Domain, nil
}

// mailbox is an address as a header has it: its name quoted or encoded where it
// has to be, the address itself as it is.
func mailbox(s string) (string, error) {
	name, path := splitMailbox(s)
	address, err := wire.ParseAddress(path)
	switch {
	case err != nil:
		return "", err
	case address == (wire.Address{}):
		return "", fmt.Errorf("%q has no address", s)
	case strings.ContainsAny(name, "\r\n\x00"):
		return "", fmt.Errorf("%q has a line end or NUL in its name", s)
	}
	return named(name, address.String()), nil
}

// splitMailbox takes "Name <a@b>" apart.
func splitMailbox(s string) (name, path string) {
	s = strings.TrimSpace(s)
	i := strings.LastIndexByte(s, '<')
	if i < 0 || !strings.HasSuffix(s, ">") {
		return "", s
	}
	name = strings.TrimSpace(s[:i])
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = unescape(name[1 : len(name)-1])
	}
	return name, s[i+1 : len(s)-1]
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// named writes a name and an address.
func named(name, address string) string {
	switch {
	case name == "":
		return address
	case !wire.IsASCII([]byte(name)):
		name = encodeWords(name, 60)
	case strings.ContainsFunc(name, func(r rune) bool { return strings.ContainsRune("()<>[]:;@\\,.\"", r) || r < ' ' || r > '~' }):
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name + " <" + address + ">"
}
