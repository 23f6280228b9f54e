package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
)

// compose makes the message of the flags.
func (a *app) compose(l *letterFlags, letter flow.Letter, helo string, spool message.Spool) (*message.Message, error) {
	d := message.Draft{
		From: letter.From.String(), Subject: l.subject, Headers: l.headers,
		Attachments: l.attach, PadTo: l.size, Host: helo, Spool: spool,
	}
	for _, to := range letter.To {
		d.To = append(d.To, to.String())
	}
	if file, ok := strings.CutPrefix(l.body, "@"); ok {
		d.BodyFile = file
	} else if l.body == "-" {
		d.BodyStream = a.in
	} else if l.body != "" {
		// A text on the command line has no line end of its own.
		d.Body = []byte(strings.TrimSuffix(l.body, "\n") + "\r\n")
	}
	if err := a.oncePerStream(d); err != nil {
		return nil, err
	}
	m, err := message.Compose(d)
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		flag := ""
		switch {
		case slices.Contains(l.attach, file.Path):
			flag = "--attach "
		case file.Path == d.BodyFile:
			flag = "--body @"
		}
		return nil, &event.Error{Kind: event.Input, Message: flag + file.Path + ": " + file.Err.Error(), Err: err}
	}
	if err != nil {
		return nil, usage("", "%s", err)
	}
	return m, nil
}

// oncePerStream refuses a pipe that is given twice: it can be read once, and the
// second part would be empty.
func (a *app) oncePerStream(d message.Draft) error {
	type named struct {
		name string
		info fs.FileInfo
	}
	var streams []named
	if in, ok := a.in.(*os.File); ok && d.BodyStream != nil {
		if info, err := in.Stat(); err == nil {
			streams = append(streams, named{"standard input", info})
		}
	}
	for _, path := range append([]string{d.BodyFile}, d.Attachments...) {
		info, err := os.Stat(path)
		if path == "" || err != nil || info.Mode().IsRegular() || info.IsDir() {
			continue
		}
		for _, other := range streams {
			if os.SameFile(info, other.info) {
				return usage("save it to a file, and give that", "%s and %s are one stream, which can be read once", other.name, path)
			}
		}
		streams = append(streams, named{path, info})
	}
	return nil
}
