package tui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ehlo/session/flow"
	"ehlo/session/wire"
)

// options is how many parts of a draft are options: one of a few values.
const options = partBody - partTemplate

func (p part) isOption() bool { return p >= partTemplate && p < partBody }

// optionsOf are the values of an option; the first is the usual.
func optionsOf(p part) []string {
	switch p {
	case partTemplate:
		return templateNames()
	case partUTF8:
		return []string{string(flow.UTF8Auto), string(flow.UTF8Always), string(flow.UTF8Never)}
	case partDSN: // what NOTIFY says (RFC 3461 4.1)
		return []string{"", "NEVER", "FAILURE", "FAILURE,DELAY", "DELAY", "SUCCESS", "SUCCESS,FAILURE", "SUCCESS,DELAY", "SUCCESS,FAILURE,DELAY"}
	case partReturn: // RFC 3461 4.3
		return []string{"", "HDRS", "FULL"}
	case partOneByOne:
		return []string{"", "no"}
	}
	return []string{"", "yes"}
}

// option is the value of an option.
func (d *draft) option(p part) string { return optionsOf(p)[d.options[p-partTemplate]] }

// choose gives an option one of its values.
func (d *draft) choose(p part, value string) {
	d.options[p-partTemplate] = uint8(max(slices.Index(optionsOf(p), value), 0))
}

// turn gives an option its next value, and says whether the item is one.
func (c *composer) turn() bool {
	p := c.at.part
	if !p.isOption() {
		return false
	}
	values := optionsOf(p)
	next := values[(int(c.options[p-partTemplate])+1)%len(values)]
	if p == partTemplate {
		c.useTemplate(next)
	} else {
		c.choose(p, next)
	}
	c.changed()
	return true
}

// optionWords say what an option does, and where it does nothing here.
func (m *screen) optionWords(p part) string {
	value := m.composer.option(p)
	words, keyword := value, ""
	switch p {
	case partUTF8:
		if value == string(flow.UTF8Always) {
			keyword = "SMTPUTF8"
		}
	case partChunks:
		if words = "no: DATA"; value != "" {
			words, keyword = "yes, not DATA", "CHUNKING"
		}
	case partDSN, partReturn:
		if keyword = "DSN"; value == "" {
			words, keyword = "as the server does", ""
		}
	case partPRDR:
		if keyword = "PRDR"; value == "" {
			words, keyword = "no", ""
		}
	case partOneByOne:
		if words = "where it is offered"; value != "" {
			words = "no: one command at a time"
		}
	}
	if m.lacks(keyword) {
		words += " (not offered)"
	}
	return words
}

// fieldHelp is what the prompt says of the field under the cursor.
func (m *screen) fieldHelp() string {
	switch c := m.composer; c.at.part {
	case partFrom:
		return "the envelope's sender; bounces go there"
	case partTo:
		return "to whom it goes: addresses, with commas between"
	case partSubject:
		return "empty: " + m.composer.usual
	case partAttach:
		return "the name of a file: tab completes it, Enter attaches it"
	case partAuthor, partHeads:
		return "in the header; empty: as the envelope"
	case partCopies:
		return "in the header, and recipients too"
	case partBlind:
		return "recipients that are not in the header"
	case partPad:
		return "exactly limit, limit+1, 10MB or 10485760 octets; empty: as it comes"
	case partEnvelope:
		return "an identifier that delivery reports repeat (DSN)"
	case partHeader:
		return "a further header field, Name: value"
	case partFile:
		return "a file that is a complete message; tab completes it"
	case partTemplate:
		return c.option(partTemplate) + ": " + templates[c.options[0]].help
	case partUTF8:
		return "in MAIL; auto: where an address or a header needs it"
	case partChunks:
		return "the message in a chunk (CHUNKING) in place of DATA"
	case partDSN:
		return "the reports that are asked for: NOTIFY"
	case partReturn:
		return "what a report returns: the header, or all"
	case partPRDR:
		return "a reply for each recipient behind the message"
	case partOneByOne:
		return "MAIL, RCPT and DATA in one go"
	}
	return "the text; ctrl+e opens $EDITOR"
}

// lacks says that the server of the open session does not offer an extension.
func (m *screen) lacks(keyword string) bool {
	v := m.view.Now()
	return keyword != "" && v != nil && m.now.Connected && !v.Offers.Has(keyword)
}

// padding is the size that a message is to be padded to: octets, 10MB, or as
// far from the server's limit as it says: limit, limit+1. Zero is none.
func padding(s string, limit uint64) (int64, error) {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s), " ", ""), ",", "")
	if s == "" || s == "0" {
		return 0, nil
	}
	if rest, ok := strings.CutPrefix(s, "limit"); ok {
		by, err := int64(0), error(nil)
		if rest != "" {
			by, err = strconv.ParseInt(rest, 10, 64)
		}
		switch {
		case err != nil || rest != "" && rest[0] != '+' && rest[0] != '-':
			return 0, fmt.Errorf("what is %s? (limit, limit+1, limit-1, 10MB)", s)
		case limit == 0:
			return 0, errors.New("no limit of the server's is known here")
		}
		if n := int64(limit) + by; n > 0 {
			return n, nil
		}
		return 0, fmt.Errorf("%s is less than nothing", s)
	}
	n, err := wire.ParseOctets(s)
	if err != nil {
		return 0, fmt.Errorf("%w (52428800, 10MB, limit, limit+1)", err)
	}
	return int64(n), nil
}
