package flow

import (
	"math"
	"slices"
	"sort"
)

// Where limits are likely: at the round numbers and defaults in likely, and
// else anywhere, each power of two as likely as the next.

const (
	// small is below which a limit is unlikely: RFC 5321 4.5.3.1.7 asks for 64K.
	small       = 1 << 10
	smallWeight = 0.05
)

// likely are the limits that servers come with and people set, in order.
var likely = func() []uint64 {
	list := []uint64{
		10240000, // Postfix
		20480000,
		30720000,
		40960000,
		51200000, // it is often raised in its own manner
		102400000,
		14680064, // 14 MiB
		35882577, // Gmail
		36700160, // OpenSMTPD
		1<<31 - 1,
		1<<32 - 1,
		157286400,        // 150 MiB
		37748736,         // 36 MiB
		26214400 * 4 / 3, // 25 MiB of files
	}
	for _, m := range []uint64{1, 2, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 25, 30, 32, 35, 40, 45, 48, 50, 60, 64, 70, 75, 80, 100, 120, 128, 150, 200, 250, 256, 300, 400, 500, 512, 1000, 1024, 2000, 2048, 4096, 5120, 10240} {
		list = append(list, m*1000*1000, m<<20)
	}
	slices.Sort(list)
	return slices.Compact(list)
}()

// likelyWeight gives all of likely together what the rest has, from 1 KiB to
// 1 TiB.
var likelyWeight = math.Log(1<<30) / float64(len(likely))

// weight is how likely a limit of from or more, and below to, is.
func weight(from, to uint64) float64 {
	i := sort.Search(len(likely), func(i int) bool { return likely[i] >= from })
	j := sort.Search(len(likely), func(i int) bool { return likely[i] >= to })
	w := float64(j-i) * likelyWeight
	from = max(from, 1)
	if from < small {
		w += smallWeight * logarithm(from, min(to, small))
		from = small
	}
	return w + logarithm(from, to)
}

func logarithm(from, to uint64) float64 {
	if to <= from {
		return 0
	}
	return math.Log1p(float64(to-from) / float64(from))
}

// quantile is the size for which the limits below it, of those from lo to
// below hi, have the given share of the weight, as nearly as may be.
func quantile(lo, hi uint64, share float64) uint64 {
	want := share * weight(lo, hi)
	below := func(size uint64) float64 { return weight(lo, size) }
	n := sort.Search(int(hi-lo-1), func(i int) bool { return below(lo+1+uint64(i)) >= want })
	size := lo + 1 + uint64(n)
	if n > 0 && want-below(size-1) < below(size)-want {
		size--
	}
	return size
}
