package wire

import "testing"

func TestParseOctets(t *testing.T) {
	for _, row := range []struct {
		text string
		want uint64 // 0: an error
	}{
		{"1", 1},
		{"104857600", 104857600},
		{"100MB", 100e6},
		{"100M", 100e6},
		{"100 MiB", 100 << 20},
		{"1.5GB", 15e8},
		{"1.5gib", 3 << 29},
		{"0.5k", 500},
		{"2T", 2e12},
		{"9223372036854775807", 1<<63 - 1},
		{"", 0},
		{"0", 0},
		{"0.1", 0},
		{"-1", 0},
		{"1/2", 0},
		{"1e3", 0},
		{"1XB", 0},
		{".", 0},
		{"9223372036854775808", 0},
		{"8388608TiB", 0},
	} {
		got, err := ParseOctets(row.text)
		if got != row.want || (err != nil) != (row.want == 0) {
			t.Errorf("%q: %d, %v, want %d", row.text, got, err, row.want)
		}
	}
}
