package tui

// window is the part of a long list that is shown in h rows: entries of one row
// or several, of which only those are drawn that may be seen.
type window struct {
	n, h  int
	draw  func(i int) []string
	drawn map[int][]string
}

func (w *window) rows(i int) []string {
	if w.drawn == nil {
		w.drawn = map[int][]string{}
	}
	r, ok := w.drawn[i]
	if !ok {
		r = w.draw(i)
		w.drawn[i] = r
	}
	return r
}

// first is from which entry on everything up to the last one has room.
func (w *window) first(last int) int {
	left := w.h
	for i := last; i >= 0; i-- {
		if left -= len(w.rows(i)); left < 0 {
			return min(i+1, last)
		}
	}
	return 0
}

// show draws the window from the entry top on, or from where entry at can be
// seen (-1: none has to), and says where it begins. There are h rows at most.
func (w *window) show(top, at int) (begin int, rows []string) {
	if at >= 0 {
		top = max(min(top, at), w.first(at))
	}
	top = max(min(top, w.first(w.n-1)), 0)
	for i := top; i < w.n && len(rows) < w.h; i++ {
		rows = append(rows, w.rows(i)...)
	}
	return top, rows[:min(len(rows), w.h)]
}

// last is the entry behind the last one that is complete within h rows from top
// on.
func (w *window) last(top, h int) int {
	left := h
	for i := top; i < w.n; i++ {
		if left -= len(w.rows(i)); left < 0 {
			return i
		}
	}
	return w.n
}
