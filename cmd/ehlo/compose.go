package main

import (
	"errors"
	"io"
	"io/fs"
	"strings"

	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
)

// maxBody bounds a --body text from standard input: it is composed in memory.
// A larger message is sent with --data, which streams.
const maxBody = 16 << 20

// compose makes the message of the flags.
func (a *app) compose(l *letterFlags, letter flow.Letter, helo string) (*message.Message, error) {
	d := message.Draft{
		From: letter.From.String(), Subject: l.subject, Headers: l.headers,
		Attachments: l.attach, Host: helo,
	}
	for _, to := range letter.To {
		d.To = append(d.To, to.String())
	}
	if file, ok := strings.CutPrefix(l.body, "@"); ok {
		d.BodyFile = file
	} else if l.body == "-" {
		text, err := a.bodyText()
		if err != nil {
			return nil, err
		}
		d.Body = text
	} else if l.body != "" {
		// A text on the command line has no line end of its own.
		d.Body = []byte(strings.TrimSuffix(l.body, "\n") + "\r\n")
	}
	m, err := message.Compose(d)
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &event.Error{Kind: event.Input, Message: file.Path + ": " + file.Err.Error(), Err: err}
	}
	if err != nil {
		return nil, usage("", "%s", err)
	}
	return m, nil
}

// bodyText is the text on standard input.
func (a *app) bodyText() ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(a.in, maxBody+1))
	if err != nil {
		return nil, input(err, "--body -")
	}
	if len(text) > maxBody {
		return nil, &event.Error{Kind: event.Input, Message: "--body -: the text is larger than 16 MiB", Hint: "--data sends a complete message of any size"}
	}
	return text, nil
}
