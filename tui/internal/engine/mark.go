package engine

// RowState is what became of a row of the script.
type RowState uint8

const (
	stateNone RowState = iota // not yet
	StateOK
	StateFail
	StateLeft // left out, by an edit
)

// Mark is what the engine tells of a row.
type Mark struct {
	State RowState
	Lap   int32  // of a @repeat: which time
	Why   string // what was expected, and what came
}
