package serve

import (
	"slices"

	"ehlo/session/script"
	"ehlo/session/wire"
)

// group is a group of what the client says, from the place on. Where it is
// certain which reply answers which command, it answers all but the last before
// it awaits the next. The place is then behind what was done.
func (p *player) group(at *cursor) error {
	answers := p.paired(at)
	c, before, owed, done := p.c, p.c.replies, 0, 0
	for item := at.peek(); inGroup(item); item = at.peek() {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if answers != nil && speakerOf(item) == client {
			for ; done < owed; done++ {
				if c.replies > before+done {
					continue // a @reply had more than one
				}
				if err := p.answer(answers); err != nil {
					return err
				}
			}
		}
		at.skip()
		n, err := p.hear(item, at)
		if err != nil {
			return err
		}
		owed += n
	}
	if answers != nil {
		*at = *answers
	}
	return nil
}

// answer says one reply of those at the place.
func (p *player) answer(at *cursor) error {
	for before := p.c.replies; p.c.replies == before; {
		item := at.peek()
		if item == nil || speakerOf(item) != nobody && speakerOf(item) != server {
			return nil
		}
		at.skip()
		if err := p.step(item, at); err != nil {
			return err
		}
		if _, whole := item.(script.Server); whole {
			return nil // or half of one, which is all that the script has
		}
	}
	return nil
}

// inGroup says that an item is part of a group of the client's. What it sets is
// not: replies would come too early for it.
func inGroup(item script.Item) bool {
	switch item.(type) {
	case script.Comment, script.Flush, script.Assert, script.Timeout, script.Sleep:
		return true
	}
	return item != nil && speakerOf(item) == client
}

// paired looks ahead whether it is certain which reply answers which command.
// Then it is the place of the replies, else nil.
func (p *player) paired(at *cursor) *cursor {
	ahead := at.copy()
	n := 0
	for ; inGroup(ahead.peek()); ahead.skip() {
		if n++; n > maxAhead {
			return nil
		}
	}
	answers := ahead.copy()
	codes := p.codes(at.copy(), ahead, maxAhead-n)
	// The commands are gone through once more, as if these were the replies.
	heard := p.c.hearing
	heard.part = slices.Clone(heard.part)
	owed := 0
	ahead = at.copy()
	for item := ahead.peek(); inGroup(item); item = ahead.peek() {
		ahead.skip()
		was := owed
		owed += p.wants(item, ahead, &heard)
		for ; was < min(owed, len(codes)); was++ {
			heard.text = heard.text || codes[was] == 354
		}
	}
	if owed > len(codes) {
		return nil
	}
	return answers
}

// wants is how many replies an item of the script wants, as far as that can be
// said before the client says it; at is behind the item.
func (p *player) wants(item script.Item, at *cursor, heard *hearing) int {
	switch i := item.(type) {
	case script.Client:
		octets, err := i.Line.Expand(p.known)
		if err != nil {
			octets = []byte(i.Line.Raw)
		}
		commands, _ := heard.take(append(octets, "\r\n"...))
		return len(commands)
	case script.Raw:
		commands, _ := heard.take([]byte(i.Octets))
		return len(commands)
	case script.Data:
		heard.text = false
		return 1
	case script.BDAT:
		return 1
	case script.Auth:
		if answered(at) {
			return 1
		}
	}
	return 0
}

// codes are the codes of the replies from the place on, up to what is neither a
// reply nor goes with one. A variable that the commands use may not get another
// value among them: a command would be compared with the wrong one.
func (p *player) codes(commands, at *cursor, most int) []int {
	used := map[string]bool{}
	for item := commands.peek(); inGroup(item); item = commands.peek() {
		commands.skip()
		if i, ok := item.(script.Client); ok {
			for _, v := range i.Line.Variables() {
				used[v.Name] = true
			}
		}
	}
	var (
		codes []int
		part  []byte // what @reply said of a reply that is not complete
	)
	for range most {
		switch i := at.take().(type) {
		case script.Server:
			codes, part = append(codes, i.Says()), nil
			continue
		case script.Reply:
			part = append(part, i.Octets...)
			for r, rest, done := wire.ParseReply(part); done; r, rest, done = wire.ParseReply(part) {
				codes, part = append(codes, r.Code), rest
			}
			continue
		case script.Set:
			if used[i.Name] {
				return codes
			}
		case script.Capture:
			if used[i.Name] {
				return codes
			}
		case nil:
			return codes
		default:
			if speakerOf(i) != nobody {
				return codes
			}
		}
	}
	return codes
}
