package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
)

// maxBody bounds a --body text that comes from a file or standard input: it
// is composed in memory. A larger message is sent with --data, which streams.
const maxBody = 16 << 20

// compose makes the message of the flags.
func (a *app) compose(l *letterFlags, letter flow.Letter) (*message.Message, func(), error) {
	nothing := func() {}
	body, err := a.bodyText(l.body)
	if err != nil {
		return nil, nothing, err
	}
	d := message.Draft{
		From: letter.From.String(), Subject: l.subject, Headers: l.headers,
		Body: body, Attachments: l.attach, Date: time.Now(),
	}
	for _, to := range letter.To {
		d.To = append(d.To, to.String())
	}
	m, err := message.Compose(d)
	if err != nil {
		return nil, nothing, composeError(err)
	}
	return m, nothing, nil
}

// composeError tells a file that cannot be read from a header that cannot
// stand in a message.
func composeError(err error) error {
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return input(err, "--attach")
	}
	return usage("", "%s", err)
}

// bodyText is the text of --body: as given, from a file, or from standard
// input.
func (a *app) bodyText(body string) (string, error) {
	var (
		source io.Reader
		name   string
	)
	switch {
	case body == "-":
		source, name = a.in, "--body -"
	case strings.HasPrefix(body, "@"):
		file, err := os.Open(body[1:])
		if err != nil {
			return "", input(err, "--body")
		}
		defer file.Close()
		source, name = file, "--body "+body
	default:
		return body, nil
	}
	text, err := io.ReadAll(io.LimitReader(source, maxBody+1))
	if err != nil {
		return "", input(err, name)
	}
	if len(text) > maxBody {
		return "", &event.Error{Kind: event.Input, Message: name + ": the text is larger than 16 MiB", Hint: "--data sends a complete message of any size"}
	}
	return string(text), nil
}
