package serve

import (
	"encoding/base64"
	"errors"
	"strings"

	"ehlo/session/sasl"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// auth is the server's side of a login (RFC 4954); at is behind the item. The
// S: lines behind it are its final reply, also where that is a refusal.
func (p *player) auth(i script.Auth, at *cursor) (owed int, err error) {
	wanted, err := i.Mechanism.Expand(p.known)
	if err != nil {
		return 0, err
	}
	what := strings.TrimSpace("C: AUTH " + string(wanted))
	l, err := p.expect(i.Position, what)
	if err != nil {
		return 0, err
	}
	mechanism, initial, ok := parseAuth(l.Octets)
	if !ok || l.Ending != wire.CRLF || mechanism == "" || len(wanted) > 0 && !strings.EqualFold(mechanism, string(wanted)) {
		return 0, &script.Mismatch{Position: i.Position, Expected: what, Actual: p.said(l)}
	}
	p.heard(l)
	opt := p.server.opt
	login, err := sasl.Accept(mechanism, opt.credentials(), p.c.binding(opt.TLS))
	if err != nil {
		return 0, p.refuse(i, "504 5.5.4 Mechanism not served", "a login that can be served", err.Error())
	}
	var response []byte
	if initial > 0 {
		if response, err = decode(l.Octets[initial:]); err != nil {
			return 0, p.refuse(i, "501 5.5.2 Not base64", "a response in base64", "C: "+mask)
		}
	}
	switch err := p.dialogue(i, login, response); {
	case err == nil:
	case errors.Is(err, sasl.ErrRefused) && answered(at) && refusal(at):
		// The script refuses it too.
	case errors.Is(err, sasl.ErrRefused):
		return 0, p.refuse(i, "535 5.7.8 Authentication credentials invalid", "a login as "+p.whom(), err.Error())
	default:
		return 0, err
	}
	if answered(at) {
		return 1, nil
	}
	return 0, p.say(i.Position, []byte("235 2.7.0 Authentication succeeded\r\n"))
}

// mask stands in a sentence for what nobody may see.
const mask = "********"

// dialogue asks until the login is over.
func (p *player) dialogue(i script.Auth, login *sasl.Login, response []byte) error {
	for {
		challenge, more, err := login.Next(response)
		switch {
		case errors.Is(err, sasl.ErrRefused):
			return err
		case err != nil:
			return p.refuse(i, "501 5.5.2 Malformed response", "a response of "+login.Mechanism(), err.Error())
		case !more:
			return nil
		}
		if err := p.say(i.Position, []byte("334 "+base64.StdEncoding.EncodeToString(challenge)+"\r\n")); err != nil {
			return err
		}
		l, err := p.expect(i.Position, "a response in base64")
		if err != nil {
			return err
		}
		p.heard(l)
		if string(l.Octets) == "*" {
			return p.refuse(i, "501 5.7.0 Authentication cancelled", "a response in base64", "C: *")
		}
		if response, err = decode(l.Octets); err != nil || l.Ending != wire.CRLF {
			return p.refuse(i, "501 5.5.2 Not base64", "a response in base64", "C: "+mask)
		}
	}
}

// decode is a response, not nil; "=" is an empty one (RFC 4954 4).
func decode(text []byte) ([]byte, error) {
	if string(text) == "=" || len(text) == 0 {
		return []byte{}, nil
	}
	return base64.StdEncoding.DecodeString(string(text))
}

// refuse ends a login that the script does not expect.
func (p *player) refuse(i script.Auth, reply, expected, actual string) error {
	if err := p.say(i.Position, []byte(reply+"\r\n")); err != nil {
		return err
	}
	return &script.Mismatch{Position: i.Position, Expected: expected, Actual: actual}
}

// whom is who is let in.
func (p *player) whom() string {
	if p.server.opt.User == "" {
		return "anybody with the password"
	}
	return p.server.opt.User
}

// answered says that the script has the final reply of a login itself.
func answered(at *cursor) bool {
	item := reply(at)
	return item != nil && speakerOf(item) == server
}

// refusal says that this reply refuses it.
func refusal(at *cursor) bool {
	switch i := reply(at).(type) {
	case script.Server:
		return i.Says() >= 400
	case script.Reply:
		r, _, _ := wire.ParseReply([]byte(i.Octets))
		return r.Code >= 400
	}
	return false
}

// reply is the item from the place on that is no comment.
func reply(at *cursor) script.Item {
	ahead := at.copy()
	for range maxShaping {
		item := ahead.take()
		if _, comment := item.(script.Comment); !comment {
			return item
		}
	}
	return nil
}
