package main

import (
	"errors"
	"io"
	"os"
	"strings"

	"ehlo/session/event"
	"ehlo/session/script"
)

// loadScript reads a script and what it includes; - is standard input. Its
// errors have the place in the script.
func (a *app) loadScript(name string, vars map[string]string) (*script.Script, error) {
	var text io.Reader = a.in
	if name == "-" {
		name = "stdin"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, input(err, "the script")
		}
		defer f.Close()
		text = f
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(path) }
	s, err := script.Load(name, text, open, vars)
	if err != nil {
		return nil, scriptError(err)
	}
	hold()
	return s, nil
}

// scriptError is a script that cannot be understood, as an error of an input
// file.
func scriptError(err error) error {
	e, ok := errors.AsType[*script.Error](err)
	if !ok {
		return err
	}
	return &event.Error{Kind: event.Input, Message: e.Error(), Err: err}
}

// parseSets reads the values of --set.
func parseSets(list []string) (map[string]string, error) {
	vars := map[string]string{}
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if !ok || !script.IsName(name) {
			return nil, usage("--set to=user@example.com", "--set %s is not NAME=VALUE: a name has letters, digits and _", s)
		}
		vars[name] = value
	}
	return vars, nil
}
