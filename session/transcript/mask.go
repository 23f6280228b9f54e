package transcript

import (
	"ehlo/session/event"
)

// maskText stands in place of a secret.
const maskText = "********"

// Masked is a sent line as it may be shown: its secret octets replaced. The
// length of the mask says nothing of the length of the secret.
func Masked(e event.Sent) []byte {
	if len(e.Secret) == 0 {
		return e.Line
	}
	var out []byte
	from := 0
	for _, s := range e.Secret {
		out = append(out, e.Line[from:s.Start]...)
		out = append(out, maskText...)
		from = s.End
	}
	return append(out, e.Line[from:]...)
}
