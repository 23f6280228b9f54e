package wire

import (
	"fmt"
	"math/big"
	"strings"
)

// units are how people write a number of octets; without "i" they are decimal.
var units = []struct {
	suffix string
	factor int64
}{
	{"tib", 1 << 40},
	{"gib", 1 << 30},
	{"mib", 1 << 20},
	{"kib", 1 << 10},
	{"tb", 1e12},
	{"gb", 1e9},
	{"mb", 1e6},
	{"kb", 1e3},
	{"t", 1e12},
	{"g", 1e9},
	{"m", 1e6},
	{"k", 1e3},
	{"", 1},
}

// ParseOctets reads a number of octets, of at least one: 104857600, 100MB, 100M
// (decimal), 1.5GiB.
func ParseOctets(s string) (uint64, error) {
	text := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, ok := new(big.Rat).SetString(digits)
		if !ok || len(digits) > 30 || strings.Trim(digits, "0123456789.") != "" {
			break
		}
		n.Mul(n, new(big.Rat).SetInt64(u.factor))
		octets := new(big.Int).Quo(n.Num(), n.Denom())
		if octets.Sign() <= 0 || !octets.IsInt64() {
			break
		}
		return octets.Uint64(), nil
	}
	return 0, fmt.Errorf("%q is no number of octets", s)
}
