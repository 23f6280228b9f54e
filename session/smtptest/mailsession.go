package smtptest

import (
	"io"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailSession is what go-smtp asks about one connection. It calls one method
// at a time.
type mailSession struct {
	mail *Mail
	tls  bool
	user string
	msg  Message // the transaction
}

func (m *Mail) session(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	return &mailSession{mail: m, tls: secure}, nil
}

// AuthMechanisms is asked under TLS only.
func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth begins a login (RFC 4954, 4616).
func (s *mailSession) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.mail.opt.User || password != s.mail.opt.Password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *mailSession) Reset()        { s.msg = Message{} }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, opt *smtp.MailOptions) error {
	s.msg = Message{From: from, TLS: s.tls, User: s.user}
	if opt != nil {
		s.msg.UTF8, s.msg.Body = opt.UTF8, string(opt.Body)
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.judge(to); err != nil {
		return err
	}
	s.msg.To = append(s.msg.To, to)
	return nil
}

// judge is the verdict on a recipient: nil, or the reply.
func (s *mailSession) judge(to string) error {
	i := strings.LastIndexByte(to, '@')
	local, domain := to[:max(i, 0)], to[i+1:]
	if !strings.EqualFold(domain, s.mail.opt.Domain) && !strings.EqualFold(domain, s.mail.opt.Hostname) {
		return reply(554, smtp.EnhancedCode{5, 7, 1}, "<"+to+"> relaying denied")
	}
	switch strings.ToLower(local) {
	case "nobody":
		return reply(550, smtp.EnhancedCode{5, 1, 1}, "<"+to+"> no such user here")
	case "full":
		return reply(452, smtp.EnhancedCode{4, 2, 2}, "<"+to+"> mailbox is full")
	case "grey":
		if !s.mail.known(s.msg.From, to) {
			return reply(450, smtp.EnhancedCode{4, 7, 1}, "<"+to+"> greylisted, try again later")
		}
	}
	return nil
}

// Data takes the message. What it returns is the reply: go-smtp has no other
// way to name a queue id.
func (s *mailSession) Data(r io.Reader) error {
	kept, err := io.ReadAll(io.LimitReader(r, keptOctets/2))
	if err != nil {
		return err
	}
	more, err := io.Copy(io.Discard, r)
	if err != nil {
		return err
	}
	s.msg.Data, s.msg.Octets = kept, int64(len(kept))+more
	return reply(250, smtp.EnhancedCode{2, 0, 0}, "OK: queued as "+s.mail.keep(s.msg))
}

func reply(code int, enhanced smtp.EnhancedCode, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
