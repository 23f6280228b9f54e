package main

import (
	"slices"
	"strings"

	"ehlo/session/flow"
)

// dsn is what the flags say of delivery reports (RFC 3461).
func (l *letterFlags) dsn() (flow.DSN, error) {
	d := flow.DSN{Notify: strings.ToUpper(l.notify), Return: strings.ToUpper(l.ret), ID: l.envID}
	conditions := strings.Split(d.Notify, ",")
	for i, c := range conditions {
		switch {
		case d.Notify == "":
		case c == "NEVER" && len(conditions) > 1:
			return d, usage("--dsn-notify never, or some of success,failure,delay", "--dsn-notify %s: never goes with no other condition", l.notify)
		case !slices.Contains([]string{"NEVER", "SUCCESS", "FAILURE", "DELAY"}, c), slices.Contains(conditions[:i], c):
			return d, usage("--dsn-notify never, or some of success,failure,delay", "--dsn-notify %s is not known", l.notify)
		}
	}
	if d.Return != "" && d.Return != "FULL" && d.Return != "HDRS" {
		return d, usage("--dsn-ret full or --dsn-ret hdrs", "--dsn-ret %s is not known", l.ret)
	}
	if len(d.ID) > flow.MaxEnvelopeID {
		return d, usage("", "--dsn-envid has %d octets: %d are allowed (RFC 3461 4.4)", len(d.ID), flow.MaxEnvelopeID)
	}
	return d, nil
}
