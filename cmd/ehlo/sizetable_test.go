package main

import (
	"strings"
	"testing"

	"ehlo/session/event"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// TestSizeTable is which row stands out: the smallest, by what is known of each.
func TestSizeTable(t *testing.T) {
	exact := func(n uint64) *event.Limit {
		return &event.Limit{Verdict: event.Undeclared, Accepted: n, Rejected: n + 1, Commands: 9}
	}
	bounds := func(lo, hi uint64) *event.Limit {
		return &event.Limit{Verdict: event.Unknown, Accepted: lo, Rejected: hi, Commands: 9}
	}
	for _, row := range []struct {
		why    string
		limits []*event.Limit
		marked string // part of the line
		last   string // part of the last line
	}{
		{"all exact", []*event.Limit{exact(5000), exact(3000)}, "3,000 octets", "> the smallest: a"},
		{"all the same", []*event.Limit{exact(3000), exact(3000)}, "", "3,000 octets"},
		{"nothing is accepted as yet", []*event.Limit{exact(5000), bounds(0, 1<<40)}, "  5,000 octets", "as far as is known"},
		{"one may be smaller", []*event.Limit{exact(5000), bounds(3000, 9000)}, "  5,000 octets", "as far as is known"},
		{"one is smaller for sure", []*event.Limit{exact(5000), bounds(3000, 4000)}, "at least 3,000 octets (2.9 KiB), below 4,000 octets", "as far as is known"},
		{"one has no upper bound", []*event.Limit{exact(5000), bounds(3000, 0)}, "  5,000 octets", "as far as is known"},
	} {
		v := &transcript.View{}
		for i, l := range row.limits {
			v.Sessions = append(v.Sessions, &transcript.Conversation{
				Conn: i, Host: "mx" + string(rune('1'+i)) + ".test", Size: &wire.Size{State: wire.SizeUnspecified}, Limit: l, State: transcript.Closed,
			})
		}
		lines := sizeTable(v)
		marked := ""
		for _, line := range lines[:len(lines)-1] {
			if line[0] == '>' {
				marked += line
			}
		}
		if (marked == "") != (row.marked == "") || !strings.Contains(marked, row.marked) || !strings.Contains(lines[len(lines)-1], row.last) {
			t.Errorf("%s:\n%s", row.why, strings.Join(lines, "\n"))
		}
	}
}
