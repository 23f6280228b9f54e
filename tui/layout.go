package tui

// The layout is a function of the terminal's size alone, so that every size is
// valid at every moment: 0x0 and 1x1 too.

// shape is one of the ways to divide the screen.
type shape uint8

const (
	shapeTiny   shape = iota // below 20x5: it only says so
	shapeSmall               // the transcript and the line; a chosen pane takes the transcript's place
	shapeMiddle              // one pane at a time, tabs
	shapeWide                // the transcript left, the facts right
)

// The sizes from which a shape is possible, in cells.
const (
	tinyWidth, tinyHeight     = 20, 5
	middleWidth, middleHeight = 60, 16
	wideWidth, wideHeight     = 110, 28

	sideLeast, sideMost = 39, 64
)

// layout says how many rows and columns each part has.
type layout struct {
	shape  shape
	w, h   int
	header int // rows
	tabs   int // rows: the tabs, or in the wide shape the panes' titles
	body   int // rows
	status int // rows
	prompt int // rows
	hints  int // rows
	main   int // columns of the pane on the left, or of the only one
	side   int // columns of the facts on the right; 0: there is one pane at a time
}

// alone is the layout without the facts at the side.
func (l layout) alone() layout {
	l.main, l.side = l.w, 0
	return l
}

// divide lays out a screen of w by h cells.
func divide(w, h int) layout {
	l := layout{w: w, h: h, main: w}
	switch {
	case w < tinyWidth || h < tinyHeight:
		return l
	case w >= wideWidth && h >= wideHeight:
		l.shape, l.header, l.tabs, l.status, l.prompt, l.hints = shapeWide, 1, 1, 1, 1, 1
		l.side = min(max(w/3, sideLeast), sideMost)
		l.main = w - l.side - 1
	case w >= middleWidth && h >= middleHeight:
		l.shape, l.header, l.tabs, l.status, l.prompt, l.hints = shapeMiddle, 2, 1, 1, 1, 1
	default:
		// The parts go in this order as the height shrinks: the second row of
		// the header, the hints, the header.
		l.shape, l.header, l.prompt, l.hints = shapeSmall, 2, 1, 1
		if h < 10 {
			l.header = 1
		}
		if h < 8 {
			l.hints = 0
		}
	}
	l.body = h - l.header - l.tabs - l.status - l.prompt - l.hints
	return l
}
