package transcript

import (
	"testing"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// TestInForce is what is said of the largest file and of one file, by what is
// declared and found out: no bound is said to be the limit.
func TestInForce(t *testing.T) {
	none := wire.Size{State: wire.SizeUnspecified}
	declared := wire.Size{State: wire.SizeDeclared, Declared: 10000}
	for _, row := range []struct {
		why  string
		size wire.Size
		l    *event.Limit
		want string // "": nothing is known
		fit  Fit    // of a message of 5,000 octets
	}{
		{"declared", declared, nil, "10,000 octets (9.7 KiB)", Fits},
		{"nothing is", none, nil, "", FitUnknown},
		{"exact", none, &event.Limit{Verdict: event.Undeclared, Accepted: 4000, Rejected: 4001}, "4,000 octets (3.9 KiB)", TooLarge},
		{"nothing accepted", none, &event.Limit{Verdict: event.Unknown, Rejected: 1 << 40}, "", FitUnknown},
		{"nothing accepted, and less is refused", declared, &event.Limit{Verdict: event.Unknown, Rejected: 5000}, "", TooLarge},
		{"bounds above", none, &event.Limit{Verdict: event.Unknown, Accepted: 6000, Rejected: 9000}, "at least 6,000 octets (5.8 KiB)", Fits},
		{"bounds around", declared, &event.Limit{Verdict: event.Unknown, Accepted: 4000, Rejected: 9000}, "at least 4,000 octets (3.9 KiB)", FitUnknown},
		{"one octet between, once", none, &event.Limit{Verdict: event.Unknown, Accepted: 4000, Rejected: 4001}, "at least 4,000 octets (3.9 KiB)", TooLarge},
		{"bounds below", none, &event.Limit{Verdict: event.Unknown, Accepted: 4000, Rejected: 4500}, "at least 4,000 octets (3.9 KiB)", TooLarge},
		{"no upper bound", none, &event.Limit{Verdict: event.Unknown, Accepted: 4000}, "at least 4,000 octets (3.9 KiB)", FitUnknown},
		{"not enforced", declared, &event.Limit{Verdict: event.Unenforced, Accepted: 1 << 40, Ceiling: 1 << 40}, "10,000 octets (9.7 KiB)", Fits},
		{"nothing learnt", declared, &event.Limit{Verdict: event.Unknown}, "10,000 octets (9.7 KiB)", Fits},
		{"no limit up to a low ceiling", none, &event.Limit{Verdict: event.Unlimited, Accepted: 4000, Ceiling: 4000}, "", FitUnknown},
		{"no limit up to the ceiling", none, &event.Limit{Verdict: event.Unlimited, Accepted: 6000, Ceiling: 6000}, "", Fits},
	} {
		f, ok := InForce(&row.size, row.l)
		if got := f.String(); ok != (row.want != "") || ok && got != row.want {
			t.Errorf("%s: %s, %v", row.why, got, ok)
		}
		if fit, _ := (File{Message: 5000}).Fit(&row.size, row.l); fit != row.fit {
			t.Errorf("%s: %d", row.why, fit)
		}
	}
}
