package flow

// The pair of sizes in which a search ends, and how it is asked again.

// meet says that lo is accepted and lo+1 is not.
func (s *Search) meet() bool { return s.lo > 0 && s.hi == s.lo+1 }

// proved says that the pair was asked as often as it has to be.
func (s *Search) proved() bool {
	return s.meet() && (s.pairs == len(again) || s.lo == s.Declared && s.pairs > 0)
}

// needed is how often lo is accepted before hi is asked.
func (s *Search) needed() int {
	if s.lo == s.Declared {
		return 1
	}
	return max(1, min(again[s.pairs], s.full.Accepts-1))
}

// run is how many answers in a row, the last ones of this connection, have
// accepted lo, since the bounds have met; of a declared limit, since ever.
func (s *Search) run() int {
	first, n := max(s.begun, s.met), 0
	if s.lo == s.Declared {
		first = s.begun
	}
	for i := len(s.answers) - 1; i >= first && s.answers[i] == (answer{s.lo, Accepted}); i-- {
		n++
	}
	return n
}

// confirm is what to ask of the pair.
func (s *Search) confirm() (size uint64, ok bool) {
	if s.proved() || s.full.Accepts == 1 && s.full.Refusals == 1 {
		s.over = true
		return 0, false
	}
	run, need := s.run(), s.needed()
	switch {
	case s.full.Accepts == 1 && s.refusedLast():
		return s.lo, true // there is room for one accepted: it comes second
	case s.full.Accepts == 1:
		return s.hi, s.left.Refusals > 1
	case run < need:
		return s.lo, s.left.Accepts > need-run
	}
	return s.hi, true
}

// refusedLast says that the last answer of this connection has refused hi,
// since the bounds have met.
func (s *Search) refusedLast() bool {
	last := len(s.answers) - 1
	return last >= max(s.begun, s.met) && s.answers[last] == (answer{s.hi, TooLarge})
}

// pair counts a pair that the last answer, which has size and meaning, has
// completed. seen and refused are run and refusedLast before it.
func (s *Search) pair(last answer, seen int, refused bool) {
	switch {
	case !s.meet() || s.proved():
	case last == (answer{s.hi, TooLarge}) && seen >= s.needed(),
		last == (answer{s.lo, Accepted}) && refused && s.full.Accepts == 1:
		s.pairs++
	}
}
